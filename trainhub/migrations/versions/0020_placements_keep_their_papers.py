"""Papers of placements, what the rules ask of a post, hard continuity of a round, a base's level, money and terms

Revision ID: 0020
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None

SWITCHES = ("is_through_agency", "takes_fees", "is_unfit_for_minors", "is_unfit_for_women", "is_hard_labour")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Forward. What nobody said of a post yet counts as no."""
    op.create_table(
        "placement_paper",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("kind", _enum("paperkind", "insurance", "consent", "safety", "other"), nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.Column("added_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_placement_paper_placement_id_placement"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_placement_paper_file_id_stored_file"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_paper")),
    )
    op.create_index(op.f("ix_placement_paper_placement_id"), "placement_paper", ["placement_id"])
    op.create_table(
        "base_period",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("base_id", BigKey, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("facilities", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_base_period_until_after_since")),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_base_period_capacity_not_negative")),
        sa.ForeignKeyConstraint(["base_id"], ["organisation.id"], name=op.f("fk_base_period_base_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_period")),
    )
    op.create_index(op.f("ix_base_period_base_id"), "base_period", ["base_id"])
    with op.batch_alter_table("base_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("level", _enum("baselevel", "national", "provincial", "city", "school", "enterprise"), nullable=True))
        batch_op.add_column(sa.Column("school_invested_fen", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("enterprise_invested_fen", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pay_fen", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("post_pay_fen", sa.BigInteger(), nullable=True))
        for name in SWITCHES:
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("position", schema=None) as batch_op:
        for name in SWITCHES:
            batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_one_enterprise", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.alter_column("is_one_enterprise", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("placement_round", schema=None) as batch_op:
        batch_op.drop_column("is_one_enterprise")
    with op.batch_alter_table("position", schema=None) as batch_op:
        for name in (*reversed(SWITCHES), "post_pay_fen", "pay_fen"):
            batch_op.drop_column(name)
    with op.batch_alter_table("base_profile", schema=None) as batch_op:
        for name in ("enterprise_invested_fen", "school_invested_fen"):
            batch_op.drop_column(name)
        batch_op.drop_constraint(op.f("ck_base_profile_baselevel"), type_="check")
        batch_op.drop_column("level")
    op.drop_table("base_period")
    op.drop_table("placement_paper")
