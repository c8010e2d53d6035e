"""Where days, cities and numbers stand in drawings. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date


def scale(since: date, until: date, *, left: float, right: float) -> Callable[[date], float]:
    """Days of a span (both ends included) as places between left and right; days outside stand at the edges."""
    days = (until - since).days + 1

    def at(day: date) -> float:
        return round(left + (right - left) * min(max((day - since).days, 0), days) / days, 1)

    return at


def months_of(since: date, until: date) -> list[date]:
    """The first days of the months of a span."""
    found, day = [], since.replace(day=1)
    while day <= until:
        if day >= since:
            found.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found


def city_of(county_code: str | None) -> str:
    """The reporting unit of a county's code: its prefecture, 平潭 (350128) by itself; empty: not known."""
    if not county_code:
        return ""
    return county_code if county_code == "350128" else f"{county_code[:4]}00"


def shade(value: int, most: int) -> int:
    """One of six shades, 0 for nothing and 5 for the most."""
    return 0 if value <= 0 or most <= 0 else min(5, 1 + value * 4 // most)
