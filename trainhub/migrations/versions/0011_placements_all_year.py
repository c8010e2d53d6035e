"""Placements all year: plans side by side, places found by students, who gave a place up; texts, events, photos, notes,
links, ratings; inspections, interest, appraisals, conflicts

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LIVE = "uq_placement_live"


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _live(condition: str) -> None:
    """Make the unique index of live placements anew with its condition."""
    op.drop_index(LIVE, table_name="placement")
    op.create_index(
        LIVE, "placement", ["student_id", "term_id"], unique=True, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition)
    )


def _daily() -> None:
    """Agreement texts, events, photos, notes, links for mentors, ratings."""
    op.create_table(
        "mentor_link",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("mentor_id", BigKey, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_link_mentor_id_mentor"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mentor_link_token_hash")),
    )
    op.create_index(op.f("ix_mentor_link_mentor_id"), "mentor_link", ["mentor_id"])
    op.create_table(
        "agreement_text",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", _enum("agreementkind", "agreement", "amendment"), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("replaces", sa.BigInteger(), nullable=True),
        sa.Column("is_replaced", sa.Boolean(), nullable=False),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_agreement_text_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_agreement_text_placement_id_placement"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_text")),
        sa.UniqueConstraint("placement_id", "number", name=op.f("uq_agreement_text_placement_id_number")),
    )
    op.create_index(op.f("ix_agreement_text_placement_id"), "agreement_text", ["placement_id"])
    op.create_table(
        "log_photo",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_log_photo_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_log_photo_placement_id_placement"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_photo")),
    )
    op.create_index(op.f("ix_log_photo_placement_id"), "log_photo", ["placement_id"])
    op.create_table(
        "placement_event",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("kind", _enum("eventkind", "absence", "interruption", "incident", "visit"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("state", _enum("eventstate", "open", "approved", "refused", "closed"), nullable=False),
        sa.Column("reported_by", sa.String(120), nullable=False),
        sa.Column("reported_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_placement_event_until_after_since")),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_placement_event_placement_id_placement"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_event")),
    )
    op.create_index(op.f("ix_placement_event_placement_id"), "placement_event", ["placement_id"])
    op.create_table(
        "placement_rating",
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("side", _enum("raterside", "student", "enterprise"), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("rated_by_id", sa.BigInteger(), nullable=True),
        sa.Column("rated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_placement_rating_placement_id_placement"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("placement_id", "side", name=op.f("pk_placement_rating")),
    )
    op.create_table(
        "log_note",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("log_id", BigKey, nullable=False),
        sa.Column("side", _enum("noteside", "student", "mentor", "school"), nullable=False),
        sa.Column("author", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["weekly_log.id"], name=op.f("fk_log_note_log_id_weekly_log"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_note")),
    )
    op.create_index(op.f("ix_log_note_log_id"), "log_note", ["log_id"])
    with op.batch_alter_table("agreement_signature", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text_no", sa.BigInteger(), nullable=False, server_default="1"))
        batch_op.drop_constraint(op.f("uq_agreement_signature_placement_id_party"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_agreement_signature_placement_id_text_no_party"), ["placement_id", "text_no", "party"])
    with op.batch_alter_table("agreement_signature", schema=None) as batch_op:
        batch_op.alter_column("text_no", server_default=None)
    with op.batch_alter_table("base_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("latitude_e5", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("longitude_e5", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("day_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place_distance_m", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("weekly_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reviewed_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("reviewed_by_id", sa.BigInteger(), nullable=True))


def _partners() -> None:
    """Inspections with findings, interest for a year, appraisals and conflicts of mentors."""
    op.create_table(
        "base_inspection",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("base_id", BigKey, nullable=False),
        sa.Column("kind", _enum("inspectionkind", "on_site", "safety", "quality"), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("inspectors", sa.String(200), nullable=False),
        sa.Column("conclusion", _enum("conclusion", "passed", "conditional", "failed"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["organisation.id"], name=op.f("fk_base_inspection_base_id_organisation"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_base_inspection_file_id_stored_file"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_inspection")),
    )
    op.create_index(op.f("ix_base_inspection_base_id"), "base_inspection", ["base_id"])
    op.create_table(
        "enterprise_interest",
        sa.Column("enterprise_id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("is_interested", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.BigInteger(), nullable=True),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("stated_by_id", sa.BigInteger(), nullable=True),
        sa.Column("stated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["organisation.id"], name=op.f("fk_enterprise_interest_enterprise_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("enterprise_id", "year", name=op.f("pk_enterprise_interest")),
    )
    op.create_table(
        "base_finding",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("inspection_id", BigKey, nullable=False),
        sa.Column("text", sa.String(400), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("measure", sa.String(400), nullable=False),
        sa.Column("closed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["base_inspection.id"], name=op.f("fk_base_finding_inspection_id_base_inspection"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_finding")),
    )
    op.create_index(op.f("ix_base_finding_inspection_id"), "base_finding", ["inspection_id"])
    op.create_table(
        "mentor_appraisal",
        sa.Column("mentor_id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("grade", _enum("appraisalgrade", "excellent", "good", "fair", "poor"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("appraised_by_id", sa.BigInteger(), nullable=True),
        sa.Column("appraised_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_appraisal_mentor_id_mentor"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("mentor_id", "year", name=op.f("pk_mentor_appraisal")),
    )
    op.create_table(
        "mentor_conflict",
        sa.Column("mentor_id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("declared_by_id", sa.BigInteger(), nullable=True),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["mentor_id"], ["mentor.id"], name=op.f("fk_mentor_conflict_mentor_id_mentor"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_mentor_conflict_student_id_student"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("mentor_id", "student_id", name=op.f("pk_mentor_conflict")),
    )
    with op.batch_alter_table("plan_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mentor_name", sa.String(120), nullable=False, server_default=""))
    with op.batch_alter_table("plan_item", schema=None) as batch_op:
        batch_op.alter_column("mentor_name", server_default=None)
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hours_per_day", sa.BigInteger(), nullable=False, server_default="8"))
        batch_op.add_column(sa.Column("is_night_shift", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("conditions", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("unit_staff", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("post_staff", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("position", schema=None) as batch_op:
        for column in ("hours_per_day", "is_night_shift", "conditions"):
            batch_op.alter_column(column, server_default=None)


def upgrade() -> None:
    """Forward."""
    _daily()
    _partners()
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("aim", _enum("aim", "complete", "everyone"), nullable=False, server_default="complete"))
        batch_op.add_column(sa.Column("same_enterprise", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("is_mentor_bound", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.alter_column("aim", server_default=None)
        batch_op.alter_column("same_enterprise", server_default=None)
        batch_op.alter_column("is_mentor_bound", server_default=None)
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_early_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_by", _enum("withdrawalside", "student", "enterprise", "school"), nullable=True))
    _live("state <> 'withdrawn' AND ended_early_on IS NULL")
    op.create_table(
        "placement_plan",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("round_id", BigKey, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", _enum("plankind", "plan", "what_if", "repair"), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["placement_round.id"], name=op.f("fk_placement_plan_round_id_placement_round"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_plan")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_placement_plan_round_id_number")),
    )
    op.create_index(op.f("ix_placement_plan_round_id"), "placement_plan", ["round_id"])
    op.create_table(
        "self_found_place",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("term_id", BigKey, nullable=False),
        sa.Column("enterprise_name", sa.String(160), nullable=False),
        sa.Column("enterprise_code", sa.String(40), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("state", _enum("selffoundstate", "submitted", "approved", "returned", "cancelled"), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("placement_id", BigKey, nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_self_found_place_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["term_id"], ["placement_term.id"], name=op.f("fk_self_found_place_term_id_placement_term"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_self_found_place_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_self_found_place_placement_id_placement"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_found_place")),
    )
    op.create_index(op.f("ix_self_found_place_student_id"), "self_found_place", ["student_id"])
    op.create_index(op.f("ix_self_found_place_term_id"), "self_found_place", ["term_id"])


def downgrade() -> None:
    """Backward. Of placements that ended early only the last of a student's term stays a placement; the others count as withdrawn."""
    for table in ("mentor_conflict", "mentor_appraisal", "base_finding", "enterprise_interest", "base_inspection"):
        op.drop_table(table)
    for table in ("log_note", "placement_rating", "placement_event", "log_photo", "agreement_text", "mentor_link"):
        op.drop_table(table)
    for table, columns in (
        ("weekly_log", ("reviewed_by_id", "reviewed_on")),
        ("day_entry", ("place_distance_m",)),
        ("base_profile", ("longitude_e5", "latitude_e5")),
        ("position", ("post_staff", "unit_staff", "conditions", "is_night_shift", "hours_per_day")),
        ("plan_item", ("mentor_name",)),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
    op.execute(sa.text("DELETE FROM agreement_signature WHERE text_no <> 1"))
    with op.batch_alter_table("agreement_signature", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_agreement_signature_placement_id_text_no_party"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_agreement_signature_placement_id_party"), ["placement_id", "party"])
        batch_op.drop_column("text_no")
    op.drop_table("self_found_place")
    op.drop_table("placement_plan")
    op.execute(sa.text("UPDATE placement SET state = 'withdrawn' WHERE ended_early_on IS NOT NULL"))
    _live("state <> 'withdrawn'")
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_placement_withdrawalside"), type_="check")
        batch_op.drop_column("withdrawn_by")
        batch_op.drop_column("ended_early_on")
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_placement_round_aim"), type_="check")
        batch_op.drop_column("is_mentor_bound")
        batch_op.drop_column("same_enterprise")
        batch_op.drop_column("aim")
