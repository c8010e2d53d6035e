"""Who entered a span of work in an enterprise is known, and does not verify it

Revision ID: 0111
Revises: 0109
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json

revision = "0111"
down_revision = "0109"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: who entered or corrected a span of before stands in the audit log; of what the log does not name whoever may verify may verify it."""
    op.add_column("employment", sa.Column("entered_by_ids", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("employment") as batch:
        batch.alter_column("entered_by_ids", existing_type=Json, existing_nullable=False, server_default=None)
    connection = op.get_bind()
    work = sa.table("employment", sa.column("id"), sa.column("entered_by_ids", Json))
    for key, accounts in _entered(connection).items():
        if accounts:
            connection.execute(sa.update(work).where(work.c.id == key).values(entered_by_ids=accounts))


def _entered(connection: sa.Connection) -> dict[int, list[int]]:
    """Who entered a span, in the order of the log. Ending one that is verified only shortens it; a number may be given again after a removal."""
    event = sa.table("audit_event", sa.column("id"), sa.column("account_id"), sa.column("did"), sa.column("data", sa.JSON()))
    kinds = [f"people.employment.{one}" for one in ("added", "changed", "verified", "withdrawn", "removed")]
    found: dict[int, list[int]] = {}
    verified: set[int] = set()
    statement = sa.select(event.c.did, event.c.account_id, event.c.data).where(event.c.did.in_(kinds)).order_by(event.c.id)
    for did, account_id, data in connection.execute(statement):
        key, kind = data.get("employment"), did.rsplit(".", 1)[1]
        if key is None:
            continue
        if kind in ("added", "removed"):
            found[key] = []
            verified.discard(key)
        if kind == "verified":
            verified.add(key)
        elif kind == "withdrawn":
            verified.discard(key)
        elif kind != "removed" and key not in verified and account_id is not None and account_id not in found.setdefault(key, []):
            found[key].append(account_id)
    return found


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("employment") as batch:
        batch.drop_column("entered_by_ids")
