"""Late entries of closed periods are counted by the rule of today at once, not when something new comes in

Revision ID: 0128
Revises: 0125
"""

from __future__ import annotations

from alembic import op

revision = "0128"
down_revision = "0125"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. How many came late is kept by unit; counted by a former rule it told the head of a page something else than the marks of its list
    for up to an hour. Without it, it is counted when it is asked for, and kept again within a minute."""
    op.execute("UPDATE goal SET late_by_unit = NULL")


def downgrade() -> None:
    """Back: it is counted anew by the older program, too."""
    op.execute("UPDATE goal SET late_by_unit = NULL")
