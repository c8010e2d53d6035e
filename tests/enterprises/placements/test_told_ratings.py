"""What is told of ratings never lets a student's marks be told, and the same day always gives the same."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from enterprises.placements.rules.ratings import RATED_FOR, Rated, half_of, is_told, told

JUNE = date(2026, 6, 30)
CLOSED = JUNE + timedelta(days=RATED_FOR)


def rated(ended: date, count: int, *, first: int = 0, on: date | None = None) -> list[Rated]:
    return [Rated(ended, on or ended, first + n, {"work": 4}) for n in range(count)]


@pytest.mark.parametrize(("on", "count"), [(JUNE, 0), (CLOSED, 0), (CLOSED + timedelta(days=1), 5)])
def test_a_rating_is_told_when_nothing_of_its_half_year_changes_any_more(on: date, count: int) -> None:
    assert len(told(rated(date(2026, 1, 31), 5), on=on, least=5)) == count


@pytest.mark.parametrize(("later", "count"), [(4, 5), (5, 10), (6, 11)])
def test_a_later_group_joins_with_the_least_number_only(later: int, count: int) -> None:
    rows = rated(date(2026, 1, 31), 5) + rated(date(2026, 7, 1), later, first=10)
    assert len(told(rows, on=date(2027, 2, 1), least=5)) == count


def test_a_student_who_rates_twice_is_one() -> None:
    rows = rated(date(2026, 1, 31), 4) + rated(date(2026, 3, 31), 4)
    assert told(rows, on=date(2027, 2, 1), least=5) == []
    assert len(told(rows + rated(date(2026, 3, 31), 1, first=9), on=date(2027, 2, 1), least=5)) == 9


@pytest.mark.parametrize(
    ("rated_on", "half", "is_fixed"), [(JUNE, (2026, 1), True), (CLOSED, (2026, 1), True), (CLOSED + timedelta(days=1), (2026, 2), False)]
)
def test_what_comes_after_its_half_year_was_added_up_joins_the_next(rated_on: date, half: tuple[int, int], is_fixed: bool) -> None:
    assert half_of(JUNE, rated_on) == half
    assert is_told(JUNE, rated_on, CLOSED + timedelta(days=2)) is is_fixed


def test_two_days_differ_by_nobody_or_by_a_whole_group() -> None:
    """Whenever ratings came: what is told later holds all that was told before."""
    random = Random(6)
    for _case in range(200):
        rows = []
        for human in range(random.randrange(60)):
            ends = date(2020, 1, 1) + timedelta(days=random.randrange(2000))
            rows.append(Rated(ends, ends + timedelta(days=random.randrange(-7, 200)), human, {"work": random.randint(1, 5)}))
        before: list[Rated] = []
        for day in (date(2020, 1, 1) + timedelta(days=n) for n in range(0, 2600, 13)):
            known = [row for row in rows if row.on <= day]
            now = told(known, on=day, least=5)
            assert now[: len(before)] == before
            assert len(now) - len(before) not in range(1, 5)
            before = now
