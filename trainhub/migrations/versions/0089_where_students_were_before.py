"""Changes of programme and cohort, and numbers of students and teachers that were corrected

Revision ID: 0089
Revises: 0088
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: who was moved by hand in the database before is where they are as if always."""
    op.create_table(
        "student_former_study",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column("class_name", sa.String(length=60), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("next_since", sa.Date(), nullable=False),
        sa.Column(
            "ended_as",
            sa.Enum("enrolled", "suspended", "graduated", "withdrawn", name="endedas", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("ended_plan", sa.Boolean(), nullable=False),
        sa.Column("plan_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("since <= until AND until < next_since", name=op.f("ck_student_former_study_in_order")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_student_former_study_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_student_former_study_programme_id_programme"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_student_former_study_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_former_study")),
        sa.UniqueConstraint("student_id", "since", name=op.f("uq_student_former_study_student_id_since")),
    )
    op.create_index(op.f("ix_student_former_study_student_id"), "student_former_study", ["student_id"])
    op.create_index(op.f("ix_student_former_study_programme_id"), "student_former_study", ["programme_id"])
    op.create_table(
        "former_school_number",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("university_id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("student_id", BigKey, nullable=True),
        sa.Column("teacher_id", BigKey, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(student_id IS NULL) <> (teacher_id IS NULL)", name=op.f("ck_former_school_number_of_one")),
        sa.ForeignKeyConstraint(
            ["university_id"], ["organisation.id"], name=op.f("fk_former_school_number_university_id_organisation"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_former_school_number_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["teacher_id"], ["teacher.id"], name=op.f("fk_former_school_number_teacher_id_teacher"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_school_number")),
        sa.UniqueConstraint("student_id", "number", name=op.f("uq_former_school_number_student_id_number")),
        sa.UniqueConstraint("teacher_id", "number", name=op.f("uq_former_school_number_teacher_id_number")),
    )
    op.create_index(op.f("ix_former_school_number_student_id"), "former_school_number", ["student_id"])
    op.create_index(op.f("ix_former_school_number_teacher_id"), "former_school_number", ["teacher_id"])
    op.create_index("ix_former_school_number", "former_school_number", ["number", "university_id"])


def downgrade() -> None:
    """Back: everybody was always where they are now."""
    op.drop_table("former_school_number")
    op.drop_table("student_former_study")
