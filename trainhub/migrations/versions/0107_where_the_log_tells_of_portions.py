"""Where the audit log tells of the portions of lists, by their numbers, and the newest events of a kind: each verification read all lines of portions,
each status list all changes

Revision ID: 0107
Revises: 0106
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None

AT_ONCE = 500
PORTION = "certificates.batch.portion_issued"
event = sa.table("audit_event", sa.column("id", sa.BigInteger()), sa.column("did"), sa.column("on_kind"), sa.column("on_id"), sa.column("data", Json))
batch = sa.table("issue_batch", sa.column("id", sa.BigInteger()))


def upgrade() -> None:
    """Forward: the table with a row for each line there is, in their order, also of those that were written when the table was there before. Of lines
    that tell of the same first number the first counts."""
    table = op.create_table(
        "certificate_portion",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("first", sa.String(18), nullable=False),
        sa.Column("last", sa.String(18), nullable=False),
        sa.Column("batch_id", BigKey, nullable=True),
        sa.Column("told_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["issue_batch.id"], name=op.f("fk_certificate_portion_batch_id_issue_batch"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_portion")),
        sa.UniqueConstraint("first", name=op.f("uq_certificate_portion_first")),
    )
    op.create_index("ix_certificate_portion_batch_id", "certificate_portion", ["batch_id"])
    op.drop_index("ix_audit_event_did", table_name="audit_event")
    op.create_index("ix_audit_event_did", "audit_event", ["did", "id"])
    bind = op.get_bind()
    batches = set(bind.scalars(sa.select(batch.c.id)))
    taken: set[str] = set()
    last = 0
    while True:
        asked = sa.select(event).where(event.c.did == PORTION, event.c.id > last).order_by(event.c.id).limit(AT_ONCE)
        lines = bind.execute(asked).all()
        if not lines:
            break
        last, rows = lines[-1].id, []
        for line in lines:
            if line.data["first"] in taken:
                continue
            taken.add(line.data["first"])
            batch_id = int(line.on_id) if line.on_kind == "issue_batch" and line.on_id.isdecimal() else None
            own = batch_id if batch_id in batches else None
            rows.append({"first": line.data["first"], "last": line.data["last"], "batch_id": own, "told_id": line.id})
        if rows:
            bind.execute(sa.insert(table), rows)


def downgrade() -> None:
    """Back: every line is looked through again."""
    op.drop_index("ix_audit_event_did", table_name="audit_event")
    op.create_index("ix_audit_event_did", "audit_event", ["did"])
    op.drop_table("certificate_portion")
