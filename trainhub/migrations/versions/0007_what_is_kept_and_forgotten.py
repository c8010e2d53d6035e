"""Legal holds on the data of a person; contributions that lose their signature; the years of study of a programme

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "legal_hold",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("placed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_legal_hold_reason_not_empty")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_legal_hold_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_person_id"), "legal_hold", ["person_id"])
    with op.batch_alter_table("course_post", schema=None) as batch_op:
        batch_op.alter_column("person_id", existing_type=BigKey, nullable=True)
    op.add_column("programme", sa.Column("study_years", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Back. Contributions without a signature cannot be given back to anybody: they go."""
    op.execute("DELETE FROM course_post WHERE person_id IS NULL AND thread_id IS NOT NULL")
    op.execute("DELETE FROM course_post WHERE person_id IS NULL AND id NOT IN (SELECT thread_id FROM course_post WHERE thread_id IS NOT NULL)")
    op.execute(
        "UPDATE course_post SET person_id = (SELECT min(answer.person_id) FROM course_post AS answer WHERE answer.thread_id = course_post.id),"
        " body = '' WHERE person_id IS NULL"
    )
    with op.batch_alter_table("course_post", schema=None) as batch_op:
        batch_op.alter_column("person_id", existing_type=BigKey, nullable=False)
    op.drop_column("programme", "study_years")
    op.drop_index(op.f("ix_legal_hold_person_id"), "legal_hold")
    op.drop_table("legal_hold")
