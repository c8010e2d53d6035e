"""When the school showed the enterprise what it recorded of an incident or a visit

Revision ID: 0087
Revises: 0086
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nothing was shown to an enterprise by anybody's decision so far."""
    op.add_column("placement_event", sa.Column("shared_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Back: the older program shows everything to everybody who may open the placement."""
    op.drop_column("placement_event", "shared_at")
