"""The courses of a goal over all reporting units are kept: the largest of thousands are read by an index

Revision ID: 0134
Revises: 0133
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0134"
down_revision = "0133"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What is kept by unit is summed up, so that no page waits for the next refresh."""
    op.create_table(
        "goal_title",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("goal_id", BigKey, nullable=False),
        sa.Column("course", sa.String(length=200), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("enrolments", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_title_goal_id_goal"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_title")),
        sa.UniqueConstraint("goal_id", "course", name=op.f("uq_goal_title_goal_id_course")),
    )
    op.execute(
        sa.text(
            "INSERT INTO goal_title (goal_id, course, persons, enrolments) SELECT goal_id, course, CAST(SUM(persons) AS BIGINT),"
            " CAST(SUM(enrolments) AS BIGINT) FROM goal_course GROUP BY goal_id, course"
        )
    )
    op.create_index("ix_goal_title_size", "goal_title", ["goal_id", "persons", "course", "enrolments"])
    op.create_index("ix_goal_course_size", "goal_course", ["goal_id", "prefecture", "persons", "course", "enrolments"])
    op.create_index("ix_goal_day_sums", "goal_day", ["goal_id", "on_day", "persons"])


def downgrade() -> None:
    """Back: they are summed up at each look."""
    op.drop_index("ix_goal_day_sums", table_name="goal_day")
    op.drop_index("ix_goal_course_size", table_name="goal_course")
    op.drop_table("goal_title")
