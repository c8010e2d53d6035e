"""Rounds, their students, and the facts a plan is computed from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.mentors import queries as mentors
from enterprises.permissions import SCHOOL
from enterprises.placements.models import Placement, PlanItem, Position, PositionSeats, Preference, Priority, Round, RoundPlan, Term
from enterprises.placements.queries.hosting import open_seats
from enterprises.placements.queries.offers import positions_by_ids, terms_visible
from enterprises.placements.types import PlacementState, PlanKind, RoundState, WithdrawalSide
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.kernel.jobs import Job, JobState
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion

LIVE = Placement.state != PlacementState.WITHDRAWN


def round_(round_id: int) -> Round | None:
    """A round by id."""
    return session().get(Round, round_id)


ROUND_SORTS: dict[str, tuple[Any, ...]] = {
    "title": (Round.title,),
    "programme": (Programme.name, Cohort.year, Round.opens_on),
    "opens": (Round.opens_on,),
    "state": (Round.state, Round.opens_on),
}


def rounds_listing(identity: Identity, sort: str = "") -> Any:
    """The rounds of the reader's programmes, the latest first unless sorted otherwise."""
    statement: Any = (
        select(Round, Programme.name.label("programme"), Organisation.name.label("university"), Cohort.year)
        .join(Programme, Programme.id == Round.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .join(Cohort, Cohort.id == Round.cohort_id)
        .where(organisations.scope(identity, SCHOOL, organisations=(Programme.university_id,), programmes=(Programme.id,)))
    )
    return organisations.ordered_or(statement, sort, ROUND_SORTS, Round.opens_on.desc(), Round.id.desc(), unique=Round.id)


def subject_of_round(row: Round) -> Subject:
    """The programme with what stands above it."""
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return programmes.subject_of(programme)


def students_of_round(row: Round, on: date) -> list[Student]:
    """The students a round is for: enrolled, of the cohort, in the 卓越计划 on a day."""
    statement = (
        select(Student)
        .where(Student.cohort_id == row.cohort_id, Student.state == StudentState.ENROLLED, people.petoe_on(on, Student.id))
        .order_by(Student.id)
    )
    return list(session().scalars(statement))


def persons_of_round(row: Round, on: date) -> list[int]:
    """The persons whom a round is for, for telling them."""
    return [student.person_id for student in students_of_round(row, on)]


def priorities_of(round_id: int) -> dict[int, int]:
    """By student the class in the published order of a round."""
    rows = session().execute(select(Priority.student_id, Priority.rank).where(Priority.round_id == round_id).order_by(Priority.student_id))
    return {student_id: rank for student_id, rank in rows}


def priority_lines(round_id: int) -> str:
    """The published order as it is typed: a student number and the class, a line each."""
    statement = (
        select(Student.student_no, Priority.rank)
        .join(Student, Student.id == Priority.student_id)
        .where(Priority.round_id == round_id)
        .order_by(Priority.rank, Student.student_no)
    )
    return "\n".join(f"{number} {rank}" for number, rank in session().execute(statement))


def cohort_numbers(cohort_id: int) -> dict[str, int]:
    """The students of a cohort by their numbers."""
    return {number: key for number, key in session().execute(select(Student.student_no, Student.id).where(Student.cohort_id == cohort_id))}


def preference_counts(round_id: int) -> tuple[int, int]:
    """How many students saved a list, and how many wishes there are."""
    row = (
        session()
        .execute(select(func.count(Preference.student_id.distinct()), func.count(Preference.id)).where(Preference.round_id == round_id))
        .one()
    )
    return int(row[0]), int(row[1])


def open_rounds_of_student(student: Student) -> list[Round]:
    """The rounds of a student's cohort that are not drafts, the latest first."""
    statement = select(Round).where(Round.cohort_id == student.cohort_id, Round.state != RoundState.DRAFT)
    return list(session().scalars(statement.order_by(Round.closes_on.desc(), Round.id.desc())))


def rounds_to_close(today: date) -> list[Round]:
    """Open rounds whose last day is over."""
    return list(session().scalars(select(Round).where(Round.state == RoundState.OPEN, Round.closes_on < today).order_by(Round.id)))


def rounds_over(*term_ids: int) -> list[Round]:
    """The rounds that are not published yet and place students in one of the terms."""
    statement = select(Round).where(Round.state != RoundState.PUBLISHED).order_by(Round.id)
    return [row for row in session().scalars(statement) if set(term_ids) & set(row.term_ids)]


def running_plan_job(round_id: int) -> Job | None:
    """The job that computes this round's plan, while it waits or runs."""
    statement = select(Job).where(Job.task == "placements.plan", Job.state.in_([JobState.QUEUED, JobState.RUNNING])).order_by(Job.id.desc())
    return next((job for job in session().scalars(statement) if job.args.get("round_id") == round_id), None)


def last_plan_job(round_id: int) -> Job | None:
    """The latest job of this round's plan."""
    statement = select(Job).where(Job.task == "placements.plan").order_by(Job.id.desc()).limit(200)
    return next((job for job in session().scalars(statement) if job.args.get("round_id") == round_id), None)


def plans_of(round_id: int) -> list[RoundPlan]:
    """The plans computed for a round, the latest first."""
    return list(session().scalars(select(RoundPlan).where(RoundPlan.round_id == round_id).order_by(RoundPlan.number.desc())))


def round_plan(plan_id: int) -> RoundPlan | None:
    """A computed plan by id."""
    return session().get(RoundPlan, plan_id)


def plans_to_forget(row: Round, *, keep: int) -> list[RoundPlan]:
    """The plans of a round beyond the last `keep`, but for the one adopted and whatever was published, repairs too.

    A round whose plan does not note what was published (a repair of before) keeps all that may have been: plans computed until then, and repairs.
    """
    kept = row.plan or {}
    used = {*(kept.get(name) for name in ("plan_id", "repair_id")), *kept.get("published", ())}
    found = [plan for plan in plans_of(row.id)[keep:] if plan.id not in used]
    if row.published_at is None or "published" in kept:
        return found
    return [plan for plan in found if plan.kind is PlanKind.WHAT_IF]


def next_plan_number(round_id: int) -> int:
    """The number of the next plan of a round."""
    return (session().scalar(select(func.max(RoundPlan.number)).where(RoundPlan.round_id == round_id)) or 0) + 1


def last_repair(round_id: int) -> RoundPlan | None:
    """The latest computed plan of a round, if it is a repair."""
    found = session().scalar(select(RoundPlan).where(RoundPlan.round_id == round_id).order_by(RoundPlan.number.desc()).limit(1))
    return found if found is not None and found.kind is PlanKind.REPAIR else None


def wishes_by_position(round_id: int) -> dict[int, tuple[int, int]]:
    """By position how many ranked it, and how many ranked it first."""
    statement = (
        select(Preference.position_id, func.count(Preference.id), func.sum(sa.case((Preference.rank == 1, 1), else_=0)))
        .where(Preference.round_id == round_id)
        .group_by(Preference.position_id)
    )
    return {key: (count, int(first or 0)) for key, count, first in session().execute(statement)}


def live_in_round(round_id: int) -> list[Placement]:
    """The placements of a round that stand."""
    return list(session().scalars(select(Placement).where(Placement.round_id == round_id, LIVE).order_by(Placement.id)))


def placements_by_ids(ids: Collection[int]) -> list[Placement]:
    """Placements by id."""
    return list(session().scalars(select(Placement).where(Placement.id.in_(list(ids))).order_by(Placement.id)))


def offered_in(term_ids: Collection[int]) -> list[Any]:
    """Approved positions with seats in terms: id, title, enterprise, base; by enterprise."""
    base = sa.orm.aliased(Organisation)
    statement = (
        select(Position.id, Position.title, Organisation.name.label("enterprise"), base.id.label("base_id"), base.name.label("base"))
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .outerjoin(base, base.id == Position.base_id)
        .where(
            Position.id.in_(
                select(PositionSeats.position_id)
                .join(Position, Position.id == PositionSeats.position_id)
                .where(PositionSeats.term_id.in_(list(term_ids)), PositionSeats.seats > 0, open_seats())
                .correlate(None)
            ),
        )
        .order_by(Organisation.pinyin, Position.title, Position.id)
    )
    return list(session().execute(statement))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan is computed from; every list is ordered by id."""

    terms: list[Term]
    positions: list[Position]
    seats: dict[tuple[int, int], int]
    """Free seats by (position, term): what is offered less what is taken."""
    room: dict[tuple[int, int], int]
    """By (enterprise, term) how many more students its mentors can look after."""
    names: dict[int, str]
    """Enterprise and title by position."""
    students: list[Student]
    majors: dict[int, str]
    preferences: dict[int, list[int]]
    placed: list[Placement]
    """Every placement that stands of the round's students, in the round's terms and outside."""
    given_up: frozenset[tuple[int, int]]
    """(student, term) of placements that students themselves gave up."""
    cancelled: frozenset[tuple[int, int]]
    """(student, position) that the enterprise, or the school by hand, took back: whoever lost a place is not sent there again."""
    accepted: dict[int, frozenset[str]] = field(default_factory=dict)
    """By position the majors it takes where the rules narrow them; empty: none."""
    base_room: dict[tuple[int, int], int] = field(default_factory=dict)
    """By (base, term) how many more students the base can take over all its positions; not named: it says nothing."""
    priorities: dict[int, int] = field(default_factory=dict)
    """By student the class in the published order."""
    held: dict[int, Position] = field(default_factory=dict)
    """The positions of what is placed, on offer or not."""


def planning_facts(row: Round, *, today: date) -> Planned:
    """Everything a plan of a round needs, in a fixed number of queries."""
    current = session()
    terms = list(current.scalars(select(Term).where(Term.id.in_(list(row.term_ids))).order_by(Term.id)))
    offered = current.execute(
        select(Position, PositionSeats.term_id, PositionSeats.seats, PositionSeats.taken)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .where(open_seats(), PositionSeats.term_id.in_([t.id for t in terms]))
        .order_by(Position.id, PositionSeats.term_id)
    ).all()
    positions = {position.id: position for position, *_rest in offered}
    students = students_of_round(row, today)
    ids = [student.id for student in students]
    placed = list(current.scalars(select(Placement).where(Placement.student_id.in_(ids), LIVE).order_by(Placement.id)))
    lost = current.execute(
        select(Placement.id, Placement.student_id, Placement.term_id, Placement.position_id, Placement.withdrawn_by, Placement.round_id).where(
            Placement.student_id.in_(ids), Placement.term_id.in_([t.id for t in terms]), Placement.withdrawn_by.is_not(None)
        )
    ).all()
    moved = set(moved_by_repairs(row))
    by_hand = {one.id for one in lost if one.withdrawn_by is WithdrawalSide.SCHOOL and one.id not in moved and one.round_id in (row.id, None)}
    held = positions_by_ids({one.position_id for one in placed})
    wishes = current.execute(
        select(Preference.student_id, Preference.position_id).where(Preference.round_id == row.id).order_by(Preference.student_id, Preference.rank)
    )
    preferences: dict[int, list[int]] = {}
    for student_id, position_id in wishes:
        preferences.setdefault(student_id, []).append(position_id)
    majors = {
        programme.id: programme.major_code
        for programme in current.scalars(select(Programme).where(Programme.id.in_({s.programme_id for s in students})))
    }
    return Planned(
        terms,
        [positions[key] for key in sorted(positions)],
        {(position.id, term_id): seats - taken for position, term_id, seats, taken in offered},
        _room(terms, {position.enterprise_id for position in positions.values()}, ids, today),
        position_names({*positions, *held}),
        students,
        {student.id: majors[student.programme_id] for student in students},
        preferences,
        placed,
        frozenset((one.student_id, one.term_id) for one in lost if one.withdrawn_by is WithdrawalSide.STUDENT),
        frozenset((one.student_id, one.position_id) for one in lost if one.withdrawn_by is WithdrawalSide.ENTERPRISE or one.id in by_hand),
        priorities=priorities_of(row.id),
        held=held,
    )


def moved_by_repairs(row: Round) -> list[int]:
    """The placements that repairs of a round took back, to place the student anew: nobody lost anything by them."""
    plan = row.plan or {}
    return sorted(plan.get("moved", plan.get("removed", [])))


def _room(terms: list[Term], enterprise_ids: set[int], besides: Collection[int], today: date) -> dict[tuple[int, int], int]:
    """What the mentors of each enterprise can still take in each term (nobody is placed without a mentor): beside whoever is there, and
    whose capstone they guide but for `besides`, who are planned themselves: placed with their supervisor they are no more than one."""
    found: dict[tuple[int, int], int] = {}
    for one in terms:
        limits = mentors.loads_of_enterprises(enterprise_ids, one.starts_on)
        busy: dict[int, set[int]] = {key: set() for key in enterprise_ids}
        there = select(Placement.enterprise_id, Placement.student_id).where(
            Placement.enterprise_id.in_(enterprise_ids), LIVE, Placement.starts_on <= one.ends_on, Placement.ends_on >= one.starts_on
        )
        for key, student_id in session().execute(there):
            busy[key].add(student_id)
        of = mentors.in_office_at(enterprise_ids, one.starts_on)
        for mentor_id, students in mentors.guided_by(of, one.starts_on, one.ends_on, today=today).items():
            busy[of[mentor_id]] |= students.difference(besides)
        for key in enterprise_ids:
            found[key, one.id] = limits.get(key, 0) - len(busy[key])
    return found


def position_names(ids: set[int]) -> dict[int, str]:
    """Enterprise and title by position id."""
    statement = select(Position.id, Organisation.name, Position.title).join(Organisation, Organisation.id == Position.enterprise_id)
    return {key: f"{enterprise} · {title}" for key, enterprise, title in session().execute(statement.where(Position.id.in_(ids)))}


def student_names(ids: set[int]) -> dict[int, tuple[str, str]]:
    """(number, name) by student id."""
    statement = select(Student.id, Student.student_no, Person.name).join(Person, Person.id == Student.person_id)
    return {key: (number, name) for key, number, name in session().execute(statement.where(Student.id.in_(ids)))}


def cohort_choices(identity: Identity) -> list[tuple[int, str]]:
    """The cohorts of the reader's programmes, the latest first."""
    statement = (
        select(Cohort.id, Programme.name, Organisation.name, Cohort.year)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(organisations.scope(identity, SCHOOL, organisations=(Programme.university_id,), programmes=(Programme.id,)))
        .order_by(Cohort.year.desc(), Organisation.pinyin, Programme.pinyin, Cohort.id)
    )
    return [(key, f"{university} · {programme} · {year} 级") for key, programme, university, year in session().execute(statement)]


def term_choices(identity: Identity, today: date) -> list[tuple[Term, str]]:
    """The terms of the reader's schools that have not begun, in time."""
    statement = terms_visible(identity).where(Term.starts_on > today).order_by(None).order_by(Term.starts_on, Term.id)
    return [(row, name) for row, name in session().execute(statement)]


def versions_visible(identity: Identity) -> Any:
    """The versions of the reader's programmes with the weeks of their enterprise plan."""
    weeks = select(PlanItem.version_id, func.sum(PlanItem.weeks_x10).label("weeks")).group_by(PlanItem.version_id).subquery()
    return (
        select(
            ProgrammeVersion.id,
            ProgrammeVersion.label,
            ProgrammeVersion.state,
            Programme.name,
            Organisation.name.label("university"),
            func.coalesce(weeks.c.weeks, 0).label("weeks"),
        )
        .join(Programme, Programme.id == ProgrammeVersion.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .outerjoin(weeks, weeks.c.version_id == ProgrammeVersion.id)
        .where(organisations.scope(identity, SCHOOL, organisations=(Programme.university_id,), programmes=(Programme.id,)))
        .order_by(Organisation.pinyin, Programme.pinyin, ProgrammeVersion.from_cohort_year.desc(), ProgrammeVersion.id)
    )
