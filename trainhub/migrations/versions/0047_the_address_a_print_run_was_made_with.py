"""A print run keeps the address its codes lead to: drawn on in a shell without the setting, it led to that machine

Revision ID: 0047
Revises: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Runs of before have none noted: it is noted when they are drawn next."""
    op.add_column("print_run", sa.Column("site", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Back."""
    op.drop_column("print_run", "site")
