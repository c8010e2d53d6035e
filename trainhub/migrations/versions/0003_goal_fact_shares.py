"""Index of the sums a goal's dashboard shows

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_goal_fact_shares", "goal_fact", ["goal_id", "prefecture", "organisation_id", "category", "persons", "enrolments"])


def downgrade() -> None:
    """Remove the index."""
    op.drop_index("ix_goal_fact_shares", "goal_fact")
