"""Sums of the facts of goals, by day and by share

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The figures of every goal are counted again at the next refresh."""
    op.create_table(
        "goal_day",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("prefecture", sa.String(length=6), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_day_goal_id_goal"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_day")),
        sa.UniqueConstraint("goal_id", "prefecture", "on_day", name=op.f("uq_goal_day_goal_id_prefecture_on_day")),
    )
    op.create_table(
        "goal_share",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("prefecture", sa.String(length=6), nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("enrolments", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_share_goal_id_goal"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_goal_share_organisation_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_share")),
        sa.UniqueConstraint(
            "goal_id", "prefecture", "organisation_id", "category", name=op.f("uq_goal_share_goal_id_prefecture_organisation_id_category")
        ),
    )
    op.execute(sa.text("UPDATE goal SET refreshed_at = NULL"))


def downgrade() -> None:
    """Back."""
    op.drop_table("goal_share")
    op.drop_table("goal_day")
