"""The year of the ranking of a leading talent's former employer

Revision ID: 0085
Revises: 0084
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: of rankings that are kept nobody wrote down the year; a person judges those."""
    with op.batch_alter_table("talent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rank_year", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("talent", schema=None) as batch_op:
        batch_op.drop_column("rank_year")
