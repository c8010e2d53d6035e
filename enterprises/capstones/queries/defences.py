"""Selects on defences: groups with their panels, the timetable, and who still has to defend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import and_, case, func, or_, select

from enterprises.capstones.models import Capstone, DefenceGroup, DefenceMember, DefenceSlot, Review
from enterprises.capstones.rules import bars_defence
from enterprises.capstones.scheduling import Session
from enterprises.capstones.types import CapstoneState, ReviewKind, Verdict
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.people.queries import of_human
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort, Programme


def group_by_id(group_id: int) -> DefenceGroup | None:
    """A defence group by id."""
    return session().get(DefenceGroup, group_id)


def groups_of(cohort_id: int) -> list[DefenceGroup]:
    """The groups of a cohort in the order of time."""
    statement = select(DefenceGroup).where(DefenceGroup.cohort_id == cohort_id).order_by(DefenceGroup.on, DefenceGroup.starts_minute, DefenceGroup.id)
    return list(session().scalars(statement))


def groups_beside(days: Collection[date], university_id: int, people: Collection[int], *, hold: bool = False) -> list[DefenceGroup]:
    """Every group on these days that is at the university or meets with one of the people, of all programmes, by id.

    `hold` locks them to the end of the transaction, so that two programmes do not plan the same room at once.
    """
    shares = select(DefenceMember.group_id).where(DefenceMember.person_id.in_(list(people)))
    statement = (
        select(DefenceGroup)
        .join(Programme, Programme.id == DefenceGroup.programme_id)
        .where(
            DefenceGroup.on.in_(list(days)),
            or_(Programme.university_id == university_id, DefenceGroup.secretary_id.in_(list(people)), DefenceGroup.id.in_(shares)),
        )
        .order_by(DefenceGroup.id)
    )
    return list(session().scalars(statement.with_for_update(of=DefenceGroup) if hold else statement))


def hold_place(university_id: int, people: Collection[int]) -> None:
    """Lock the university, whose rooms they are, and the people who meet: groups that two form at once do not see each other yet."""
    session().scalar(select(Organisation.id).where(Organisation.id == university_id).with_for_update(key_share=True))
    session().scalars(select(Person.id).where(Person.id.in_(list(people))).order_by(Person.id).with_for_update(key_share=True)).all()


def submitted_in(cohort_id: int) -> list[int]:
    """The capstones of a cohort whose thesis is in."""
    statement = select(Capstone.id).join(Student, Student.id == Capstone.student_id)
    return list(session().scalars(statement.where(Student.cohort_id == cohort_id, Capstone.state == CapstoneState.SUBMITTED)))


def members_of_groups(group_ids: Collection[int]) -> dict[int, list[tuple[DefenceMember, str]]]:
    """{group: its panel with names, the chair first}."""
    statement = (
        select(DefenceMember, Person.name)
        .join(Person, Person.id == DefenceMember.person_id)
        .where(DefenceMember.group_id.in_(group_ids))
        .order_by(DefenceMember.is_chair.desc(), DefenceMember.id)
    )
    found: dict[int, list[tuple[DefenceMember, str]]] = {key: [] for key in group_ids}
    for row, name in session().execute(statement):
        found[row.group_id].append((row, name))
    return found


def members_of_group(group_id: int) -> list[tuple[DefenceMember, str]]:
    """The panel with names, the chair first."""
    return members_of_groups([group_id])[group_id]


def panels_of(person_id: int) -> list[tuple[DefenceGroup, bool]]:
    """(group, whether it still hears somebody) of the published groups a person sits in: first those that do, by day, then the others, the latest first."""
    waits = select(DefenceSlot.id).where(DefenceSlot.group_id == DefenceGroup.id, DefenceSlot.recorded_at.is_(None)).exists()
    statement = (
        select(DefenceGroup, waits)
        .join(DefenceMember, DefenceMember.group_id == DefenceGroup.id)
        .where(DefenceMember.person_id == person_id, DefenceGroup.published_at.is_not(None))
        .order_by(DefenceGroup.on, DefenceGroup.starts_minute, DefenceGroup.id)
    )
    rows = [(group, bool(is_open)) for group, is_open in session().execute(statement)]
    return [row for row in rows if row[1]] + [row for row in reversed(rows) if not row[1]]


def records_due(person_id: int, on: date) -> list[DefenceSlot]:
    """The places of published plans whose record a secretary may keep from their day on and has not kept, the earliest first."""
    statement = (
        select(DefenceSlot)
        .join(DefenceGroup, DefenceGroup.id == DefenceSlot.group_id)
        .where(DefenceGroup.secretary_id == person_id, DefenceGroup.on <= on, DefenceGroup.published_at.is_not(None))
        .where(DefenceSlot.recorded_at.is_(None))
        .order_by(DefenceGroup.on, DefenceSlot.starts_minute, DefenceSlot.id)
    )
    return list(session().scalars(statement))


def meetings_of(person_id: int, on: date) -> list[DefenceGroup]:
    """The published groups that hear somebody on a day or later: those somebody sits in, and those of later days whose record somebody keeps."""
    waits = select(DefenceSlot.id).where(DefenceSlot.group_id == DefenceGroup.id, DefenceSlot.recorded_at.is_(None)).exists()
    sits = select(DefenceMember.id).where(DefenceMember.group_id == DefenceGroup.id, DefenceMember.person_id == person_id).exists()
    mine = or_(and_(sits, DefenceGroup.on >= on), and_(DefenceGroup.secretary_id == person_id, DefenceGroup.on > on))
    statement = select(DefenceGroup).where(mine, waits, DefenceGroup.published_at.is_not(None))
    return list(session().scalars(statement.order_by(DefenceGroup.on, DefenceGroup.starts_minute, DefenceGroup.id)))


def sessions_of(groups: Sequence[DefenceGroup], *, own: int | None = None) -> list[Session]:
    """Groups as the timetable sees them, three queries; those of another cohort than `own` carry their programme and year in the name."""
    ids = [group.id for group in groups]
    judges: dict[int, set[int]] = {key: set() for key in ids}
    for group_id, person_id in session().execute(select(DefenceMember.group_id, DefenceMember.person_id).where(DefenceMember.group_id.in_(ids))):
        judges[group_id].add(person_id)
    starts = {group.id: (group.starts_minute, group.minutes_each) for group in groups}
    places: dict[int, tuple[int, int]] = {}
    recorded = case((DefenceSlot.recorded_at.is_not(None), DefenceSlot.starts_minute))
    counted = select(DefenceSlot.group_id, func.max(recorded), func.max(DefenceSlot.starts_minute))
    for group_id, over, last in session().execute(counted.where(DefenceSlot.group_id.in_(ids)).group_by(DefenceSlot.group_id)):
        first, each = starts[group_id]
        taken = 0 if over is None else (int(over) - first) // each + 1
        places[group_id] = (taken, (int(last) - first) // each + 1 - taken)
    known = {
        key: (university_id, f"{name} {year}")
        for key, university_id, name, year in session().execute(
            select(DefenceGroup.id, Programme.university_id, Programme.name, Cohort.year)
            .join(Programme, Programme.id == DefenceGroup.programme_id)
            .join(Cohort, Cohort.id == DefenceGroup.cohort_id)
            .where(DefenceGroup.id.in_(ids))
        )
    }
    found = []
    for group in groups:
        (taken, given), (site, whose) = places.get(group.id, (0, 0)), known[group.id]
        name = group.name if own in (None, group.cohort_id) else f"{group.name}（{whose}）"
        panel = frozenset(judges[group.id])
        found.append(
            Session(
                group.id, name, group.room, group.on, group.starts_minute, group.minutes_each, panel | {group.secretary_id}, panel, taken, given, site
            )
        )
    return found


def open_slots(group_ids: Collection[int]) -> list[DefenceSlot]:
    """The places of groups that are not recorded, locked to the end of the transaction: whoever records one meanwhile comes first or is told."""
    statement = select(DefenceSlot).where(DefenceSlot.group_id.in_(list(group_ids)), DefenceSlot.recorded_at.is_(None)).order_by(DefenceSlot.id)
    return list(session().scalars(statement.with_for_update(key_share=True).execution_options(populate_existing=True)))


def slots_of_groups(group_ids: Collection[int]) -> dict[int, list[tuple[DefenceSlot, Capstone, Student, Person]]]:
    """{group: its timetable with students, in the order of time}."""
    statement = (
        select(DefenceSlot, Capstone, Student, Person)
        .join(Capstone, Capstone.id == DefenceSlot.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(DefenceSlot.group_id.in_(group_ids))
        .order_by(DefenceSlot.starts_minute)
    )
    found: dict[int, list[tuple[DefenceSlot, Capstone, Student, Person]]] = {key: [] for key in group_ids}
    for slot, capstone, student, person in session().execute(statement):
        found[slot.group_id].append((slot, capstone, student, person))
    return found


def slots_of_group(group_id: int) -> list[tuple[DefenceSlot, Capstone, Student, Person]]:
    """The timetable of a group with students, in the order of time."""
    return slots_of_groups([group_id])[group_id]


def slot_by_id(slot_id: int) -> DefenceSlot | None:
    """A place in a timetable."""
    return session().get(DefenceSlot, slot_id)


def to_defend(cohort_id: int) -> list[Capstone]:
    """Submitted capstones of a cohort that their reviewers let defend (`rules.bars_defence`) and that have not been defended (a second
    defence: the first says revise).

    Whose place of an earlier day has no record yet waits for it: a new place would lose the defence that took place.
    """
    held = or_(DefenceSlot.verdict.in_((Verdict.PASS, Verdict.FAIL)), DefenceSlot.recorded_at.is_(None))
    done = select(DefenceSlot.id).where(DefenceSlot.capstone_id == Capstone.id, held)
    statement = (
        select(Capstone)
        .join(Student, Student.id == Capstone.student_id)
        .where(Student.cohort_id == cohort_id, Capstone.state == CapstoneState.SUBMITTED, Student.state != StudentState.WITHDRAWN, ~done.exists())
        .order_by(Capstone.id)
    )
    rows = list(session().scalars(statement))
    said = verdicts_of([row.id for row in rows])
    return [row for row in rows if not bars_defence(said[row.id][Verdict.PASS], said[row.id][Verdict.FAIL])]


def read_blind_by(person_id: int | None, capstone_ids: Collection[int]) -> frozenset[int]:
    """Of some capstones those whose blind review somebody was asked for and has not signed: whose they are is not told before."""
    if person_id is None:
        return frozenset()
    statement = select(Review.capstone_id).where(
        Review.capstone_id.in_(list(capstone_ids)),
        Review.kind == ReviewKind.BLIND,
        Review.signed_at.is_(None),
        Review.cancelled_at.is_(None),
        of_human(Review.person_id, person_id),
    )
    return frozenset(session().scalars(statement))


def verdicts_of(capstone_ids: Collection[int]) -> dict[int, Counter[Verdict]]:
    """{capstone: how many reviews that stand say what}."""
    found: dict[int, Counter[Verdict]] = {key: Counter() for key in capstone_ids}
    statement = select(Review.capstone_id, Review.verdict).where(Review.capstone_id.in_(found), Review.cancelled_at.is_(None))
    for key, verdict in session().execute(statement.where(Review.verdict.is_not(None))):
        found[key].update([verdict] if verdict is not None else [])
    return found


def is_failed_in_review(row: Capstone) -> bool:
    """Whether the reviews keep a capstone from its defence."""
    said = verdicts_of([row.id])[row.id]
    return bars_defence(said[Verdict.PASS], said[Verdict.FAIL])


def failed_reviews(row: Capstone) -> list[Review]:
    """The reviews that stand and say that the thesis does not pass."""
    statement = select(Review).where(Review.capstone_id == row.id, Review.verdict == Verdict.FAIL, Review.cancelled_at.is_(None))
    return list(session().scalars(statement.order_by(Review.id)))
