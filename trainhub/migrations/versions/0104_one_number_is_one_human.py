"""What a roster brought follows the number: whom a roster named by it, and who gave up one that they had typed

Revision ID: 0104
Revises: 0102
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0104"
down_revision = "0102"
branch_labels = None
depends_on = None

NOTE = "一方自行填写的证件号码，已由单位登记给另一方"
AT_ONCE = 500
columns = (sa.column(name) for name in ("id", "name", "birth_on", "id_number_hash", "merged_into_id"))
person = sa.table("person", *columns, sa.column("number_by_holder", sa.Boolean()))
record = sa.table("training_record", sa.column("person_id"), sa.column("batch_id"), sa.column("source"), sa.column("by_number", sa.Boolean()))
event = sa.table("audit_event", *(sa.column(name) for name in ("id", "did", "on_id")), sa.column("at", UtcDateTime()))
duplicate = sa.table("possible_duplicate", *(sa.column(name) for name in ("person_id", "other_person_id", "note")), sa.column("found_at", UtcDateTime()))


def upgrade() -> None:
    """Forward: what a roster brought is by number; who gave a number up before that was kept waits for review with whom they look like."""
    op.create_table(
        "person_yield",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("claimant_id", BigKey, nullable=False),
        sa.Column("holder_id", BigKey, nullable=False),
        sa.Column("yielded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["claimant_id"], ["person.id"], name=op.f("fk_person_yield_claimant_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_person_yield_holder_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_yield")),
    )
    op.create_index(op.f("ix_person_yield_claimant_id"), "person_yield", ["claimant_id"])
    op.create_index(op.f("ix_person_yield_holder_id"), "person_yield", ["holder_id"])
    with op.batch_alter_table("training_record") as table:
        table.add_column(sa.Column("by_number", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("training_record") as table:
        table.alter_column("by_number", server_default=None)
    bind = op.get_bind()
    bind.execute(sa.update(record).where(sa.or_(record.c.batch_id.is_not(None), record.c.source == "roster")).values(by_number=True))
    _queue(bind)


def _queue(bind: sa.Connection) -> None:
    """Pairs of who gave a number up and has a completion by it, and who bears the same name and birth date with a proven number."""
    events = sa.select(event.c.on_id, event.c.at).where(event.c.did == "people.number.yielded").order_by(event.c.id)
    given_up = {int(key): at for key, at in bind.execute(events)}
    ids, other, pairs = sorted(given_up), person.alias(), dict[tuple[int, int], datetime]()
    same_birth = sa.or_(other.c.birth_on == person.c.birth_on, sa.and_(other.c.birth_on.is_(None), person.c.birth_on.is_(None)))
    for start in range(0, len(ids), AT_ONCE):
        statement = (
            sa.select(person.c.id, other.c.id)
            .join(other, sa.and_(other.c.name == person.c.name, same_birth, other.c.id != person.c.id))
            .where(
                person.c.id.in_(ids[start : start + AT_ONCE]),
                person.c.id_number_hash.is_(None),
                person.c.merged_into_id.is_(None),
                other.c.merged_into_id.is_(None),
                other.c.id_number_hash.is_not(None),
                other.c.number_by_holder.is_(False),
                sa.select(record.c.person_id).where(record.c.person_id == person.c.id, record.c.by_number.is_(True)).exists(),
            )
        )
        pairs.update({(min(one, two), max(one, two)): given_up[one] for one, two in bind.execute(statement)})
    known = {(one, two) for one, two in bind.execute(sa.select(duplicate.c.person_id, duplicate.c.other_person_id))} if pairs else set()
    rows = [{"person_id": one, "other_person_id": two, "note": NOTE, "found_at": pairs[one, two]} for one, two in sorted(set(pairs) - known)]
    if rows:
        bind.execute(sa.insert(duplicate), rows)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("training_record") as table:
        table.drop_column("by_number")
    op.drop_table("person_yield")
