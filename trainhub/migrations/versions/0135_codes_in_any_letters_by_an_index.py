"""An organisation is found by its code in any letters by an index: each row of an import read the whole table

Revision ID: 0135
Revises: 0134
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0135"
down_revision = "0134"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Not unique: codes that differ in capitals only may stand there since before they were refused."""
    op.create_index("ix_organisation_letters", "organisation", [sa.text("upper(code)")])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_organisation_letters", table_name="organisation")
