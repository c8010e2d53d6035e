"""Bid awards by project: the sentence gives them for each contract, not once a year (FJ-25a, 000:787)

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INDEXES = {
    "uq_award_yearly": (("base_id", "rule", "year"), "year > 0 AND state IN ('decided', 'paid', 'closed')"),
    "uq_award_open": (("base_id", "rule"), "state IN ('draft', 'applied', 'recognised', 'accepted', 'conference')"),
}


def _index(*more: str) -> None:
    for name, (columns, states) in INDEXES.items():
        where = sa.text(states)
        op.drop_index(name, table_name="award")
        op.create_index(name, "award", [*columns, *more], unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Forward. Awards and figures before this one name no project."""
    for table in ("award", "company_figure"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("project", sa.String(120), nullable=False, server_default=""))
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("project", server_default=None)
    op.execute(sa.text("UPDATE company_figure SET key = 'contract_fen' WHERE key = 'largest_contract_fen'"))
    _index("project")


def downgrade() -> None:
    """Back. Of several awards of a year the first keeps it, the others stay without one; of several applications the first stays open."""
    op.execute(
        sa.text(
            "UPDATE award SET year = 0 WHERE project <> '' AND state IN ('decided', 'paid', 'closed') AND EXISTS (SELECT 1 FROM award other"
            " WHERE other.base_id = award.base_id AND other.rule = award.rule AND other.year = award.year AND other.id < award.id"
            " AND other.state IN ('decided', 'paid', 'closed'))"
        )
    )
    op.execute(
        sa.text(
            "UPDATE award SET state = 'rejected', reason = project WHERE project <> '' AND EXISTS (SELECT 1 FROM award other"
            " WHERE other.base_id = award.base_id AND other.rule = award.rule AND other.id < award.id"
            f" AND other.{INDEXES['uq_award_open'][1]}) AND {INDEXES['uq_award_open'][1]}"
        )
    )
    _index()
    op.execute(sa.text("UPDATE company_figure SET key = 'largest_contract_fen' WHERE key = 'contract_fen'"))
    for table in ("company_figure", "award"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("project")
