"""What waits for a mentor: days to confirm, placements to grade."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import or_

from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.queries.placing import DECIDED, named, visible_to
from enterprises.placements.types import DayState, PlacementState
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student


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
    ended = Placement.mentor_score_x10.is_(None) & or_(
        Placement.state == PlacementState.FINISHED, (Placement.state == PlacementState.WITHDRAWN) & Placement.started_on.is_not(None)
    )
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
