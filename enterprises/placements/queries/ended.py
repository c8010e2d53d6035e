"""Which placements are over and wait for somebody to end them, and which should have begun."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState


def is_over(on: date) -> sa.ColumnElement[bool]:
    """SQL: the last day of a placement has passed, and nobody has ended it."""
    return sa.and_(Placement.state == PlacementState.STARTED, Placement.ends_on < on)


def is_late(on: date) -> sa.ColumnElement[bool]:
    """SQL: the first day of a placement has passed, and nobody has started it: on that day itself it is started, never before."""
    return sa.and_(Placement.state.in_([PlacementState.PLANNED, PlacementState.ACCEPTED]), Placement.starts_on < on)
