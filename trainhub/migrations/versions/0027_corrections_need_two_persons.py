"""Corrections of certificates are prepared by one and approved by another, and a batch keeps the checksum of its list

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXTS = {"why": 400, "document": 200, "digest": 64}
KNOWN, NEW = ("selection", "import"), "correction"
OPEN = sa.text("state = 'prepared'")


def _allow(*sources: str) -> None:
    listed = ", ".join(f"'{one}'" for one in sources)
    with op.batch_alter_table("issue_batch", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_issue_batch_batchsource"), type_="check")
        batch_op.create_check_constraint(op.f("ck_issue_batch_batchsource"), sa.text(f"source IN ({listed})"))


def upgrade() -> None:
    """Forward. Batches before this one have no checksum: their tables were not kept."""
    with op.batch_alter_table("issue_batch", schema=None) as batch_op:
        for name, length in TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("replaces_id", BigKey, nullable=True))
        batch_op.add_column(sa.Column("template_version", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("effective_on", sa.Date(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_issue_batch_replaces_id_certificate"), "certificate", ["replaces_id"], ["id"], ondelete="RESTRICT"
        )
    with op.batch_alter_table("issue_batch", schema=None) as batch_op:
        for name in TEXTS:
            batch_op.alter_column(name, server_default=None)
    _allow(*KNOWN, NEW)
    op.create_index(op.f("ix_issue_batch_replaces_id"), "issue_batch", ["replaces_id"], unique=False)
    op.create_index("uq_issue_batch_open_correction", "issue_batch", ["replaces_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Back, unless corrections were prepared: what was decided is not thrown away."""
    used = op.get_bind().scalar(sa.text("SELECT count(*) FROM issue_batch WHERE source = 'correction'"))
    if used:
        raise RuntimeError(f"{used} corrections of certificates were prepared, which the earlier version does not know: keep this one.")
    op.drop_index("uq_issue_batch_open_correction", table_name="issue_batch")
    op.drop_index(op.f("ix_issue_batch_replaces_id"), table_name="issue_batch")
    _allow(*KNOWN)
    with op.batch_alter_table("issue_batch", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_issue_batch_replaces_id_certificate"), type_="foreignkey")
        for name in ("effective_on", "template_version", "replaces_id", *TEXTS):
            batch_op.drop_column(name)
