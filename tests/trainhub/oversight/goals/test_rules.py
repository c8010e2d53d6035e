"""Sums, the straight line and the forecast: no app, no database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trainhub.oversight.goals import rules
from trainhub.oversight.goals.types import Counted

START, END = date(2015, 1, 1), date(2017, 12, 31)


def forecast(by_day: dict[date, int], on: date, target: int = 1000, window: int = 6) -> tuple[int, date | None]:
    found = rules.forecast(by_day, target=target, starts_on=START, deadline=END, on=on, window_months=window)
    return found.on_deadline, found.reaches_on


def test_sums_name_every_unit_and_category() -> None:
    counts = [
        Counted(date(2016, 3, 1), "350100", 1, "founder", 2, 3),
        Counted(date(2016, 3, 1), "350128", 1, "worker", 1, 1),
        Counted(date(2016, 5, 1), "350128", 2, "worker", 0, 4),
    ]
    found = rules.summed(counts, prefectures=["350100", "350200", "350128"], categories=["founder", "worker"])
    assert (found.persons, found.enrolments) == (3, 8)
    assert found.by_prefecture == {"350100": 2, "350200": 0, "350128": 1}
    assert found.by_category == {"founder": 2, "worker": 1}
    assert found.by_month == {"2016-03": 3}
    assert found.enrolments_by_base == {1: 4, 2: 4}


def test_public_figures_move_by_whole_steps_and_no_difference_tells_of_one_person() -> None:
    assert [rules.coarse(count, 5) for count in (0, 4, 5, 9, 10)] == [0, 0, 5, 5, 10]
    told: dict[tuple[int, int], set[int]] = {}
    for part in range(5, 60):
        for rest in range(1, 5):
            told.setdefault((rules.coarse(part + rest, 5), rules.coarse(part, 5)), set()).add(rest)
    assert all(possible == {1, 2, 3, 4} for possible in told.values())


def test_months_between_are_there() -> None:
    assert rules.months({date(2015, 12, 31): 1, date(2016, 2, 1): 2}) == {"2015-12": 1, "2016-01": 0, "2016-02": 2}
    assert rules.months({}) == {}


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2016, 6, 30), 6, date(2015, 12, 31)),
        (date(2016, 8, 31), 6, date(2016, 3, 1)),
        (date(2017, 8, 31), 6, date(2017, 3, 1)),
        (date(2016, 1, 1), 1, date(2015, 12, 2)),
        (date(2016, 12, 15), 12, date(2015, 12, 16)),
    ],
)
def test_window_of_months(day: date, months: int, first: date) -> None:
    assert rules.months_before(day, months) == first


def test_straight_line() -> None:
    whole = (END - START).days + 1
    assert rules.planned(whole * 2, START, END, START - timedelta(days=1)) == 0
    assert rules.planned(whole * 2, START, END, START) == 2
    assert rules.planned(whole * 2, START, END, END) == whole * 2
    assert rules.planned(whole * 2, START, END, END + timedelta(days=9)) == whole * 2


def test_forecast_goes_on_at_the_pace_of_the_window() -> None:
    on = date(2017, 12, 21)
    days = {on - timedelta(days=n): 1 for n in range(400)}
    assert forecast(days, on) == (410, on + timedelta(days=600))
    assert forecast(days, on, target=410) == (410, date(2017, 12, 31))


def test_forecast_of_a_young_goal_uses_the_days_it_has() -> None:
    on = date(2015, 1, 10)
    assert forecast({START: 10}, on) == (10 + (END - on).days, on + timedelta(days=990))


def test_forecast_without_any_pace() -> None:
    assert forecast({START: 10}, date(2017, 1, 1)) == (10, None)
    assert forecast({}, date(2016, 1, 1)) == (0, None)
    assert forecast({}, date(2014, 12, 31)) == (0, None)


def test_a_target_that_was_reached_has_its_day() -> None:
    days = {date(2015, 5, 1): 999, date(2015, 5, 2): 1, date(2015, 5, 3): 5}
    assert forecast(days, date(2015, 5, 3))[1] == date(2015, 5, 2)
    assert forecast(days, date(2020, 1, 1)) == (1005, date(2015, 5, 2))


def test_after_the_deadline_nothing_is_forecast() -> None:
    assert forecast({date(2017, 12, 31): 7, date(2018, 1, 1): 9}, date(2018, 1, 1)) == (7, None)
    assert forecast({date(2017, 12, 31): 7}, date(2017, 12, 31)) == (7, None)


A, B, C = date(2016, 1, 3), date(2016, 1, 2), date(2016, 1, 1)


@pytest.mark.parametrize(
    ("start", "size", "found"),
    [
        (0, 2, rules.DaysOfPage(A, A, 0)),
        (0, 3, rules.DaysOfPage(A, B, 0)),
        (2, 2, rules.DaysOfPage(B, C, 0)),
        (1, 2, rules.DaysOfPage(A, B, 1)),
        (4, 20, rules.DaysOfPage(C, C, 1)),
        (6, 20, None),
        (60, 20, None),
    ],
)
def test_the_days_that_hold_a_page(start: int, size: int, found: rules.DaysOfPage | None) -> None:
    assert rules.days_of_page([(A, 2), (B, 1), (C, 3)], start, size) == found
    assert rules.days_of_page([], start, size) is None
