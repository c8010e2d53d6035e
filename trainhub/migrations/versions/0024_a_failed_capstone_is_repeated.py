"""A failed capstone that is archived leaves its student free for a repeat

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

LIVE = "uq_capstone_live"


def _live(condition: str) -> None:
    """Make the unique index of the capstones that hold their student anew with its condition."""
    op.drop_index(LIVE, table_name="capstone")
    op.create_index(LIVE, "capstone", ["student_id"], unique=True, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def upgrade() -> None:
    """Forward: an archived failure is history."""
    _live("state <> 'withdrawn' AND (state <> 'failed' OR archived_at IS NULL)")


def downgrade() -> None:
    """Back. Refused by the database while somebody has repeated a capstone: the older program knows one for each student only."""
    _live("state <> 'withdrawn'")
