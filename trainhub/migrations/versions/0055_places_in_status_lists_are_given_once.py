"""Places in the status lists are given once, also after a restore

Revision ID: 0055
Revises: 0054
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: every place is its certificate's id until the first restore."""
    op.create_table(
        "status_shift",
        sa.Column("first_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shift", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("shift > 0", name=op.f("ck_status_shift_forward")),
        sa.PrimaryKeyConstraint("first_id", name=op.f("pk_status_shift")),
    )


def downgrade() -> None:
    """Back. Places of certificates issued after a restore are then those of others before it."""
    op.drop_table("status_shift")
