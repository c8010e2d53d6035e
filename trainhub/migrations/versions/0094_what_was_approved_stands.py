"""What a capstone topic was approved with stands beside the evidence that is added late

Revision ID: 0094
Revises: 0093
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nothing is known of what was there before evidence that waits already."""
    op.add_column("capstone_topic", sa.Column("evidence_before", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Back: late evidence takes the place of what was there."""
    op.drop_column("capstone_topic", "evidence_before")
