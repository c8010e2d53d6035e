"""What the data alone said at a submission is kept, and criteria that an office reopened: a verdict rests on both

Revision ID: 0074
Revises: 0073
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What was handed in before has no raw findings: they are found anew for its day."""
    with op.batch_alter_table("frozen_readiness") as table:
        table.add_column(sa.Column("raw", Json, nullable=True))
    op.create_table(
        "evaluation_reopening",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(length=6), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("finding", Json, nullable=False),
        sa.Column("reopened_on", sa.Date(), nullable=False),
        sa.Column("reopened_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reopened_by", sa.String(length=200), nullable=False),
        sa.Column("reopened_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_reopening_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_reopening")),
    )
    op.create_index(op.f("ix_evaluation_reopening_application_id"), "evaluation_reopening", ["application_id"])


def downgrade() -> None:
    """Back. On what a verdict rests is not thrown away."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM evaluation_reopening")):
        raise RuntimeError("Criteria were reopened, and the earlier version cannot keep that: export the dossiers first.")
    op.drop_table("evaluation_reopening")
    with op.batch_alter_table("frozen_readiness") as table:
        table.drop_column("raw")
