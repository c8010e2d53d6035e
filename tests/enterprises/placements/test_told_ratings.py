"""What is told of ratings never lets a student's marks be told, and the same day always gives the same."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from enterprises.placements.rules.ratings import RATED_FOR, told

JUNE = date(2026, 6, 30)
CLOSED = JUNE + timedelta(days=RATED_FOR)


def rated(ended: date, count: int, mark: int = 4) -> list[tuple[date, dict[str, int]]]:
    return [(ended, {"work": mark})] * count


@pytest.mark.parametrize(("on", "count"), [(JUNE, 0), (CLOSED, 0), (CLOSED + timedelta(days=1), 5)])
def test_a_rating_is_told_when_nothing_of_its_half_year_changes_any_more(on: date, count: int) -> None:
    assert len(told(rated(date(2026, 1, 31), 5), on=on, least=5)) == count


@pytest.mark.parametrize(("later", "count"), [(4, 5), (5, 10), (6, 11)])
def test_a_later_group_joins_with_the_least_number_only(later: int, count: int) -> None:
    rows = rated(date(2026, 1, 31), 5) + rated(date(2026, 7, 1), later, mark=1)
    assert len(told(rows, on=date(2027, 2, 1), least=5)) == count


def test_two_days_differ_by_nobody_or_by_a_whole_group() -> None:
    random = Random(6)
    for _case in range(200):
        rows = [(date(2020, 1, 1) + timedelta(days=random.randrange(2000)), {"work": random.randint(1, 5)}) for _n in range(random.randrange(60))]
        counts = [len(told(rows, on=date(2020, 1, 1) + timedelta(days=day), least=5)) for day in range(0, 2400, 13)]
        assert counts == sorted(counts)
        assert all(after - before == 0 or after - before >= 5 for before, after in zip(counts, counts[1:], strict=False))
