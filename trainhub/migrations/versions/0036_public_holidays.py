"""Public holidays are entered with their notice

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

STANDS = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "holiday_day",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Enum("off", "on", name="holidaykind", native_enum=False, length=40, create_constraint=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("close_reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_day")),
    )
    op.create_index(op.f("ix_holiday_day_day"), "holiday_day", ["day"])
    op.create_index("uq_holiday_day_live", "holiday_day", ["day"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS)


def downgrade() -> None:
    """Back."""
    op.drop_table("holiday_day")
