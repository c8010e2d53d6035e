"""What a certificate certifies is found by an index, also of one that was corrected since

Revision ID: 0064
Revises: 0063
"""

from __future__ import annotations

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_certificate_asked_key", "certificate", ["asked_key"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_certificate_asked_key", table_name="certificate")
