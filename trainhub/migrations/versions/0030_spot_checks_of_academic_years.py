"""A spot check is of an academic year, named by its first calendar year; until now its year was the calendar year of publication (教督〔2020〕5号)

Theses are published before the summer: what was drawn for a calendar year becomes the academic year that ended in it. The list a sample was
drawn from is kept as it was.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CHECK = sa.table("spot_check", sa.column("id", sa.Integer), sa.column("year", sa.Integer))


def _move(by: int) -> None:
    """One after the other, so that no year is there twice meanwhile: a university has one check a year."""
    rows = op.get_bind().execute(sa.select(CHECK.c.id).order_by(CHECK.c.year if by < 0 else CHECK.c.year.desc(), CHECK.c.id)).scalars().all()
    for key in rows:
        op.execute(sa.update(CHECK).where(CHECK.c.id == key).values(year=CHECK.c.year + by))


def upgrade() -> None:
    """Forward."""
    _move(-1)


def downgrade() -> None:
    """Back."""
    _move(1)
