"""An item of a subsidy that is ordered back stays paid until its money has come in, with day and document

Revision ID: 0118
Revises: 0116
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0118"
down_revision = "0116"
branch_labels = None
depends_on = None

NAME, ORDERED = "ix_subsidy_item_ordered", "clawed_back_on IS NOT NULL"


def upgrade() -> None:
    """Forward. Until now the pool had the money back on the day of the order: of these that day is the day of the receipt, no document is known."""
    op.add_column("subsidy_item", sa.Column("recovered_on", sa.Date(), nullable=True))
    op.add_column("subsidy_item", sa.Column("recovery_reference", sa.String(120), nullable=False, server_default=""))
    with op.batch_alter_table("subsidy_item") as table:
        table.alter_column("recovery_reference", server_default=None)
    item = sa.table("subsidy_item", *(sa.column(name) for name in ("state", "clawed_back_on", "recovered_on")))
    op.get_bind().execute(sa.update(item).where(item.c.state == "clawed_back").values(recovered_on=item.c.clawed_back_on))
    op.create_index(NAME, "subsidy_item", ["claim_id"], sqlite_where=sa.text(ORDERED), postgresql_where=sa.text(ORDERED))


def downgrade() -> None:
    """Back: what is ordered back and has not come in is paid, and is ordered anew."""
    op.drop_index(NAME, "subsidy_item")
    item = sa.table("subsidy_item", *(sa.column(name) for name in ("state", "clawed_back_on")))
    op.get_bind().execute(sa.update(item).where(item.c.state == "paid").values(clawed_back_on=None))
    with op.batch_alter_table("subsidy_item") as table:
        table.drop_column("recovery_reference")
        table.drop_column("recovered_on")
