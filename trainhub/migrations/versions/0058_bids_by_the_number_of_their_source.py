"""Bid awards by the number of their source: another spelling of a project is not another project (FJ-25a, 000:787); entries of one human
in a talent database of which one stands

Revision ID: 0058
Revises: 0057
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

INDEXES = {
    "uq_award_yearly": (("base_id", "rule", "year"), "year > 0 AND state IN ('decided', 'paid', 'closed')"),
    "uq_award_open": (("base_id", "rule"), "state IN ('draft', 'applied', 'recognised', 'accepted', 'conference')"),
}


def _index(column: str) -> None:
    for name, (columns, states) in INDEXES.items():
        where = sa.text(states)
        op.drop_index(name, table_name="award")
        op.create_index(name, "award", [*columns, column], unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Forward. The numbers of earlier bids are not known: their names tell them apart as before."""
    for name, length in (("project_number", 60), ("project_key", 120)):
        op.add_column("award", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.execute("UPDATE award SET project_key = project")
    with op.batch_alter_table("award", schema=None) as batch_op:
        for name in ("project_number", "project_key"):
            batch_op.alter_column(name, server_default=None)
    _index("project_key")
    for column in (
        sa.Column("instead_id", sa.BigInteger(), nullable=True),
        sa.Column("instead_state", sa.String(20), nullable=True),
        sa.Column("instead_until", sa.Date(), nullable=True),
    ):
        op.add_column("talent", column)


def downgrade() -> None:
    """Back. The number goes into the name, which is all the earlier version tells projects apart by."""
    for name in ("instead_until", "instead_state", "instead_id"):
        op.drop_column("talent", name)
    op.execute("UPDATE award SET project = substr(project_number || ' ' || project, 1, 120) WHERE project_number <> ''")
    _index("project")
    with op.batch_alter_table("award", schema=None) as batch_op:
        for name in ("project_key", "project_number"):
            batch_op.drop_column(name)
