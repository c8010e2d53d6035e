"""Capstones as a whole: rounds, teams, plans, windows, rubrics, reviews, defences, third grades, appeals, links, spot checks

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = ("assigned", "opened", "midterm", "submitted", "graded", "passed", "failed", "withdrawn")
STATES = (*BEFORE[:5], "moderation", *BEFORE[5:])


def _states(batch_op: Any, after: tuple[str, ...]) -> None:
    """Change what the check on the state of a capstone allows."""
    quoted = ", ".join(f"'{one}'" for one in after)
    batch_op.drop_constraint(op.f("ck_capstone_capstonestate"), type_="check")
    batch_op.create_check_constraint(op.f("ck_capstone_capstonestate"), sa.text(f"state IN ({quoted})"))


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "spot_check",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("university_id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("population", Json, nullable=False),
        sa.Column("drawn_by_id", sa.BigInteger(), nullable=True),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["university_id"], ["organisation.id"], name=op.f("fk_spot_check_university_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check")),
        sa.UniqueConstraint("university_id", "year", name=op.f("uq_spot_check_university_id_year")),
    )
    with op.batch_alter_table("spot_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spot_check_university_id"), ["university_id"], unique=False)

    op.create_table(
        "capstone_rubric",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("version_id", BigKey, nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("items", Json, nullable=False),
        sa.Column("weights", Json, nullable=False),
        sa.Column("adopted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["programme_version.id"], name=op.f("fk_capstone_rubric_version_id_programme_version"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_rubric")),
        sa.UniqueConstraint("version_id", "edition", name=op.f("uq_capstone_rubric_version_id_edition")),
    )
    op.create_table(
        "capstone_round",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column(
            "kind", sa.Enum("first", "supplementary", "final", name="roundkind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum("draft", "open", "closed", "planned", "published", name="choicestate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("plan", Json, nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_capstone_round_closes_after_opening")),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_capstone_round_ends_after_start")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_capstone_round_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_capstone_round_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_round")),
    )
    with op.batch_alter_table("capstone_round", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_round_cohort_id"), ["cohort_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_capstone_round_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "capstone_window",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "task_book",
                "opening",
                "midterm",
                "draft",
                "thesis",
                "similarity",
                "review",
                "defence",
                "grading",
                name="windowstage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_capstone_window_closes_after_opening")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_capstone_window_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_capstone_window_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_window")),
        sa.UniqueConstraint("cohort_id", "stage", name=op.f("uq_capstone_window_cohort_id_stage")),
    )
    with op.batch_alter_table("capstone_window", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_window_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "defence_group",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("room", sa.String(length=100), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("starts_minute", sa.BigInteger(), nullable=False),
        sa.Column("minutes_each", sa.BigInteger(), nullable=False),
        sa.Column("secretary_id", BigKey, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes_each BETWEEN 5 AND 180", name=op.f("ck_defence_group_minutes_sensible")),
        sa.CheckConstraint("starts_minute BETWEEN 0 AND 1439", name=op.f("ck_defence_group_starts_within_the_day")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_defence_group_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_defence_group_programme_id_programme"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["secretary_id"], ["person.id"], name=op.f("fk_defence_group_secretary_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defence_group")),
    )
    with op.batch_alter_table("defence_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_defence_group_programme_id"), ["programme_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_defence_group_secretary_id"), ["secretary_id"], unique=False)

    op.create_table(
        "supervisor_plan",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column("mode", sa.Enum("fill", "repair", name="planmode", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "ready", "applied", "discarded", name="planstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("result", Json, nullable=True),
        sa.Column("job_id", BigKey, nullable=True),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_supervisor_plan_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_supervisor_plan_job_id_job"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_supervisor_plan_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor_plan")),
    )
    with op.batch_alter_table("supervisor_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervisor_plan_cohort_id"), ["cohort_id"], unique=False)

    op.create_table(
        "capstone_conflict",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_conflict_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_capstone_conflict_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_conflict")),
    )
    with op.batch_alter_table("capstone_conflict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_conflict_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_capstone_conflict_student_id"), ["student_id"], unique=False)
        batch_op.create_index(
            "uq_capstone_conflict_standing",
            ["person_id", "student_id"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "capstone_team",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("round_id", BigKey, nullable=False),
        sa.Column("leader_id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("dissolved_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["leader_id"], ["student.id"], name=op.f("fk_capstone_team_leader_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["round_id"], ["capstone_round.id"], name=op.f("fk_capstone_team_round_id_capstone_round"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_team")),
    )
    with op.batch_alter_table("capstone_team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_team_round_id"), ["round_id"], unique=False)

    op.create_table(
        "defence_member",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("group_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("is_chair", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["defence_group.id"], name=op.f("fk_defence_member_group_id_defence_group"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_defence_member_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defence_member")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_defence_member_group_id_person_id")),
    )
    with op.batch_alter_table("defence_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_defence_member_person_id"), ["person_id"], unique=False)

    op.create_table(
        "capstone_choice",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("round_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", BigKey, nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["capstone_round.id"], name=op.f("fk_capstone_choice_round_id_capstone_round"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_capstone_choice_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["topic_id"], ["capstone_topic.id"], name=op.f("fk_capstone_choice_topic_id_capstone_topic"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_choice")),
        sa.UniqueConstraint("round_id", "student_id", "rank", name=op.f("uq_capstone_choice_round_id_student_id_rank")),
        sa.UniqueConstraint("round_id", "student_id", "topic_id", name=op.f("uq_capstone_choice_round_id_student_id_topic_id")),
    )
    with op.batch_alter_table("capstone_choice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_choice_student_id"), ["student_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_capstone_choice_topic_id"), ["topic_id"], unique=False)

    op.create_table(
        "capstone_team_member",
        sa.Column("team_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_capstone_team_member_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["team_id"], ["capstone_team.id"], name=op.f("fk_capstone_team_member_team_id_capstone_team"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("team_id", "student_id", name=op.f("pk_capstone_team_member")),
    )
    op.create_table(
        "capstone_extension",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "task_book",
                "opening",
                "midterm",
                "draft",
                "thesis",
                "similarity",
                "review",
                "defence",
                "grading",
                name="windowstage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_extension_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_extension")),
    )
    with op.batch_alter_table("capstone_extension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_extension_capstone_id"), ["capstone_id"], unique=False)

    op.create_table(
        "capstone_link",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("purpose", sa.Enum("grade", "guidance", name="linkpurpose", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_link_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_link_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_capstone_link_secret_hash")),
    )
    with op.batch_alter_table("capstone_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_link_capstone_id"), ["capstone_id"], unique=False)

    op.create_table(
        "capstone_reconsideration",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum("moderation", "appeal", name="reasonkind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before_x10", sa.BigInteger(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("decision", sa.Enum("upheld", "changed", name="decision", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column("after_x10", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("after_x10 BETWEEN 0 AND 1000", name=op.f("ck_capstone_reconsideration_score_in_range")),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_reconsideration_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_reconsideration")),
    )
    with op.batch_alter_table("capstone_reconsideration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_reconsideration_capstone_id"), ["capstone_id"], unique=False)
        batch_op.create_index(
            "uq_capstone_reconsideration_open",
            ["capstone_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "capstone_review",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum("blind", "cross", name="reviewkind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("score_x10", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Enum("pass", "revise", "fail", name="verdict", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name=op.f("ck_capstone_review_score_in_range")),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_review_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_review_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_review")),
    )
    with op.batch_alter_table("capstone_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_review_capstone_id"), ["capstone_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_capstone_review_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_capstone_review_open",
            ["capstone_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        )

    op.create_table(
        "capstone_third_grade",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("rubric", Json, nullable=True),
        sa.Column("score_x10", sa.BigInteger(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name=op.f("ck_capstone_third_grade_score_in_range")),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_third_grade_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_third_grade_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_third_grade")),
        sa.UniqueConstraint("capstone_id", name=op.f("uq_capstone_third_grade_capstone_id")),
    )
    with op.batch_alter_table("capstone_third_grade", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_third_grade_person_id"), ["person_id"], unique=False)

    op.create_table(
        "defence_slot",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("group_id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("starts_minute", sa.BigInteger(), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("scores", Json, nullable=False),
        sa.Column("score_x10", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Enum("pass", "revise", "fail", name="verdict", native_enum=False, create_constraint=True, length=40), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_defence_slot_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["group_id"], ["defence_group.id"], name=op.f("fk_defence_slot_group_id_defence_group"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defence_slot")),
        sa.UniqueConstraint("group_id", "starts_minute", name=op.f("uq_defence_slot_group_id_starts_minute")),
    )
    with op.batch_alter_table("defence_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_defence_slot_capstone_id"), ["capstone_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_defence_slot_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "uq_defence_slot_open",
            ["capstone_id"],
            unique=True,
            sqlite_where=sa.text("recorded_at IS NULL"),
            postgresql_where=sa.text("recorded_at IS NULL"),
        )

    op.create_table(
        "spot_item",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("check_id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("open", "more_experts", "fine", "problem", name="spotoutcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_spot_item_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["check_id"], ["spot_check.id"], name=op.f("fk_spot_item_check_id_spot_check"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_item")),
        sa.UniqueConstraint("check_id", "capstone_id", name=op.f("uq_spot_item_check_id_capstone_id")),
    )
    with op.batch_alter_table("spot_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spot_item_check_id"), ["check_id"], unique=False)

    op.create_table(
        "capstone_paper_comment",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("paper_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["capstone_paper.id"], name=op.f("fk_capstone_paper_comment_paper_id_capstone_paper"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_paper_comment_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_paper_comment")),
    )
    with op.batch_alter_table("capstone_paper_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capstone_paper_comment_paper_id"), ["paper_id"], unique=False)

    op.create_table(
        "spot_opinion",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column(
            "verdict", sa.Enum("qualified", "unqualified", name="spotverdict", native_enum=False, create_constraint=True, length=40), nullable=True
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("stage IN (1, 2)", name=op.f("ck_spot_opinion_stage_1_or_2")),
        sa.ForeignKeyConstraint(["item_id"], ["spot_item.id"], name=op.f("fk_spot_opinion_item_id_spot_item"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_spot_opinion_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_opinion")),
        sa.UniqueConstraint("item_id", "person_id", name=op.f("uq_spot_opinion_item_id_person_id")),
    )
    with op.batch_alter_table("spot_opinion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spot_opinion_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spot_opinion_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("capstone", schema=None) as batch_op:
        _states(batch_op, STATES)
        batch_op.add_column(sa.Column("team_id", BigKey, nullable=True))
        batch_op.add_column(sa.Column("computation", Json, nullable=True))
        batch_op.add_column(sa.Column("archived_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("archive", Json, nullable=True))
        batch_op.create_index(batch_op.f("ix_capstone_team_id"), ["team_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_capstone_team_id_capstone_team"), "capstone_team", ["team_id"], ["id"], ondelete="RESTRICT")

    with op.batch_alter_table("capstone_grade", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rubric_id", BigKey, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_capstone_grade_rubric_id_capstone_rubric"), "capstone_rubric", ["rubric_id"], ["id"], ondelete="RESTRICT"
        )

    with op.batch_alter_table("capstone_paper", schema=None) as batch_op:
        batch_op.add_column(sa.Column("similarity_x10", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("returned_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("return_reason", sa.String(length=400), server_default="", nullable=False))
        batch_op.create_check_constraint(op.f("ck_capstone_paper_similarity_in_range"), "similarity_x10 BETWEEN 0 AND 1000")

    with op.batch_alter_table("capstone_topic", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposed_by_person_id", BigKey, nullable=True))
        batch_op.add_column(
            sa.Column(
                "origin",
                sa.Enum("enterprise", "teacher", "student", name="topicorigin", native_enum=False, create_constraint=True, length=40),
                server_default="enterprise",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("team_most", sa.BigInteger(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("reserved_student_id", BigKey, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_capstone_topic_reserved_student_id_student"), "student", ["reserved_student_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_capstone_topic_proposed_by_person_id_person"), "person", ["proposed_by_person_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    """Back: a result that is being looked at again becomes a graded one."""
    with op.batch_alter_table("capstone_topic", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_capstone_topic_proposed_by_person_id_person"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_capstone_topic_reserved_student_id_student"), type_="foreignkey")
        batch_op.drop_column("reserved_student_id")
        batch_op.drop_column("team_most")
        batch_op.drop_constraint(op.f("ck_capstone_topic_topicorigin"), type_="check")
        batch_op.drop_column("origin")
        batch_op.drop_column("proposed_by_person_id")

    with op.batch_alter_table("capstone_paper", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_capstone_paper_similarity_in_range"), type_="check")
        batch_op.drop_column("return_reason")
        batch_op.drop_column("returned_at")
        batch_op.drop_column("similarity_x10")

    with op.batch_alter_table("capstone_grade", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_capstone_grade_rubric_id_capstone_rubric"), type_="foreignkey")
        batch_op.drop_column("rubric_id")

    op.execute(sa.text("UPDATE capstone SET state = 'graded' WHERE state = 'moderation'"))
    with op.batch_alter_table("capstone", schema=None) as batch_op:
        _states(batch_op, BEFORE)
        batch_op.drop_constraint(batch_op.f("fk_capstone_team_id_capstone_team"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_capstone_team_id"))
        batch_op.drop_column("archive")
        batch_op.drop_column("archived_at")
        batch_op.drop_column("computation")
        batch_op.drop_column("team_id")

    with op.batch_alter_table("spot_opinion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spot_opinion_person_id"))
        batch_op.drop_index(batch_op.f("ix_spot_opinion_item_id"))

    op.drop_table("spot_opinion")
    with op.batch_alter_table("capstone_paper_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_paper_comment_paper_id"))

    op.drop_table("capstone_paper_comment")
    with op.batch_alter_table("spot_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spot_item_check_id"))

    op.drop_table("spot_item")
    with op.batch_alter_table("defence_slot", schema=None) as batch_op:
        batch_op.drop_index("uq_defence_slot_open", sqlite_where=sa.text("recorded_at IS NULL"), postgresql_where=sa.text("recorded_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_defence_slot_group_id"))
        batch_op.drop_index(batch_op.f("ix_defence_slot_capstone_id"))

    op.drop_table("defence_slot")
    with op.batch_alter_table("capstone_third_grade", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_third_grade_person_id"))

    op.drop_table("capstone_third_grade")
    with op.batch_alter_table("capstone_review", schema=None) as batch_op:
        batch_op.drop_index("uq_capstone_review_open", sqlite_where=sa.text("cancelled_at IS NULL"), postgresql_where=sa.text("cancelled_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_capstone_review_person_id"))
        batch_op.drop_index(batch_op.f("ix_capstone_review_capstone_id"))

    op.drop_table("capstone_review")
    with op.batch_alter_table("capstone_reconsideration", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_capstone_reconsideration_open", sqlite_where=sa.text("decided_at IS NULL"), postgresql_where=sa.text("decided_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_capstone_reconsideration_capstone_id"))

    op.drop_table("capstone_reconsideration")
    with op.batch_alter_table("capstone_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_link_capstone_id"))

    op.drop_table("capstone_link")
    with op.batch_alter_table("capstone_extension", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_extension_capstone_id"))

    op.drop_table("capstone_extension")
    op.drop_table("capstone_team_member")
    with op.batch_alter_table("capstone_choice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_choice_topic_id"))
        batch_op.drop_index(batch_op.f("ix_capstone_choice_student_id"))

    op.drop_table("capstone_choice")
    with op.batch_alter_table("defence_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_defence_member_person_id"))

    op.drop_table("defence_member")
    with op.batch_alter_table("capstone_team", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_team_round_id"))

    op.drop_table("capstone_team")
    with op.batch_alter_table("capstone_conflict", schema=None) as batch_op:
        batch_op.drop_index("uq_capstone_conflict_standing", sqlite_where=sa.text("lifted_at IS NULL"), postgresql_where=sa.text("lifted_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_capstone_conflict_student_id"))
        batch_op.drop_index(batch_op.f("ix_capstone_conflict_person_id"))

    op.drop_table("capstone_conflict")
    with op.batch_alter_table("supervisor_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervisor_plan_cohort_id"))

    op.drop_table("supervisor_plan")
    with op.batch_alter_table("defence_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_defence_group_secretary_id"))
        batch_op.drop_index(batch_op.f("ix_defence_group_programme_id"))

    op.drop_table("defence_group")
    with op.batch_alter_table("capstone_window", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_window_programme_id"))

    op.drop_table("capstone_window")
    with op.batch_alter_table("capstone_round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capstone_round_programme_id"))
        batch_op.drop_index(batch_op.f("ix_capstone_round_cohort_id"))

    op.drop_table("capstone_round")
    op.drop_table("capstone_rubric")
    with op.batch_alter_table("spot_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spot_check_university_id"))

    op.drop_table("spot_check")
