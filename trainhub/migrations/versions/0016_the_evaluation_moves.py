"""The evaluation as a workflow, the evidence store, attainment from the marks of assessment items

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = (
    "implementing",
    "eligible",
    "applied",
    "not_accepted",
    "preparing",
    "submitted",
    "visit_scheduled",
    "visited",
    "at_association",
    "accreditation_concluded",
    "in_working_group",
    "concluded",
    "published",
    "failed",
    "withdrawn",
)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _families(*names: str) -> None:
    """Change which families a course may be of."""
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_course_family"), type_="check")
        batch_op.create_check_constraint(op.f("ck_course_family"), sa.text(f"family IN ({', '.join(repr(name) for name in names)})"))


def upgrade() -> None:
    """Forward. What carried a point before carries it with the least weight."""
    _families("general_quality", "professional", "teacher_training")
    with op.batch_alter_table("point_cover", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weight", sa.BigInteger(), nullable=False, server_default="1"))
        batch_op.create_check_constraint(op.f("ck_point_cover_weight_low_to_high"), "weight BETWEEN 1 AND 3")
    with op.batch_alter_table("point_cover", schema=None) as batch_op:
        batch_op.alter_column("weight", server_default=None)
    op.create_table(
        "assessment_objective",
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("objective_id", BigKey, nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("share BETWEEN 1 AND 100", name=op.f("ck_assessment_objective_share_in_range")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_assessment_item.id"], name=op.f("fk_assessment_objective_item_id_course_assessment_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["objective_id"], ["course_objective.id"], name=op.f("fk_assessment_objective_objective_id_course_objective"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("item_id", "objective_id", name=op.f("pk_assessment_objective")),
    )
    op.create_index(op.f("ix_assessment_objective_objective_id"), "assessment_objective", ["objective_id"])
    op.create_table(
        "assessment_score",
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("score_x10", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name=op.f("ck_assessment_score_score_in_range")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["course_assessment_item.id"], name=op.f("fk_assessment_score_item_id_course_assessment_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_assessment_score_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("item_id", "student_id", name=op.f("pk_assessment_score")),
    )
    op.create_index(op.f("ix_assessment_score_student_id"), "assessment_score", ["student_id"])
    op.create_table(
        "evaluation_application",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("open_key", sa.BigInteger(), nullable=True),
        sa.Column("previous_id", BigKey, nullable=True),
        sa.Column("route", _enum("route", "joint", "evaluation_only"), nullable=False),
        sa.Column("state", _enum("state", *STATES), nullable=False),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("has_prerequisite", sa.Boolean(), nullable=False),
        sa.Column("reapply_from", sa.Date(), nullable=True),
        sa.Column("petoe_passage", sa.String(200), nullable=False),
        sa.Column("no_centre_reason", sa.String(400), nullable=False),
        sa.Column("visit_starts_on", sa.Date(), nullable=True),
        sa.Column("visit_ends_on", sa.Date(), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("sent_to_association_at", UtcDateTime(), nullable=True),
        sa.Column("verdict", _enum("verdict", "ACCREDITED_SPECIAL_MET", "ACCREDITED_SPECIAL_NOT_MET", "NOT_ACCREDITED"), nullable=True),
        sa.Column("special_result", sa.String(20), nullable=False),
        sa.Column("decision_id", BigKey, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("open_key IS NULL OR open_key = programme_id", name=op.f("ck_evaluation_application_open_key_is_programme")),
        sa.CheckConstraint(
            "visit_ends_on IS NULL OR visit_ends_on >= visit_starts_on", name=op.f("ck_evaluation_application_visit_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["evaluation_decision.id"], name=op.f("fk_evaluation_application_decision_id_evaluation_decision"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_application_previous_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_evaluation_application_programme_id_programme"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_application")),
        sa.UniqueConstraint("open_key", name=op.f("uq_evaluation_application_open_key")),
    )
    op.create_index(op.f("ix_evaluation_application_decision_id"), "evaluation_application", ["decision_id"])
    op.create_index(op.f("ix_evaluation_application_previous_id"), "evaluation_application", ["previous_id"])
    op.create_index(op.f("ix_evaluation_application_programme_id"), "evaluation_application", ["programme_id"])
    op.create_index(op.f("ix_evaluation_application_state"), "evaluation_application", ["state"])
    op.create_table(
        "evaluation_step",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column(
            "event",
            _enum(
                "event",
                "become_eligible",
                "apply",
                "apply_alone",
                "refuse",
                "apply_next_year",
                "accept",
                "submit",
                "schedule_visit",
                "end_visit",
                "send_to_association",
                "conclude_accreditation",
                "send_to_group",
                "send_alone",
                "conclude",
                "publish",
                "fail",
                "apply_again",
                "withdraw",
            ),
            nullable=False,
        ),
        sa.Column("from_state", _enum("from_state", *STATES), nullable=False),
        sa.Column("to_state", _enum("to_state", *STATES), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("documents", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_step_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_step")),
    )
    op.create_index(op.f("ix_evaluation_step_application_id"), "evaluation_step", ["application_id"])
    op.create_table(
        "evaluation_document",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            _enum("documentkind", "self_report", "supplementary_report", "visit_form", "accreditation_visit_report", "accreditation_conclusion"),
            nullable=False,
        ),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("is_generated", sa.Boolean(), nullable=False),
        sa.Column("handed_in_by", sa.String(200), nullable=False),
        sa.Column("handed_in_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_document_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_evaluation_document_file_id_stored_file"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_document")),
        sa.UniqueConstraint("application_id", "kind", "edition", name=op.f("uq_evaluation_document_application_id_kind_edition")),
    )
    op.create_table(
        "evaluation_visit_item",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column(
            "kind", _enum("visititemkind", "interview_student", "interview_teacher", "interview_head", "centre_visit", "other"), nullable=False
        ),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("starts", sa.String(5), nullable=False),
        sa.Column("ends", sa.String(5), nullable=False),
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("persons", sa.String(300), nullable=False),
        sa.Column("base_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_visit_item_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["base_id"], ["organisation.id"], name=op.f("fk_evaluation_visit_item_base_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_visit_item")),
    )
    op.create_index(op.f("ix_evaluation_visit_item_application_id"), "evaluation_visit_item", ["application_id"])
    op.create_index(op.f("ix_evaluation_visit_item_base_id"), "evaluation_visit_item", ["base_id"])
    op.create_table(
        "evaluation_expert",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", UtcDateTime(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=True),
        sa.Column("has_conflict", sa.Boolean(), nullable=False),
        sa.Column("conflict", sa.String(400), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(400), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_evaluation_expert_account_id_account"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_expert_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_expert")),
        sa.UniqueConstraint("application_id", "account_id", name=op.f("uq_evaluation_expert_application_id_account_id")),
    )
    op.create_index(op.f("ix_evaluation_expert_account_id"), "evaluation_expert", ["account_id"])
    op.create_table(
        "evaluation_opinion",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("expert_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(6), nullable=False),
        sa.Column("opinion", _enum("opinion", "met", "not_met", "unclear"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["evaluation_expert.id"], name=op.f("fk_evaluation_opinion_expert_id_evaluation_expert"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_opinion")),
    )
    op.create_index("ix_evaluation_opinion_latest", "evaluation_opinion", ["expert_id", "criterion", "id"])
    op.create_table(
        "evaluation_consensus",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("criterion", sa.String(6), nullable=False),
        sa.Column("opinion", _enum("opinion", "met", "not_met", "unclear"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("was_disputed", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_consensus_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_consensus")),
    )
    op.create_index("ix_evaluation_consensus_latest", "evaluation_consensus", ["application_id", "criterion", "id"])
    op.create_table(
        "evaluation_publication",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(120), nullable=False),
        sa.Column("published_by", sa.String(200), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_publication")),
        sa.UniqueConstraint("year", name=op.f("uq_evaluation_publication_year")),
    )
    op.create_table(
        "evaluation_listed",
        sa.Column("publication_id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("university", sa.String(200), nullable=False),
        sa.Column("programme", sa.String(120), nullable=False),
        sa.Column("honour", sa.String(20), nullable=False),
        sa.Column("accredited_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_evaluation_listed_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["evaluation_publication.id"],
            name=op.f("fk_evaluation_listed_publication_id_evaluation_publication"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("publication_id", "application_id", name=op.f("pk_evaluation_listed")),
        sa.UniqueConstraint("application_id", name=op.f("uq_evaluation_listed_application_id")),
    )
    op.create_table(
        "evidence_item",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("provided_by", sa.String(120), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawal_reason", sa.String(400), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name=op.f("ck_evidence_item_until_after_from")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_evidence_item_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_item")),
    )
    op.create_index(op.f("ix_evidence_item_programme_id"), "evidence_item", ["programme_id"])
    op.create_table(
        "evidence_code",
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["evidence_item.id"], name=op.f("fk_evidence_code_item_id_evidence_item"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("item_id", "code", name=op.f("pk_evidence_code")),
    )
    op.create_index(op.f("ix_evidence_code_code"), "evidence_code", ["code"])
    op.create_table(
        "evidence_version",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("item_id", BigKey, nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("uploaded_by", sa.String(200), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_evidence_version_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["item_id"], ["evidence_item.id"], name=op.f("fk_evidence_version_item_id_evidence_item"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_version")),
        sa.UniqueConstraint("item_id", "edition", name=op.f("uq_evidence_version_item_id_edition")),
    )
    op.create_table(
        "frozen_evidence",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("item_id", BigKey, nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_frozen_evidence_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_frozen_evidence_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["item_id"], ["evidence_item.id"], name=op.f("fk_frozen_evidence_item_id_evidence_item"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_evidence")),
        sa.UniqueConstraint("application_id", "code", "position", name=op.f("uq_frozen_evidence_application_id_code_position")),
    )
    op.create_index(op.f("ix_frozen_evidence_application_id"), "frozen_evidence", ["application_id"])
    op.create_index(op.f("ix_frozen_evidence_item_id"), "frozen_evidence", ["item_id"])
    op.create_table(
        "report_text",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("section", sa.String(4), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pointer", sa.String(200), nullable=False),
        sa.Column("examples", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(200), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_report_text_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_text")),
        sa.UniqueConstraint("programme_id", "section", name=op.f("uq_report_text_programme_id_section")),
    )
    op.create_table(
        "readiness_day",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("statuses", Json, nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("remembered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_readiness_day_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_day")),
        sa.UniqueConstraint("programme_id", "on_day", name=op.f("uq_readiness_day_programme_id_on_day")),
    )


def downgrade() -> None:
    """Back: the history of applications and the evidence store are lost; courses for teachers become professional ones."""
    op.execute(sa.text("UPDATE course SET family = 'professional' WHERE family = 'teacher_training'"))
    _families("general_quality", "professional")
    for table in (
        "readiness_day",
        "report_text",
        "frozen_evidence",
        "evidence_version",
        "evidence_code",
        "evidence_item",
        "evaluation_listed",
        "evaluation_publication",
        "evaluation_consensus",
        "evaluation_opinion",
        "evaluation_expert",
        "evaluation_visit_item",
        "evaluation_document",
        "evaluation_step",
        "evaluation_application",
        "assessment_score",
        "assessment_objective",
    ):
        op.drop_table(table)
    with op.batch_alter_table("point_cover", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_point_cover_weight_low_to_high"), type_="check")
        batch_op.drop_column("weight")
