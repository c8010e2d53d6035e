"""An incentive of each year is an application of its own

Revision ID: 0072
Revises: 0071
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

OPEN = "state IN ('draft', 'applied', 'recognised', 'accepted', 'conference')"


def _index(*columns: str) -> None:
    where = sa.text(OPEN)
    op.create_index("uq_award_open", "award", list(columns), unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Forward."""
    op.drop_index("uq_award_open", table_name="award")
    _index("base_id", "rule", "year", "project_key")


def downgrade() -> None:
    """Back; of several years that are applied for the first stays open, the others end as not granted with the reason."""
    op.execute(
        sa.text(
            f"UPDATE award SET state = 'rejected', reason = '降级：另一年度的申请正在办理' WHERE {OPEN} AND EXISTS (SELECT 1 FROM award AS other"
            " WHERE other.base_id = award.base_id AND other.rule = award.rule AND other.project_key = award.project_key"
            f" AND other.id < award.id AND other.{OPEN})"
        )
    )
    op.drop_index("uq_award_open", table_name="award")
    _index("base_id", "rule", "project_key")
