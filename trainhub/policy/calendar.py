"""Which days are worked: weekdays but for holidays, and the weekend days that are worked instead. The days are entered by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Days that are free, and weekend days that are worked instead; a year that nobody has entered has neither."""

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()

    def is_free(self, day: date) -> bool:
        """Whether a weekday is a public holiday (or a day off for one)."""
        return day.weekday() < WORKDAYS and day in self.off

    def is_worked(self, day: date) -> bool:
        """Whether people work on a day."""
        return day in self.on or (day.weekday() < WORKDAYS and day not in self.off)

    def free_between(self, since: date, until: date) -> int:
        """How many weekdays of a span, both ends included, are free."""
        return sum(since <= day <= until and self.is_free(day) for day in self.off)

    def worked_in_weeks(self, days: Iterable[date]) -> dict[str, frozenset[date]]:
        """By ISO week of the days ("2026-W40") which days are worked in it, where a holiday makes them fewer than usual."""
        found: dict[str, frozenset[date]] = {}
        for monday in sorted({day - timedelta(days=day.weekday()) for day in days}):
            week = [monday + timedelta(days=n) for n in range(7)]
            if any(self.is_free(day) for day in week):
                year, number, _weekday = monday.isocalendar()
                found[f"{year:04d}-W{number:02d}"] = frozenset(day for day in week if self.is_worked(day))
        return found
