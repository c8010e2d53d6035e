"""Money for recognised talent, to its end (FJ-15b, FJ-15d); figures of bases as they were; reports in a chosen language

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

STANDS = sa.text("state IN ('conference', 'decided', 'paid')")
STATES = ("draft", "applied", "recognised", "accepted", "conference", "decided", "paid", "closed", "rejected", "revoked")


def upgrade() -> None:
    """Forward. Reports made before are in Chinese; what figures of bases were before is not known: they count as they are."""
    op.create_table(
        "talent_award",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("talent_id", BigKey, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="awardstate", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("judgement", sa.String(length=400), nullable=False),
        sa.Column("conference_minutes", sa.Text(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("payment_reference", sa.String(length=120), nullable=False),
        sa.Column("pool_id", BigKey, nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_talent_award_amount_positive")),
        sa.ForeignKeyConstraint(["talent_id"], ["talent.id"], name=op.f("fk_talent_award_talent_id_talent"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["pool_id"], ["fund_pool.id"], name=op.f("fk_talent_award_pool_id_fund_pool"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talent_award")),
    )
    op.create_index(op.f("ix_talent_award_talent_id"), "talent_award", ["talent_id"])
    op.create_index(op.f("ix_talent_award_state"), "talent_award", ["state"])
    op.create_index(
        "uq_talent_award_year", "talent_award", ["talent_id", "rule", "year"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS
    )
    op.create_table(
        "base_figure_past",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("base_id", BigKey, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("replaced_by_id", sa.BigInteger(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["organisation.id"], name=op.f("fk_base_figure_past_base_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_figure_past")),
    )
    op.create_index(op.f("ix_base_figure_past_base_id"), "base_figure_past", ["base_id"])
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(length=2), nullable=False, server_default="zh"))
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.alter_column("language", server_default=None)


def downgrade() -> None:
    """Back. Money that was decided is not thrown away: it has to be revoked first, or its rows kept elsewhere."""
    standing = op.get_bind().scalar(sa.text("SELECT count(*) FROM talent_award WHERE state IN ('conference', 'decided', 'paid')"))
    if standing:
        raise RuntimeError(f"{standing} awards of talents stand, and the earlier version cannot keep them: revoke or export them first.")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_column("language")
    op.drop_table("base_figure_past")
    op.drop_table("talent_award")
