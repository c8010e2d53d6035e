"""Who is at risk, at, below and above each threshold; how time is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from courses.analytics import rules
from courses.analytics.types import Facts, Reason, Risk

TODAY = date(2026, 6, 1)
FINE = Facts(
    enrolled_on=date(2026, 3, 1),
    last_active_on=TODAY,
    progress_x1000=800,
    overdue=0,
    score_x10=700,
    pass_mark_x10=600,
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 6, 29),
)


def reasons(**changed: object) -> tuple[Reason, ...]:
    return rules.judge(replace(FINE, **changed), TODAY).reasons  # type: ignore[arg-type]


def test_who_is_fine_has_no_reason() -> None:
    assert rules.judge(FINE, TODAY) == rules.Judged(Risk.NONE, 0, ())


@pytest.mark.parametrize(("days", "found"), [(13, ()), (14, (Reason.INACTIVE,)), (15, (Reason.INACTIVE,))])
def test_inactive_from_two_weeks_on(days: int, found: tuple[Reason, ...]) -> None:
    assert reasons(last_active_on=TODAY - timedelta(days=days)) == found


@pytest.mark.parametrize(("days", "found"), [(6, ()), (7, (Reason.NEVER_STARTED,))])
def test_never_started_from_a_week_after_enrolling_on(days: int, found: tuple[Reason, ...]) -> None:
    assert reasons(last_active_on=None, enrolled_on=TODAY - timedelta(days=days), ends_on=None, score_x10=None) == found


@pytest.mark.parametrize(("progress", "found"), [(517, ()), (516, (Reason.BEHIND,)), (515, (Reason.BEHIND,))])
def test_behind_by_a_quarter(progress: int, found: tuple[Reason, ...]) -> None:
    assert rules.expected_x1000(FINE, TODAY) == 766
    assert reasons(progress_x1000=progress) == found


def test_the_calendar_expects_nothing_without_a_last_day_and_from_a_newcomer() -> None:
    assert rules.expected_x1000(replace(FINE, ends_on=None), TODAY) is None
    assert rules.expected_x1000(replace(FINE, enrolled_on=date(2026, 6, 29)), TODAY) is None
    assert rules.expected_x1000(replace(FINE, starts_on=date(2026, 6, 10)), TODAY) == 0
    assert reasons(enrolled_on=TODAY - timedelta(days=6), progress_x1000=0) == ()


@pytest.mark.parametrize(("score", "found"), [(600, ()), (599, (Reason.LOW_SCORE,)), (None, ())])
def test_a_low_mean_of_what_was_graded(score: int | None, found: tuple[Reason, ...]) -> None:
    assert reasons(score_x10=score) == found


def test_points_make_the_risk() -> None:
    assert rules.judge(replace(FINE, overdue=1), TODAY).risk is Risk.MEDIUM
    assert rules.judge(replace(FINE, overdue=1, score_x10=0), TODAY).risk is Risk.HIGH
    never = rules.judge(replace(FINE, last_active_on=None, score_x10=None, progress_x1000=800), TODAY)
    assert (never.points, never.risk) == (3, Risk.MEDIUM)


def test_where_learners_are_stuck() -> None:
    assert rules.stuck_at([1, 2, 3], {7: {1}, 8: {2}, 9: {1, 2, 3}}, [7, 8, 9, 10]) == {1: 2, 2: 1, 3: 0}


@pytest.mark.parametrize(("handed_in", "found"), [(515, (Reason.BEHIND,)), (516, (Reason.BEHIND,)), (517, ())])
def test_work_that_waits_for_a_mark_is_not_behind(handed_in: int, found: tuple[Reason, ...]) -> None:
    assert reasons(progress_x1000=0, handed_in_x1000=handed_in) == found


@pytest.mark.parametrize(("handed_in", "found"), [(999, (Reason.INACTIVE,)), (1000, ())])
def test_who_has_handed_in_everything_may_rest(handed_in: int, found: tuple[Reason, ...]) -> None:
    assert reasons(last_active_on=TODAY - timedelta(days=30), handed_in_x1000=handed_in) == found
