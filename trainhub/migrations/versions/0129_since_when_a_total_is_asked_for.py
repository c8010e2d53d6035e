"""When what a total of a gradebook follows was changed last: who completes by it does so on that day, not on that of the reckoning

Revision ID: 0129
Revises: 0128
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0129"
down_revision = "0128"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Of totals of before nobody knows it: who completes by one that was due at the upgrade does so on the day of the reckoning, as until now."""
    op.add_column("enrolment_mark", sa.Column("changed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Back: a completion is of the day of the reckoning."""
    with op.batch_alter_table("enrolment_mark") as table:
        table.drop_column("changed_at")
