"""A learner's mark keeps what a person decided of single blocks: excused, or a mark that was written

Revision ID: 0113
Revises: 0112
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0113"
down_revision = "0112"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Forward. Nothing is reckoned anew by this alone: a completion is for good, and whether whoever was held up completes is for a person of the
    course to decide, who saves the settings of the gradebook or writes into the learner's line."""
    op.add_column("enrolment_mark", sa.Column("settled", JSON, nullable=True))
    op.add_column("enrolment_mark", sa.Column("is_written", sa.Boolean(), nullable=False, server_default=sa.false()))
    mark, grade = (
        sa.table("enrolment_mark", sa.column("enrolment_id"), sa.column("is_written")),
        sa.table("grade", sa.column("enrolment_id"), sa.column("kind")),
    )
    written = sa.select(grade.c.enrolment_id).where(grade.c.kind.in_(("excused", "override")))
    op.get_bind().execute(sa.update(mark).where(mark.c.enrolment_id.in_(written)).values(is_written=sa.true()))


def downgrade() -> None:
    """Back: what a person decided holds nobody up less than before."""
    with op.batch_alter_table("enrolment_mark") as batch:
        batch.drop_column("is_written")
        batch.drop_column("settled")
