"""Rounds may plan participants first, and publish an order of students

Revision ID: 0050
Revises: 0049
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("placement_round") as batch:
        batch.add_column(sa.Column("is_wishes_first", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("priority_rule", sa.String(400), nullable=False, server_default=""))
    with op.batch_alter_table("placement_round") as batch:
        batch.alter_column("is_wishes_first", server_default=None)
        batch.alter_column("priority_rule", server_default=None)
    op.create_table(
        "placement_priority",
        sa.Column("round_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 9", name=op.f("ck_placement_priority_rank_known")),
        sa.ForeignKeyConstraint(["round_id"], ["placement_round.id"], name=op.f("fk_placement_priority_round_id_placement_round"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_placement_priority_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("round_id", "student_id", name=op.f("pk_placement_priority")),
    )
    op.create_index(op.f("ix_placement_priority_student_id"), "placement_priority", ["student_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_placement_priority_student_id"), table_name="placement_priority")
    op.drop_table("placement_priority")
    with op.batch_alter_table("placement_round") as batch:
        batch.drop_column("priority_rule")
        batch.drop_column("is_wishes_first")
