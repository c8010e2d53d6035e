"""What comes back of awards that were paid and revoked; since when the joint conference has an amount before it, and who entered its word

Revision ID: 0084
Revises: 0083
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: a revocation gave the money back to its pool at once until now, so that nothing of those is left to be recovered."""
    for name in ("award", "talent_award"):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column("recovered_on", sa.Date(), nullable=True))
            batch_op.add_column(sa.Column("recovery_reference", sa.String(length=120), nullable=False, server_default=""))
        table = sa.table(
            name, sa.column("state", sa.String), sa.column("paid_on", sa.Date), sa.column("ended_on", sa.Date), sa.column("recovered_on")
        )
        op.execute(table.update().where(table.c.state == "revoked", table.c.paid_on.is_not(None)).values(recovered_on=table.c.ended_on))
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.alter_column("recovery_reference", server_default=None)
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposed_on", sa.Date(), nullable=True))
    with op.batch_alter_table("talent_award", schema=None) as batch_op:
        batch_op.add_column(sa.Column("conferred_by_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("talent_award", schema=None) as batch_op:
        batch_op.drop_column("conferred_by_id")
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_column("proposed_on")
    for name in ("talent_award", "award"):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column("recovery_reference")
            batch_op.drop_column("recovered_on")
