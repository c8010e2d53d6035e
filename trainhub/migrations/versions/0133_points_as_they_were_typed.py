"""The points that a person typed are kept beside the share that follows from them: 20 of 30 stays 20

Revision ID: 0133
Revises: 0131
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0133"
down_revision = "0131"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Of marks of before, only the share is known; they are shown by it as before."""
    op.add_column("attempt_answer", sa.Column("points_x100", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back: the share stays."""
    with op.batch_alter_table("attempt_answer") as batch:
        batch.drop_column("points_x100")
