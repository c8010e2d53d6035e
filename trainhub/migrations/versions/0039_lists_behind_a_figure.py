"""The lists behind a figure of a goal find their rows by day and by course, and the page of a goal keeps how many count late

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_goal_person_day", "goal_person", ["goal_id", "on_day", "id"])
    op.create_index("ix_training_record_course", "training_record", ["course", "completed_on"])
    op.add_column("goal", sa.Column("late_persons", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("goal", "late_persons")
    op.drop_index("ix_training_record_course", table_name="training_record")
    op.drop_index("ix_goal_person_day", table_name="goal_person")
