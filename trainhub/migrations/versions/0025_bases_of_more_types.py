"""More types of bases that the documents name: they join the list that the columns are checked against

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("base_typing", "base_acceptance")
KNOWN = (
    "epec",
    "practice_base",
    "training_institution",
    "training_base",
    "joint_training_base",
    "incubation_base",
    "incubator",
    "rural_park",
    "internet_zone",
    "maker_space",
    "innovation_training_centre",
    "international_training",
)
NEW = ("engineering_training_centre", "off_campus_training", "enterprise_training", "coaching_station", "experience_centre")


def _allow(names: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_basetype"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_{table}_basetype"), f"type IN ({listed})")


def upgrade() -> None:
    """Forward: the longer list."""
    _allow((*KNOWN, *NEW))


def downgrade() -> None:
    """Back, unless a base carries one of the new types: what was recorded is not thrown away."""
    for table in TABLES:
        of = sa.table(table, sa.column("type", sa.String))
        used = op.get_bind().scalar(sa.select(sa.func.count()).select_from(of).where(of.c.type.in_(NEW)))
        if used:
            raise RuntimeError(f"{used} rows of {table} carry types that the earlier version does not know: give these bases another type first.")
    _allow(KNOWN)
