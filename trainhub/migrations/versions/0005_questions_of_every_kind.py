"""Questions of every kind, random draws, allowances, and what happened around an attempt"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OLD_KINDS = ("single", "multiple", "true_false", "text", "numeric", "essay", "manual")
KINDS = ("single", "multiple", "true_false", "cloze", "text", "numeric", "formula", "matching", "ordering", "essay", "file", "manual")
EVENTS = ("started", "taken_over", "left", "came_back", "replaced", "late", "submitted")
LEVELS = ("easy", "medium", "hard")


def _enum(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _question(kinds: tuple[str, ...], *, is_new: bool) -> sa.Table:
    """The table as it is before a change, with its checks: SQLite copies the table and would lose what it is not told."""
    more = (
        [
            sa.Column("name", sa.String(200), nullable=False, server_default=""),
            sa.Column("difficulty", sa.String(40), nullable=False, server_default="medium"),
            sa.CheckConstraint(sa.column("difficulty").in_(LEVELS), name=op.f("ck_question_difficulty")),
        ]
        if is_new
        else []
    )
    return sa.Table(
        "question",
        sa.MetaData(naming_convention=op.get_context().opts["target_metadata"].naming_convention),
        sa.Column("id", BigKey, nullable=False),
        sa.Column("course_id", BigKey, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("category", sa.String(200 if is_new else 80), nullable=False),
        sa.Column("current_no", sa.BigInteger(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_question_course_id_course"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("course_id", "key", name=op.f("uq_question_course_id_key")),
        sa.CheckConstraint(sa.column("kind").in_(kinds), name=op.f("ck_question_questionkind")),
        sa.Index(op.f("ix_question_course_id"), "course_id"),
    )


def _answer(low: int, *, is_new: bool) -> sa.Table:
    more = (
        [
            sa.Column("shown", Json, nullable=False, server_default="{}"),
            sa.Column("graded_version_id", BigKey, nullable=True),
            sa.ForeignKeyConstraint(
                ["graded_version_id"], ["question_version.id"], name=op.f("fk_attempt_answer_graded_version_id_question_version"), ondelete="RESTRICT"
            ),
            sa.Index(op.f("ix_attempt_answer_graded_version_id"), "graded_version_id"),
        ]
        if is_new
        else []
    )
    return sa.Table(
        "attempt_answer",
        sa.MetaData(naming_convention=op.get_context().opts["target_metadata"].naming_convention),
        sa.Column("id", BigKey, nullable=False),
        sa.Column("attempt_id", BigKey, nullable=False),
        sa.Column("version_id", BigKey, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("points_x10", sa.BigInteger(), nullable=False),
        sa.Column("response", Json, nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=True),
        sa.Column("share_x1000", sa.BigInteger(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.Column("graded_by_id", sa.BigInteger(), nullable=True),
        *more,
        sa.CheckConstraint(f"share_x1000 BETWEEN {low} AND 1000", name=op.f("ck_attempt_answer_share_range")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_answer_attempt_id_attempt"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["question_version.id"], name=op.f("fk_attempt_answer_version_id_question_version"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_answer")),
        sa.UniqueConstraint("attempt_id", "position", name=op.f("uq_attempt_answer_attempt_id_position")),
        sa.Index(op.f("ix_attempt_answer_version_id"), "version_id"),
    )


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("question", copy_from=_question(OLD_KINDS, is_new=False)) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("difficulty", _enum(LEVELS, "difficulty"), nullable=False, server_default="medium"))
        batch_op.alter_column("category", type_=sa.String(200), existing_type=sa.String(80), existing_nullable=False)
        batch_op.drop_constraint(op.f("ck_question_questionkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_question_questionkind"), sa.column("kind").in_(KINDS))
    with op.batch_alter_table("attempt_answer", copy_from=_answer(0, is_new=False)) as batch_op:
        batch_op.add_column(sa.Column("shown", Json, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("graded_version_id", BigKey, nullable=True))
        batch_op.drop_constraint(op.f("ck_attempt_answer_share_range"), type_="check")
        batch_op.create_check_constraint(op.f("ck_attempt_answer_share_range"), "share_x1000 BETWEEN -1000 AND 1000")
        batch_op.create_foreign_key(
            op.f("fk_attempt_answer_graded_version_id_question_version"), "question_version", ["graded_version_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_index(op.f("ix_attempt_answer_graded_version_id"), ["graded_version_id"])
    op.add_column("attempt", sa.Column("token", sa.String(64), nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("reached", sa.BigInteger(), nullable=False, server_default="1"))
    op.create_table(
        "question_tag",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("question_id", BigKey, nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_question_tag_question_id_question"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_tag")),
        sa.UniqueConstraint("question_id", "tag", name=op.f("uq_question_tag_question_id_tag")),
    )
    op.create_index(op.f("ix_question_tag_tag"), "question_tag", ["tag"])
    op.create_table(
        "quiz_draw",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("block_id", BigKey, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.Column("difficulty", _enum(LEVELS, "difficulty"), nullable=True),
        sa.Column("points_x10", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count BETWEEN 1 AND 200", name=op.f("ck_quiz_draw_count_range")),
        sa.CheckConstraint("points_x10 >= 0", name=op.f("ck_quiz_draw_points_not_negative")),
        sa.ForeignKeyConstraint(["block_id"], ["course_block.id"], name=op.f("fk_quiz_draw_block_id_course_block"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_draw")),
    )
    op.create_index(op.f("ix_quiz_draw_block_id"), "quiz_draw", ["block_id"])
    op.create_table(
        "quiz_allowance",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("block_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=True),
        sa.Column("cohort_id", BigKey, nullable=True),
        sa.Column("extra_minutes", sa.BigInteger(), nullable=False),
        sa.Column("extra_attempts", sa.BigInteger(), nullable=False),
        sa.Column("opens_at", UtcDateTime(), nullable=True),
        sa.Column("closes_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("given_by_id", sa.BigInteger(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (cohort_id IS NULL)", name=op.f("ck_quiz_allowance_one_holder")),
        sa.CheckConstraint("extra_minutes BETWEEN 0 AND 10080", name=op.f("ck_quiz_allowance_extra_minutes_range")),
        sa.CheckConstraint("extra_attempts BETWEEN 0 AND 100", name=op.f("ck_quiz_allowance_extra_attempts_range")),
        sa.ForeignKeyConstraint(["block_id"], ["course_block.id"], name=op.f("fk_quiz_allowance_block_id_course_block"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quiz_allowance_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_quiz_allowance_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_allowance")),
        sa.UniqueConstraint("block_id", "person_id", name=op.f("uq_quiz_allowance_block_id_person_id")),
        sa.UniqueConstraint("block_id", "cohort_id", name=op.f("uq_quiz_allowance_block_id_cohort_id")),
    )
    op.create_index(op.f("ix_quiz_allowance_person_id"), "quiz_allowance", ["person_id"])
    op.create_index(op.f("ix_quiz_allowance_cohort_id"), "quiz_allowance", ["cohort_id"])
    op.create_table(
        "attempt_event",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("attempt_id", BigKey, nullable=False),
        sa.Column("kind", _enum(EVENTS, "attempteventkind"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_event_attempt_id_attempt"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_event")),
    )
    op.create_index("ix_attempt_event_order", "attempt_event", ["attempt_id", "id"])


def downgrade() -> None:
    """Back. Refused by the check while questions of the new kinds exist: nothing is thrown away in silence."""
    for table in ("attempt_event", "quiz_allowance", "quiz_draw", "question_tag"):
        op.drop_table(table)
    op.drop_column("attempt", "reached")
    op.drop_column("attempt", "token")
    with op.batch_alter_table("attempt_answer", copy_from=_answer(-1000, is_new=True)) as batch_op:
        batch_op.drop_index(op.f("ix_attempt_answer_graded_version_id"))
        batch_op.drop_constraint(op.f("fk_attempt_answer_graded_version_id_question_version"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_attempt_answer_share_range"), type_="check")
        batch_op.create_check_constraint(op.f("ck_attempt_answer_share_range"), "share_x1000 BETWEEN 0 AND 1000")
        batch_op.drop_column("graded_version_id")
        batch_op.drop_column("shown")
    with op.batch_alter_table("question", copy_from=_question(KINDS, is_new=True)) as batch_op:
        batch_op.drop_constraint(op.f("ck_question_questionkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_question_questionkind"), sa.column("kind").in_(OLD_KINDS))
        batch_op.alter_column("category", type_=sa.String(80), existing_type=sa.String(200), existing_nullable=False)
        batch_op.drop_constraint(op.f("ck_question_difficulty"), type_="check")
        batch_op.drop_column("difficulty")
        batch_op.drop_column("name")
