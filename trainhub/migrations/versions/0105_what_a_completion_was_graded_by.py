"""What the mark of a completion was the mean of, so that nothing an author removes changes it; for completions that are there: what is graded today,
where that gives the mark they have. And who made a course, who prepares its first run; of courses that are there the log says it

Revision ID: 0105
Revises: 0104
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
AT_ONCE = 400
enrolment = sa.table("enrolment", sa.column("id"), sa.column("run_id"), sa.column("state"), sa.column("score_x10"), sa.column("missed", JSON))
section = sa.table("course_section", sa.column("id"), sa.column("is_published", sa.Boolean()), sa.column("removed_at"))
unit = sa.table("course_unit", sa.column("id"), sa.column("section_id"), sa.column("is_published", sa.Boolean()), sa.column("removed_at"))
block = sa.table(
    "course_block",
    sa.column("id"),
    sa.column("run_id"),
    sa.column("unit_id"),
    sa.column("is_graded", sa.Boolean()),
    sa.column("is_published", sa.Boolean()),
    sa.column("weight_x10"),
    sa.column("removed_at"),
)
progress = sa.table("block_progress", sa.column("enrolment_id"), sa.column("block_id"), sa.column("score_x10"))
course = sa.table("course", sa.column("id"), sa.column("made_by_id"))
event = sa.table("audit_event", sa.column("id"), sa.column("account_id"), sa.column("did"), sa.column("on_kind"), sa.column("on_id"))
WRITE = sa.update(enrolment).where(enrolment.c.id == sa.bindparam("key")).values(missed=sa.bindparam("found", type_=JSON))


def upgrade() -> None:
    """Forward: what has a score today, and what is known to have been missed. Where that does not give the mark (a gradebook gave it, blocks for groups,
    blocks removed meanwhile), nothing is written: such a mark follows what is there, as before."""
    bind = op.get_bind()
    op.add_column("course", sa.Column("made_by_id", sa.BigInteger(), nullable=True))
    made = sa.select(event.c.on_id, event.c.account_id).where(event.c.did == "courses.course.created", event.c.on_kind == "course")
    for key, account_id in bind.execute(made.where(event.c.account_id.is_not(None)).order_by(event.c.id.desc())).all():
        bind.execute(sa.update(course).where(course.c.id == int(key)).values(made_by_id=account_id))
    runs = bind.scalars(sa.select(enrolment.c.run_id).where(enrolment.c.state == "completed").distinct().order_by(enrolment.c.run_id)).all()
    for run_id in runs:
        weights = dict(bind.execute(_graded().where(block.c.run_id == run_id)).all())
        for some in _completed(bind, run_id):
            scores = _scores(bind, [row.id for row in some], weights)
            found = [(row, _counted(row, weights, scores.get(row.id, {}))) for row in some]
            told = [{"key": row.id, "found": {**row.missed, "graded": pairs}} for row, pairs in found if pairs is not None]
            if told:
                bind.execute(WRITE, told)


def _graded() -> sa.Select[Any]:
    shown = (unit.c.is_published, unit.c.removed_at.is_(None), section.c.is_published, section.c.removed_at.is_(None))
    there = block.join(unit, unit.c.id == block.c.unit_id).join(section, section.c.id == unit.c.section_id)
    graded = (block.c.is_graded, block.c.weight_x10 > 0, block.c.is_published, block.c.removed_at.is_(None))
    return sa.select(block.c.id, block.c.weight_x10).select_from(there).where(*graded, *shown)


def _completed(bind: sa.Connection, run_id: int) -> Iterable[Any]:
    columns = (enrolment.c.id, enrolment.c.score_x10, enrolment.c.missed)
    mine = sa.select(*columns).where(enrolment.c.run_id == run_id, enrolment.c.state == "completed").order_by(enrolment.c.id)
    rows = [row for row in bind.execute(mine) if row.missed]
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _scores(bind: sa.Connection, ids: list[int], weights: Mapping[int, int]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    statement = sa.select(progress.c.enrolment_id, progress.c.block_id, progress.c.score_x10)
    for key, block_id, score in bind.execute(statement.where(progress.c.enrolment_id.in_(ids), progress.c.score_x10.is_not(None))):
        if block_id in weights:
            found.setdefault(key, {})[block_id] = score
    return found


def _counted(row: Any, weights: Mapping[int, int], scores: Mapping[int, int]) -> list[list[int]] | None:
    """The blocks with their weights that give the mark of a completion; None when what is there gives another."""
    missed = set(row.missed.get("blocks", ()))
    pairs = [[key, weight] for key, weight in sorted(weights.items()) if key in scores or key in missed]
    whole = sum(weight for _key, weight in pairs)
    got = sum(weight * scores.get(key, 0) for key, weight in pairs)
    mark = (2 * got + whole) // (2 * whole) if whole else None
    return pairs if mark == row.score_x10 else None


def downgrade() -> None:
    """Back: the mark is that of what is there."""
    bind = op.get_bind()
    rows = bind.execute(sa.select(enrolment.c.id, enrolment.c.missed).where(enrolment.c.missed.is_not(None))).all()
    told = [{"key": row.id, "found": {k: v for k, v in row.missed.items() if k != "graded"}} for row in rows if row.missed and "graded" in row.missed]
    if told:
        bind.execute(WRITE, told)
    op.drop_column("course", "made_by_id")
