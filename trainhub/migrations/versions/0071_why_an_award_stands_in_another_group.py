"""Why an award stands in another overlap group than the policy says

Revision ID: 0071
Revises: 0070
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward; nobody was asked for a reason before."""
    with op.batch_alter_table("award") as table:
        table.add_column(sa.Column("overlap_reason", sa.String(400), nullable=False, server_default=""))
    with op.batch_alter_table("award") as table:
        table.alter_column("overlap_reason", server_default=None, existing_type=sa.String(400), existing_nullable=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("award") as table:
        table.drop_column("overlap_reason")
