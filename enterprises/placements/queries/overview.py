"""What looks over many placements at once: the time line, seats and demand by city and major, a person's calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.mentors.models import Mentor
from enterprises.placements.models import (
    DayEntry,
    Placement,
    PlacementEvent,
    Position,
    Round,
    Term,
)
from enterprises.placements.queries.placing import DECIDED, LIVE, visible_to
from enterprises.placements.types import DayState, EventKind, EventState, OfferState, PlacementState, RoundState
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
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
        statement = statement.where(people.finds_student(text))
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
        sa.and_(PlacementEvent.kind == EventKind.VISIT, PlacementEvent.state != EventState.WITHDRAWN),
    )
    mine = identities.accounts_of_persons([person_id]).get(person_id)
    # As on the pages (`readable_events`): the mentor reads of a visit what the school has shown.
    reads = sa.or_(Student.person_id == person_id, PlacementEvent.shared_at.is_not(None), PlacementEvent.reported_by_id == (mine or 0))
    statement = (
        select(
            PlacementEvent.id,
            PlacementEvent.placement_id,
            PlacementEvent.kind,
            PlacementEvent.since,
            PlacementEvent.until,
            PlacementEvent.is_open_ended,
            sa.case((reads, PlacementEvent.text), else_="").label("text"),
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
def waiting_by_mentor(enterprise_ids: Collection[int]) -> list[tuple[int, str, int, int, int]]:
    """(mentor, name, days that wait, one of the placements, person) of enterprises, most first."""
    statement = (
        select(Mentor.id, Person.name, func.count(DayEntry.id).label("days"), func.min(Placement.id), Mentor.person_id)
        .join(Person, Person.id == Mentor.person_id)
        .join(Placement, Placement.mentor_id == Mentor.id)
        .join(DayEntry, DayEntry.placement_id == Placement.id)
        .where(Mentor.enterprise_id.in_(list(enterprise_ids)), DayEntry.state == DayState.PENDING, Placement.state.in_(DECIDED))
        .group_by(Mentor.id, Person.name, Mentor.person_id)
        .order_by(sa.desc("days"), Mentor.id)
    )
    return [(key, name, days, placement, person) for key, name, days, placement, person in session().execute(statement)]


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
