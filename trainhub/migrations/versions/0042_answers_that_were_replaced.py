"""An answer to a survey that is changed keeps what it was, so that a report of an earlier moment is counted again the same

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None
STANDS = sa.text("replaced_at IS NULL")
TABLES = (
    ("demand_answer", ["survey_id", "organisation_id", "key_field_no"], "uq_demand_answer_survey_id_organisation_id_key_field_no"),
    ("graduate_answer", ["survey_id", "student_id"], "uq_graduate_answer_survey_id_student_id"),
)


def upgrade() -> None:
    """Forward. Every answer that is there stands."""
    for table, columns, unique in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("replaced_at", UtcDateTime(), nullable=True))
            batch.drop_constraint(op.f(unique), type_="unique")
        op.create_index(f"uq_{table}_standing", table, columns, unique=True, sqlite_where=STANDS, postgresql_where=STANDS)


def downgrade() -> None:
    """Back. What was answered before a change is not thrown away."""
    for table, _columns, _unique in TABLES:
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table} WHERE replaced_at IS NOT NULL")):
            raise RuntimeError("Answers that were replaced stand, and the earlier version cannot keep them: export them first.")
    for table, columns, unique in TABLES:
        op.drop_index(f"uq_{table}_standing", table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("replaced_at")
            batch.create_unique_constraint(op.f(unique), columns)
