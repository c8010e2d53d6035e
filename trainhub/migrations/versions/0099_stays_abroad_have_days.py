"""Stays abroad and degrees are rows that somebody verifies; a joint programme says whether credits are recognised; a verdict keeps its validity

Revision ID: 0099
Revises: 0098
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: the months that were a number stay with the teacher, are shown as unverified and count no more; of credits nobody has said anything yet. What was
    decided before is looked up for its day, as it was."""
    op.create_table(
        "person_stay",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum("university", "enterprise", name="staykind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("organisation_name", sa.String(200), nullable=False),
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("verified_by_id", sa.BigInteger(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("verified_basis", sa.String(200), nullable=False),
        sa.Column("evidence_file_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_stay_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["evidence_file_id"], ["stored_file.id"], name=op.f("fk_person_stay_evidence_file_id_stored_file"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_stay")),
        sa.CheckConstraint("until >= since", name=op.f("ck_person_stay_until_after_since")),
    )
    op.create_index(op.f("ix_person_stay_person_id"), "person_stay", ["person_id"])
    op.create_table(
        "person_degree",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("degree", sa.Enum("bachelor", "master", "doctor", name="degree", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("university_name", sa.String(200), nullable=False),
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("field", sa.String(120), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.Column("verified_by_id", sa.BigInteger(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("verified_basis", sa.String(200), nullable=False),
        sa.Column("evidence_file_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_degree_person_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["evidence_file_id"], ["stored_file.id"], name=op.f("fk_person_degree_evidence_file_id_stored_file"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_degree")),
    )
    op.create_index(op.f("ix_person_degree_person_id"), "person_degree", ["person_id"])
    op.add_column("intl_programme", sa.Column("recognises_credits", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("evaluation_decision", sa.Column("accredited_until", sa.Date(), nullable=True))
    op.add_column("evaluation_decision", sa.Column("university", sa.String(200), nullable=False, server_default=""))
    op.add_column("evaluation_decision", sa.Column("programme", sa.String(120), nullable=False, server_default=""))


def downgrade() -> None:
    """Back."""
    for name in ("programme", "university", "accredited_until"):
        op.drop_column("evaluation_decision", name)
    op.drop_column("intl_programme", "recognises_credits")
    op.drop_index(op.f("ix_person_degree_person_id"), "person_degree")
    op.drop_table("person_degree")
    op.drop_index(op.f("ix_person_stay_person_id"), "person_stay")
    op.drop_table("person_stay")
