"""Two decisions about a programme on one day are two rows, each with the findings it was based on

Revision ID: 0048
Revises: 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLE, DAY = "evaluation_decision", ["programme_id", "decided_on"]
UNIQUE, INDEX = "uq_evaluation_decision_programme_id_decided_on", "ix_evaluation_decision_programme_id_decided_on"


def upgrade() -> None:
    """Forward. Applications that shared a row go on sharing it: what the second was based on was not kept."""
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f(UNIQUE), type_="unique")
    op.create_index(INDEX, TABLE, DAY)


def downgrade() -> None:
    """Back, unless a programme was decided on twice a day: findings a decision was based on are not thrown away."""
    decisions = sa.table(TABLE, sa.column("programme_id"), sa.column("decided_on"))
    twice = sa.select(decisions.c.programme_id).group_by(decisions.c.programme_id, decisions.c.decided_on).having(sa.func.count() > 1)
    found = op.get_bind().execute(twice).all()
    if found:
        raise RuntimeError(f"{len(found)} days carry two decisions about one programme, which the earlier version cannot keep apart.")
    op.drop_index(INDEX, table_name=TABLE)
    with op.batch_alter_table(TABLE) as batch:
        batch.create_unique_constraint(op.f(UNIQUE), DAY)
