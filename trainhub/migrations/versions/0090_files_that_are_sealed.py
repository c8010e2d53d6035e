"""Files that name people by their numbers are sealed in the store

Revision ID: 0090
Revises: 0089
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what lies open goes with its time (own.retention.import_file_months); from here on such files are sealed."""
    op.add_column("stored_file", sa.Column("is_sealed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Back: what was sealed is not readable for the older version; whoever handed it in hands it in again."""
    op.drop_column("stored_file", "is_sealed")
