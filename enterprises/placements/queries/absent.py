"""Days on which a student is not there: confirmed ones that stand against a suspension or the day of leaving, and spans of leave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from enterprises.placements.models import DayEntry, Placement, PlacementEvent
from enterprises.placements.queries.ended import is_late
from enterprises.placements.queries.placing import GOING, listing, school_side
from enterprises.placements.types import DayState, EventKind, EventState, PlacementState
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import start_of
from trainhub.kernel.db import portions, session
from trainhub.people.models import Student, Suspension
from trainhub.people.types import StudentState


def is_away() -> ColumnElement[bool]:
    """SQL over days joined to their students: the day lies in a suspension, or after the student left the school."""
    suspended = select(Suspension.id).where(
        Suspension.student_id == DayEntry.student_id,
        Suspension.since <= DayEntry.on,
        or_(Suspension.until.is_(None), Suspension.until >= DayEntry.on),
    )
    return or_(suspended.exists(), func.coalesce(Student.left_on < DayEntry.on, False))


def is_insured() -> ColumnElement[bool]:
    """SQL over days joined to their placements: the insurance, as far as it is known, covers the day."""
    return func.coalesce(Placement.insured_from <= DayEntry.on, True) & func.coalesce(Placement.insured_until >= DayEntry.on, True)


def confirmed_against(student_ids: Collection[int] | None = None) -> dict[int, list[DayEntry]]:
    """By student the confirmed days that lie in a suspension (休学) or after the student left the school, in time: both may be entered
    late, and the days were confirmed before. `student_ids` None: of everybody."""
    statement = (
        select(DayEntry)
        .join(Student, Student.id == DayEntry.student_id)
        .where(DayEntry.state == DayState.APPROVED, is_away())
        .order_by(DayEntry.student_id, DayEntry.on, DayEntry.id)
    )
    if student_ids is not None:
        statement = statement.where(DayEntry.student_id.in_(list(student_ids)))
    found: dict[int, list[DayEntry]] = {}
    for row in session().scalars(statement):
        found.setdefault(row.student_id, []).append(row)
    return found


def absences_of_students(student_ids: Collection[int], *, asked_since: date | None = None) -> dict[int, list[tuple[date, date]]]:
    """By placement the spans of approved absences and interruptions, of the placements of students. With `asked_since` also of those that nobody has
    decided yet and that begin, or were asked for, on that day or later: an older one would excuse days that are lost meanwhile."""
    wanted, found = sorted(student_ids), dict[int, list[tuple[date, date]]]()
    counts: ColumnElement[bool] = PlacementEvent.state == EventState.APPROVED
    if asked_since is not None:
        is_recent = or_(PlacementEvent.since >= asked_since, PlacementEvent.created_at >= start_of(asked_since))
        counts = or_(counts, and_(PlacementEvent.state == EventState.OPEN, is_recent))
    for some in portions(wanted):
        statement = (
            select(PlacementEvent.placement_id, PlacementEvent.since, PlacementEvent.until)
            .join(Placement, Placement.id == PlacementEvent.placement_id)
            .where(
                Placement.student_id.in_(some),
                PlacementEvent.kind.in_([EventKind.ABSENCE, EventKind.INTERRUPTION]),
                counts,
            )
        )
        for placement_id, since, until in session().execute(statement):
            found.setdefault(placement_id, []).append((since, until))
    return found


def of_absent_students(identity: Identity, **narrowed: Any) -> Any:
    """The placements that go on of students who are suspended, or have left the school: they keep seat, mentor and room until the school ends
    them. `narrowed` as in `listing`."""
    return listing(identity, **narrowed).where(Placement.state.in_(GOING), Student.state != StudentState.ENROLLED)


def is_late_for(identity: Identity, on: date) -> ColumnElement[bool]:
    """SQL over placements joined to their students: the first day has passed and nobody has started it. Of a host only what can still begin: what is over
    by now, or of a student who is suspended or has left, the school alone takes back."""
    may_begin = and_(Placement.ends_on >= on, Student.state == StudentState.ENROLLED)
    return and_(is_late(on), or_(school_side(identity), may_begin))


def of_late_starts(identity: Identity, *, on: date, **narrowed: Any) -> Any:
    """The placements that should have begun (`is_late_for`): they keep seat and mentor. `narrowed` as in `listing`."""
    return listing(identity, **narrowed).where(is_late_for(identity, on))


def late_starts(on: date) -> list[tuple[Placement, Student]]:
    """The same of everybody, with the students."""
    statement = select(Placement, Student).join(Student, Student.id == Placement.student_id).where(is_late(on))
    return [(row.Placement, row.Student) for row in session().execute(statement.order_by(Placement.id))]


def unanswered(until: date, *, today: date) -> list[tuple[Placement, Student]]:
    """The placements that begin by a day, or should have begun, are not over, and that their student, who is enrolled, has not answered."""
    statement = (
        select(Placement, Student)
        .join(Student, Student.id == Placement.student_id)
        .where(Placement.state == PlacementState.PLANNED, Placement.starts_on <= until, Placement.ends_on >= today)
        .where(Student.state == StudentState.ENROLLED)
    )
    return [(row.Placement, row.Student) for row in session().execute(statement.order_by(Placement.id))]


def open_leave(today: date, *, begun_by: date) -> list[tuple[PlacementEvent, Placement]]:
    """Leave and interruptions that were granted without a known end, of placements that run on a day, and began by another day. Not of a student who
    is suspended or has left: those placements are the school's to end, and stand among its tasks."""
    statement = (
        select(PlacementEvent, Placement)
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(
            Student.state == StudentState.ENROLLED,
            PlacementEvent.kind.in_([EventKind.ABSENCE, EventKind.INTERRUPTION]),
            PlacementEvent.state == EventState.APPROVED,
            PlacementEvent.is_open_ended,
            PlacementEvent.since <= begun_by,
            Placement.state == PlacementState.STARTED,
            Placement.ends_on >= today,
        )
        .order_by(PlacementEvent.id)
    )
    return [(row.PlacementEvent, row.Placement) for row in session().execute(statement)]
