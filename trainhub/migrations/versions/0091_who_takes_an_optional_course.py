"""Who takes an optional course is entered before anybody is marked in it

Revision ID: 0091
Revises: 0090
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nobody is listed yet; who has a mark takes the course without it."""
    op.create_table(
        "offering_taker",
        sa.Column("offering_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["course_offering.id"], name=op.f("fk_offering_taker_offering_id_course_offering"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_offering_taker_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("offering_id", "student_id", name=op.f("pk_offering_taker")),
    )
    op.create_index(op.f("ix_offering_taker_student_id"), "offering_taker", ["student_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_offering_taker_student_id"), "offering_taker")
    op.drop_table("offering_taker")
