"""Which ratings of a base are told: none that may still be changed, and never so few anew that a student's marks could be told.

Pure. A mean that moves with each rating tells, before and after, what one student said: ratings join it by closed half-years of the end of
their placements, in groups of a least number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

RATED_BEFORE, RATED_FOR = 7, 30
"""Days before and after the end of a placement in which both sides may rate each other, and change what they said."""
Marks = Mapping[str, int]


def told(ratings: Iterable[tuple[date, Marks]], *, on: date, least: int) -> list[Marks]:
    """The marks that figures of a base show on a day, of (last day of the placement, marks): of half-years of which nothing changes any more, where
    those that came since the last group was shown are `least` at least. The same day always gives the same; two days differ by nobody or by `least` students."""
    groups: dict[tuple[int, int], list[Marks]] = defaultdict(list)
    for ended, marks in ratings:
        groups[half(ended)].append(marks)
    found: list[Marks] = []
    waiting: list[Marks] = []
    for key in sorted(groups):
        if on <= last_day(key) + timedelta(days=RATED_FOR):
            break
        waiting += groups[key]
        if len(waiting) >= max(1, least):
            found, waiting = found + waiting, []
    return found


def half(day: date) -> tuple[int, int]:
    """(year, 1 or 2): the half-year a day is in."""
    return day.year, 1 if day.month <= 6 else 2


def last_day(key: tuple[int, int]) -> date:
    """The last day of a half-year."""
    return date(key[0], 6, 30) if key[1] == 1 else date(key[0], 12, 31)
