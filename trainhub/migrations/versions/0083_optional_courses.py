"""A course of a plan says whether it is optional: nobody has to take it, so 2.5 asks of those who did

Revision ID: 0083
Revises: 0082
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: whatever is in a plan was asked of everybody until now."""
    with op.batch_alter_table("curriculum_course") as table:
        table.add_column(sa.Column("is_optional", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("curriculum_course") as table:
        table.alter_column("is_optional", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("curriculum_course") as table:
        table.drop_column("is_optional")
