"""Who leaves the 卓越计划, and a graduation day that is taken away, have a reason

Revision ID: 0097
Revises: 0096
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: of what was changed before nobody wrote a reason down."""
    op.add_column("student", sa.Column("left_reason", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "petoe_change",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("was_since", sa.Date(), nullable=True),
        sa.Column("was_until", sa.Date(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("was_since IS NOT NULL OR since IS NOT NULL", name=op.f("ck_petoe_change_of_a_span")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_petoe_change_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petoe_change")),
    )
    op.create_index(op.f("ix_petoe_change_student_id"), "petoe_change", ["student_id"])
    op.create_table(
        "cohort_graduation_change",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column("was", sa.Date(), nullable=False),
        sa.Column("became", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_cohort_graduation_change_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_graduation_change")),
    )
    op.create_index(op.f("ix_cohort_graduation_change_cohort_id"), "cohort_graduation_change", ["cohort_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_cohort_graduation_change_cohort_id"), "cohort_graduation_change")
    op.drop_table("cohort_graduation_change")
    op.drop_index(op.f("ix_petoe_change_student_id"), "petoe_change")
    op.drop_table("petoe_change")
    op.drop_column("student", "left_reason")
