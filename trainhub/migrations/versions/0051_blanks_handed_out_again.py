"""A blank that a run gave back may be handed out to the next

Revision ID: 0051
Revises: 0050
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

USED = sa.text("state = 'used'")
HELD = sa.text("state <> 'returned'")
FORGET_RETURNED = """
DELETE FROM blank_sheet WHERE state = 'returned' AND EXISTS (
    SELECT 1 FROM blank_sheet AS other
    WHERE other.serial = blank_sheet.serial AND other.run_id <> blank_sheet.run_id AND (other.state <> 'returned' OR other.run_id > blank_sheet.run_id)
)
"""
"""Before, a serial stood in the books of one run only: the last that had it."""


def upgrade() -> None:
    """Forward."""
    _with_key("run_id", "serial")
    op.create_index("uq_blank_sheet_held", "blank_sheet", ["serial"], unique=True, sqlite_where=HELD, postgresql_where=HELD)


def downgrade() -> None:
    """Back."""
    op.drop_index("uq_blank_sheet_held", "blank_sheet", sqlite_where=HELD, postgresql_where=HELD)
    op.execute(sa.text(FORGET_RETURNED))
    _with_key("serial")


def _with_key(*columns: str) -> None:
    op.drop_index("uq_blank_sheet_used", "blank_sheet", sqlite_where=USED, postgresql_where=USED)
    with op.batch_alter_table("blank_sheet") as batch:
        batch.drop_constraint(op.f("pk_blank_sheet"), type_="primary")
        batch.create_primary_key(op.f("pk_blank_sheet"), list(columns))
    op.create_index("uq_blank_sheet_used", "blank_sheet", ["run_id", "position"], unique=True, sqlite_where=USED, postgresql_where=USED)
