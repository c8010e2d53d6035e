"""Locked columns of gradebooks keep their grades

Revision ID: 0059
Revises: 0058
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what is locked today keeps what stands in it today."""
    op.create_table(
        "grade_kept_score",
        sa.Column("column_id", BigKey, nullable=False),
        sa.Column("enrolment_id", BigKey, nullable=False),
        sa.Column("score_x10", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["column_id"], ["grade_column.id"], name=op.f("fk_grade_kept_score_column_id_grade_column"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_grade_kept_score_enrolment_id_enrolment"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("column_id", "enrolment_id", name=op.f("pk_grade_kept_score")),
    )
    op.create_index(op.f("ix_grade_kept_score_enrolment_id"), "grade_kept_score", ["enrolment_id"])
    op.execute(
        """
        INSERT INTO grade_kept_score (column_id, enrolment_id, score_x10)
        SELECT grade_column.id, block_progress.enrolment_id, block_progress.score_x10
        FROM grade_column
        JOIN gradebook ON gradebook.id = grade_column.book_id
        JOIN block_progress ON block_progress.block_id = grade_column.block_id
        WHERE block_progress.score_x10 IS NOT NULL
          AND (grade_column.is_locked OR (gradebook.locked_at IS NOT NULL AND grade_column.removed_at IS NULL))
        """
    )


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_grade_kept_score_enrolment_id"), table_name="grade_kept_score")
    op.drop_table("grade_kept_score")
