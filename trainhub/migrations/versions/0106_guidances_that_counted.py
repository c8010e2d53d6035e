"""The archive of a capstone keeps which guidances counted

Revision ID: 0106
Revises: 0105
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what is archived already goes on asking the registers, as it has until now; nobody knows any more what they said on that day."""
    op.add_column("guidance_entry", sa.Column("counted", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("guidance_entry") as batch:
        batch.drop_column("counted")
