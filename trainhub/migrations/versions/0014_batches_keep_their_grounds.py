"""What each certificate of a batch rests on is kept with the batch

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("issue_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("issue_item", schema=None) as batch_op:
        batch_op.alter_column("evidence", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("issue_item", schema=None) as batch_op:
        batch_op.drop_column("evidence")
