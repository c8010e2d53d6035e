"""Status lists read the certificates that ended, not all that stand

Revision ID: 0076
Revises: 0075
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

ENDED = "state IN ('reissued', 'revoked', 'superseded', 'suspended')"


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_certificate_ended", "certificate", ["id"], sqlite_where=sa.text(ENDED), postgresql_where=sa.text(ENDED))


def downgrade() -> None:
    """Back: every list reads each row again."""
    op.drop_index("ix_certificate_ended", table_name="certificate")
