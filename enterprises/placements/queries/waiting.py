"""What waits for a mentor: days to confirm, placements to grade; and what waits for another mentor."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.queries.ended import has_no_mentor, is_undone, ran
from enterprises.placements.queries.placing import DECIDED, GOING, listing, named, visible_to
from enterprises.placements.types import DayState, PlacementState
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student
from trainhub.people.queries import of_human


def pending_for_mentor(mentor_ids: Collection[int], *, of: Identity | None = None, university_id: int | None = None) -> list[tuple[Any, DayEntry]]:
    """Every day that waits for a mentor with its placement's names, by student and day: one query. `of`: only of placements
    that somebody may see; `university_id`: only of one school's students."""
    statement = (
        named()
        .add_columns(DayEntry)
        .join(DayEntry, DayEntry.placement_id == Placement.id)
        .where(Placement.mentor_id.in_(list(mentor_ids)), DayEntry.state == DayState.PENDING, Placement.state.in_(DECIDED))
        .order_by(Person.pinyin, Placement.id, DayEntry.on)
    )
    if of is not None:
        statement = statement.where(visible_to(of))
    if university_id is not None:
        statement = statement.where(Student.university_id == university_id)
    return [(row, row.DayEntry) for row in session().execute(statement)]


def gradable_of_mentor(mentor_id: int, *, ends_by: date, of: Identity | None = None, university_id: int | None = None) -> list[tuple[Any, Placement]]:
    """Placements of a mentor that are in their last days (they end by a day) or ended without a mark, with their names, by student.

    `of` and `university_id` as for `pending_for_mentor`."""
    ended = Placement.mentor_score_x10.is_(None) & ran()
    statement = (
        named()
        .add_columns(Placement)
        .where(Placement.mentor_id == mentor_id, or_(ended, (Placement.state == PlacementState.STARTED) & (Placement.ends_on <= ends_by)))
        .order_by(Person.pinyin, Placement.id)
    )
    if of is not None:
        statement = statement.where(visible_to(of))
    if university_id is not None:
        statement = statement.where(Student.university_id == university_id)
    return [(row, row.Placement) for row in session().execute(statement)]


def marks_waited_for(ends_by: date, *, today: date) -> list[tuple[int, int]]:
    """Persons of mentors in office who have a mark to give: for placements that run and end by a day, or ended without one; with how many. Of a
    mentor whose office is over nobody waits for it: another has to be named (`left_undone`)."""
    due = or_((Placement.state == PlacementState.STARTED) & (Placement.ends_on <= ends_by), ran())
    statement = (
        select(Mentor.person_id, func.count(Placement.id))
        .join(Placement, Placement.mentor_id == Mentor.id)
        .where(Placement.mentor_score_x10.is_(None), due, or_(Mentor.until.is_(None), Mentor.until >= today))
        .group_by(Mentor.person_id)
        .order_by(Mentor.person_id)
    )
    return [(person_id, count) for person_id, count in session().execute(statement)]


class Guided(NamedTuple):
    """A placement with whom it is about and who guides it, if anybody, until the last day in office, if there is one."""

    placement: Placement
    student: Student
    name: str
    mentor: str | None
    until: date | None


def _guided() -> Any:
    """Placements with student and mentor: what `Guided` holds."""
    guide = aliased(Person)
    return (
        select(Placement, Student, Person.name, guide.name, Mentor.until)
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .outerjoin(guide, guide.id == Mentor.person_id)
    )


def leaving_mentors(*, round_id: int | None = None) -> list[Guided]:
    """The placements that stand, are not over, and outlast their mentor's office, by its last day; None: of every round."""
    going_on = (Placement.state.in_(GOING), Placement.ended_early_on.is_(None), Mentor.until < Placement.ends_on)
    statement = _guided().where(*going_on).order_by(Mentor.until, Placement.id)
    if round_id is not None:
        statement = statement.where(Placement.round_id == round_id)
    return [Guided(*row) for row in session().execute(statement)]


def left_undone(today: date) -> list[Guided]:
    """The placements that ran and are over, finished or not yet (`is_undone`), without a mark or with days that wait, and that nobody may mark or
    confirm (`has_no_mentor`): another mentor has to be named."""
    return [Guided(*row) for row in session().execute(_guided().where(is_undone(today), has_no_mentor(today)).order_by(Placement.id))]


def of_left_undone(identity: Identity, *, on: date, **narrowed: Any) -> Any:
    """The same inside the reader's scope, as a list. `narrowed` as in `listing`."""
    return listing(identity, **narrowed).where(is_undone(on), has_no_mentor(on))


def own_mentored(person_id: int) -> list[Placement]:
    """The placements that go on or run whose student and mentor are this one human, whichever of their rows is named."""
    statement = (
        select(Placement)
        .join(Student, Student.id == Placement.student_id)
        .join(Mentor, Mentor.id == Placement.mentor_id)
        .where(Placement.state.in_(GOING), of_human(Student.person_id, person_id), of_human(Mentor.person_id, person_id))
        .order_by(Placement.id)
    )
    return list(session().scalars(statement))
