"""Theses without names, for blind reviewers and the experts of spot checks

Revision ID: 0052
Revises: 0051
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TABLES = ("capstone_paper", "spot_item")


def upgrade() -> None:
    """Forward."""
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("anonymous_file_id", BigKey, nullable=True))
            batch.add_column(sa.Column("anonymous_said", Json, nullable=True))
            batch.create_foreign_key(op.f(f"fk_{table}_anonymous_file_id_stored_file"), "stored_file", ["anonymous_file_id"], ["id"], ondelete="RESTRICT")


def downgrade() -> None:
    """Back."""
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_anonymous_file_id_stored_file"), type_="foreignkey")
            batch.drop_column("anonymous_said")
            batch.drop_column("anonymous_file_id")
