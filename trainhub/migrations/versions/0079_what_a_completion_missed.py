"""What a completion had no score in, so that what is asked for later lowers no mark; for completions that are there: what has no score today

Revision ID: 0079
Revises: 0078
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
AT_ONCE = 400
enrolment = sa.table("enrolment", sa.column("id"), sa.column("run_id"), sa.column("state"), sa.column("missed", JSON))
block = sa.table("course_block", sa.column("id"), sa.column("run_id"), sa.column("is_graded", sa.Boolean()), sa.column("weight_x10"))
progress = sa.table(
    "block_progress", sa.column("enrolment_id"), sa.column("block_id"), sa.column("score_x10"), sa.column("is_done", sa.Boolean())
)
run = sa.table("course_run", sa.column("id"), sa.column("completion_share_x1000"))
WHOLE = 1000
book = sa.table("gradebook", sa.column("id"), sa.column("run_id"))
column = sa.table("grade_column", sa.column("id"), sa.column("book_id"), sa.column("block_id"))
grade = sa.table("grade", sa.column("enrolment_id"), sa.column("column_id"), sa.column("kind"))


def upgrade() -> None:
    """Forward: today's marks count everything without a score as nothing, so that is what they were given for. Where everything had to be done,
    what is not done was asked for later and never counted: only what is done without a score counts as nothing there."""
    op.add_column("enrolment", sa.Column("missed", JSON, nullable=True))
    bind = op.get_bind()
    runs = bind.scalars(sa.select(enrolment.c.run_id).where(enrolment.c.state == "completed").distinct().order_by(enrolment.c.run_id)).all()
    for run_id in runs:
        _of_run(bind, run_id)


def _of_run(bind: sa.Connection, run_id: int) -> None:
    blocks = set(bind.scalars(sa.select(block.c.id).where(block.c.run_id == run_id, block.c.is_graded, block.c.weight_x10 > 0)))
    book_id = bind.scalar(sa.select(book.c.id).where(book.c.run_id == run_id))
    columns = dict(bind.execute(sa.select(column.c.id, column.c.block_id).where(column.c.book_id == book_id)).all()) if book_id else {}
    is_whole = bind.scalar(sa.select(run.c.completion_share_x1000).where(run.c.id == run_id)) == WHOLE
    ids = bind.scalars(sa.select(enrolment.c.id).where(enrolment.c.run_id == run_id, enrolment.c.state == "completed").order_by(enrolment.c.id)).all()
    statement = sa.update(enrolment).where(enrolment.c.id == sa.bindparam("key")).values(missed=sa.bindparam("found", type_=JSON))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        scored = _pairs(bind, sa.select(progress.c.enrolment_id, progress.c.block_id).where(progress.c.score_x10.is_not(None)), progress, some)
        written = _pairs(bind, sa.select(grade.c.enrolment_id, grade.c.column_id).where(grade.c.kind.is_not(None)), grade, some)
        done = _pairs(bind, sa.select(progress.c.enrolment_id, progress.c.block_id).where(progress.c.is_done), progress, some) if is_whole else None
        asked = {key: blocks if done is None else blocks & done.get(key, set()) for key in some}
        found = {key: _missed(scored.get(key, set()), written.get(key, set()), asked[key], columns) for key in some}
        bind.execute(statement, [{"key": key, "found": one} for key, one in found.items()])


def _pairs(bind: sa.Connection, statement: sa.Select[Any], of: sa.TableClause, ids: Iterable[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for key, value in bind.execute(statement.where(of.c.enrolment_id.in_(list(ids)))):
        found.setdefault(key, set()).add(value)
    return found


def _missed(scored: set[int], written: set[int], blocks: set[int], columns: dict[int, int | None]) -> dict[str, Any]:
    empty = [key for key, block_id in columns.items() if key not in written and block_id not in scored]
    return {"blocks": sorted(blocks - scored), "columns": sorted(empty) if columns else None}


def downgrade() -> None:
    """Back: what is asked for later counts as nothing again."""
    op.drop_column("enrolment", "missed")
