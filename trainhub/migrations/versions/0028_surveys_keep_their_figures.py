"""Surveys keep their figures, so that the answers of graduates go when their time is over (own.retention.survey_answer_months)

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. Nothing is forgotten yet: the daily task does it."""
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.add_column(sa.Column("figures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))


def downgrade() -> None:
    """Back. The figures of forgotten surveys are lost with the column; make a backup before."""
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.drop_column("figures")
