"""What goes out: tables M8.1 to M8.3, the directory of enterprise supervisors, a student's time line, supervision certified."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, select

from enterprises.capstones.models import (
    Capstone,
    CapstoneGrade,
    CapstonePaper,
    DefenceGroup,
    DefenceSlot,
    GuidanceEntry,
    Supervision,
    Topic,
)
from enterprises.capstones.queries import frozen
from enterprises.capstones.queries.guiding import in_term
from enterprises.capstones.queries.standing import is_latest
from enterprises.capstones.queries.topics import opened_to
from enterprises.capstones.rules import days_in
from enterprises.capstones.scheduling import clock_of
from enterprises.capstones.types import CONCLUDED, LIVE, CapstoneState, EvidenceKind, SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort, Programme


def _mine(cohort_id: int, on: date) -> Any:
    """The capstones of a cohort's students; not of who dropped out, who counts in no material (`facts.overview`)."""
    return (
        select(Capstone, Student, Person, Topic, Organisation)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .join(Organisation, Organisation.id == Capstone.enterprise_id)
        .where(people.in_cohort(cohort_id, on), is_latest(), people.counts_in_cohort(on))
        .order_by(Student.student_no, Capstone.id)
    )


def topics_table(cohort_id: int, on: date, *, by: Identity | None = None) -> list[dict[str, Any]]:
    """M8.1 毕业设计选题清单及相关证明材料 (002:575): one row a student, students of the 卓越计划 first.

    A reader gets no evidence of confidential topics that are not open to them; without a reader (the dossier of the school) everything.
    """
    readable = opened_to(by, on) if by is not None else sa.true()
    statement = (
        _mine(cohort_id, on)
        .add_columns(StoredFile, people.petoe_of_cohort(on), readable.label("readable"))
        .outerjoin(StoredFile, StoredFile.id == Topic.evidence_file_id)
    )
    return _petoe_first(
        {
            "is_petoe": bool(petoe),
            "student_no": student.student_no,
            "name": person.name,
            "topic": topic.title,
            "source": topic.source,
            "origin": topic.origin,
            "enterprise": enterprise.name,
            "enterprise_on": topic.approved_by_enterprise_on,
            "school_on": topic.approved_by_school_on,
            **(_evidence(capstone, topic, file, on) if is_readable else sealed()),
        }
        for capstone, student, person, topic, enterprise, file, petoe, is_readable in session().execute(statement)
    )


def sealed() -> dict[str, Any]:
    """What stands in place of the evidence of a confidential topic for who may not read it."""
    return {"kind": None, "evidence": _("内容保密"), "file": "", "sha256": ""}


def _evidence(capstone: Capstone, topic: Topic, file: StoredFile | None, on: date) -> dict[str, Any]:
    live = {
        "kind": topic.evidence_kind,
        "evidence": frozen.as_told(topic.evidence, topic.evidence_waits),
        "file": file.name if file else "",
        "sha256": file.sha256 if file else "",
    }
    found = frozen.evidence_of(capstone, on, live)
    return found | {"kind": EvidenceKind(found["kind"]) if found["kind"] else None}


def places_table(cohort_id: int, on: date) -> list[dict[str, Any]]:
    """M8.2 进行毕业设计的时间、场地等教学安排 (002:576): days at the enterprise and what no placement covers, and the defence."""
    rows = session().execute(_mine(cohort_id, on).add_columns(people.petoe_of_cohort(on))).all()
    open_spans = frozen.open_spans_of((row[0] for row in rows), on)
    defences: dict[int, str] = {}
    for capstone_id, day, minute, room in session().execute(
        select(DefenceSlot.capstone_id, DefenceGroup.on, DefenceSlot.starts_minute, DefenceGroup.room)
        .join(DefenceGroup, DefenceGroup.id == DefenceSlot.group_id)
        .where(DefenceSlot.capstone_id.in_({row[0].id for row in rows}))
        .order_by(DefenceSlot.id)
    ):
        defences[capstone_id] = f"{day.isoformat()} {clock_of(minute)} {room}"
    found = []
    for capstone, student, person, topic, enterprise, petoe in rows:
        gaps = open_spans[capstone.id]
        found.append(
            {
                "is_petoe": bool(petoe),
                "student_no": student.student_no,
                "name": person.name,
                "topic": topic.title,
                "enterprise": enterprise.name,
                "place": capstone.place,
                "starts_on": capstone.starts_on,
                "ends_on": capstone.ends_on,
                "days": (capstone.ends_on - capstone.starts_on).days + 1,
                "uncovered": days_in(gaps),
                "gaps": "；".join(_("%(first)s 至 %(last)s", first=first.isoformat(), last=last.isoformat()) for first, last in gaps),
                "defence": defences.get(capstone.id, ""),
            }
        )
    return _petoe_first(found)


def mentors_table(cohort_id: int, on: date) -> list[dict[str, Any]]:
    """M8.3 与学生对应的企业指导教师名录 (002:577): one row a student, with what the supervisor really did."""
    mentor_person = Person.__table__.alias("mentor_person")
    guided = (
        select(GuidanceEntry.capstone_id, GuidanceEntry.person_id, func.count().label("times"))
        .where(GuidanceEntry.role == SupervisorRole.ENTERPRISE, GuidanceEntry.confirmed_at.is_not(None), in_term())
        .group_by(GuidanceEntry.capstone_id, GuidanceEntry.person_id)
        .subquery()
    )
    statement = (
        _mine(cohort_id, on)
        .add_columns(mentor_person.c.name, Mentor, guided.c.times, CapstoneGrade.score_x10, people.petoe_of_cohort(on))
        .outerjoin(
            Supervision,
            and_(Supervision.capstone_id == Capstone.id, Supervision.role == SupervisorRole.ENTERPRISE, Supervision.until.is_(None)),
        )
        .outerjoin(mentor_person, mentor_person.c.id == Supervision.person_id)
        .outerjoin(Mentor, and_(Mentor.person_id == Supervision.person_id, Mentor.enterprise_id == Capstone.enterprise_id))
        .outerjoin(guided, and_(guided.c.capstone_id == Capstone.id, guided.c.person_id == Supervision.person_id))
        .outerjoin(
            CapstoneGrade,
            and_(
                CapstoneGrade.capstone_id == Capstone.id,
                CapstoneGrade.role == SupervisorRole.ENTERPRISE,
                CapstoneGrade.replaced_at.is_(None),
                Capstone.state.in_(CONCLUDED),
            ),
        )
    )
    return _petoe_first(
        {
            "is_petoe": bool(petoe),
            "student_no": student.student_no,
            "name": person.name,
            "topic": topic.title,
            "enterprise": enterprise.name,
            "mentor": mentor_name or "",
            **_known_as(capstone, mentor, on),
            "guidances": int(times or 0),
            "score": None if score is None else f"{score / 10:.1f}",
        }
        for capstone, student, person, topic, enterprise, mentor_name, mentor, times, score, petoe in session().execute(statement)
    )


def _known_as(capstone: Capstone, mentor: Mentor | None, on: date) -> dict[str, Any]:
    live: dict[str, Any] = {"post": "", "title": "", "years": None}
    if mentor is not None:
        live = {"post": mentor.post, "title": mentor.title, "years": mentor.years_experience}
    return frozen.mentor_of(capstone, on, live)


def _petoe_first(rows: Any) -> list[dict[str, Any]]:
    """Students of the 卓越计划 apart from the others (002:319), each in the order of numbers."""
    return sorted(rows, key=lambda row: not row["is_petoe"])


def directory(on: date, *, programme_id: int | None = None, cohort_id: int | None = None, enterprise_id: int | None = None) -> list[dict[str, Any]]:
    """The directory of enterprise supervisors: everybody who supervises or supervised a capstone, with students and confirmed guidances.

    Students who dropped out do not count.
    """
    guided = (
        select(GuidanceEntry.person_id, GuidanceEntry.capstone_id, func.count().label("times"))
        .where(GuidanceEntry.role == SupervisorRole.ENTERPRISE, GuidanceEntry.confirmed_at.is_not(None), in_term())
        .group_by(GuidanceEntry.person_id, GuidanceEntry.capstone_id)
        .subquery()
    )
    held = (  # once for who was taken off a capstone and came back
        select(
            Supervision.capstone_id,
            Supervision.person_id,
            func.min(Supervision.since).label("since"),
            func.max(Supervision.until).label("until"),
            func.count().filter(Supervision.until.is_(None)).label("live"),
        )
        .where(Supervision.role == SupervisorRole.ENTERPRISE)
        .group_by(Supervision.capstone_id, Supervision.person_id)
        .subquery()
    )
    statement = (
        select(
            Person.id,
            Person.name,
            Capstone.student_id,
            Capstone.enterprise_id,
            held.c.since,
            sa.case((held.c.live > 0, None), else_=held.c.until),
            Capstone.state.in_(LIVE) & (held.c.live > 0),
            func.coalesce(guided.c.times, 0),
        )
        .select_from(held)
        .join(Capstone, Capstone.id == held.c.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == held.c.person_id)
        .outerjoin(guided, and_(guided.c.person_id == Person.id, guided.c.capstone_id == Capstone.id))
        .where(Capstone.state != CapstoneState.WITHDRAWN, people.counts_in_cohort(on))
        .order_by(Person.pinyin, Person.id, Capstone.id)
    )
    if programme_id is not None:
        statement = statement.where(people.in_programme(programme_id, on))
    if cohort_id is not None:
        statement = statement.where(people.in_cohort(cohort_id, on))
    if enterprise_id is not None:  # also of capstones that a change of topic took elsewhere
        there = select(Mentor.person_id).where(Mentor.enterprise_id == enterprise_id)
        statement = statement.where((Capstone.enterprise_id == enterprise_id) | Person.id.in_(there))
    rows = session().execute(statement).all()
    terms = _houses({row[0] for row in rows})
    made: dict[tuple[int, int], dict[str, Any]] = {}
    pupils: dict[tuple[int, int], set[int]] = defaultdict(set)
    for person_id, name, student_id, firm_id, since, until, is_live, times in rows:
        house = _house_of(since, until, firm_id, terms.get(person_id, []))
        if enterprise_id not in (None, house):
            continue
        row = made.setdefault((house, person_id), _of_directory(person_id, name, house, since, terms.get(person_id, [])))
        pupils[house, person_id].add(student_id)  # who repeats is one student
        row["students"] = len(pupils[house, person_id])
        row["live"] += bool(is_live)
        row["guidances"] += int(times)
        row["since"] = min(row["since"], since)
    firms = select(Organisation.id, Organisation.name, Organisation.pinyin).where(Organisation.id.in_({house for house, _person in made}))
    named = {key: (name, pinyin) for key, name, pinyin in session().execute(firms)}
    in_order = sorted(made.items(), key=lambda one: (named[one[0][0]][1], one[0][0]))  # stable: within one enterprise as the names were read
    return [row | {"enterprise": named[house][0]} for (house, _person), row in in_order]


def _of_directory(person_id: int, name: str, house: int, since: date, terms: list[Mentor]) -> dict[str, Any]:
    """A row without its figures: post, title and years are those of the latest term at this enterprise."""
    there = next((term for term in reversed(terms) if term.enterprise_id == house), None)
    found = {"post": there.post, "title": there.title, "years": there.years_experience} if there else {"post": None, "title": None, "years": None}
    return {"person_id": person_id, "mentor": name, "enterprise": "", **found, "students": 0, "live": 0, "guidances": 0, "since": since}


# -- the time line of a student -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, or will: `kind` names it, `text` says more."""

    on: date
    kind: str
    text: str = ""
    who: str = ""
    is_done: bool = True


def guidance_moments(capstone_id: int) -> list[tuple[GuidanceEntry, str, bool]]:
    """Confirmed guidances with the supervisor's name and whether they count (`guiding.in_term`), the earliest first."""
    statement = (
        select(GuidanceEntry, Person.name, in_term())
        .join(Person, Person.id == GuidanceEntry.person_id)
        .where(GuidanceEntry.capstone_id == capstone_id, GuidanceEntry.confirmed_at.is_not(None))
        .order_by(GuidanceEntry.on, GuidanceEntry.id)
    )
    return [(row, name, bool(counts)) for row, name, counts in session().execute(statement)]


# -- what a mentor did --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Supervised:
    """What a person did for one programme at one enterprise in concluded capstones: the facts of the certificate of supervision."""

    person_id: int
    name: str
    enterprise_id: int
    enterprise: str
    programme_id: int
    programme: str
    cohort_id: int
    cohort_year: int
    students: int
    starts_on: date
    ends_on: date
    guidances: int

    @property
    def weeks(self) -> int:
        """Whole weeks from the first day to the last."""
        return max(((self.ends_on - self.starts_on).days + 1) // 7, 1)


def supervised_in(*cohort_ids: int, on: date) -> list[Supervised]:
    """Who supervised concluded capstones of those who are in cohorts on a day for an enterprise, with confirmed guidances and the time served.

    Only capstones with a guidance of theirs that was confirmed and counts: who was named and guided nobody has supervised nobody (8.3). Who was replaced
    after one has supervised too, for the time until then, at the enterprise of that time.
    """
    statement = (
        select(Supervision, Capstone, Cohort, Programme, Person)
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Cohort, Cohort.id == people.cohort_on(on))
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Person, Person.id == Supervision.person_id)
        .where(Supervision.role == SupervisorRole.ENTERPRISE, Capstone.state.in_(CONCLUDED))
        .where(sa.or_(sa.false(), *(people.in_cohort(key, on) for key in cohort_ids)))
        .order_by(Person.pinyin, Person.id, Supervision.id)
    )
    rows = session().execute(statement).all()
    keys = {capstone.id for _held, capstone, *_rest in rows}
    guided = {
        (person_id, key): (int(times), first, last)
        for person_id, key, times, first, last in session().execute(
            select(GuidanceEntry.person_id, GuidanceEntry.capstone_id, func.count(), func.min(GuidanceEntry.on), func.max(GuidanceEntry.on))
            .where(GuidanceEntry.confirmed_at.is_not(None), GuidanceEntry.capstone_id.in_(keys), in_term())
            .group_by(GuidanceEntry.person_id, GuidanceEntry.capstone_id)
        )
    }
    houses = _houses({held.person_id for held, *_rest in rows})
    served = Counter(held.capstone_id for held, *_rest in rows)
    made: dict[tuple[int, int, int], Supervised] = {}
    counted, pupils = (defaultdict[tuple[int, int, int], set[int]](set) for _kind in range(2))  # capstones, and students: who repeats is one
    for held, capstone, cohort, programme, person in rows:
        times, first, last = guided.get((person.id, capstone.id), (0, None, None))
        if not times:
            continue
        starts_on, ends_on = capstone.starts_on, capstone.ends_on
        if served[capstone.id] > 1:  # only one part of the time is this person's
            starts_on = min(max(held.since, starts_on), *((first,) if first else (ends_on,)))
            ends_on = ends_on if held.until is None else max(min(held.until, ends_on), *((last,) if last else (starts_on,)))
        house = _house_of(held.since, held.until, capstone.enterprise_id, houses.get(person.id, []))
        key = (person.id, house, cohort.id)
        known = made.get(key)
        is_new = capstone.id not in counted[key]
        counted[key].add(capstone.id)
        pupils[key].add(capstone.student_id)
        made[key] = Supervised(
            person_id=person.id,
            name=person.name,
            enterprise_id=house,
            enterprise="",
            programme_id=programme.id,
            programme=programme.name,
            cohort_id=cohort.id,
            cohort_year=cohort.year,
            students=len(pupils[key]),
            starts_on=min(starts_on, known.starts_on) if known else starts_on,
            ends_on=max(ends_on, known.ends_on) if known else ends_on,
            guidances=(known.guidances if known else 0) + (times if is_new else 0),
        )
    names = organisations.names_of(one.enterprise_id for one in made.values())
    return [replace(one, enterprise=names[one.enterprise_id]) for one in made.values()]


def _houses(person_ids: Collection[int]) -> dict[int, list[Mentor]]:
    """Where people are or were mentors, the earliest first."""
    found: dict[int, list[Mentor]] = defaultdict(list)
    for mentor in session().scalars(select(Mentor).where(Mentor.person_id.in_(person_ids)).order_by(Mentor.since, Mentor.id)):
        found[mentor.person_id].append(mentor)
    return found


def _house_of(since: date, until: date | None, enterprise_id: int, terms: list[Mentor]) -> int:
    """The enterprise for which somebody supervised: the capstone's, or the one before a change of topic took it elsewhere."""
    if until is None or not terms or any(term.enterprise_id == enterprise_id for term in terms):
        return enterprise_id
    then = [term for term in terms if term.since <= until and (term.until is None or term.until >= since)]
    return (then or terms)[0].enterprise_id


def versions_between(capstone_id: int) -> list[tuple[CapstonePaper, datetime]]:
    """Every version with the instant it was handed in, the earliest first."""
    statement = select(CapstonePaper).where(CapstonePaper.capstone_id == capstone_id).order_by(CapstonePaper.handed_in_at, CapstonePaper.id)
    return [(row, row.handed_in_at) for row in session().scalars(statement)]
