"""Agreements and school leaders of a base know their school

Revision ID: 0098
Revises: 0097
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None

TABLES = ("base_agreement", "base_leader")


def upgrade() -> None:
    """Forward: where a base has had one school, it is that one's; where it had several or none, nobody knows until somebody says it."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("university_id", BigKey, nullable=True))
            table.create_foreign_key(op.f(f"fk_{name}_university_id_organisation"), "organisation", ["university_id"], ["id"], ondelete="RESTRICT")
            table.create_index(op.f(f"ix_{name}_university_id"), ["university_id"])
    host = sa.table("base_host", sa.column("base_id", sa.Integer), sa.column("organisation_id", sa.Integer), sa.column("side", sa.String))
    for name in TABLES:
        row = sa.table(name, sa.column("base_id", sa.Integer), sa.column("university_id", sa.Integer), sa.column("side", sa.String))
        schools = host.c.base_id == row.c.base_id, host.c.side == "school"
        one = sa.select(sa.func.min(host.c.organisation_id)).where(*schools).scalar_subquery()
        number = sa.select(sa.func.count(host.c.organisation_id.distinct())).where(*schools).scalar_subquery()
        statement = row.update().where(number == 1).values(university_id=one)
        op.execute(statement.where(row.c.side == "school") if name == "base_leader" else statement)


def downgrade() -> None:
    """Back."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_index(op.f(f"ix_{name}_university_id"))
            table.drop_constraint(op.f(f"fk_{name}_university_id_organisation"), type_="foreignkey")
            table.drop_column("university_id")
