"""What the demo accounts find in their notice centre on first sight."""

from __future__ import annotations

from datetime import timedelta

from trainhub.demo.world import World
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications
from trainhub.notifications import queries

READ_AFTER = 12
"""Days after which the demo accounts have read their notices."""


def build(world: World) -> None:
    """A welcome for every demo account; everything else was told by the operations themselves, and what is old has been read."""
    for account in world.accounts.values():
        for notice in session().execute(queries.notices_of(account.id)).all():
            if notice.created_at < world.calendar.at(-READ_AFTER):
                notifications.mark_read(account_id=account.id, notice_id=notice.id, now=notice.created_at + timedelta(hours=9))
    notifications.notify(
        account_ids=[account.id for account in world.accounts.values()],
        kind="demo.welcome",
        message=N_("欢迎使用演示省。这里的机构和人员均为虚构，可以放心操作。"),
        url="/",
        unique_key="demo.welcome",
        now=world.calendar.at(0),
    )
