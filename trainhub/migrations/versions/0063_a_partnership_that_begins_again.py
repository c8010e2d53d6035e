"""A partnership of a base that ended and begins again is another row; one of an organisation on a side stands at a time.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

STANDING = sa.text("until IS NULL")
FORMER = """
DELETE FROM base_host WHERE EXISTS (
  SELECT 1 FROM base_host AS other WHERE other.base_id = base_host.base_id AND other.organisation_id = base_host.organisation_id
    AND other.side = base_host.side AND other.id > base_host.id)
"""
"""The earlier form keeps one row of an organisation on a side: the latest."""


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("base_host") as table:
        table.drop_constraint("uq_base_host_base_id_organisation_id_side", type_="unique")
    columns = ["base_id", "organisation_id", "side"]
    op.create_index("uq_base_host_standing", "base_host", columns, unique=True, sqlite_where=STANDING, postgresql_where=STANDING)


def downgrade() -> None:
    """Back."""
    op.drop_index("uq_base_host_standing", table_name="base_host")
    op.execute(FORMER)
    with op.batch_alter_table("base_host") as table:
        table.create_unique_constraint("uq_base_host_base_id_organisation_id_side", ["base_id", "organisation_id", "side"])
