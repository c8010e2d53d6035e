"""Which ratings of a base are told: none that may still be changed, and never so few anew that a student's marks could be told.

Pure. A mean that moves with each rating tells, before and after, what one student said: ratings join it by closed half-years, in groups of a least
number of students. What was told does not change any more, whatever becomes of the placement (`is_told`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

RATED_BEFORE, RATED_FOR = 7, 30
"""Days before and after the end of a placement in which both sides may rate each other, and change what they said."""
Half = tuple[int, int]
"""(year, 1 or 2)"""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a student said of a base: the last day of the term, when it was said last, by which human, the marks by topic."""

    term_ends: date
    on: date
    human: int
    marks: Mapping[str, int]


def told(ratings: Iterable[Rated], *, on: date, least: int) -> list[Rated]:
    """The ratings that figures of a base show on a day: of half-years that are closed, where those that came since the last group was shown are of
    `least` students at least. The same day always gives the same; two days differ by nobody or by `least` students."""
    groups: dict[Half, list[Rated]] = defaultdict(list)
    for one in ratings:
        groups[half_of(one.term_ends, one.on)].append(one)
    found: list[Rated] = []
    waiting: list[Rated] = []
    for key in sorted(groups):
        if on <= closes_on(key):
            break
        waiting += groups[key]
        if len({one.human for one in waiting}) >= max(1, least):
            found, waiting = found + waiting, []
    return found


def is_told(term_ends: date, rated_on: date, on: date) -> bool:
    """Whether a rating that was last changed on a day stands in figures, or waits for others only: it cannot be changed any more."""
    return on > closes_on(half_of(term_ends, rated_on))


def half_of(term_ends: date, rated_on: date) -> Half:
    """The half-year a rating belongs to: that of the term, or the first one that was still open when it was given."""
    key = _half(term_ends)
    while rated_on > closes_on(key):
        key = (key[0], 2) if key[1] == 1 else (key[0] + 1, 1)
    return key


def closes_on(key: Half) -> date:
    """The last day on which ratings of a half-year are taken."""
    last = date(key[0], 6, 30) if key[1] == 1 else date(key[0], 12, 31)
    return last + timedelta(days=RATED_FOR)


def _half(day: date) -> Half:
    return day.year, 1 if day.month <= 6 else 2
