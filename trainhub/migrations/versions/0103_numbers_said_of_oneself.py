"""Numbers that holders of accounts said of themselves wait to be verified; when a number was last given, and from where a job was asked for, is known

Revision ID: 0103
Revises: 0102
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

STATES = ("open", "confirmed", "refused", "withdrawn")
GIVEN = ("people.number.given", "people.number.corrected")
AT_ONCE = 500
WAITING = """
INSERT INTO number_claim (account_id, id_type, number_hash, id_mask, state, asked_at, reason)
SELECT account.id, person.id_type, person.id_number_hash, person.id_mask, 'open', account.created_at, ''
FROM person JOIN account ON account.person_id = person.id
WHERE person.number_by_holder = :yes AND person.id_number_hash IS NOT NULL AND account.state <> 'deleted'
"""


def upgrade() -> None:
    """Forward: who said a number before waits since their account was opened; of numbers given before the time of the entry counts on."""
    op.create_table(
        "number_claim",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("id_type", sa.String(40), nullable=False),
        sa.Column("number_hash", sa.String(64), nullable=False),
        sa.Column("id_mask", sa.String(40), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="claimstate", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("before", Json, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_number_claim_account_id_account"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_claim")),
        sa.UniqueConstraint("account_id", "number_hash", name=op.f("uq_number_claim_account_id_number_hash")),
    )
    op.create_index(op.f("ix_number_claim_number_hash"), "number_claim", ["number_hash"])
    op.create_index("ix_number_claim_open", "number_claim", ["state", "id"])
    op.execute(sa.text(WAITING).bindparams(sa.bindparam("yes", True, sa.Boolean())))
    op.add_column("job", sa.Column("asked_from", sa.String(64), nullable=False, server_default=""))
    with op.batch_alter_table("job") as table:
        table.alter_column("asked_from", server_default=None)
    op.add_column("person", sa.Column("number_given_at", UtcDateTime(), nullable=True))
    _fill_given_at(op.get_bind())


def _fill_given_at(bind: sa.Connection) -> None:
    """When numbers were given or corrected the audit log knows: else those of old rows were made unreadable the next night."""
    person = sa.table("person", sa.column("id", sa.BigInteger()), sa.column("id_number_hash"), sa.column("number_given_at", UtcDateTime()))
    event = sa.table("audit_event", sa.column("at", UtcDateTime()), sa.column("did"), sa.column("on_kind"), sa.column("on_id"))
    given = (
        sa.select(event.c.on_id, sa.func.max(event.c.at, type_=UtcDateTime()))
        .where(event.c.on_kind == "person", event.c.did.in_(GIVEN))
        .group_by(event.c.on_id)
    )
    found = bind.execute(given).all()
    fill = (
        sa.update(person)
        .where(person.c.id == sa.bindparam("key"), person.c.id_number_hash.is_not(None))
        .values(number_given_at=sa.bindparam("given"))
    )
    for start in range(0, len(found), AT_ONCE):
        bind.execute(fill, [{"key": int(key), "given": at} for key, at in found[start : start + AT_ONCE]])


def downgrade() -> None:
    """Back: a mask without a number says nothing any more."""
    op.drop_column("person", "number_given_at")
    op.drop_column("job", "asked_from")
    nothing = "UPDATE person SET id_type = NULL, id_mask = '', number_by_holder = :no WHERE number_by_holder = :yes AND id_number_hash IS NULL"
    op.execute(sa.text(nothing).bindparams(sa.bindparam("yes", True, sa.Boolean()), sa.bindparam("no", False, sa.Boolean())))
    op.drop_index("ix_number_claim_open", table_name="number_claim")
    op.drop_index(op.f("ix_number_claim_number_hash"), table_name="number_claim")
    op.drop_table("number_claim")
