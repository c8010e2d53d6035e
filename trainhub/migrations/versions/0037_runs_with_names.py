"""A run may have a title and a summary of its own

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

COLUMNS = {"own_title": 200, "own_title_en": 200, "own_pinyin": 400, "own_summary": 500}


def upgrade() -> None:
    """Forward."""
    for name, length in COLUMNS.items():
        op.add_column("course_run", sa.Column(name, sa.String(length), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("course_run") as table:
        for name in COLUMNS:
            table.drop_column(name)
