"""Days become weeks (PETOE-7.2), and which completion counts (FJ-16c): no app, no database."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainhub.ledger import rules
from trainhub.ledger.types import FirstCount
from trainhub.policy.book import book
from trainhub.policy.findings import Status

ON = date(2026, 3, 2)


def working_days(count: int, start: date = date(2024, 9, 2)) -> list[date]:
    """`count` days from Monday to Friday, from `start` (a Monday)."""
    days, day = [], start
    while len(days) < count:
        if day.isoweekday() <= 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def total(days: list[date]) -> rules.WeeksTotal:
    return rules.credit_weeks(days, days_per_week=book().at("own.weeks.days_per_week", on=ON).number)


def test_iso_week_crosses_the_year() -> None:
    assert [rules.iso_week(date(2020, 12, 28)), rules.iso_week(date(2020, 12, 31)), rules.iso_week(date(2021, 1, 3))] == ["2020-W53"] * 3
    assert rules.iso_week(date(2021, 1, 4)) == "2021-W01"
    assert rules.iso_week(date(2018, 12, 31)) == "2019-W01"


def test_days_on_both_sides_of_new_year_share_a_week() -> None:
    found = total([date(2020, 12, 31), date(2021, 1, 1)])
    assert (found.credited_days, dict(found.by_week)) == (2, {"2020-W53": 2})


def test_a_seven_day_week_earns_one_week() -> None:
    found = total([date(2024, 9, 2) + timedelta(days=n) for n in range(7)])
    assert (found.days, found.credited_days, found.credited_weeks) == (7, 5, Decimal(1))


def test_a_day_in_two_enterprises_counts_once() -> None:
    assert total([date(2024, 9, 2), date(2024, 9, 2)]).credited_days == 1


@pytest.mark.parametrize(("days", "weeks", "met"), [(159, "31.8", False), (160, "32", True), (161, "32.2", True)])
def test_threshold_of_32_weeks(days: int, weeks: str, met: bool) -> None:
    found = total(working_days(days))
    finding = rules.judge_enterprise_weeks(
        found.credited_days, weeks=book().at("petoe.enterprise_weeks", on=ON), days_required=book().at("own.weeks.days_required", on=ON)
    )
    assert (found.credited_days, found.credited_weeks) == (days, Decimal(weeks))
    assert (finding.code, finding.met, finding.found, finding.required) == ("7.2", met, days, 160)
    assert finding.clause.rule == "PETOE-7.2"
    assert finding.status is (Status.MET if met else Status.NOT_MET)


def test_the_days_required_are_the_weeks_of_the_rule() -> None:
    at = book().at
    assert at("petoe.enterprise_weeks", on=ON).number * at("own.weeks.days_per_week", on=ON).number == at("own.weeks.days_required", on=ON).number


def test_nothing_is_nothing() -> None:
    found = total([])
    assert (found.days, found.credited_days, found.credited_weeks, dict(found.by_week)) == (0, 0, Decimal(0), {})


@pytest.mark.parametrize(
    ("days", "working", "credited"),
    [(2, None, 2), (2, 2, 5), (1, 2, 1), (3, 2, 5), (0, 0, 0), (2, 0, 2), (5, 5, 5), (6, 5, 5), (4, 6, 4)],
)
def test_holiday_switch(days: int, working: int | None, credited: int) -> None:
    week = [date(2024, 9, 30) + timedelta(days=n) for n in range(7)]
    worked = None if working is None else frozenset(week[:working])
    assert rules.credit_week(week[:days], days_per_week=5, working_days=worked) == credited


def test_a_holiday_that_was_worked_is_no_working_day() -> None:
    week = [date(2024, 9, 30) + timedelta(days=n) for n in range(7)]
    assert rules.credit_week(week[1:3], days_per_week=5, working_days=frozenset(week[:2])) == 2


def test_holiday_weeks_only_where_the_calendar_says_so() -> None:
    days = [date(2024, 9, 30), date(2024, 10, 8)]
    found = rules.credit_weeks(days, days_per_week=5, working_days={"2024-W40": frozenset([date(2024, 9, 30)])})
    assert dict(found.by_week) == {"2024-W40": 5, "2024-W41": 1}


@given(st.lists(st.dates(date(2014, 12, 1), date(2016, 2, 1)), max_size=80))
def test_the_sum_is_the_same_in_any_order_and_never_more_than_the_days(days: list[date]) -> None:
    found = total(days)
    assert found == total(sorted(days, reverse=True) + days)
    assert found.credited_days == sum(found.by_week.values()) <= found.days == len(set(days))
    assert all(1 <= credited <= 5 for credited in found.by_week.values())


def test_a_person_counts_by_the_earliest_completion_and_the_earlier_record_of_a_day() -> None:
    day = date(2016, 3, 1)
    found = rules.first_counts([(1, 9, day), (1, 4, day), (1, 2, day + timedelta(days=1)), (2, 5, day)])
    assert found == {1: FirstCount(1, 4, day), 2: FirstCount(2, 5, day)}
