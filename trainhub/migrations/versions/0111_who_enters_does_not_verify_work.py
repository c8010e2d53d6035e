"""Who entered a span of work in an enterprise is known, and does not verify it

Revision ID: 0111
Revises: 0109
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0109"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: who entered or last corrected a span of before stands in the audit log; of what the log does not name whoever may verify may verify it."""
    op.add_column("employment", sa.Column("entered_by_id", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    event = sa.table("audit_event", sa.column("id"), sa.column("account_id"), sa.column("did"), sa.column("data", sa.JSON()))
    work = sa.table("employment", sa.column("id"), sa.column("entered_by_id"))
    wanted = sa.select(event.c.account_id, event.c.data).where(event.c.did.in_(("people.employment.added", "people.employment.changed")))
    last = {data["employment"]: account_id for account_id, data in connection.execute(wanted.order_by(event.c.id)) if "employment" in data}
    for key, account_id in last.items():
        if account_id is not None:
            connection.execute(sa.update(work).where(work.c.id == key).values(entered_by_id=account_id))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("employment") as batch:
        batch.drop_column("entered_by_id")
