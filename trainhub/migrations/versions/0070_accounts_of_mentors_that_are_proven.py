"""An account that a mentor's enterprise opened or reset signs for a school only once a code of a school has proven its holder

Revision ID: 0070
Revises: 0069

Accounts that exist: who opened and reset them stands in the audit log. What only schools, authorities and the operator opened or reset stays
proven; what somebody who is or was an enterprise's coordinator or a base's leader opened, made a link for, gave a name to sign in by or a reset of the
second factor, and who registered alone, needs a code before the holder signs as a mentor again. Nothing that was signed before changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

HANDLED = (
    "identity.account.created",
    "identity.login.added",
    "identity.invitation.made",
    "identity.password_reset.made",
    "identity.totp.removed",
)
REGISTERED = "identity.account.registered"
HOSTS = ("enterprise_coordinator", "centre_leader")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "mentor_proof",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("code_made_at", UtcDateTime(), nullable=True),
        sa.Column("code_made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("proven_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mentor_proof_account_id_account"), ondelete="RESTRICT"),
        sa.UniqueConstraint("account_id", name=op.f("uq_mentor_proof_account_id")),
    )
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("handled_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("handled_by_id", sa.BigInteger(), nullable=True))
    _note_what_was()


def _note_what_was() -> None:
    connection = op.get_bind()
    event = sa.table("audit_event", *(sa.column(name) for name in ("id", "account_id", "did", "on_kind", "on_id")), sa.column("at", UtcDateTime()))
    grant = sa.table("role_grant", sa.column("account_id"), sa.column("role"))
    account = sa.table("account", sa.column("id"), sa.column("handled_by_id"), sa.column("handled_at", UtcDateTime()))
    hosts = sa.select(grant.c.account_id).where(grant.c.role.in_(HOSTS))
    by_hosts = sa.and_(event.c.did.in_(HANDLED), event.c.account_id.in_(hosts), sa.cast(event.c.account_id, sa.String) != event.c.on_id)
    found = sa.select(event.c.on_id, event.c.account_id, event.c.at).where(event.c.on_kind == "account", sa.or_(by_hosts, event.c.did == REGISTERED))
    last = {
        int(key): {"key": int(key), "by": None if str(by) == str(key) else by, "at": at}
        for key, by, at in connection.execute(found.order_by(event.c.id))
    }
    if last:
        change = sa.update(account).where(account.c.id == sa.bindparam("key"))
        connection.execute(change.values(handled_at=sa.bindparam("at"), handled_by_id=sa.bindparam("by")), list(last.values()))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("account") as table:
        table.drop_column("handled_by_id")
        table.drop_column("handled_at")
    op.drop_table("mentor_proof")
