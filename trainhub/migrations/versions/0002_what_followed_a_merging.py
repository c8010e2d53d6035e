"""What followed a merging of two persons: the rows that went along, so that it can be taken back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "person_merge",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("gone_id", BigKey, nullable=False),
        sa.Column("into_id", BigKey, nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("stayed", Json, nullable=False),
        sa.Column("merged_by_id", sa.BigInteger(), nullable=True),
        sa.Column("merged_at", UtcDateTime(), nullable=False),
        sa.Column("undone_by_id", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("gone_id <> into_id", name=op.f("ck_person_merge_two_persons")),
        sa.ForeignKeyConstraint(["gone_id"], ["person.id"], name=op.f("fk_person_merge_gone_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["into_id"], ["person.id"], name=op.f("fk_person_merge_into_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
    )
    with op.batch_alter_table("person_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_merge_into_id"), ["into_id"], unique=False)
        batch_op.create_index(
            "uq_person_merge_standing",
            ["gone_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )


def downgrade() -> None:
    """Back."""
    op.drop_table("person_merge")
