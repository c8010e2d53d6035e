"""What days to come are worth: by ISO week, as the ledger credits them. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from enterprises.placements.rules.days import ONE_DAY, Span
from trainhub.ledger.rules import credit_week, iso_week
from trainhub.policy.calendar import WorkCalendar

USUAL = WorkCalendar()
"""Every weekday is worked."""
WEEK = timedelta(days=7)


def monday_of(day: date) -> date:
    """The first day of the ISO week of a day."""
    return day - timedelta(days=day.weekday())


def merged(spans: Iterable[Span]) -> list[Span]:
    """The days of the spans as spans that neither overlap nor touch, in time: a day at two enterprises is one day."""
    found: list[Span] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1] + ONE_DAY:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


@dataclass(frozen=True, slots=True)
class Coming:
    """What the days of spans add to a student's credited days from `on` on.

    Days that are confirmed or wait (`known`) lie in the week of `on` or before it, so that only this week is shared with days to come: it
    earns no more than a week does. `full`: the shortened weeks to come, by ISO week with their working days, that count as full when
    all of those are worked (the holiday switch).
    """

    on: date
    per_week: int
    calendar: WorkCalendar = USUAL
    full: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def gain(self, spans: Iterable[Span], known: Collection[date] = (), until: date = date.max) -> int:
        """Days that are credited beside those known when every working day of the spans up to a day is logged and confirmed."""
        ahead = [(max(self.on, first), min(last, until)) for first, last in merged(spans) if max(self.on, first) <= min(last, until)]
        monday = monday_of(self.on)
        following, this_week = monday + WEEK, iso_week(monday)
        before = {day for day in known if monday <= day < following}
        now = before | {day for day in workdays_of(monday, per_week=self.per_week, calendar=self.calendar) if _lies_in(day, ahead)}
        worked = self.full.get(this_week)
        found = _credit(now, self.per_week, worked) - _credit(before, self.per_week, worked)
        for first, last in ahead:
            found += workdays_between(max(first, following), last, per_week=self.per_week, calendar=self.calendar)
        for week, days in self.full.items():
            if week != this_week and 0 < len(days) < self.per_week and min(days) >= following and all(_lies_in(day, ahead) for day in days):
                found += self.per_week - len(days)
        return found

    def reached_on(self, missing: int, spans: Collection[Span], known: Collection[date] = ()) -> date | None:
        """The day by which so many days more are credited when every working day of the spans counts; None: they do not suffice. Today
        where nothing is missing but the confirmation of what waits."""
        if missing <= 0:
            return self.on
        if not spans or self.gain(spans, known) < missing:
            return None
        low, high = self.on, max(last for _first, last in spans)
        while low < high:
            middle = low + (high - low) // 2
            if self.gain(spans, known, middle) >= missing:
                high = middle
            else:
                low = middle + ONE_DAY
        return low


def _credit(days: Collection[date], per_week: int, worked: Collection[date] | None) -> int:
    return credit_week(days, days_per_week=per_week, working_days=worked)


def _lies_in(day: date, spans: Iterable[Span]) -> bool:
    return any(first <= day <= last for first, last in spans)


def unlogged(spans: Iterable[Span], logged: Iterable[date], *, per_week: int, calendar: WorkCalendar = USUAL) -> int:
    """How many working days of the spans nobody logged: week by week, for a sixth day makes up for none of another week."""
    entered = Counter(monday_of(day) for day in logged)
    due: Counter[date] = Counter()
    for since, until in merged(spans):
        monday = monday_of(since)
        while monday <= until:
            last = min(until, monday + timedelta(days=6))
            due[monday] += workdays_between(max(since, monday), last, per_week=per_week, calendar=calendar)
            monday += WEEK
    return sum(max(0, count - entered[monday]) for monday, count in due.items())


def workdays_between(since: date, until: date, *, per_week: int, calendar: WorkCalendar = USUAL) -> int:
    """Days that can still be credited from `since` to `until`, both included: at most `per_week` of each ISO week, the first that are
    worked; without a calendar Mondays to Fridays.
    """
    if until < since:
        return 0

    def before(day: date) -> int:
        weeks, weekday = divmod(day.toordinal() - 1, 7)  # 1 January of year 1 is a Monday
        return weeks * per_week + min(weekday, per_week)

    mondays, weeks = _odd_weeks(calendar, per_week)
    some = weeks[bisect_left(mondays, monday_of(since)) : bisect_right(mondays, until)]
    return before(until + ONE_DAY) - before(since) + sum(_against_usual(monday, worked, since, until, per_week) for monday, worked in some)


def workdays_of(monday: date, *, per_week: int, calendar: WorkCalendar = USUAL) -> tuple[date, ...]:
    """The days of a week that `workdays_between` counts."""
    mondays, weeks = _odd_weeks(calendar, per_week)
    at = bisect_left(mondays, monday)
    return weeks[at][1] if at < len(mondays) and mondays[at] == monday else tuple(monday + timedelta(days=n) for n in range(per_week))


@lru_cache(maxsize=16)
def _odd_weeks(calendar: WorkCalendar, per_week: int) -> tuple[list[date], list[tuple[date, tuple[date, ...]]]]:
    """The Mondays of the weeks in which holidays move or take days; and with each the first days that are worked."""
    found = []
    for monday in sorted({monday_of(day) for day in calendar.off | calendar.on}):
        week = [monday + timedelta(days=n) for n in range(7)]
        found.append((monday, tuple([day for day in week if calendar.is_worked(day)][:per_week])))
    return [monday for monday, _worked in found], found


def _against_usual(monday: date, worked: Iterable[date], since: date, until: date, per_week: int) -> int:
    """By how many days of the span such a week differs from a usual one."""
    usual = (monday + timedelta(days=n) for n in range(per_week))
    return sum(since <= day <= until for day in worked) - sum(since <= day <= until for day in usual)
