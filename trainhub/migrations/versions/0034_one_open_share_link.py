"""A certificate has at most one share link that is on, so that closing it closes what is there

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")
SHARES = sa.table("certificate_share", sa.column("token"), sa.column("certificate_id"), sa.column("made_at"), sa.column("closed_at"))


def upgrade() -> None:
    """Forward. Of several links that are on, the latest stays: the holder's page offered but one to close."""
    link = op.get_bind()
    order = SHARES.c.made_at.desc(), SHARES.c.token
    kept: dict[int, str] = {}
    for token, certificate_id in link.execute(sa.select(SHARES.c.token, SHARES.c.certificate_id).where(OPEN).order_by(*order)).all():
        if kept.setdefault(certificate_id, token) != token:
            link.execute(sa.update(SHARES).where(SHARES.c.token == token).values(closed_at=_made_at(kept[certificate_id])))
    op.create_index("uq_certificate_share_open", "certificate_share", ["certificate_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def _made_at(token: str) -> sa.ScalarSelect[object]:
    """When the link that stays was made: the earlier ones end then."""
    later = SHARES.alias()
    return sa.select(later.c.made_at).where(later.c.token == token).scalar_subquery()


def downgrade() -> None:
    """Back. Links that were closed stay closed."""
    op.drop_index("uq_certificate_share_open", table_name="certificate_share")
