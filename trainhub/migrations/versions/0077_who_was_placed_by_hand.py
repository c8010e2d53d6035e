"""A placement says whether somebody placed the student by hand: a repair of the round leaves it

Revision ID: 0077
Revises: 0076
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


LIVE = "uq_placement_live"
STANDS = sa.text("state <> 'withdrawn' AND ended_early_on IS NULL")


def _live() -> None:
    """The unique index of live placements anew: SQLite copies the table, and its condition is not to be lost by it."""
    op.create_index(LIVE, "placement", ["student_id", "term_id"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS)


def upgrade() -> None:
    """Forward. Until now a place of no round, or with a word of explanation, was given by hand."""
    op.drop_index(LIVE, table_name="placement")
    with op.batch_alter_table("placement") as table:
        table.add_column(sa.Column("is_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    placement = sa.table("placement", *(sa.column(name) for name in ("is_by_hand", "round_id", "explanation")))
    by_hand = sa.or_(placement.c.round_id.is_(None), placement.c.explanation != "")
    op.get_bind().execute(sa.update(placement).where(by_hand).values(is_by_hand=sa.true()))
    with op.batch_alter_table("placement") as table:
        table.alter_column("is_by_hand", server_default=None)
    _live()


def downgrade() -> None:
    """Back."""
    op.drop_index(LIVE, table_name="placement")
    with op.batch_alter_table("placement") as table:
        table.drop_column("is_by_hand")
    _live()
