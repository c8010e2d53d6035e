"""The only clock of the house. Instants are UTC; the calendar is Asia/Shanghai.

Business code never calls it: operations and rules are handed `today` and `now` by views, commands and tasks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant, in UTC, with microseconds."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in Shanghai, by which deadlines are cut."""
    return now().astimezone(SHANGHAI).date()


def local(instant: datetime) -> datetime:
    """An instant as the wall clock of Shanghai shows it."""
    return instant.astimezone(SHANGHAI)


def instant_of(typed: datetime) -> datetime:
    """The instant of a day and an hour as people here write them."""
    return typed.replace(tzinfo=SHANGHAI).astimezone(UTC)


def last_over(instant: datetime) -> date:
    """The last day that was over at an instant. What is kept with its day alone is known for certain up to this day: of the day itself
    nobody could tell later what had been entered before the instant and what after."""
    return local(instant).date() - timedelta(days=1)


def end_of(day: date) -> datetime:
    """The last instant of a deadline day: 23:59:59.999999 in Shanghai, never the next midnight."""
    return datetime.combine(day, time.max, tzinfo=SHANGHAI).astimezone(UTC)


def start_of(day: date) -> datetime:
    """The first instant of a day in Shanghai."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI).astimezone(UTC)


def add_years(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 1 March (requirements.md 1.x, P6/P15)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def academic_year(day: date) -> int:
    """The academic year (学年) a day lies in, by its first calendar year: 1 September to 31 August."""
    return day.year if day.month >= 9 else day.year - 1


def days_ago(day: date, days: int) -> date:
    """The day `days` before."""
    return day - timedelta(days=days)


def is_minute_of(stored: str | None, at: datetime) -> bool:
    """Whether a stored text is the instant a form showed, which may show no seconds; however its offset is written."""
    known = datetime.fromisoformat(str(stored)) if stored else None
    return known is not None and at in (known, known.replace(second=0, microsecond=0))
