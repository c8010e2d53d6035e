"""Since when an organisation is out of use: awards and subsidies ask for it as of a day

Revision ID: 0057
Revises: 0056
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import UtcDateTime

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

DID = {"organisations.organisation.closed": False, "organisations.organisation.reopened": True}
"""What was done -> whether the organisation was out of use before."""


def upgrade() -> None:
    """Forward: the audit log knows when each was closed and taken into use again; days are those of Shanghai."""
    event = sa.table(
        "audit_event",
        sa.column("id"),
        sa.column("at", UtcDateTime()),
        sa.column("account_id"),
        sa.column("did"),
        sa.column("on_kind"),
        sa.column("on_id"),
    )
    organisation = sa.table("organisation", sa.column("id"))
    past = sa.table(
        "organisation_past",
        sa.column("organisation_id"),
        sa.column("key"),
        sa.column("value", sa.Boolean()),
        sa.column("until", sa.Date()),
        sa.column("replaced_by_id"),
        sa.column("replaced_at", UtcDateTime()),
    )
    bind = op.get_bind()
    known = set(bind.execute(sa.select(organisation.c.id)).scalars())
    events = bind.execute(
        sa.select(event.c.on_id, event.c.did, event.c.at, event.c.account_id)
        .where(event.c.did.in_(DID), event.c.on_kind == "organisation")
        .order_by(event.c.id)
    )
    rows = [
        {
            "organisation_id": int(on_id),
            "key": "is_closed",
            "value": DID[did],
            "until": (at + timedelta(hours=8)).date(),
            "replaced_by_id": account_id,
            "replaced_at": at,
        }
        for on_id, did, at, account_id in events
        if on_id.isdigit() and int(on_id) in known
    ]
    if rows:
        bind.execute(sa.insert(past), rows)


def downgrade() -> None:
    """Back. The audit log keeps what is taken out here."""
    op.execute("DELETE FROM organisation_past WHERE key = 'is_closed'")
