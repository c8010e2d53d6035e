"""What the demo accounts find in their notice centre on first sight."""

from __future__ import annotations

from datetime import timedelta

from trainhub.demo.world import World
from trainhub.identity import operations as identity
from trainhub.identity.types import RequestKind
from trainhub.kernel.access import Identity
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
    _ask(world)


def _ask(world: World) -> None:
    """The trainee has asked for a correction of what is kept, so that the administrator has something to decide."""
    account = world.accounts["trainee"]
    identity.ask_about_data(
        account=account,
        kind=RequestKind.CORRECTION,
        text="手机号已经更换，请改为学员登记表上的新号码。",
        by=Identity(account_id=account.id, person_id=account.person_id, name=account.display_name),
        now=world.calendar.at(-2),
    )
