"""How ready a programme was when it handed in its reports; which courses of a plan come before others

Revision ID: 0044
Revises: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What was handed in before was not kept: it is judged anew for its day, and the page says so."""
    op.create_table(
        "curriculum_prerequisite",
        sa.Column("course_id", BigKey, nullable=False),
        sa.Column("required_id", BigKey, nullable=False),
        sa.CheckConstraint("course_id <> required_id", name=op.f("ck_curriculum_prerequisite_not_itself")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["curriculum_course.id"], name=op.f("fk_curriculum_prerequisite_course_id_curriculum_course"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["required_id"], ["curriculum_course.id"], name=op.f("fk_curriculum_prerequisite_required_id_curriculum_course"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("course_id", "required_id", name=op.f("pk_curriculum_prerequisite")),
    )
    op.create_index(op.f("ix_curriculum_prerequisite_required_id"), "curriculum_prerequisite", ["required_id"])
    op.create_table(
        "frozen_readiness",
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("requirements", Json, nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("behind", Json, nullable=False),
        sa.Column("judged_group", Json, nullable=False),
        sa.Column("special_result", sa.String(length=20), nullable=False),
        sa.Column("accreditation", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reapply_from", sa.Date(), nullable=True),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_frozen_readiness_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_frozen_readiness")),
    )


def downgrade() -> None:
    """Back. What the experts of an evaluation read is not thrown away."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM frozen_readiness")):
        raise RuntimeError("Findings of submissions are kept, and the earlier version cannot keep them: export the dossiers first.")
    op.drop_table("frozen_readiness")
    op.drop_table("curriculum_prerequisite")
