"""The live sessions of a run as its learners see them."""

from __future__ import annotations

import sqlalchemy as sa

from courses.catalogue.models import Block, Section, Unit
from courses.catalogue.types import BlockKind
from trainhub.kernel.db import session


def shown(run_id: int) -> dict[int, tuple[str, str]]:
    """(start, end) as they are stored of every live session that is published and not removed, by block."""
    statement = (
        sa.select(Block.id, Block.settings)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Block.run_id == run_id,
            Block.kind == BlockKind.LIVE,
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .order_by(Block.id)
    )
    found = {key: (str(given.get("starts_at") or ""), str(given.get("ends_at") or "")) for key, given in session().execute(statement)}
    return {key: times for key, times in found.items() if all(times)}


def access_of(block_id: int) -> tuple[object, ...]:
    """The conditions on a session and on what holds it."""
    statement = sa.select(Block.access, Unit.access, Section.access).join(Unit, Unit.id == Block.unit_id).join(Section, Section.id == Unit.section_id)
    row = session().execute(statement.where(Block.id == block_id)).one_or_none()
    return () if row is None else tuple(row)
