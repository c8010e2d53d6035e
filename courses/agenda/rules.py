"""Months as weeks, and items by day. Pure."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, tzinfo

from courses.agenda.types import Item


def weeks_of(year: int, month: int) -> list[list[date]]:
    """The weeks that touch a month, Monday first."""
    return calendar.Calendar(firstweekday=0).monthdatescalendar(year, month)


def shifted(year: int, month: int, by: int) -> tuple[int, int]:
    """The month so many months later or earlier, kept within the years a calendar can show."""
    whole = min(max(year * 12 + month - 1 + by, 2000 * 12), 2100 * 12 - 1)
    return whole // 12, whole % 12 + 1


def month_asked(text: str, today: date) -> tuple[int, int]:
    """The month of an address (`2026-11`); nonsense is the current one."""
    year, _dash, month = text.partition("-")
    if year.isascii() and year.isdigit() and month.isascii() and month.isdigit() and 2000 <= int(year) <= 2099 and 1 <= int(month) <= 12:
        return int(year), int(month)
    return today.year, today.month


def by_day(items: Iterable[Item], zone: tzinfo) -> dict[date, list[Item]]:
    """Items by their day in a zone, each day in order."""
    found: dict[date, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: (item.starts_at, item.uid)):
        found[item.starts_at.astimezone(zone).date()].append(item)
    return dict(found)
