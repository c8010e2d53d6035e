"""What was revoked by mistake is issued anew, by two persons; a new signing key is vouched for by one of before

Revision ID: 0056
Revises: 0055
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

VOUCHED = {"vouched_by": 64, "vouched": 128}
KNOWN, NEW = ("selection", "import", "correction"), "renewal"


def _allow(*sources: str) -> None:
    listed = ", ".join(f"'{one}'" for one in sources)
    with op.batch_alter_table("issue_batch", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_issue_batch_batchsource"), type_="check")
        batch_op.create_check_constraint(op.f("ck_issue_batch_batchsource"), sa.text(f"source IN ({listed})"))


def upgrade() -> None:
    """Forward. Keys of before this one have nobody who vouched for them: what signed then is destroyed."""
    _allow(*KNOWN, NEW)
    for name, length in VOUCHED.items():
        op.add_column("signing_key", sa.Column(name, sa.String(length), nullable=True))


def downgrade() -> None:
    """Back, unless something was issued anew: what was decided is not thrown away."""
    used = op.get_bind().scalar(sa.text("SELECT count(*) FROM issue_batch WHERE source = 'renewal'"))
    if used:
        raise RuntimeError(f"{used} certificates were to be issued anew, which the earlier version does not know: keep this one.")
    _allow(*KNOWN)
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        for name in VOUCHED:
            batch_op.drop_column(name)
