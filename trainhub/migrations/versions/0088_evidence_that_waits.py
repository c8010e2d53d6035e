"""Evidence of a capstone topic that came after the school approved it waits for the school

Revision ID: 0088
Revises: 0087
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what is there counts on; from here on the school looks at what comes late."""
    op.add_column("capstone_topic", sa.Column("evidence_waits", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("capstone_topic", sa.Column("evidence_by_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back: late evidence counts at once again."""
    op.drop_column("capstone_topic", "evidence_by_id")
    op.drop_column("capstone_topic", "evidence_waits")
