"""Which account recorded a signature under an agreement: one human does not sign for two sides; the audit log tells it of those that are there

Revision ID: 0109
Revises: 0108
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0109"
down_revision = "0108"
branch_labels = None
depends_on = None

signature = sa.table(
    "agreement_signature", *(sa.column(name, sa.BigInteger()) for name in ("id", "placement_id", "text_no", "recorded_by_id")), sa.column("party")
)
event = sa.table("audit_event", *(sa.column(name) for name in ("id", "account_id", "did", "on_kind", "on_id")), sa.column("data", sa.JSON()))


def upgrade() -> None:
    """Forward: who recorded what was signed before stands in the audit log; a command was nobody."""
    op.add_column("agreement_signature", sa.Column("recorded_by_id", sa.BigInteger(), nullable=True))
    bind = op.get_bind()
    told = sa.select(event.c.on_id, event.c.data, event.c.account_id).where(
        event.c.did == "placements.agreement.signed", event.c.on_kind == "placement", event.c.account_id.is_not(None)
    )
    by = {(int(on_id), data.get("text", 1), data.get("party")): account_id for on_id, data, account_id in bind.execute(told.order_by(event.c.id))}
    if not by:
        return
    rows = bind.execute(sa.select(signature.c.id, signature.c.placement_id, signature.c.text_no, signature.c.party)).all()
    for key, placement_id, text_no, party in rows:
        account_id = by.get((placement_id, text_no, party))
        if account_id is not None:
            bind.execute(sa.update(signature).where(signature.c.id == key).values(recorded_by_id=account_id))


def downgrade() -> None:
    """Back: the audit log still tells it."""
    with op.batch_alter_table("agreement_signature") as batch:
        batch.drop_column("recorded_by_id")
