"""Who supervised which capstone is found by both, however many somebody supervised

Revision ID: 0119
Revises: 0118
"""

from __future__ import annotations

from alembic import op

revision = "0119"
down_revision = "0118"
branch_labels = None
depends_on = None

TABLE, NEW, OLD = "supervision", "ix_supervision_capstone_person", "ix_supervision_capstone_id"


def upgrade() -> None:
    """Forward."""
    op.create_index(NEW, TABLE, ["capstone_id", "person_id"])
    op.drop_index(OLD, table_name=TABLE)


def downgrade() -> None:
    """Back."""
    op.create_index(OLD, TABLE, ["capstone_id"])
    op.drop_index(NEW, table_name=TABLE)
