"""Public holidays of the demo's year, the one before and the next: those whose date the law fixes."""

from __future__ import annotations

from datetime import date

from trainhub.demo.calendar import FIXED
from trainhub.demo.world import World
from trainhub.ledger.holidays import operations as holidays
from trainhub.ledger.types import HolidayKind

DOCUMENT = "演示数据：日期固定的法定节日，未录入当年通知中的调休"


def build(world: World) -> None:
    """Entered at the beginning of the demo."""
    for year in range(world.day.year - 1, world.day.year + 2):
        for name, first, last in FIXED:
            holidays.enter(
                since=date(year, *first),
                until=date(year, *last),
                kind=HolidayKind.OFF,
                name=name,
                document=DOCUMENT,
                by=world.by,
                now=world.calendar.at(-20),
            )
