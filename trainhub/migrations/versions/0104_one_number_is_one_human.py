"""What a roster brought follows the number: whom a roster named by it, who gave up one that they had typed; and since when it is known who persons are

Revision ID: 0104
Revises: 0103
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None

NOTE = "一方自行填写的证件号码，已由单位登记给另一方"
YIELDED = "people.number.yielded"
AT_ONCE = 500
columns: tuple[sa.ColumnClause[Any], ...] = tuple(
    sa.column(name) for name in ("id", "name", "pinyin", "birth_on", "id_number_hash", "merged_into_id", "identified_by_id", "identified_how")
)
flags = (sa.column(name, sa.Boolean()) for name in ("is_verified", "number_by_holder"))
person = sa.table("person", *columns, *flags, sa.column("created_at", UtcDateTime()), sa.column("identified_at", UtcDateTime()))
goal = sa.table("goal", sa.column("last_identified_at", UtcDateTime()))
account = sa.table("account", sa.column("id"), sa.column("person_id"))
record = sa.table("training_record", sa.column("person_id"), sa.column("batch_id"), sa.column("source"), sa.column("by_number", sa.Boolean()))
event = sa.table(
    "audit_event", *(sa.column(name) for name in ("id", "account_id", "did", "on_id")), sa.column("at", UtcDateTime()), sa.column("data", sa.JSON())
)
duplicate = sa.table(
    "possible_duplicate", *(sa.column(name) for name in ("person_id", "other_person_id", "note")), sa.column("found_at", UtcDateTime())
)


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
    with op.batch_alter_table("record_cancellation") as table:
        table.create_check_constraint(op.f("ck_record_cancellation_by_another"), "replaced_by_id <> record_id")
    _keep_when_identified()
    for column in (
        sa.Column("last_identified_at", UtcDateTime(), nullable=True),
        sa.Column("last_unidentified_id", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("goal", column)
    op.add_column("goal", sa.Column("waiting_by_unit", Json, nullable=True))
    with op.batch_alter_table("goal") as table:
        table.alter_column("last_unidentified_id", server_default=None)
    bind = op.get_bind()
    # what was corrected of those who gave their number up has counted for nobody until now: it stays so, closed periods are what they were
    doubted = sa.and_(person.c.id_number_hash.is_(None), sa.cast(person.c.id, sa.String).in_(sa.select(event.c.on_id).where(event.c.did == YIELDED)))
    corrected = sa.and_(record.c.source == "roster", record.c.person_id.not_in(sa.select(person.c.id).where(doubted)))
    bind.execute(sa.update(record).where(sa.or_(record.c.batch_id.is_not(None), corrected)).values(by_number=True))
    bind.execute(sa.update(goal).values(last_identified_at=sa.select(sa.func.max(person.c.identified_at)).scalar_subquery()))
    _queue(bind)


def _how() -> sa.Enum:
    return sa.Enum("roster", "number", "document", "earlier", name="identified", native_enum=False, create_constraint=True, length=40)


def _keep_when_identified() -> None:
    """Who is identified has been since the registration, unless the log has an event by which an office looked at who had come without: then since that."""
    op.create_table(
        "person_identified",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("how", _how(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f("ck_person_identified_in_order")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_identified_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identified")),
    )
    op.create_index(op.f("ix_person_identified_person_id"), "person_identified", ["person_id"])
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("identified_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("identified_by_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("identified_how", _how(), nullable=True))
    bind = op.get_bind()
    is_known = sa.or_(person.c.is_verified.is_(True), sa.and_(person.c.id_number_hash.is_not(None), person.c.number_by_holder.is_(False)))
    bind.execute(sa.update(person).where(is_known).values(identified_at=person.c.created_at, identified_how="earlier"))
    for key, (how, by, at) in sorted(_looked_at(bind).items()):
        later = (person.c.id == key, person.c.identified_at.is_not(None), person.c.created_at <= at)
        bind.execute(sa.update(person).where(*later).values(identified_at=at, identified_by_id=by, identified_how=how))
    with op.batch_alter_table("person") as table:
        table.create_index(op.f("ix_person_identified_at"), ["identified_at"])
        is_other = sa.text("id_type <> 'resident_id'")
        table.create_index(op.f("ix_person_other_document"), ["pinyin"], sqlite_where=is_other, postgresql_where=is_other)
        table.create_check_constraint(
            op.f("ck_person_identified_whole"),
            "(identified_at IS NOT NULL) = (is_verified OR (id_number_hash IS NOT NULL AND NOT number_by_holder))",
        )


def _looked_at(bind: sa.Connection) -> dict[int, tuple[str, int | None, datetime]]:
    """{person who came without a proven number: how an office looked at them first, by which account, when}."""
    bare, given = set[int](), dict[int, tuple[str, int | None, datetime]]()
    turned: dict[int, list[tuple[str, int | None, datetime]]] = {}
    alone = {key: person_id for key, person_id in bind.execute(sa.select(account.c.id, account.c.person_id)) if person_id is not None}
    registered = {
        alone[int(key)] for key in bind.scalars(sa.select(event.c.on_id).where(event.c.did == "identity.account.registered")) if int(key) in alone
    }
    dids = ("people.person.registered", "people.person.changed", "people.number.given", "people.number.corrected")
    events = sa.select(event.c.on_id, event.c.did, event.c.account_id, event.c.at, event.c.data).where(event.c.did.in_(dids)).order_by(event.c.id)
    for key, did, by, at, data in bind.execute(events, execution_options={"yield_per": 5_000}):
        who = int(key)
        if did == "people.person.registered":
            if not (data or {}).get("id_mask") or (who in registered and by is None):
                bare.add(who)
        elif who in bare and did == "people.person.changed":
            if "is_verified" in (data or {}).get("fields", ()):
                turned.setdefault(who, []).append(("document", by, at))
        elif who in bare and alone.get(by) != who:
            given.setdefault(who, ("number", by, at))
    is_verified = {key for key in bind.scalars(sa.select(person.c.id).where(person.c.is_verified.is_(True))) if key in bare}
    found = dict[int, tuple[str, int | None, datetime]]()
    for who in given.keys() | turned.keys():
        turns = turned.get(who, [])  # each says that it changed, not to what: what it is now tells what it was at first
        if who in is_verified and len(turns) % 2 == 0:
            continue  # looked at when registered
        known = [*([turns[-1]] if who in is_verified else []), *([given[who]] if who in given else [])]
        if known:
            found[who] = min(known, key=lambda one: one[2])
    return found


def _queue(bind: sa.Connection) -> None:
    """Pairs of who gave a number up and has a completion by it, and who bears the same name and birth date with a proven number."""
    events = sa.select(event.c.on_id, event.c.at).where(event.c.did == YIELDED).order_by(event.c.id)
    given_up = {int(key): at for key, at in bind.execute(events)}
    ids, other, pairs = sorted(given_up), person.alias(), dict[tuple[int, int], datetime]()
    same_birth = sa.or_(other.c.birth_on == person.c.birth_on, sa.and_(other.c.birth_on.is_(None), person.c.birth_on.is_(None)))
    for start in range(0, len(ids), AT_ONCE):
        statement = (
            sa.select(person.c.id, other.c.id, person.c.name, other.c.name)
            .join(other, sa.and_(other.c.pinyin == person.c.pinyin, same_birth, other.c.id != person.c.id))
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
        found = [(one, two) for one, two, *names in bind.execute(statement) if len({_plain(name) for name in names}) == 1]
        pairs.update({(min(one, two), max(one, two)): given_up[one] for one, two in found})
    known = {(one, two) for one, two in bind.execute(sa.select(duplicate.c.person_id, duplicate.c.other_person_id))} if pairs else set()
    rows = [{"person_id": one, "other_person_id": two, "note": NOTE, "found_at": pairs[one, two]} for one, two in sorted(set(pairs) - known)]
    if rows:
        bind.execute(sa.insert(duplicate), rows)


def _plain(name: str) -> str:
    """A name however it is spelled: width, case, spaces and the middle dot do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split()).replace("·", "")


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("goal") as table:
        table.drop_column("waiting_by_unit")
        table.drop_column("last_unidentified_id")
        table.drop_column("last_identified_at")
    with op.batch_alter_table("person") as table:
        for name in ("ck_person_identified_whole", "ck_person_identified"):
            table.drop_constraint(op.f(name), type_="check")
        table.drop_index(op.f("ix_person_other_document"))
        table.drop_index(op.f("ix_person_identified_at"))
        for name in ("identified_how", "identified_by_id", "identified_at"):
            table.drop_column(name)
    op.drop_table("person_identified")
    with op.batch_alter_table("record_cancellation") as table:
        table.drop_constraint(op.f("ck_record_cancellation_by_another"), type_="check")
    with op.batch_alter_table("training_record") as table:
        table.drop_column("by_number")
    op.drop_table("person_yield")
