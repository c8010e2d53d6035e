"""Remarks on work handed in are read with the mark

Revision ID: 0060
Revises: 0059
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what authors could read until now stays readable."""
    op.add_column("submission_comment", sa.Column("shown_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE submission_comment SET shown_at = written_at")


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("submission_comment") as batch:
        batch.drop_column("shown_at")
