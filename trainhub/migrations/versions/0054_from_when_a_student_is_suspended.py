"""Suspensions of students have their days

Revision ID: 0054
Revises: 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nobody knows since when those are suspended who are now; they get a day with their next change."""
    op.create_table(
        "student_suspension",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_student_suspension_in_order")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_student_suspension_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_suspension")),
    )
    op.create_index(op.f("ix_student_suspension_student_id"), "student_suspension", ["student_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_student_suspension_student_id"), table_name="student_suspension")
    op.drop_table("student_suspension")
