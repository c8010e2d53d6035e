"""Figures of goals by course

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. The figures of every goal are counted again at the next refresh."""
    op.create_table(
        "goal_course",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("prefecture", sa.String(length=6), nullable=False),
        sa.Column("course", sa.String(length=200), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("enrolments", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_course_goal_id_goal"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_course")),
        sa.UniqueConstraint("goal_id", "prefecture", "course", name=op.f("uq_goal_course_goal_id_prefecture_course")),
    )
    op.execute(sa.text("UPDATE goal SET refreshed_at = NULL"))


def downgrade() -> None:
    """Back."""
    op.drop_table("goal_course")
