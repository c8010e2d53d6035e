"""The registry is passed over by an index alone: the day, the order within it, and whether the record stands

Revision ID: 0046
Revises: 0045
"""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_training_record_day", "training_record", ["completed_on", "id", "cancelled_at"])
    op.drop_index("ix_training_record_completed_on", table_name="training_record")


def downgrade() -> None:
    """Back."""
    op.create_index("ix_training_record_completed_on", "training_record", ["completed_on"])
    op.drop_index("ix_training_record_day", table_name="training_record")
