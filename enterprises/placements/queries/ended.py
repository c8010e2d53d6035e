"""Which placements are over and wait for somebody to end them, to mark them or to confirm their days, and which should have begun."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from enterprises.mentors.models import Mentor, MentorConflict
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.types import DayState, PlacementState


def is_over(on: date) -> sa.ColumnElement[bool]:
    """SQL: the last day of a placement has passed, and nobody has ended it."""
    return sa.and_(Placement.state == PlacementState.STARTED, Placement.ends_on < on)


def is_late(on: date) -> sa.ColumnElement[bool]:
    """SQL: the first day of a placement has passed, and nobody has started it: on that day itself it is started, never before."""
    return sa.and_(Placement.state.in_([PlacementState.PLANNED, PlacementState.ACCEPTED]), Placement.starts_on < on)


def ran() -> sa.ColumnElement[bool]:
    """SQL: a placement was ended after it ran, so that its mentor gives a mark. Of what was withdrawn only where some day was confirmed or waits: else
    there is nothing to certify."""
    counts = _has_day(DayState.PENDING, DayState.APPROVED)
    withdrawn = sa.and_(Placement.state == PlacementState.WITHDRAWN, Placement.started_on.is_not(None), counts)
    return sa.or_(Placement.state == PlacementState.FINISHED, withdrawn)


def is_undone(on: date | None = None) -> sa.ColumnElement[bool]:
    """SQL: a placement ran and was ended, without a mark or with days that wait; with `on` also one whose last day has passed by then and that nobody
    ended: without a mark nobody can."""
    over = ran() if on is None else sa.or_(ran(), is_over(on))
    return sa.and_(over, sa.or_(Placement.mentor_score_x10.is_(None), _has_day(DayState.PENDING)))


def has_no_mentor(on: date) -> sa.ColumnElement[bool]:
    """SQL: nobody may mark or confirm: no mentor is named, or one who is in office no more, or has to stand back."""
    gone = sa.select(Mentor.id).where(Mentor.id == Placement.mentor_id, Mentor.until < on)
    conflict = sa.select(MentorConflict.mentor_id).where(
        MentorConflict.mentor_id == Placement.mentor_id, MentorConflict.student_id == Placement.student_id
    )
    return sa.or_(Placement.mentor_id.is_(None), *(one.correlate(Placement).exists() for one in (gone, conflict)))


def _has_day(*states: DayState) -> sa.ColumnElement[bool]:
    return sa.select(DayEntry.id).where(DayEntry.placement_id == Placement.id, DayEntry.state.in_(states)).correlate(Placement).exists()
