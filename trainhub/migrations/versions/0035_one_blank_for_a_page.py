"""A page of a print run lies on one blank at most

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

USED = sa.text("state = 'used'")
FREE_DOUBLES = """
UPDATE blank_sheet SET
    state = CASE WHEN (SELECT settled_at FROM print_run WHERE print_run.id = blank_sheet.run_id) IS NULL THEN 'taken' ELSE 'returned' END,
    position = NULL
WHERE state = 'used' AND EXISTS (
    SELECT 1 FROM blank_sheet AS first
    WHERE first.run_id = blank_sheet.run_id AND first.position = blank_sheet.position AND first.state = 'used' AND first.serial < blank_sheet.serial
)
"""
"""Two requests at once could lay a page on two blanks: the first keeps it, the others carry nothing."""


def upgrade() -> None:
    """Forward."""
    op.execute(sa.text(FREE_DOUBLES))
    op.create_index("uq_blank_sheet_used", "blank_sheet", ["run_id", "position"], unique=True, sqlite_where=USED, postgresql_where=USED)


def downgrade() -> None:
    """Back."""
    op.drop_index("uq_blank_sheet_used", "blank_sheet", sqlite_where=USED, postgresql_where=USED)
