"""Files that the store has lost are known

Revision ID: 0061
Revises: 0060
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nothing is known to be lost until it is looked for."""
    with op.batch_alter_table("stored_file") as batch:
        batch.add_column(sa.Column("lost_at", UtcDateTime(), nullable=True))
        batch.create_index(batch.f("ix_stored_file_lost_at"), ["lost_at"])


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("stored_file") as batch:
        batch.drop_index(batch.f("ix_stored_file_lost_at"))
        batch.drop_column("lost_at")
