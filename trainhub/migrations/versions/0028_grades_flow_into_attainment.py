"""Grades flow into plans and attainment; registers beside what people judge; dossiers as packages

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None
TABLES = (
    "appraisal_scheme",
    "intl_activity",
    "quality_review",
    "teacher_output",
    "dossier_package",
    "item_mark_source",
    "teaching_case",
    "grade_feed",
)


def upgrade() -> None:
    """Forward: new tables only."""
    op.create_table(
        "appraisal_scheme",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("issued_no", sa.String(length=80), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("weights", Json, nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_appraisal_scheme_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_scheme")),
    )
    op.create_index(op.f("ix_appraisal_scheme_programme_id"), "appraisal_scheme", ["programme_id"])

    op.create_table(
        "intl_activity",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("methods", "industry", "event", "other", name="activitykind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("partner", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("took_place_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_intl_activity_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intl_activity")),
    )
    op.create_index(op.f("ix_intl_activity_programme_id"), "intl_activity", ["programme_id"])

    op.create_table(
        "quality_review",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("school_members", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_members", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= held_on", name=op.f("ck_quality_review_closed_after_held")),
        sa.CheckConstraint("school_members >= 0 AND enterprise_members >= 0", name=op.f("ck_quality_review_members_not_negative")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_quality_review_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_review")),
    )
    op.create_index(op.f("ix_quality_review_programme_id"), "quality_review", ["programme_id"])

    op.create_table(
        "teacher_output",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("teacher_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("paper", "textbook", "project", "award", name="outputkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_teacher_output_programme_id_programme"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["teacher_id"], ["teacher.id"], name=op.f("fk_teacher_output_teacher_id_teacher"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teacher_output")),
    )
    op.create_index(op.f("ix_teacher_output_programme_id"), "teacher_output", ["programme_id"])

    op.create_table(
        "dossier_package",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_dossier_package_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_dossier_package_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_dossier_package_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_package")),
    )
    op.create_index(op.f("ix_dossier_package_application_id"), "dossier_package", ["application_id"])
    op.create_index(op.f("ix_dossier_package_file_id"), "dossier_package", ["file_id"])
    op.create_index(op.f("ix_dossier_package_programme_id"), "dossier_package", ["programme_id"])

    op.create_table(
        "item_mark_source",
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column(
            "source",
            sa.Enum("placement", "capstone", "none", name="marksource", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["item_id"], ["plan_item.id"], name=op.f("fk_item_mark_source_item_id_plan_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_mark_source")),
    )
    op.create_table(
        "teaching_case",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("course_id", BigKey, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("enterprise", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("taken_up_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["curriculum_course.id"], name=op.f("fk_teaching_case_course_id_curriculum_course"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_teaching_case_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching_case")),
    )
    op.create_index(op.f("ix_teaching_case_programme_id"), "teaching_case", ["programme_id"])

    op.create_table(
        "grade_feed",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("column_id", BigKey, nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("students", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["column_id"], ["grade_column.id"], name=op.f("fk_grade_feed_column_id_grade_column"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_assessment_item.id"], name=op.f("fk_grade_feed_item_id_course_assessment_item"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["course_run.id"], name=op.f("fk_grade_feed_run_id_course_run"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_feed")),
        sa.UniqueConstraint("item_id", "run_id", name=op.f("uq_grade_feed_item_id_run_id")),
    )
    op.create_index(op.f("ix_grade_feed_column_id"), "grade_feed", ["column_id"])
    op.create_index(op.f("ix_grade_feed_run_id"), "grade_feed", ["run_id"])


def downgrade() -> None:
    """Back: the tables go with what they hold."""
    for table in TABLES:
        op.drop_table(table)
