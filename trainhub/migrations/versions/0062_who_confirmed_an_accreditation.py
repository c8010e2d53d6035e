"""Conclusions of accreditation are confirmed by somebody else than the programme

Revision ID: 0062
Revises: 0061
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

CONFIRMED = """
UPDATE accreditation SET confirmed_at = (
  SELECT min(step.at) FROM evaluation_step AS step JOIN evaluation_application AS application ON application.id = step.application_id
  WHERE application.programme_id = accreditation.programme_id AND step.event IN ('conclude_accreditation', 'conclude')
    AND step.on_day >= accreditation.concluded_on)
"""
"""Nobody noted who entered what is there. A conclusion on which an outside body has since decided an evaluation is taken as confirmed by that
decision; every other one waits for whoever compares it with the paper."""


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("accreditation") as table:
        table.add_column(sa.Column("entered_by_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("entered_by", sa.String(200), nullable=False, server_default=""))
        table.add_column(sa.Column("confirmed_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("confirmed_by_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("confirmed_by", sa.String(200), nullable=False, server_default=""))
    op.execute(CONFIRMED)
    with op.batch_alter_table("accreditation") as table:
        table.alter_column("entered_by", server_default=None)
        table.alter_column("confirmed_by", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("accreditation") as table:
        for name in ("entered_by_id", "entered_by", "confirmed_at", "confirmed_by_id", "confirmed_by"):
            table.drop_column(name)
