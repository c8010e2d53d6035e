"""A file may be attached to a review and to the record of a defence; a spot check that was drawn by mistake is voided and kept

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WITH_FILES = ("capstone_review", "defence_slot")
STANDING = "uq_spot_check_standing"
BY_YEAR = "uq_spot_check_university_id_year"
VOIDED = "SELECT id FROM spot_check WHERE voided_at IS NOT NULL"


def upgrade() -> None:
    """Forward. Nothing had a file, nothing was voided."""
    for table in WITH_FILES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("file_id", BigKey, nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_{table}_file_id_stored_file"), "stored_file", ["file_id"], ["id"], ondelete="RESTRICT")
    with op.batch_alter_table("spot_check", schema=None) as batch_op:
        batch_op.add_column(sa.Column("voided_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("voided_by_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("void_reason", sa.String(400), nullable=False, server_default=""))
        batch_op.drop_constraint(op.f(BY_YEAR), type_="unique")
    where = sa.text("voided_at IS NULL")
    op.create_index(STANDING, "spot_check", ["university_id", "year"], unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Back. The older program knows one sample a year: voided ones go (the audit keeps seed and reason), and so do the links to attached files."""
    op.execute(sa.text(f"DELETE FROM spot_opinion WHERE item_id IN (SELECT id FROM spot_item WHERE check_id IN ({VOIDED}))"))
    op.execute(sa.text(f"DELETE FROM spot_item WHERE check_id IN ({VOIDED})"))
    op.execute(sa.text("DELETE FROM spot_check WHERE voided_at IS NOT NULL"))
    op.drop_index(STANDING, table_name="spot_check")
    with op.batch_alter_table("spot_check", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f(BY_YEAR), ["university_id", "year"])
        for name in ("void_reason", "voided_by_id", "voided_at"):
            batch_op.drop_column(name)
    for table in reversed(WITH_FILES):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"fk_{table}_file_id_stored_file"), type_="foreignkey")
            batch_op.drop_column("file_id")
