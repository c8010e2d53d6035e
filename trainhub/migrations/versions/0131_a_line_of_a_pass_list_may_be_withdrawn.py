"""A line of a pass list may be withdrawn, and its number come in again

Revision ID: 0131
Revises: 0130
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None

STANDING = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    """One line of a certificate stands; what was withdrawn stays beside it."""
    with op.batch_alter_table("exam_pass") as table:
        table.add_column(sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("withdrawn_by_id", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("withdrawn_reason", sa.String(400), nullable=False, server_default=""))
        table.drop_constraint(op.f("uq_exam_pass_certificate_no"), type_="unique")
    with op.batch_alter_table("exam_pass") as table:
        table.alter_column("withdrawn_reason", server_default=None)
    op.create_index("uq_exam_pass_standing", "exam_pass", ["certificate_no"], unique=True, sqlite_where=STANDING, postgresql_where=STANDING)


def downgrade() -> None:
    """The older program would count what was withdrawn."""
    line = sa.table("exam_pass", sa.column("withdrawn_at"))
    withdrawn = op.get_bind().scalar(sa.select(sa.func.count()).select_from(line).where(line.c.withdrawn_at.is_not(None)))
    if withdrawn:
        raise RuntimeError(f"{withdrawn} lines of pass lists were withdrawn: the earlier version would count them again.")
    op.drop_index("uq_exam_pass_standing", "exam_pass")
    with op.batch_alter_table("exam_pass") as table:
        table.create_unique_constraint(op.f("uq_exam_pass_certificate_no"), ["certificate_no"])
        for name in ("withdrawn_reason", "withdrawn_by_id", "withdrawn_at"):
            table.drop_column(name)
