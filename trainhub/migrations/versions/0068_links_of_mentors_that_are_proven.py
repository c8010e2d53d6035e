"""A mentor's one-time link asks who opens it; one that could not be sent asks for a code of the school whose students it opens

Revision ID: 0068
Revises: 0067
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

HELD = """
UPDATE mentor_link SET is_handed = true, university_id = (
    SELECT MIN(student.university_id) FROM placement JOIN student ON student.id = placement.student_id
    WHERE placement.mentor_id = mentor_link.mentor_id AND placement.state = 'started')
WHERE used_at IS NULL AND made_by_id IS NOT NULL
"""
"""Nobody noted which links were sent and which were shown: those that still work ask for a code and open the students of one school. The weekly
reminder only ever sent its links."""
COLUMNS = ("is_handed", "code_hash", "code_made_at", "code_made_by_id", "failures")


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("mentor_link") as table:
        table.add_column(sa.Column("is_handed", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("code_hash", sa.String(64), nullable=True))
        table.add_column(sa.Column("code_made_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("code_made_by_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("university_id", BigKey, nullable=True))
        table.create_foreign_key(op.f("fk_mentor_link_university_id_organisation"), "organisation", ["university_id"], ["id"], ondelete="RESTRICT")
    op.execute(HELD)
    with op.batch_alter_table("mentor_link") as table:
        table.alter_column("is_handed", server_default=None)
        table.alter_column("failures", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("mentor_link") as table:
        table.drop_constraint(op.f("fk_mentor_link_university_id_organisation"), type_="foreignkey")
        for name in ("university_id", *COLUMNS):
            table.drop_column(name)
