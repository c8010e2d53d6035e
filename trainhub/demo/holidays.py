"""Public holidays of the demo's year and the next: those whose date the law fixes; the moved days of a year only its notice knows."""

from __future__ import annotations

from datetime import date

from trainhub.demo.world import World
from trainhub.ledger.holidays import operations as holidays
from trainhub.ledger.types import HolidayKind

FIXED = (("元旦", (1, 1), (1, 1)), ("劳动节", (5, 1), (5, 2)), ("国庆节", (10, 1), (10, 3)))
DOCUMENT = "演示数据：日期固定的法定节日，未录入当年通知中的调休"


def build(world: World) -> None:
    """Entered at the beginning of the demo."""
    for year in (world.day.year, world.day.year + 1):
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
