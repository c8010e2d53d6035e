"""What stood above a signature of an agreement, and since when the days of a placement count

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What earlier signatures were put under was not kept: nothing is invented for them, and the page says so."""
    op.add_column("agreement_signature", sa.Column("facts", Json, nullable=True))
    op.add_column("placement", sa.Column("counts_from", sa.Date(), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("placement", "counts_from")
    op.drop_column("agreement_signature", "facts")
