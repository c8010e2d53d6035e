"""What looks over many placements at once: the time line, seats and demand by city and major, the tables T1 and T4, a person's calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.bases import queries as bases
from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement, PlacementEvent, PlanItem, Position, PositionSeats, Preference, Round, Term
from enterprises.placements.queries.placing import LIVE, visible_to
from enterprises.placements.types import DayState, EventKind, EventState, OfferState, PlacementState, RoundState
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import academic_year
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes.models import Cohort, Programme


# -- the time line ------------------------------------------------------------------------------------------------------
def line_students(identity: Identity, *, since: date, until: date, text: str = "") -> Any:
    """Students with a placement that shares a day with the span, inside the reader's scope, as columns for a page."""
    inside = select(Placement.student_id).where(visible_to(identity), LIVE, Placement.starts_on <= until, Placement.ends_on >= since)
    statement: Any = (
        select(Student.id, Student.student_no, Person.name, Programme.name.label("programme"), Cohort.year)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(Student.id.in_(inside.join(Student, Student.id == Placement.student_id)))
    )
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin, Student.student_no))
    return statement.order_by(Programme.pinyin, Cohort.year, Student.student_no, Student.id)


def line_bars(identity: Identity, student_ids: Collection[int], *, since: date, until: date) -> dict[int, list[Any]]:
    """By student the placements of the span that the reader may see, in time."""
    statement = (
        select(Placement.id, Placement.student_id, Placement.state, Placement.starts_on, Placement.ends_on, Organisation.name.label("enterprise"))
        .join(Student, Student.id == Placement.student_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .where(visible_to(identity), LIVE, Placement.student_id.in_(list(student_ids)), Placement.starts_on <= until, Placement.ends_on >= since)
        .order_by(Placement.starts_on, Placement.id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session().execute(statement):
        found[row.student_id].append(row)
    return found


# -- seats and demand ---------------------------------------------------------------------------------------------------
def seats_by_county(term_ids: Collection[int]) -> list[Any]:
    """By county of approved positions: seats, taken, first choices and all choices of open rounds, positions."""
    wishes = (
        select(
            Preference.position_id,
            func.count(Preference.id).label("wishes"),
            func.sum(sa.case((Preference.rank == 1, 1), else_=0)).label("first"),
        )
        .join(Round, Round.id == Preference.round_id)
        .where(Round.state.in_([RoundState.OPEN, RoundState.CLOSED, RoundState.PLANNED]))
        .group_by(Preference.position_id)
        .subquery()
    )
    seats = (
        select(PositionSeats.position_id, func.sum(PositionSeats.seats).label("seats"), func.sum(PositionSeats.taken).label("taken"))
        .where(PositionSeats.term_id.in_(list(term_ids)))
        .group_by(PositionSeats.position_id)
        .subquery()
    )
    statement = (
        select(
            Position.county_code,
            func.count(Position.id).label("positions"),
            func.sum(seats.c.seats).label("seats"),
            func.sum(seats.c.taken).label("taken"),
            func.coalesce(func.sum(wishes.c.wishes), 0).label("wishes"),
            func.coalesce(func.sum(wishes.c.first), 0).label("first"),
        )
        .join(seats, seats.c.position_id == Position.id)
        .outerjoin(wishes, wishes.c.position_id == Position.id)
        .where(Position.state == OfferState.APPROVED)
        .group_by(Position.county_code)
    )
    return list(session().execute(statement))


def free_by_majors(term_ids: Collection[int]) -> list[tuple[list[str], int]]:
    """(accepted majors, free seats) of approved positions in terms; no majors: any."""
    statement = (
        select(Position.majors, PositionSeats.seats - PositionSeats.taken)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .where(Position.state == OfferState.APPROVED, PositionSeats.term_id.in_(list(term_ids)))
        .order_by(Position.id)
    )
    return [(list(majors), free) for majors, free in session().execute(statement)]


def majors_known() -> list[tuple[str, str]]:
    """Every major of programmes in the 卓越计划, with a name."""
    statement = select(Programme.major_code, func.min(Programme.name)).where(Programme.is_petoe).group_by(Programme.major_code)
    return [(code, name) for code, name in session().execute(statement.order_by(Programme.major_code))]


# -- tables of the self-report ------------------------------------------------------------------------------------------
def table_1(identity: Identity, *, since: date, on: date) -> list[dict[str, Any]]:
    """T1: who was at which base since a day, with the weeks credited there and in all; only confirmed days count (SUP-4).

    Students of the 卓越计划 come first, as a block of their own: those who belong to it on the day or until they graduated.
    """
    mentor_person, base = sa.orm.aliased(Person), sa.orm.aliased(Organisation)
    statement = (
        select(
            Placement.id,
            Placement.student_id,
            Placement.base_id,
            Placement.starts_on,
            Placement.ends_on,
            Placement.mentor_score_x10,
            Student.student_no,
            Student.class_name,
            Person.name,
            Programme.name.label("programme"),
            Cohort.year,
            Cohort.version_id,
            Organisation.name.label("enterprise"),
            base.name.label("base"),
            mentor_person.name.label("mentor"),
            people.petoe_of_cohort(on).label("is_petoe"),
        )
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .outerjoin(base, base.id == Placement.base_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .outerjoin(mentor_person, mentor_person.id == Mentor.person_id)
        .where(visible_to(identity), Placement.state.in_([PlacementState.STARTED, PlacementState.FINISHED]), Placement.ends_on >= since)
        .order_by(people.petoe_of_cohort(on).desc(), Programme.pinyin, Cohort.year, Student.student_no, Placement.starts_on, Placement.id)
    )
    rows = list(session().execute(statement))
    per_week = book().at("own.weeks.days_per_week", on=on).number
    credited = _credited_by_placement({row.student_id for row in rows}, per_week)
    items = _items_by_base({row.version_id for row in rows if row.version_id is not None})
    sums: dict[int, int] = defaultdict(int)
    found = []
    for row in rows:
        days = credited.get(row.id, 0)
        sums[row.student_id] += days
        found.append(
            {
                "school_year": school_year(row.starts_on),
                "class": f"{row.year} {row.class_name}".strip(),
                "is_petoe": bool(row.is_petoe),
                "student_no": row.student_no,
                "name": row.name,
                "programme": row.programme,
                "where": row.base or row.enterprise,
                "items": items.get((row.version_id, row.base_id), []),
                "starts_on": row.starts_on,
                "ends_on": row.ends_on,
                "weeks": days / per_week,
                "weeks_sum": sums[row.student_id] / per_week,
                "mentor": row.mentor or "",
                "score": None if row.mentor_score_x10 is None else row.mentor_score_x10 / 10,
            }
        )
    return found


def school_year(day: date) -> str:
    """The academic year of a day: from September on."""
    return f"{academic_year(day)}-{academic_year(day) + 1}"


def _credited_by_placement(student_ids: Collection[int], per_week: int) -> dict[int, int]:
    """By placement the credited days earned there: at most so many of a week, once across enterprises (PETOE-7.2)."""
    found: dict[int, int] = defaultdict(int)
    for row, earned in ledger.earned_by(student_ids, days_per_week=per_week):
        if row.source_id is not None:
            found[row.source_id] += earned
    return found


def _items_by_base(version_ids: Collection[int]) -> dict[tuple[int | None, int | None], list[str]]:
    statement = select(PlanItem.version_id, PlanItem.base_id, PlanItem.title).where(PlanItem.version_id.in_(list(version_ids)))
    found: dict[tuple[int | None, int | None], list[str]] = defaultdict(list)
    for version_id, base_id, title in session().execute(statement.order_by(PlanItem.version_id, PlanItem.position)):
        found[version_id, base_id].append(title)
    return found


def table_4(identity: Identity, *, since: date, on: date) -> list[dict[str, Any]]:
    """T4: the bases where students inside the reader's scope were placed since a day, or that plan items name (SUP-6)."""
    counted = select(Placement.base_id, func.count(Placement.student_id.distinct()).label("students")).join(
        Student, Student.id == Placement.student_id
    )
    counted = counted.where(visible_to(identity), LIVE, Placement.base_id.is_not(None), Placement.ends_on >= since).group_by(Placement.base_id)
    students: dict[int, int] = {key: count for key, count in session().execute(counted) if key is not None}
    titles: dict[int, list[str]] = defaultdict(list)
    for base_id, title in session().execute(
        select(PlanItem.base_id, PlanItem.title).where(PlanItem.base_id.in_(list(students))).order_by(PlanItem.id)
    ):
        if base_id is not None and title not in titles[base_id]:
            titles[base_id].append(title)
    types = bases.types_of_many(list(students))
    found = []
    for base_id, count in students.items():
        base, profile = organisations.by_id(base_id), bases.profile(base_id)
        if base is None:
            continue
        hosts = [row.name for host, row in organisations.hosts_of(base_id) if host.until is None and row.kind == "enterprise"]
        agreements = [row for row in bases.agreements_of(base_id) if row.since <= on <= row.until]
        leaders = [f"{name}（{leader.post}）" for leader, name in bases.leaders_of(base_id) if leader.until is None or leader.until >= on]
        found.append(
            {
                "base": base,
                "types": types[base_id],
                "hosts": hosts,
                "agreement": (agreements[0].since, agreements[0].until) if agreements else None,
                "items": titles[base_id],
                "capacity": profile.capacity_per_term if profile is not None else None,
                "students": count,
                "leaders": leaders,
                "mentors": _mentors_at(base_id, on),
                "school_mentors": _school_mentors(base_id, since, on),
                "invested": tuple(
                    None if fen is None else fen / 100
                    for fen in ((profile.school_invested_fen, profile.enterprise_invested_fen) if profile is not None else (None, None))
                ),
            }
        )
    return sorted(found, key=lambda row: row["base"].code)


def _school_mentors(base_id: int, since: date, on: date) -> int:
    """School supervisors of the programmes whose students were at a base since a day."""
    placed = select(Student.programme_id).join(Placement, Placement.student_id == Student.id)
    programmes = session().scalars(placed.where(Placement.base_id == base_id, LIVE, Placement.ends_on >= since).distinct())
    return len(
        {
            one
            for programme_id in sorted(programmes)
            for one in identities.accounts_holding(Role.SCHOOL_SUPERVISOR, today=on, programme_id=programme_id)
        }
    )


def _mentors_at(base_id: int, on: date) -> int:
    statement = select(func.count(Mentor.id)).where(
        Mentor.enterprise_id.in_(organisations.host_ids(base_id)), Mentor.since <= on, sa.or_(Mentor.until.is_(None), Mentor.until >= on)
    )
    return session().scalar(statement) or 0


# -- a person's calendar ------------------------------------------------------------------------------------------------
def of_person(person_id: int, since: date, until: date) -> list[Any]:
    """Placements of a person as student or as mentor that share a day with the span."""
    student_person = sa.orm.aliased(Person)
    statement = (
        select(
            Placement.id,
            Placement.starts_on,
            Placement.ends_on,
            Placement.created_at,
            Position.title,
            Organisation.name.label("enterprise"),
            student_person.name.label("student"),
            (Student.person_id == person_id).label("is_mine"),
        )
        .join(Student, Student.id == Placement.student_id)
        .join(student_person, student_person.id == Student.person_id)
        .join(Position, Position.id == Placement.position_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .where(LIVE, sa.or_(Student.person_id == person_id, Mentor.person_id == person_id), Placement.starts_on <= until, Placement.ends_on >= since)
        .order_by(Placement.starts_on, Placement.id)
    )
    return list(session().execute(statement))


def events_of_person(person_id: int, since: date, until: date) -> list[Any]:
    """Leave that was granted and visits of a span: the student's, those of a mentor's students, and visits a person reported."""
    student_person = sa.orm.aliased(Person)
    is_there = sa.or_(
        sa.and_(PlacementEvent.kind.in_([EventKind.ABSENCE, EventKind.INTERRUPTION]), PlacementEvent.state == EventState.APPROVED),
        PlacementEvent.kind == EventKind.VISIT,
    )
    mine = identities.accounts_of_persons([person_id]).get(person_id)
    statement = (
        select(
            PlacementEvent.id,
            PlacementEvent.placement_id,
            PlacementEvent.kind,
            PlacementEvent.since,
            PlacementEvent.until,
            PlacementEvent.text,
            PlacementEvent.created_at,
            Organisation.name.label("enterprise"),
            student_person.name.label("student"),
        )
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .join(student_person, student_person.id == Student.person_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .where(
            is_there,
            sa.or_(
                Student.person_id == person_id,
                Mentor.person_id == person_id,
                sa.and_(PlacementEvent.kind == EventKind.VISIT, PlacementEvent.reported_by_id == (mine or 0)),
            ),
            PlacementEvent.since <= until,
            PlacementEvent.until >= since,
        )
        .order_by(PlacementEvent.since, PlacementEvent.id)
    )
    return list(session().execute(statement))


def rounds_of_person(person_id: int, since: date, until: date) -> list[Round]:
    """Rounds a person may choose in whose last day lies in the span."""
    statement = (
        select(Round)
        .join(Student, Student.cohort_id == Round.cohort_id)
        .where(
            Student.person_id == person_id,
            Student.state == StudentState.ENROLLED,
            Round.state != RoundState.DRAFT,
            Round.closes_on >= since,
            Round.closes_on <= until,
        )
        .order_by(Round.closes_on, Round.id)
    )
    return list(session().scalars(statement))


# -- an enterprise at a glance ------------------------------------------------------------------------------------------
def waiting_by_mentor(enterprise_ids: Collection[int]) -> list[tuple[int, str, int, int]]:
    """(mentor, name, days that wait, one of the placements) of enterprises, most first."""
    statement = (
        select(Mentor.id, Person.name, func.count(DayEntry.id).label("days"), func.min(Placement.id))
        .join(Person, Person.id == Mentor.person_id)
        .join(Placement, Placement.mentor_id == Mentor.id)
        .join(DayEntry, DayEntry.placement_id == Placement.id)
        .where(Mentor.enterprise_id.in_(list(enterprise_ids)), DayEntry.state == DayState.PENDING, Placement.state == PlacementState.STARTED)
        .group_by(Mentor.id, Person.name)
        .order_by(sa.desc("days"), Mentor.id)
    )
    return [(key, name, days, placement) for key, name, days, placement in session().execute(statement)]


def offers_by_state(enterprise_ids: Collection[int]) -> dict[OfferState, int]:
    """How many positions of enterprises are in each state."""
    statement = select(Position.state, func.count(Position.id)).where(Position.enterprise_id.in_(list(enterprise_ids))).group_by(Position.state)
    return {state: count for state, count in session().execute(statement)}


def present_at(enterprise_ids: Collection[int], on: date) -> dict[str, int]:
    """How many students are with enterprises on a day, how many come later, how many of those have no mentor."""
    coming = sa.and_(Placement.starts_on > on, Placement.state.in_([PlacementState.PLANNED, PlacementState.ACCEPTED]))
    statement = select(
        func.sum(sa.case((Placement.state == PlacementState.STARTED, 1), else_=0)),
        func.sum(sa.case((coming, 1), else_=0)),
        func.sum(sa.case((sa.and_(coming, Placement.mentor_id.is_(None)), 1), else_=0)),
    ).where(Placement.enterprise_id.in_(list(enterprise_ids)), LIVE)
    here, later, alone = session().execute(statement).one()
    return {"here": int(here or 0), "later": int(later or 0), "alone": int(alone or 0)}


def students_by_ids(ids: Collection[int]) -> list[Student]:
    """Students by id."""
    return list(session().scalars(select(Student).where(Student.id.in_(list(ids))).order_by(Student.id)))


def terms_between(since: date, until: date, university_ids: Collection[int] | None = None) -> list[Term]:
    """Terms that share a day with the span; of some universities, or of all."""
    statement = select(Term).where(Term.starts_on <= until, Term.ends_on >= since)
    if university_ids is not None:
        statement = statement.where(Term.university_id.in_(list(university_ids)))
    return list(session().scalars(statement.order_by(Term.starts_on, Term.id)))
