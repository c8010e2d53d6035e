"""A gradebook that asks nothing of a learner gives no mark: totals that were empty are handed down anew

Revision ID: 0092
Revises: 0091
"""

from __future__ import annotations

from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: an empty total said "nothing yet" as well as "nothing is asked"; the job tells them apart."""
    op.execute("UPDATE enrolment_mark SET is_due = TRUE WHERE score_x10 IS NULL")


def downgrade() -> None:
    """Back: an empty total reads as nothing again."""
