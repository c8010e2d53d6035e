"""Leave that ends sooner than granted, is withdrawn, or has no known end; days that waited when it was granted are kept beside it

Revision ID: 0100
Revises: 0099
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None

KNOWN = ("open", "approved", "refused", "closed")
NEW = ("withdrawn",)


def _allow(names: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table("placement_event", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_placement_event_eventstate"), type_="check")
        batch_op.create_check_constraint(op.f("ck_placement_event_eventstate"), f"state IN ({listed})")


def upgrade() -> None:
    """Forward: leave known so far has the end it was granted with."""
    _allow((*KNOWN, *NEW))
    op.add_column("placement_event", sa.Column("is_open_ended", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("placement_event", sa.Column("granted_until", sa.Date(), nullable=True))
    op.add_column("placement_event", sa.Column("change_reason", sa.String(400), nullable=False, server_default=""))
    op.add_column("placement_event", sa.Column("set_aside", Json, nullable=True))


def downgrade() -> None:
    """Back: what was withdrawn was not granted; days that are kept beside leave would be lost, so that they come first."""
    of = sa.table("placement_event", sa.column("state", sa.String), sa.column("set_aside", Json))
    used = op.get_bind().scalar(sa.select(sa.func.count()).select_from(of).where(of.c.set_aside.is_not(sa.null())))
    if used:
        raise RuntimeError(f"{used} leaves keep days that waited when they were granted: the earlier version does not know them.")
    op.get_bind().execute(sa.update(of).where(of.c.state.in_(NEW)).values(state="refused"))
    for column in ("set_aside", "change_reason", "granted_until", "is_open_ended"):
        op.drop_column("placement_event", column)
    _allow(KNOWN)
