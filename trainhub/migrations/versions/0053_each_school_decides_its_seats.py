"""Each school decides about the seats in its own terms

Revision ID: 0053
Revises: 0052
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

DECISION = sa.Enum("waiting", "approved", "returned", name="seatdecision", native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Forward: what was approved was approved for every school."""
    with op.batch_alter_table("position_seats") as batch:
        batch.add_column(sa.Column("decision", DECISION, nullable=False, server_default="waiting"))
        batch.add_column(sa.Column("return_reason", sa.String(400), nullable=False, server_default=""))
    op.execute(
        "UPDATE position_seats SET decision = 'approved' WHERE position_id IN (SELECT id FROM position WHERE state IN ('approved', 'closed'))"
    )
    with op.batch_alter_table("position_seats") as batch:
        batch.alter_column("decision", server_default=None)
        batch.alter_column("return_reason", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("position_seats") as batch:
        batch.drop_constraint(op.f("ck_position_seats_seatdecision"), type_="check")
        batch.drop_column("return_reason")
        batch.drop_column("decision")
