"""Since when training organisations teach a course, and notices about rows of rosters that were taken

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "training_course",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("registered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_training_course_organisation_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_course")),
        sa.UniqueConstraint("organisation_id", "title", name=op.f("uq_training_course_organisation_id_title")),
    )
    with op.batch_alter_table("roster_rejection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_notice", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("roster_rejection", schema=None) as batch_op:
        batch_op.alter_column("is_notice", server_default=None)


def downgrade() -> None:
    """Back. Notices go with their column."""
    op.execute(sa.text("DELETE FROM roster_rejection WHERE is_notice"))
    with op.batch_alter_table("roster_rejection", schema=None) as batch_op:
        batch_op.drop_column("is_notice")
    op.drop_table("training_course")
