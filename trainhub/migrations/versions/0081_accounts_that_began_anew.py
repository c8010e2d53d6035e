"""When a closed account began anew, and which request closed one

Revision ID: 0081
Revises: 0080

Accounts that began anew before: the audit log says when. Requests: a granted deletion of an account that is closed now, and was not opened again
after it, is taken for the one that closed it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

ACCOUNT = sa.table("account", sa.column("id", sa.BigInteger), sa.column("state", sa.String), sa.column("reopened_at", UtcDateTime()))
REQUEST = sa.table(
    "data_request",
    sa.column("account_id", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("state", sa.String),
    sa.column("decided_at", UtcDateTime()),
    sa.column("closed_account", sa.Boolean),
)
EVENT = sa.table(
    "audit_event", sa.column("at", UtcDateTime()), sa.column("did", sa.String), sa.column("on_kind", sa.String), sa.column("on_id", sa.String)
)


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reopened_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closed_account", sa.Boolean(), nullable=False, server_default=sa.false()))
    anew = sa.select(sa.func.max(EVENT.c.at)).where(
        EVENT.c.did == "identity.account.reopened", EVENT.c.on_kind == "account", EVENT.c.on_id == sa.cast(ACCOUNT.c.id, sa.String)
    )
    is_anew = sa.select(EVENT.c.on_id).where(EVENT.c.did == "identity.account.reopened", EVENT.c.on_kind == "account")
    op.execute(ACCOUNT.update().where(sa.cast(ACCOUNT.c.id, sa.String).in_(is_anew)).values(reopened_at=anew.scalar_subquery()))
    closed = sa.select(ACCOUNT.c.id).where(
        ACCOUNT.c.id == REQUEST.c.account_id,
        ACCOUNT.c.state == "deleted",
        sa.or_(ACCOUNT.c.reopened_at.is_(None), ACCOUNT.c.reopened_at < REQUEST.c.decided_at),
    )
    done = (REQUEST.c.kind == "deletion", REQUEST.c.state == "done")
    op.execute(REQUEST.update().where(*done, closed.exists()).values(closed_account=sa.true()))
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.alter_column("closed_account", server_default=None)


def downgrade() -> None:
    """Back: any granted deletion counts as one that closed."""
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.drop_column("closed_account")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("reopened_at")
