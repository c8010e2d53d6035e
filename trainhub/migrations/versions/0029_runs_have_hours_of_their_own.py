"""A run may have its own hours, credits and language; without them those of its course hold

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

COLUMNS = ("own_hours_x10", "own_credits_x10", "own_language")
CHECKS = {"own_hours_not_negative": "own_hours_x10 >= 0", "own_credits_not_negative": "own_credits_x10 >= 0"}


def upgrade() -> None:
    """Forward. Every run goes on with what its course says."""
    with op.batch_alter_table("course_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("own_hours_x10", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("own_credits_x10", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("own_language", sa.String(12), nullable=True))
        for name, rule in CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_course_run_{name}"), rule)


def downgrade() -> None:
    """Back. What a run had of its own is gone."""
    with op.batch_alter_table("course_run", schema=None) as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(op.f(f"ck_course_run_{name}"), type_="check")
        for name in COLUMNS:
            batch_op.drop_column(name)
