"""What the demo accounts find in their notice centre on first sight."""

from __future__ import annotations

from trainhub.demo.world import World
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications


def build(world: World) -> None:
    """A welcome for every demo account; everything else was told by the operations themselves."""
    notifications.notify(
        account_ids=[account.id for account in world.accounts.values()],
        kind="demo.welcome",
        message=N_("欢迎使用演示省。这里的机构和人员均为虚构，可以放心操作。"),
        url="/",
        unique_key="demo.welcome",
        now=world.calendar.at(0),
    )
