"""What a job is called and what it says is kept by message id and values: each reader reads it in their language

Revision ID: 0043
Revises: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Jobs from before keep their words as they were said."""
    op.add_column("job", sa.Column("title_values", Json, nullable=True))
    op.add_column("job", sa.Column("message_values", Json, nullable=True))


def downgrade() -> None:
    """Back. The words stay, with the names of their values in the place of the values: jobs are soon history."""
    op.drop_column("job", "message_values")
    op.drop_column("job", "title_values")
