"""A training record is paid once, an item of a claim names the person of its record, and a claim who handed it in and approved it

Revision ID: 0073
Revises: 0072
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

LIVE = "state IN ('claimed', 'paid')"


def upgrade() -> None:
    """Forward. An item named the head of merged persons: it names the person of its record again. What stands twice then, for a person and
    course or for a record, stays: the later ones get a key of their own, by which they are found and taken back."""
    with op.batch_alter_table("subsidy_claim") as table:
        table.add_column(sa.Column("submitted_by_id", sa.BigInteger()))
        table.add_column(sa.Column("decided_by_id", sa.BigInteger()))
    connection = op.get_bind()
    item = sa.table("subsidy_item", *(sa.column(name) for name in ("id", "person_id", "record_id", "course_key", "state")))
    record = sa.table("training_record", *(sa.column(name) for name in ("id", "person_id")))
    found = connection.execute(
        sa.select(item.c.id, item.c.person_id, item.c.record_id, item.c.course_key, item.c.state, record.c.person_id)
        .join(record, record.c.id == item.c.record_id)
        .order_by(item.c.id)
    ).all()
    persons: set[tuple[int, str]] = set()
    records: set[tuple[int, str]] = set()
    changes = []
    for key, person_id, record_id, course_key, state, own in found:
        plain = course_key
        if state in ("claimed", "paid"):
            if (own, plain) in persons or (record_id, plain) in records:
                plain = f"{plain}#{key}"
            persons.add((own, plain))
            records.add((record_id, plain))
        if (plain, own) != (course_key, person_id):
            changes.append({"key": key, "plain": plain, "own": own})
    op.drop_index("uq_subsidy_item_live", table_name="subsidy_item")
    if changes:
        values = {"course_key": sa.bindparam("plain"), "person_id": sa.bindparam("own")}
        connection.execute(sa.update(item).where(item.c.id == sa.bindparam("key")).values(values), changes)
    where = sa.text(LIVE)
    op.create_index("uq_subsidy_item_live", "subsidy_item", ["person_id", "course_key"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("uq_subsidy_item_record", "subsidy_item", ["record_id", "course_key"], unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Back; the persons stay those of the records."""
    op.drop_index("uq_subsidy_item_record", table_name="subsidy_item")
    with op.batch_alter_table("subsidy_claim") as table:
        table.drop_column("decided_by_id")
        table.drop_column("submitted_by_id")
