"""The share of a similarity report is confirmed or corrected by the school's supervisor

Revision ID: 0096
Revises: 0095
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nobody has looked at what was typed so far."""
    op.add_column("capstone_paper", sa.Column("similarity_typed_x10", sa.BigInteger(), nullable=True))
    op.add_column("capstone_paper", sa.Column("similarity_checked_by_id", sa.BigInteger(), nullable=True))
    op.add_column("capstone_paper", sa.Column("similarity_checked_at", UtcDateTime(), nullable=True))
    op.add_column("capstone_paper", sa.Column("similarity_reason", sa.String(400), nullable=False, server_default=""))


def downgrade() -> None:
    """Back: what counts stays, who looked at it is lost."""
    with op.batch_alter_table("capstone_paper") as batch:
        for name in ("similarity_reason", "similarity_checked_at", "similarity_checked_by_id", "similarity_typed_x10"):
            batch.drop_column(name)
