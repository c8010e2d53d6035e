"""A one-time link that could not be sent asks for a code that the school tells its person

Revision ID: 0065
Revises: 0064
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

HELD = "UPDATE capstone_link SET is_handed = true WHERE used_at IS NULL AND revoked_at IS NULL"
"""Nobody noted which links were sent and which were shown: those that still work ask for a code, which the school makes on the page of links."""


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("capstone_link") as table:
        table.add_column(sa.Column("is_handed", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("code_hash", sa.String(64), nullable=True))
        table.add_column(sa.Column("code_made_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("code_made_by_id", sa.BigInteger(), nullable=True))
    op.execute(HELD)
    with op.batch_alter_table("capstone_link") as table:
        table.alter_column("is_handed", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("capstone_link") as table:
        for name in ("is_handed", "code_hash", "code_made_at", "code_made_by_id"):
            table.drop_column(name)
