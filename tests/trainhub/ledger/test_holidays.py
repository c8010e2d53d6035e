"""Holiday weeks: by policy; every credited day is some day's, and the switch is off unless a parameter says otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from trainhub.ledger import rules, weekfiles
from trainhub.policy import book as books
from trainhub.policy import calendar

MONDAY = date(2026, 10, 5)
"""The week of 5 October 2026: free until Wednesday, Saturday is worked."""
THREE = [MONDAY + timedelta(days=n) for n in (3, 4, 5)]


@pytest.fixture
def switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The book with the holiday rule in force."""
    folder = tmp_path / "params"
    shutil.copytree(books.PARAMS, folder)
    file = folder / "trainhub_teaching.toml"
    text = file.read_text(encoding="utf-8")
    before = 'key = "own.weeks.holiday_rule"\nvalue = false'
    assert before in text
    file.write_text(text.replace(before, before.replace("false", "true")), encoding="utf-8")
    monkeypatch.setattr(books, "PARAMS", folder)
    books.book.cache_clear()
    yield
    monkeypatch.undo()
    books.book.cache_clear()


def test_what_is_worked() -> None:
    assert [calendar.is_worked(MONDAY + timedelta(days=n)) for n in range(7)] == [False, False, False, True, True, True, False]
    assert calendar.worked_in_weeks([*THREE, date(2026, 10, 12)]) == {"2026-W41": 3}
    assert (calendar.free_between(date(2026, 9, 28), date(2026, 10, 31)), calendar.free_between(date(1999, 1, 1), date(1999, 12, 31))) == (5, 0)


@pytest.mark.parametrize(("days", "credited"), [(THREE, 5), (THREE[:2], 2), ([], 0)])
def test_the_last_day_of_a_full_holiday_week_earns_what_the_holidays_took(days: list[date], credited: int) -> None:
    earned = rules.credits([(day, n) for n, day in enumerate(days)], days_per_week=5, working_days={"2026-W41": 3})
    assert sum(earned.values()) == credited == rules.credit_weeks(days, days_per_week=5, working_days={"2026-W41": 3}).credited_days
    assert list(earned.values()) == ([1, 1, 3] if len(days) == 3 else [1] * len(days))


def test_without_the_switch_a_week_counts_what_was_worked_in_it() -> None:
    doubled = [*((day, 1) for day in THREE), (THREE[0], 2)]
    assert rules.credits(doubled, days_per_week=5) == {(THREE[0], 1): 1, (THREE[0], 2): 0, (THREE[1], 1): 1, (THREE[2], 1): 1}
    week = [(MONDAY + timedelta(days=n), n) for n in range(7)]
    assert list(rules.credits(week, days_per_week=5).values()) == [1, 1, 1, 1, 1, 0, 0]
    assert calendar.holiday_weeks(THREE) == {}


def test_the_command_follows_the_switch(switched_on: None, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("student,enterprise,date,status\n" + "".join(f"S1,E,{day},approved\n" for day in THREE), encoding="utf-8")
    [student] = weekfiles.check(file, on=date(2026, 11, 1))["students"]
    assert (student["days"], student["credited_weeks"], student["by_week"]) == (5, 1.0, {"2026-W41": 5})
