"""Awards of enterprises by year, and the joint conference as a step

Revision ID: 0025
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

STATES = ("draft", "applied", "recognised", "accepted", "decided", "paid", "closed", "rejected", "revoked")
OPEN = "state IN ('draft', 'applied', 'recognised', 'accepted'{more})"
YEARLY = "year > 0 AND state IN ('decided', 'paid', 'closed')"


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    quoted = ", ".join(f"'{one}'" for one in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({quoted})"))


def _open(more: str) -> None:
    where = sa.text(OPEN.format(more=more))
    op.drop_index("uq_award_open", table_name="award")
    op.create_index("uq_award_open", "award", ["base_id", "rule"], unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Forward. Awards before this one have no year."""
    _allow("award", "state", "awardstate", (*STATES, "conference"))
    _allow("award_step", "kind", "stepkind", ("check", "inspection", "conference"))
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.add_column(sa.Column("year", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.alter_column("year", server_default=None)
    where = sa.text(YEARLY)
    op.create_index("uq_award_yearly", "award", ["base_id", "rule", "year"], unique=True, sqlite_where=where, postgresql_where=where)
    _open(", 'conference'")


def downgrade() -> None:
    """Back. What waits for the conference is accepted again; awards of enterprises stay, without their year."""
    op.execute(sa.text("UPDATE award SET state = 'accepted', amount_fen = NULL WHERE state = 'conference'"))
    op.execute(sa.text("DELETE FROM award_step WHERE kind = 'conference'"))
    _open("")
    op.drop_index("uq_award_yearly", table_name="award")
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_column("year")
    _allow("award_step", "kind", "stepkind", ("check", "inspection"))
    _allow("award", "state", "awardstate", STATES)
