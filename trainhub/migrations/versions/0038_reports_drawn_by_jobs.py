"""The supplementary report is drawn by a job and kept as a file

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "report_drawing",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("application_id", BigKey, nullable=True),
        sa.Column("form", sa.Enum("docx", "pdf", name="paperform", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["evaluation_application.id"],
            name=op.f("fk_report_drawing_application_id_evaluation_application"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_report_drawing_file_id_stored_file"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_report_drawing_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_drawing")),
    )
    op.create_index(op.f("ix_report_drawing_application_id"), "report_drawing", ["application_id"])
    op.create_index(op.f("ix_report_drawing_file_id"), "report_drawing", ["file_id"])
    op.create_index(op.f("ix_report_drawing_programme_id"), "report_drawing", ["programme_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("report_drawing")
