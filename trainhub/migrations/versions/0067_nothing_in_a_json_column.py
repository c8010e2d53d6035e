"""What was written as JSON's own word null is nothing: no question for what is empty found it

Revision ID: 0067
Revises: 0066
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    asked = sa.inspect(connection)
    for name in asked.get_table_names():
        for one in asked.get_columns(name):
            if one["nullable"] and isinstance(one["type"], sa.JSON):
                column: sa.ColumnClause[object] = sa.column(one["name"], one["type"])
                table = sa.table(name, column)
                connection.execute(sa.update(table).where(sa.cast(column, sa.Text) == "null").values({column: sa.null()}))


def downgrade() -> None:
    """Back: both are read as nothing."""
