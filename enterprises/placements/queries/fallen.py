"""Places of a published round that fell since: what a repair is for."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import select

from enterprises.placements.models import Placement, Round
from enterprises.placements.queries.rounds import moved_by_repairs
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import session


def withdrawn_in(round_id: int) -> list[int]:
    """The placements of a round that were taken back."""
    statement = select(Placement.id).where(Placement.round_id == round_id, Placement.state == PlacementState.WITHDRAWN)
    return list(session().scalars(statement.order_by(Placement.id)))


def displaced(row: Round) -> int:
    """How many places of a round fell since it was published, or since the last repair, and are not filled: not what a repair moved or knew of, nor
    where the student has another place in the term."""
    plan, other = row.plan or {}, sa.orm.aliased(Placement)
    known = {*moved_by_repairs(row), *plan.get("settled", ())}
    filled = select(other.id).where(
        other.student_id == Placement.student_id, other.term_id == Placement.term_id, other.state != PlacementState.WITHDRAWN
    )
    statement = select(Placement.id).where(Placement.round_id == row.id, Placement.state == PlacementState.WITHDRAWN, ~filled.exists())
    return sum(key not in known for key in session().scalars(statement))
