"""Print runs in files with their blanks; batches to approve, templates, signing keys, links of holders; more kinds

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = ("completion", "placement", "capstone", "programme")
KINDS = (*BEFORE, "training", "mentor", "exam")
NUMBERED = ("certificate", "certificate_counter", "print_run")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _kinds(after: tuple[str, ...]) -> None:
    """Change what the check on `kind` allows."""
    quoted = ", ".join(f"'{one}'" for one in after)
    for table in NUMBERED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_kind"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_{table}_kind"), sa.text(f"kind IN ({quoted})"))


def upgrade() -> None:
    """Forward. Runs drawn before, a choice and its files, are not kept: the certificates stay, and are printed by a new run."""
    _kinds(KINDS)
    op.execute(sa.text("DELETE FROM print_item"))
    op.execute(sa.text("DELETE FROM print_run"))
    with op.batch_alter_table("print_run", schema=None) as batch_op:
        batch_op.drop_column("files")
        batch_op.add_column(sa.Column("chunk_pages", sa.BigInteger(), nullable=False))
        batch_op.add_column(sa.Column("mode", _enum("printmode", "full", "overprint"), nullable=False))
        batch_op.add_column(sa.Column("bleed_mm", sa.BigInteger(), nullable=False))
        batch_op.add_column(sa.Column("has_marks", sa.Boolean(), nullable=False))
        batch_op.add_column(sa.Column("settled_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("settled_by_id", sa.BigInteger(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_print_run_bleed_small"), "bleed_mm BETWEEN 0 AND 10")
    with op.batch_alter_table("print_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("base", sa.String(200), nullable=False))
        batch_op.add_column(sa.Column("class_name", sa.String(200), nullable=False))
        batch_op.add_column(sa.Column("page", sa.BigInteger(), nullable=True))
    op.create_table(
        "print_chunk",
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["print_run.id"], name=op.f("fk_print_chunk_run_id_print_run"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("run_id", "place", name=op.f("pk_print_chunk")),
    )
    op.create_table(
        "blank_sheet",
        sa.Column("serial", sa.String(30), nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("state", _enum("sheetstate", "taken", "used", "spoiled", "returned"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("by_account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["print_run.id"], name=op.f("fk_blank_sheet_run_id_print_run"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_blank_sheet")),
    )
    op.create_index("ix_blank_sheet_run", "blank_sheet", ["run_id", "state", "serial"])
    op.create_table(
        "issue_batch",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("kind", _enum("kind", *KINDS), nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("source", _enum("batchsource", "selection", "import"), nullable=False),
        sa.Column("issuer_id", BigKey, nullable=False),
        sa.Column("state", _enum("batchstate", "prepared", "approved", "rejected", "issued"), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("job_id", BigKey, nullable=True),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_issue_batch_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["issuer_id"], ["organisation.id"], name=op.f("fk_issue_batch_issuer_id_organisation"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_issue_batch_job_id_job"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_batch")),
    )
    op.create_index(op.f("ix_issue_batch_issuer_id"), "issue_batch", ["issuer_id"])
    op.create_table(
        "issue_item",
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("asked_key", sa.String(160), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("note", sa.String(60), nullable=False),
        sa.Column("certificate_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["issue_batch.id"], name=op.f("fk_issue_item_batch_id_issue_batch"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_issue_item_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_issue_item_certificate_id_certificate"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_issue_item")),
    )
    op.create_index(op.f("ix_issue_item_person_id"), "issue_item", ["person_id"])
    op.create_index(op.f("ix_issue_item_certificate_id"), "issue_item", ["certificate_id"])
    op.create_table(
        "certificate_template",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("code", sa.String(30), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("kind", _enum("kind", *KINDS), nullable=False),
        sa.Column("state", _enum("templatestate", "draft", "submitted", "approved", "retired"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_template")),
        sa.UniqueConstraint("code", "edition", name=op.f("uq_certificate_template_code_edition")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("public", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("leaked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("public", name=op.f("uq_signing_key_public")),
    )
    op.create_table(
        "certificate_share",
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("certificate_id", BigKey, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_share_certificate_id_certificate"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_certificate_share")),
    )
    op.create_index(op.f("ix_certificate_share_certificate_id"), "certificate_share", ["certificate_id"])


def downgrade() -> None:
    """Back; certificates of the new kinds stand in the way."""
    for table in ("certificate_share", "signing_key", "certificate_template", "issue_item", "issue_batch", "blank_sheet", "print_chunk"):
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM print_item"))
    op.execute(sa.text("DELETE FROM print_run"))
    with op.batch_alter_table("print_item", schema=None) as batch_op:
        for column in ("base", "class_name", "page"):
            batch_op.drop_column(column)
    with op.batch_alter_table("print_run", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_print_run_bleed_small"), type_="check")
        batch_op.drop_constraint(op.f("ck_print_run_printmode"), type_="check")
        for column in ("chunk_pages", "mode", "bleed_mm", "has_marks", "settled_at", "settled_by_id"):
            batch_op.drop_column(column)
        batch_op.add_column(sa.Column("files", Json, nullable=False))
    _kinds(BEFORE)
