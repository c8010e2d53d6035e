"""A number that was registered wrongly is remembered by its keyed hash once it was corrected

Revision ID: 0080
Revises: 0079
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: what was corrected before is not known any more."""
    op.create_table(
        "person_former_number",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("number_hash", sa.String(length=64), nullable=False),
        sa.Column("corrected_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_former_number_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_former_number")),
        sa.UniqueConstraint("person_id", "number_hash", name=op.f("uq_person_former_number_person_id_number_hash")),
    )
    with op.batch_alter_table("person_former_number", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_former_number_number_hash"), ["number_hash"], unique=False)


def downgrade() -> None:
    """Back: old files register such persons again."""
    op.drop_table("person_former_number")
