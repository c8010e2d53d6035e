"""When data of a kind have served their time: the periods of the policy book (own.retention.*), counted in calendar months."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from trainhub.kernel.clock import local
from trainhub.policy.book import book

PREFIX = "own.retention."


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the last day of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_day(what: str, *, today: date) -> date:
    """What happened before this day has served its time; `what` is the middle of own.retention.<what>_months."""
    return months_before(today, int(book().at(f"{PREFIX}{what}_months", on=today).number))


def ended_at(what: str, *, now: datetime, today: date) -> datetime:
    """The same as an instant, at the hour that the clock on the wall shows now: what happened before it has served its time."""
    return datetime.combine(last_day(what, today=today), local(now).timetz())
