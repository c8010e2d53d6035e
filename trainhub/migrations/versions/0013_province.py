"""Province: reports, surveys, talents, subsidies, steps and pools of awards, closings and reviews of goals

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "credit_listing",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_listing")),
        sa.UniqueConstraint("uscc", "since", name=op.f("uq_credit_listing_uscc_since")),
    )
    with op.batch_alter_table("credit_listing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_listing_uscc"), ["uscc"], unique=False)

    op.create_table(
        "fund_pool",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind", sa.Enum("integrated", "new", "department", name="poolkind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("planned_fen", sa.BigInteger(), nullable=False),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("planned_fen > 0", name=op.f("ck_fund_pool_planned_positive")),
        sa.CheckConstraint("spent_fen >= 0 AND spent_fen <= planned_fen", name=op.f("ck_fund_pool_not_overdrawn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_pool")),
        sa.UniqueConstraint("year", "name", name=op.f("uq_fund_pool_year_name")),
    )
    op.create_table(
        "shortage_item",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("post", sa.String(length=120), nullable=False),
        sa.Column("key_field_no", sa.BigInteger(), nullable=True),
        sa.Column("urgency", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("requirement", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("urgency BETWEEN 1 AND 3", name=op.f("ck_shortage_item_urgency_1_to_3")),
        sa.CheckConstraint("wanted >= 0", name=op.f("ck_shortage_item_wanted_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortage_item")),
        sa.UniqueConstraint("year", "code", name=op.f("uq_shortage_item_year_code")),
    )
    op.create_table(
        "subsidy_rate",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("course", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_subsidy_rate_amount_positive")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_subsidy_rate_until_after_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_rate")),
    )
    op.create_table(
        "survey",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum("demand", "graduates", name="surveykind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_survey_closes_after_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("kind", "year", name=op.f("uq_survey_kind_year")),
    )
    op.create_table(
        "company_figure",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_company_figure_organisation_id_organisation"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_figure")),
    )
    with op.batch_alter_table("company_figure", schema=None) as batch_op:
        batch_op.create_index("ix_company_figure_of", ["organisation_id", "key", "year", "id"], unique=False)

    op.create_table(
        "credit_check",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("checked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_credit_check_organisation_id_organisation"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_check")),
    )
    with op.batch_alter_table("credit_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_check_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "demand_answer",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("survey_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("key_field_no", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("staff_senior", sa.BigInteger(), nullable=False),
        sa.Column("staff_outside", sa.BigInteger(), nullable=False),
        sa.Column("mean_pay_yuan", sa.BigInteger(), nullable=True),
        sa.Column("needed_managers", sa.BigInteger(), nullable=False),
        sa.Column("needed_engineers", sa.BigInteger(), nullable=False),
        sa.Column("needed_skilled", sa.BigInteger(), nullable=False),
        sa.Column("needed_three_years", sa.BigInteger(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("vocational", "bachelor", "master", "doctor", name="degreelevel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("hard_posts", sa.String(length=200), nullable=False),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("key_field_no BETWEEN 1 AND 10", name=op.f("ck_demand_answer_ten_fields")),
        sa.CheckConstraint("needed_managers >= 0 AND needed_engineers >= 0 AND needed_skilled >= 0", name=op.f("ck_demand_answer_not_negative")),
        sa.CheckConstraint(
            "needed_three_years >= needed_managers + needed_engineers + needed_skilled", name=op.f("ck_demand_answer_three_years_hold_one")
        ),
        sa.CheckConstraint("staff_senior BETWEEN 0 AND staff AND staff_outside BETWEEN 0 AND staff", name=op.f("ck_demand_answer_parts_of_staff")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_demand_answer_organisation_id_organisation"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_demand_answer_survey_id_survey"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_answer")),
        sa.UniqueConstraint("survey_id", "organisation_id", "key_field_no", name=op.f("uq_demand_answer_survey_id_organisation_id_key_field_no")),
    )
    with op.batch_alter_table("demand_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_demand_answer_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "exam_pass",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("exam", sa.Enum("software", "telecom", name="examkind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column(
            "level",
            sa.Enum("junior", "intermediate", "senior", name="examlevel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("certificate_no", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("id_number_hash", sa.String(length=64), nullable=False),
        sa.Column("id_mask", sa.String(length=40), nullable=False),
        sa.Column("person_id", BigKey, nullable=True),
        sa.Column("passed_on", sa.Date(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_pass_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_pass")),
        sa.UniqueConstraint("certificate_no", name=op.f("uq_exam_pass_certificate_no")),
    )
    with op.batch_alter_table("exam_pass", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_pass_id_number_hash"), ["id_number_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_pass_person_id"), ["person_id"], unique=False)

    op.create_table(
        "goal_figure",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(length=400), nullable=False),
        sa.Column("reported_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_goal_figure_value_not_negative")),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_figure_goal_id_goal"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_goal_figure_region_code_region"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_figure")),
    )
    with op.batch_alter_table("goal_figure", schema=None) as batch_op:
        batch_op.create_index("ix_goal_figure_of", ["goal_id", "region_code", "on_day", "id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "contribution",
                "csr",
                "talent",
                "demand",
                "outcome",
                "university",
                "quality",
                "scorecard",
                name="reportkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("asked", "made", "published", "failed", name="reportstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("document", Json, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("published_by_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_report_until_after_since")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_report_organisation_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "subsidy_claim",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "sampled",
                "approved",
                "paid",
                "rejected",
                name="claimstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("left_out_claimed", sa.BigInteger(), nullable=False),
        sa.Column("left_out_twice", sa.BigInteger(), nullable=False),
        sa.Column("left_out_no_rate", sa.BigInteger(), nullable=False),
        sa.Column("item_count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("sample_percent", sa.BigInteger(), nullable=True),
        sa.Column("sample_seed", sa.BigInteger(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("pool_id", BigKey, nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("payment_reference", sa.String(length=120), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_subsidy_claim_until_after_since")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_subsidy_claim_organisation_id_organisation"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["fund_pool.id"], name=op.f("fk_subsidy_claim_pool_id_fund_pool"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_claim")),
    )
    with op.batch_alter_table("subsidy_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subsidy_claim_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subsidy_claim_state"), ["state"], unique=False)

    op.create_table(
        "talent",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("part_time_mentor", "high_level", "leading", name="talentkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "nominated", "reviewed", "recognised", "rejected", "ended", name="talentstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("employer_id", BigKey, nullable=True),
        sa.Column("nominated_by_org_id", BigKey, nullable=True),
        sa.Column("post", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("key_field_no", sa.BigInteger(), nullable=True),
        sa.Column("shortage_id", BigKey, nullable=True),
        sa.Column(
            "origin",
            sa.Enum("fujian", "china", "taiwan", "abroad", name="origin", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("former_employer", sa.String(length=200), nullable=False),
        sa.Column("rank_world", sa.BigInteger(), nullable=True),
        sa.Column("rank_china", sa.BigInteger(), nullable=True),
        sa.Column("years_there", sa.BigInteger(), nullable=True),
        sa.Column("is_mid_senior", sa.Boolean(), nullable=True),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("merits", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("nominated_on", sa.Date(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("nominated_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("key_field_no IS NULL OR key_field_no BETWEEN 1 AND 10", name=op.f("ck_talent_ten_fields")),
        sa.ForeignKeyConstraint(["employer_id"], ["organisation.id"], name=op.f("fk_talent_employer_id_organisation"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["nominated_by_org_id"], ["organisation.id"], name=op.f("fk_talent_nominated_by_org_id_organisation"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_talent_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["shortage_id"], ["shortage_item.id"], name=op.f("fk_talent_shortage_id_shortage_item"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talent")),
    )
    with op.batch_alter_table("talent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_talent_nominated_by_org_id"), ["nominated_by_org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_talent_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_talent_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_talent_live",
            ["person_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state IN ('nominated', 'reviewed', 'recognised')"),
            postgresql_where=sa.text("state IN ('nominated', 'reviewed', 'recognised')"),
        )

    op.create_table(
        "award_step",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("award_id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum("check", "inspection", name="stepkind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("is_positive", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("people", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_step_award_id_award"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_step")),
    )
    with op.batch_alter_table("award_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_award_step_award_id"), ["award_id"], unique=False)

    op.create_table(
        "goal_closing",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("snapshot_id", BigKey, nullable=True),
        sa.Column("closed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("reopened_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reopened_at", UtcDateTime(), nullable=True),
        sa.Column("reopening_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_closing_goal_id_goal"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["goal_snapshot.id"], name=op.f("fk_goal_closing_snapshot_id_goal_snapshot"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_closing")),
    )
    with op.batch_alter_table("goal_closing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_goal_closing_goal_id"), ["goal_id"], unique=False)

    op.create_table(
        "goal_review",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column(
            "kind", sa.Enum("midterm", "yearly", "final", name="reviewkind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("snapshot_id", BigKey, nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("reviewed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_review_goal_id_goal"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["goal_snapshot.id"], name=op.f("fk_goal_review_snapshot_id_goal_snapshot"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_review")),
    )
    with op.batch_alter_table("goal_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_goal_review_goal_id"), ["goal_id"], unique=False)

    op.create_table(
        "subsidy_item",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("claim_id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("record_id", BigKey, nullable=False),
        sa.Column("course", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("claimed", "refused", "paid", "clawed_back", name="itemstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("is_sampled", sa.Boolean(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("checked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("clawed_back_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["subsidy_claim.id"], name=op.f("fk_subsidy_item_claim_id_subsidy_claim"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subsidy_item_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["record_id"], ["training_record.id"], name=op.f("fk_subsidy_item_record_id_training_record"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_item")),
    )
    with op.batch_alter_table("subsidy_item", schema=None) as batch_op:
        batch_op.create_index("ix_subsidy_item_claim", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_subsidy_item_record", ["record_id"], unique=False)
        batch_op.create_index(
            "uq_subsidy_item_live",
            ["person_id", "course"],
            unique=True,
            sqlite_where=sa.text("state IN ('claimed', 'paid')"),
            postgresql_where=sa.text("state IN ('claimed', 'paid')"),
        )

    op.create_table(
        "graduate_answer",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("survey_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "employed", "startup", "studying", "seeking", "other", name="graduatestatus", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("employer", sa.String(length=200), nullable=False),
        sa.Column("is_in_fujian", sa.Boolean(), nullable=True),
        sa.Column("is_in_field", sa.Boolean(), nullable=True),
        sa.Column(
            "pay",
            sa.Enum(
                "under_4", "from_4", "from_6", "from_8", "from_12", "untold", name="payband", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("satisfaction", sa.BigInteger(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("satisfaction IS NULL OR satisfaction BETWEEN 1 AND 5", name=op.f("ck_graduate_answer_one_to_five")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_graduate_answer_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_graduate_answer_survey_id_survey"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_graduate_answer")),
        sa.UniqueConstraint("survey_id", "student_id", name=op.f("uq_graduate_answer_survey_id_student_id")),
    )
    with op.batch_alter_table("graduate_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_graduate_answer_student_id"), ["student_id"], unique=False)

    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pool_id", BigKey, nullable=True))
        batch_op.add_column(sa.Column("published_on", sa.Date(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_award_pool_id_fund_pool"), "fund_pool", ["pool_id"], ["id"], ondelete="RESTRICT")


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_award_pool_id_fund_pool"), type_="foreignkey")
        batch_op.drop_column("published_on")
        batch_op.drop_column("pool_id")

    with op.batch_alter_table("graduate_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_graduate_answer_student_id"))

    op.drop_table("graduate_answer")
    with op.batch_alter_table("subsidy_item", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_subsidy_item_live", sqlite_where=sa.text("state IN ('claimed', 'paid')"), postgresql_where=sa.text("state IN ('claimed', 'paid')")
        )
        batch_op.drop_index("ix_subsidy_item_record")
        batch_op.drop_index("ix_subsidy_item_claim")

    op.drop_table("subsidy_item")
    with op.batch_alter_table("goal_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_goal_review_goal_id"))

    op.drop_table("goal_review")
    with op.batch_alter_table("goal_closing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_goal_closing_goal_id"))

    op.drop_table("goal_closing")
    with op.batch_alter_table("award_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_award_step_award_id"))

    op.drop_table("award_step")
    with op.batch_alter_table("talent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_talent_live",
            sqlite_where=sa.text("state IN ('nominated', 'reviewed', 'recognised')"),
            postgresql_where=sa.text("state IN ('nominated', 'reviewed', 'recognised')"),
        )
        batch_op.drop_index(batch_op.f("ix_talent_state"))
        batch_op.drop_index(batch_op.f("ix_talent_person_id"))
        batch_op.drop_index(batch_op.f("ix_talent_nominated_by_org_id"))

    op.drop_table("talent")
    with op.batch_alter_table("subsidy_claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subsidy_claim_state"))
        batch_op.drop_index(batch_op.f("ix_subsidy_claim_organisation_id"))

    op.drop_table("subsidy_claim")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_report_kind"))

    op.drop_table("report")
    with op.batch_alter_table("goal_figure", schema=None) as batch_op:
        batch_op.drop_index("ix_goal_figure_of")

    op.drop_table("goal_figure")
    with op.batch_alter_table("exam_pass", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exam_pass_person_id"))
        batch_op.drop_index(batch_op.f("ix_exam_pass_id_number_hash"))

    op.drop_table("exam_pass")
    with op.batch_alter_table("demand_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_demand_answer_organisation_id"))

    op.drop_table("demand_answer")
    with op.batch_alter_table("credit_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_check_organisation_id"))

    op.drop_table("credit_check")
    with op.batch_alter_table("company_figure", schema=None) as batch_op:
        batch_op.drop_index("ix_company_figure_of")

    op.drop_table("company_figure")
    op.drop_table("survey")
    op.drop_table("subsidy_rate")
    op.drop_table("shortage_item")
    op.drop_table("fund_pool")
    with op.batch_alter_table("credit_listing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_listing_uscc"))

    op.drop_table("credit_listing")
