"""A course is paid once for a person, however its title was spelled

Revision ID: 0069
Revises: 0068
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

LIVE = "state IN ('claimed', 'paid')"


def upgrade() -> None:
    """Forward; what was paid twice under two spellings stays: the later ones get a key of their own."""
    with op.batch_alter_table("subsidy_item") as table:
        table.add_column(sa.Column("course_key", sa.String(400), nullable=False, server_default=""))
    connection = op.get_bind()
    item = sa.table("subsidy_item", *(sa.column(name) for name in ("id", "person_id", "course", "course_key", "state")))
    seen: set[tuple[int, str]] = set()
    changes = []
    for key, person_id, course, state in connection.execute(sa.select(item.c.id, item.c.person_id, item.c.course, item.c.state).order_by(item.c.id)):
        plain = "".join(unicodedata.normalize("NFKC", course).casefold().split())
        if state in ("claimed", "paid"):
            if (person_id, plain) in seen:
                plain = f"{plain}#{key}"
            seen.add((person_id, plain))
        changes.append({"key": key, "plain": plain})
    if changes:
        connection.execute(sa.update(item).where(item.c.id == sa.bindparam("key")).values(course_key=sa.bindparam("plain")), changes)
    op.drop_index("uq_subsidy_item_live", table_name="subsidy_item")
    where = sa.text(LIVE)
    op.create_index("uq_subsidy_item_live", "subsidy_item", ["person_id", "course_key"], unique=True, sqlite_where=where, postgresql_where=where)
    with op.batch_alter_table("subsidy_item") as table:
        table.alter_column("course_key", server_default=None, existing_type=sa.String(400), existing_nullable=False)


def downgrade() -> None:
    """Back."""
    op.drop_index("uq_subsidy_item_live", table_name="subsidy_item")
    with op.batch_alter_table("subsidy_item") as table:
        table.drop_column("course_key")
    where = sa.text(LIVE)
    op.create_index("uq_subsidy_item_live", "subsidy_item", ["person_id", "course"], unique=True, sqlite_where=where, postgresql_where=where)
