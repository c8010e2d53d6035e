"""The demo's calendar: every date is relative to the day the demo begins, so that it is alive on any day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days of the demo; `day` is the day it begins."""

    day: date

    def at(self, days: int, hour: int = 2) -> datetime:
        """An instant `days` after the beginning (negative: before), at 10 in the morning in Shanghai."""
        return datetime.combine(self.day + timedelta(days=days), time(hour), tzinfo=UTC)

    def plus(self, days: int) -> date:
        """A day relative to the beginning."""
        return self.day + timedelta(days=days)

    @property
    def final_entry(self) -> int:
        """The year in which those entered who graduate next and still have the time of a term and a capstone before it."""
        year = self.day.year - 4
        return year if self.graduates(year) >= self.plus(160) else year + 1

    def starts(self, entry_year: int) -> date:
        """The first day of a cohort."""
        return date(entry_year, 9, 1)

    def graduates(self, entry_year: int) -> date:
        """The day a cohort graduates."""
        return date(entry_year + 4, 6, 30)

    @property
    def graduated(self) -> int:
        """Entry year of the youngest cohort that has graduated for at least one day."""
        year = self.final_entry - 1
        return year if self.graduates(year) < self.day else year - 1

    def monday(self, days: int) -> date:
        """The Monday of the week that lies `days` from the beginning."""
        day = self.plus(days)
        return day - timedelta(days=day.weekday())


FIXED = (("元旦", (1, 1), (1, 1)), ("劳动节", (5, 1), (5, 2)), ("国庆节", (10, 1), (10, 3)))
"""Public holidays whose date the law fixes: name, first and last day (month, day); the moved days of a year only its notice knows."""


def is_holiday(day: date) -> bool:
    """Whether a day is one of them."""
    return any(first <= (day.month, day.day) <= last for _name, first, last in FIXED)


def working_days(first: date, last: date) -> list[date]:
    """Monday to Friday from the first to the last day, both included, but for public holidays."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and not is_holiday(day)]
