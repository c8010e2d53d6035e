"""Who entered a stay or a degree is known, and out of which cohort the correction of a place took somebody of the 卓越计划

Revision ID: 0102
Revises: 0101
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

TABLES = ("person_stay", "person_degree")


def upgrade() -> None:
    """Forward: of what was entered before nobody knows by whom; whoever may verify may verify it."""
    for name in TABLES:
        op.add_column(name, sa.Column("entered_by_id", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("petoe_change") as table:
        table.add_column(sa.Column("cohort_id", BigKey, nullable=True))
        table.create_foreign_key(op.f("fk_petoe_change_cohort_id_cohort"), "cohort", ["cohort_id"], ["id"], ondelete="RESTRICT")
        table.create_index(op.f("ix_petoe_change_cohort_id"), ["cohort_id"])


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("petoe_change") as table:
        table.drop_index(op.f("ix_petoe_change_cohort_id"))
        table.drop_constraint(op.f("fk_petoe_change_cohort_id_cohort"), type_="foreignkey")
        table.drop_column("cohort_id")
    for name in TABLES:
        op.drop_column(name, "entered_by_id")
