"""A survey that nobody has answered may be withdrawn, and its year is free for another one

Revision ID: 0130
Revises: 0129
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0130"
down_revision = "0129"
branch_labels = None
depends_on = None

NAME, STANDS = "ix_survey_standing", "withdrawn_at IS NULL"


def upgrade() -> None:
    """Forward. All that there are stand."""
    with op.batch_alter_table("survey") as table:
        table.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint("uq_survey_kind_year", type_="unique")
    op.create_index(NAME, "survey", ["kind", "year"], unique=True, sqlite_where=sa.text(STANDS), postgresql_where=sa.text(STANDS))


def downgrade() -> None:
    """Back: what was withdrawn was answered by nobody, and goes."""
    op.drop_index(NAME, "survey")
    survey = sa.table("survey", sa.column("withdrawn_at"))
    op.get_bind().execute(sa.delete(survey).where(survey.c.withdrawn_at.is_not(None)))
    with op.batch_alter_table("survey") as table:
        table.create_unique_constraint("uq_survey_kind_year", ["kind", "year"])
        table.drop_column("withdrawn_at")
