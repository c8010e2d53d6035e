"""Status lists read what happened after issuing, not the hundred thousand events by which something was issued

Revision ID: 0101
Revises: 0100
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

CHANGED = "event <> 'issue'"
NAME = "ix_certificate_event_changed"


def upgrade() -> None:
    """Forward."""
    op.create_index(NAME, "certificate_event", ["certificate_id"], sqlite_where=sa.text(CHANGED), postgresql_where=sa.text(CHANGED))


def downgrade() -> None:
    """Back: lists are read from the column again."""
    op.drop_index(NAME, table_name="certificate_event")
