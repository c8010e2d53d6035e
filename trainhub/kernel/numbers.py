"""Numbers as people and programs type them: into forms, addresses, names of fields. The one place that decides what is a number at all.

Python reads more as a number than any column holds: thirty digits overflow in the driver, `²` is a digit to `str.isdigit` and an error to
`int`. What is read here is either a number that both databases hold or nothing; a key beyond them names no row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

LARGEST = 2**63 - 1
"""What a column of keys holds, on SQLite and on PostgreSQL."""


def is_key(text: str | None) -> bool:
    """Whether a text can name a row: digits alone, and no more than a key holds."""
    return text is not None and text.isdecimal() and len(text.lstrip("0")) <= 19 and int(text) <= LARGEST


def key_of(text: str | None) -> int | None:
    """The key that a text names, None when it can name none."""
    return int(text) if text is not None and is_key(text) else None


def asked_key(text: str) -> int | None:
    """The key that a filter asks for: None for what is no number, 0 (which no row has) for a number that is too large for a key, so that
    the list is empty and does not pass for what was found."""
    text = text.strip()
    return (key_of(text) or 0) if text.isdecimal() else None


def keys_of(texts: Iterable[str]) -> list[int]:
    """The keys among texts; what is none names nothing."""
    return [key for text in texts if (key := key_of(text)) is not None]


def whole(text: str) -> int:
    """A whole number, for `request.args.get(name, type=whole)`; ValueError, and so the default, for all that no column holds."""
    number = int(text)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(text[:40])
    return number


def a_year(text: str) -> int:
    """A year of the calendar, for `request.args.get("year", type=a_year)`; ValueError for what no date can have."""
    number = whole(text)
    if not 1900 <= number <= 2999:
        raise ValueError(text[:40])
    return number


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""What people mean by a date lies between these; beyond them the day after, or a loop over weeks, ends in an error."""


def is_day(day: date) -> bool:
    """Whether a date is one that can be counted with."""
    return FIRST_DAY <= day <= LAST_DAY


def a_day(text: str) -> date:
    """A date of an address or a field; ValueError for what is none, and for one that nobody means."""
    day = date.fromisoformat(text)
    if not is_day(day):
        raise ValueError(text[:40])
    return day


def is_finite(number: Decimal | float) -> bool:
    """Whether a decimal is a number, and one that can be counted with: not `nan` (nor `sNaN`, which raises when it is asked), not `inf`, not `1e999`."""
    finite = number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)
    return finite and -LARGEST <= number <= LARGEST


def decimal_of(text: str, *, places: int = 1) -> Decimal | None:
    """A decimal as people write it (digits, a point, at most `places` behind it), None for everything else: `nan`, `1e5`, `1_0`. The full width digits of an input method are digits.

    More places are nothing too, rather than a rounded number that nobody wrote.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not text.strip().lstrip("+-").replace(".", "", 1).isdecimal() or not is_finite(number):
        return None
    return number if number.normalize().as_tuple().exponent >= -places else None  # type: ignore[operator]  # it is finite
