"""What a holder has from an issuer is found by one index, whichever index was made last

Revision ID: 0066
Revises: 0065
"""

from __future__ import annotations

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.drop_index("ix_certificate_person_id", table_name="certificate")
    op.create_index("ix_certificate_holder", "certificate", ["person_id", "issuer_id", "kind"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_certificate_holder", table_name="certificate")
    op.create_index("ix_certificate_person_id", "certificate", ["person_id"])
