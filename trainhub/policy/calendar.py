"""Which days are worked: weekdays but for holidays, and the weekend days that are worked instead. From dated parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from functools import lru_cache

from trainhub.policy.book import Book, book


@lru_cache(maxsize=32)
def _year(known: Book, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """(free weekdays, worked weekend days) of a year; nothing for a year that nobody has entered."""
    first = date(year, 1, 1)
    found = (known.find(key, on=first) for key in ("own.calendar.days_off", "own.calendar.days_on"))
    off, on = (frozenset(date.fromisoformat(str(day)) for day in one.items) if one is not None else frozenset() for one in found)
    return off, on


def is_free(day: date) -> bool:
    """Whether a weekday is a public holiday (or a day off for one)."""
    return day in _year(book(), day.year)[0]


def is_worked(day: date) -> bool:
    """Whether people work on a day."""
    off, on = _year(book(), day.year)
    return day in on or (day.weekday() < 5 and day not in off)


def free_between(since: date, until: date) -> int:
    """How many weekdays of a span, both ends included, are free."""
    return sum(since <= day <= until for year in range(since.year, until.year + 1) for day in _year(book(), year)[0])


def worked_in_weeks(days: Iterable[date]) -> dict[str, int]:
    """By ISO week of the days ("2026-W40") how many days are worked in it, where a holiday makes them fewer than usual."""
    found: dict[str, int] = {}
    for monday in sorted({day - timedelta(days=day.weekday()) for day in days}):
        week = [monday + timedelta(days=n) for n in range(7)]
        if any(is_free(day) for day in week):
            year, number, _weekday = monday.isocalendar()
            found[f"{year:04d}-W{number:02d}"] = sum(is_worked(day) for day in week)
    return found


def holiday_weeks(days: Collection[date]) -> dict[str, int]:
    """The same where the switch own.weeks.holiday_rule is on for the latest day; else nothing: a week counts what was worked in it."""
    if not days or not book().at("own.weeks.holiday_rule", on=max(days)).value:
        return {}
    return worked_in_weeks(days)
