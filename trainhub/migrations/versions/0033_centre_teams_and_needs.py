"""The team of a practice centre and what a year costs: facts for two criteria that had none (PETOE-6.4, 10.4)

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PURPOSES = ("teaching_reform", "courses", "textbooks", "teacher_training", "teacher_hiring", "joint_training", "international", "practice")
ROLES = ("faculty", "technician", "manager")


def upgrade() -> None:
    """Forward. Both registers begin empty."""
    op.create_table(
        "budget_need",
        sa.Column("id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Enum(*PURPOSES, name="budgetpurpose", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("need_fen", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(300), nullable=False),
        sa.CheckConstraint("need_fen >= 0", name=op.f("ck_budget_need_need_not_negative")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_budget_need_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_need")),
        sa.UniqueConstraint("programme_id", "year", "purpose", name=op.f("uq_budget_need_programme_id_year_purpose")),
    )
    op.create_index(op.f("ix_budget_need_programme_id"), "budget_need", ["programme_id"])
    op.create_table(
        "centre_mentor",
        sa.Column("id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("base_id", KEY, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.Enum(*ROLES, name="centrerole", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("post", sa.String(100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_centre_mentor_until_after_since")),
        sa.ForeignKeyConstraint(["base_id"], ["organisation.id"], name=op.f("fk_centre_mentor_base_id_organisation"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_centre_mentor_programme_id_programme"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_mentor")),
        sa.UniqueConstraint("programme_id", "base_id", "name", "role", "since", name=op.f("uq_centre_mentor_programme_id_base_id_name_role_since")),
    )
    for column in ("base_id", "programme_id"):
        op.create_index(op.f(f"ix_centre_mentor_{column}"), "centre_mentor", [column])


def downgrade() -> None:
    """Back. What was entered is lost."""
    op.drop_table("centre_mentor")
    op.drop_table("budget_need")
