"""For which employer money for a talent was decided

Revision ID: 0093
Revises: 0092
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: until now no employer was changed, so that of the entry is the one."""
    op.add_column("talent_award", sa.Column("employer", sa.String(length=200), nullable=False, server_default=""))
    op.execute(
        "UPDATE talent_award SET employer = COALESCE((SELECT organisation.name FROM talent JOIN organisation ON organisation.id = talent.employer_id"
        " WHERE talent.id = talent_award.talent_id), '')"
    )
    with op.batch_alter_table("talent_award") as table:
        table.alter_column("employer", server_default=None)


def downgrade() -> None:
    """Back: the employer of the entry is told again."""
    op.drop_column("talent_award", "employer")
