"""Days to come are counted as the ledger counts those that came: at most five of an ISO week, of whatever enterprise, and holidays by the switch."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.placements import operations, planning, queries, rules
from enterprises.placements.models import Placement
from enterprises.placements.types import StudentProgress
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM
from trainhub.policy.calendar import WorkCalendar

MONDAY = make.TODAY
SUNDAY = MONDAY + timedelta(days=6)
OFF = WorkCalendar(frozenset([MONDAY + timedelta(days=n) for n in (7, 8)]))
"""Monday and Tuesday of the second week are free."""
SHORT = frozenset(MONDAY + timedelta(days=n) for n in (9, 10, 11))


def day(*shifts: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in shifts]


# -- rules --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("on", "known", "spans", "gained"),
    [
        (0, [], [(0, 4)], 5),
        (0, [], [(0, 6)], 5),
        (0, [], [(0, 4), (0, 4)], 5),  # two enterprises in one week
        (0, [], [(0, 2), (2, 4)], 5),
        (0, [], [(0, 2), (3, 4)], 5),
        (4, [0, 1, 2, 3], [(0, 6)], 1),
        (4, [0, 1, 2, 3, 4], [(0, 6)], 0),
        (4, [-1, 0, 1, 2], [(0, 6)], 1),  # Sunday belongs to the week before
        (5, [1, 2, 3, 4], [(0, 11)], 5),
        (3, [0, 1, 2, 5, 6], [(0, 4)], 0),  # five days of the week are there
        (3, [0, 1, 2, 5], [(0, 4)], 1),
        (0, [], [(0, 13), (7, 20)], 15),
        (0, [], [], 0),
    ],
)
def test_a_week_gains_no_more_than_it_takes(on: int, known: list[int], spans: list[tuple[int, int]], gained: int) -> None:
    coming = rules.Coming(*day(on), per_week=5)
    assert coming.gain([tuple(day(*span)) for span in spans], day(*known)) == gained  # type: ignore[misc]


@pytest.mark.parametrize(
    ("is_full", "until", "gained"),
    [(False, 13, 8), (True, 13, 10), (True, 11, 10), (True, 10, 7), (True, 9, 6), (False, 11, 8)],
)
def test_a_shortened_week_is_full_with_its_last_working_day(is_full: bool, until: int, gained: int) -> None:
    coming = rules.Coming(MONDAY, 5, OFF, {rules_week(7): SHORT} if is_full else {})
    assert coming.gain([(MONDAY, MONDAY + timedelta(days=until))]) == gained
    assert coming.gain([(MONDAY, MONDAY + timedelta(days=40))], until=MONDAY + timedelta(days=until)) == gained


def test_a_shortened_week_that_is_not_worked_whole_is_not_full() -> None:
    coming = rules.Coming(MONDAY, 5, OFF, {rules_week(7): SHORT})
    assert coming.gain([tuple(day(10, 13))]) == 2  # type: ignore[list-item]
    now = rules.Coming(*day(10), per_week=5, calendar=OFF, full={rules_week(7): SHORT})  # type: ignore[misc]
    assert [now.gain([tuple(day(10, 13))], known) for known in ([], day(9), day(8))] == [2, 4, 2]  # type: ignore[list-item]


def rules_week(shift: int) -> str:
    year, week, _weekday = (MONDAY + timedelta(days=shift)).isocalendar()
    return f"{year}-W{week:02d}"


@pytest.mark.parametrize(
    ("missing", "spans", "known", "reached"),
    [
        (0, [], [], 0),
        (1, [], [], None),
        (5, [(0, 6)], [], 4),
        (6, [(0, 6)], [], None),
        (6, [(0, 20)], [], 7),
        (6, [(0, 20), (0, 20)], [], 7),
        (1, [(0, 20)], [0, 1, 2, 3, 4], 7),
        (2, [(0, 4), (14, 20)], [0, 1, 2, 3], 14),
    ],
)
def test_the_day_on_which_so_many_days_more_are_credited(missing: int, spans: list[tuple[int, int]], known: list[int], reached: int | None) -> None:
    on = 4 if known else 0
    found = rules.Coming(*day(on), per_week=5).reached_on(missing, [tuple(day(*span)) for span in spans], day(*known))  # type: ignore[misc]
    assert found == (None if reached is None else MONDAY + timedelta(days=reached))


@pytest.mark.parametrize(
    ("logged", "missing"),
    [([], 10), ([0, 1, 2, 3, 4], 5), ([0, 1, 2, 3, 4, 5], 5), ([0, 1, 2, 3, 5], 5), ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 2), (list(range(12)), 0)],
)
def test_a_sixth_day_makes_up_for_none_of_another_week(logged: list[int], missing: int) -> None:
    assert rules.unlogged([tuple(day(0, 13))], day(*logged), per_week=5) == missing  # type: ignore[list-item]


# -- the student's page ---------------------------------------------------------------------------------------------------
@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of sixteen weeks that runs since Monday 2 March 2026."""
    university, enterprise = ground.university(), ground.enterprise()
    programme, term = ground.programme(university), make.term(university=university)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    mentor = make.mentor(enterprise=enterprise)
    row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
    return SimpleNamespace(row=row, student=student, term=term, programme=programme, mentor=mentor, university=university)


def logged(row: Placement, days: list[date]) -> None:
    for one in days:
        operations.log_day(placement=row, on=one, today=max(days), by=SYSTEM, now=make.at(max(days)))


def progress(world: SimpleNamespace, on: date) -> StudentProgress:
    found = queries.progress_of_student(world.student.id, on=on)
    assert found is not None
    return found


def test_a_week_of_seven_days_that_wait_is_five(world: SimpleNamespace) -> None:
    """Sixteen weeks are eighty days, however many days of a week are logged; the date does not come closer."""
    before = progress(world, SUNDAY)
    assert (before.credited_days, before.to_come) == (0, 75)  # of this week no working day is left
    logged(world.row, day(*range(7)))
    found = progress(world, SUNDAY)
    assert (found.credited_days, found.to_come) == (0, 80)
    make.confirmed(world.row, day(*range(5)))
    found = progress(world, SUNDAY)
    assert (found.credited_days, found.to_come) == (5, 75)
    assert found.possible_on == progress(world, SUNDAY + timedelta(days=1)).possible_on


def test_days_that_wait_beside_confirmed_ones_fill_the_week(world: SimpleNamespace) -> None:
    make.confirmed(world.row, day(0, 1, 2, 3))
    logged(world.row, day(4, 5, 6))
    found = progress(world, SUNDAY)
    assert (found.credited_days, found.to_come) == (4, 76)


def test_saturdays_do_not_hide_a_week_that_nobody_logged(world: SimpleNamespace) -> None:
    """Two weeks of seven days, then two of none: ten working days went by."""
    logged(world.row, day(*range(14)))
    found = progress(world, MONDAY + timedelta(days=28))
    assert [count for miss, count in found.why if miss.value == "unlogged"] == [10]


def test_a_plan_counts_a_week_of_seven_days_as_one(world: SimpleNamespace) -> None:
    """Of sixteen weeks three have passed, with seven days in the first: the second is lost. Past the end only the first counts."""
    later = make.term(university=world.university, starts_on=date(2026, 9, 7))
    round = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[later])
    logged(world.row, day(*range(7)))

    def prior(today: date) -> int:
        return next(one.prior_x10 for one in planning.problem_of(round, today=today).case.pupils if one.id == planning.key(world.student.id))

    assert prior(MONDAY + timedelta(days=21)) == 150
    assert prior(world.row.ends_on + timedelta(days=1)) == 10
    make.confirmed(world.row, day(0, 1, 2))
    assert prior(world.row.ends_on + timedelta(days=1)) == 10


def test_two_placements_over_one_week_are_no_two_weeks(world: SimpleNamespace) -> None:
    """A base is changed on a Thursday: five days of the week can be credited, whichever enterprise they belong to."""
    other = make.position(enterprise=ground.enterprise(), terms=[world.term])
    make.confirmed(world.row, day(0, 1, 2))
    whole: dict[str, Any] = {"by": SYSTEM, "now": make.at(MONDAY + timedelta(days=2))}
    operations.change_base(
        placement=world.row,
        position=other,
        term=world.term,
        since=MONDAY + timedelta(days=3),
        reason="停产",
        today=MONDAY + timedelta(days=2),
        **whole,
    )
    found = progress(world, MONDAY + timedelta(days=3))
    assert (found.credited_days, found.to_come) == (3, 77)
