"""What an entry about holidays must be. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from trainhub.ledger.types import HolidayKind

MOST_DAYS = 16
"""No public holiday is longer; more is a slip in a date."""
FIRST_YEAR, LAST_YEAR = 2000, 2099


class Wrong(StrEnum):
    """What is wrong with an entry."""

    ORDER = "order"
    TOO_LONG = "too_long"
    YEAR = "year"
    WEEKDAY = "weekday"


def days_of(since: date, until: date) -> list[date]:
    """Every day of a span, both ends included."""
    return [since + timedelta(days=n) for n in range((until - since).days + 1)]


def wrong(since: date, until: date, kind: HolidayKind) -> Wrong | None:
    """The first thing that is wrong with a span of days; a day worked instead is a Saturday or Sunday."""
    if until < since:
        return Wrong.ORDER
    if not FIRST_YEAR <= since.year <= until.year <= LAST_YEAR:
        return Wrong.YEAR
    if (until - since).days >= MOST_DAYS:
        return Wrong.TOO_LONG
    if kind is HolidayKind.ON and any(day.weekday() < 5 for day in days_of(since, until)):
        return Wrong.WEEKDAY
    return None
