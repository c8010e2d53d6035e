"""Rules of placements at, below and above each threshold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from enterprises.placements import rules
from enterprises.placements.types import AgreementParty, DayProblem, Light, Miss, PlacementState, PlanLine, PreferenceProblem
from trainhub.policy.book import book
from trainhub.policy.findings import Status

ON = date(2026, 3, 2)
SPAN = (date(2026, 3, 2), date(2026, 6, 21))


def at(key: str) -> object:
    """A parameter on the day."""
    return book().at(key, on=ON)


@pytest.mark.parametrize(("weeks", "met"), [([160, 155], False), ([160, 160], True), ([320], True), ([319], False), ([321], True)])
def test_7_1_sums_tenths_of_weeks(weeks: list[int], met: bool) -> None:
    found = rules.judge_plan_weeks([PlanLine(f"环节{n}", w) for n, w in enumerate(weeks)], parameter=at("petoe.plan_weeks"))  # type: ignore[arg-type]
    assert (found.code, found.met, found.clause.rule) == ("7.1", met, "PETOE-7.1")


def test_7_3_fails_on_place_whatever_the_weeks() -> None:
    lines = [PlanLine("企业实习", 300), PlanLine("校内实训", 40, is_at_enterprise=False)]
    found = rules.judge_plan_place(lines, parameter=at("petoe.plan_location"))  # type: ignore[arg-type]
    assert (found.status, found.found, found.details) == (Status.NOT_MET, "1/2", ("校内实训",))


def test_an_empty_plan_is_no_data() -> None:
    assert rules.judge_plan_weeks([], parameter=at("petoe.plan_weeks")).status is Status.NO_DATA  # type: ignore[arg-type]
    assert rules.judge_plan_place([], parameter=at("petoe.plan_location")).status is Status.NO_DATA  # type: ignore[arg-type]


def test_6_3_6_8_6_9() -> None:
    lines = [PlanLine("a", 10, assessment="报告"), PlanLine("b", 10, has_enterprise_mentor=False)]
    mentors = rules.judge_plan_mentors(lines, parameter=at("petoe.plan_item_enterprise_mentors_min"))  # type: ignore[arg-type]
    assessed = rules.judge_plan_assessment(lines, parameter=at("petoe.plan_item_assessments_min"))  # type: ignore[arg-type]
    one = rules.judge_plan_signatures(["school"], parameter=at("petoe.plan_signatures"))  # type: ignore[arg-type]
    both = rules.judge_plan_signatures(["school", "enterprise"], parameter=at("petoe.plan_signatures"))  # type: ignore[arg-type]
    assert [(f.code, f.met) for f in (mentors, assessed, one, both)] == [("6.8", False), ("6.9", False), ("6.3", False), ("6.3", True)]


@pytest.mark.parametrize(
    ("since", "until", "met"),
    [
        (SPAN[0], SPAN[1], True),
        (SPAN[0] + timedelta(days=1), SPAN[1], False),
        (SPAN[0], SPAN[1] - timedelta(days=1), False),
        (SPAN[0] - timedelta(days=1), SPAN[1] + timedelta(days=1), True),
        (None, None, False),
        (SPAN[0], None, False),
    ],
)
def test_insurance_covers_the_whole_period(since: date | None, until: date | None, met: bool) -> None:
    found = rules.judge_insurance((since, until), SPAN, parameter=at("cn.ug.insurance_required"))  # type: ignore[arg-type]
    assert (found.met, found.clause.rule) == (met, "CN-UG")


def test_three_parties_sign_and_the_guardian_of_a_minor() -> None:
    two = {AgreementParty.SCHOOL, AgreementParty.STUDENT}
    parameter = at("cn.ug.agreement_required")
    assert rules.judge_agreement(two, parameter=parameter).details == ("enterprise",)  # type: ignore[arg-type]
    assert rules.judge_agreement({*two, AgreementParty.ENTERPRISE}, parameter=parameter).met  # type: ignore[arg-type]
    assert not rules.judge_guardian(two, parameter=at("cn.voc.guardian_consent_under")).met  # type: ignore[arg-type]
    assert rules.parties_needed(is_minor=True)[-1] is AgreementParty.GUARDIAN


@pytest.mark.parametrize(("birth", "minor"), [(date(2008, 3, 2), False), (date(2008, 3, 3), True), (None, False), (date(2008, 2, 29), False)])
def test_a_minor_is_below_eighteen_on_the_first_day(birth: date | None, minor: bool) -> None:
    assert rules.is_minor(birth, ON, 18) is minor


@pytest.mark.parametrize(("day", "met"), [(SPAN[0], True), (SPAN[0] + timedelta(days=1), False), (SPAN[0] - timedelta(days=30), True), (None, False)])
def test_safety_training_comes_before(day: date | None, met: bool) -> None:
    assert rules.judge_safety(day, SPAN[0], parameter=at("petoe.tri_party_agreement_required")).met is met  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "state", "problem"),
    [
        (SPAN[0], PlacementState.STARTED, None),
        (SPAN[1], PlacementState.STARTED, None),
        (SPAN[0] - timedelta(days=1), PlacementState.STARTED, DayProblem.OUTSIDE),
        (SPAN[1] + timedelta(days=1), PlacementState.STARTED, DayProblem.OUTSIDE),
        (SPAN[0], PlacementState.ACCEPTED, DayProblem.NOT_STARTED),
        (SPAN[0], PlacementState.FINISHED, DayProblem.NOT_STARTED),
    ],
)
def test_days_inside_a_started_placement(day: date, state: PlacementState, problem: DayProblem | None) -> None:
    assert rules.day_problem(day, span=SPAN, state=state, today=date(2026, 12, 31)) is problem


def test_the_day_before_today_today_and_tomorrow() -> None:
    today = SPAN[0] + timedelta(days=10)
    found = [rules.day_problem(today + timedelta(days=n), span=SPAN, state=PlacementState.STARTED, today=today) for n in (-1, 0, 1)]
    assert found == [None, None, DayProblem.FUTURE]


@pytest.mark.parametrize(
    ("today", "is_open"), [(date(2026, 3, 1), False), (date(2026, 3, 2), True), (date(2026, 3, 8), True), (date(2026, 3, 9), False)]
)
def test_a_window_includes_both_its_days(today: date, is_open: bool) -> None:
    assert rules.is_open(date(2026, 3, 2), date(2026, 3, 8), today) is is_open


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([], None),
        ([1, 2, 3], None),
        ([1, 2, 3, 4], PreferenceProblem.TOO_MANY),
        ([1, 1], PreferenceProblem.TWICE),
        ([9], PreferenceProblem.NOT_ELIGIBLE),
    ],
)
def test_ranked_lists(wanted: list[int], problem: PreferenceProblem | None) -> None:
    assert rules.check_preferences(wanted, eligible={1, 2, 3, 4}, most=3) is problem


@pytest.mark.parametrize(
    ("credited", "to_come", "still_open", "lag", "light"),
    [
        (161, 0, 0, 0, Light.DONE),
        (160, 0, 0, 99, Light.DONE),
        (159, 1, 0, 0, Light.GREEN),
        (159, 2, 0, 0, Light.GREEN),
        (159, 0, 1, 0, Light.YELLOW),
        (159, 0, 0, 0, Light.RED),
        (100, 59, 1, 0, Light.YELLOW),
        (100, 59, 0, 0, Light.RED),
        (120, 0, 60, 0, Light.YELLOW),
        (120, 0, 40, 0, Light.YELLOW),
        (120, 0, 39, 0, Light.RED),
        (100, 60, 0, 9, Light.GREEN),
        (100, 60, 0, 10, Light.YELLOW),
        (100, 60, 0, 11, Light.YELLOW),
        (0, 0, 160, 0, Light.NOT_PLANNED),
        (0, 0, 159, 0, Light.RED),
        (0, 1, 159, 0, Light.YELLOW),
    ],
)
def test_lights(credited: int, to_come: int, still_open: int, lag: int, light: Light) -> None:
    assert rules.light(credited, to_come, still_open, lag, required=160, per_week=5, yellow=2) is light


def test_time_that_can_still_be_placed() -> None:
    on, end = date(2026, 11, 27), date(2027, 6, 30)
    past, running, ahead = (
        (date(2026, 8, 24), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2027, 2, 7)),
        (date(2027, 3, 1), date(2027, 5, 23)),
    )
    assert rules.open_spans([ahead, past, running], on=on, end=end) == [(on, running[1]), ahead, (date(2027, 5, 24), end)]
    assert rules.open_spans([(date(2027, 6, 1), date(2027, 8, 23))], on=on, end=end) == [(date(2027, 6, 1), end)]
    assert rules.open_spans([past], on=on, end=end) == [(on, end)]
    assert rules.open_spans([], on=on, end=end) == [(on, end)]
    assert rules.open_spans([past], on=end, end=end) == [(end, end)]
    assert rules.open_spans([past], on=date(2027, 7, 1), end=end) == []


def test_what_is_placed_already_is_not_open() -> None:
    term = (date(2027, 3, 1), date(2027, 5, 23))
    assert rules.without([term], []) == [term]
    assert rules.without([term], [term]) == []
    assert rules.without([term], [(date(2027, 2, 1), date(2027, 2, 28))]) == [term]
    assert rules.without([term], [(date(2027, 2, 1), term[0])]) == [(date(2027, 3, 2), term[1])]
    assert rules.without([term], [(date(2027, 4, 1), date(2027, 4, 30))]) == [(term[0], date(2027, 3, 31)), (date(2027, 5, 1), term[1])]


@pytest.mark.parametrize("per_week", [5, 6, 7])
def test_workdays_are_those_counted_one_by_one(per_week: int) -> None:
    start = date(2026, 11, 23)
    for shift in range(8):
        for length in range(-1, 24):
            since = start + timedelta(days=shift)
            until = since + timedelta(days=length)
            counted = sum((since + timedelta(days=n)).weekday() < per_week for n in range(length + 1))
            assert rules.workdays_between(since, until, per_week=per_week) == counted


def test_what_does_not_count_says_why() -> None:
    monday = date(2026, 3, 2)
    days = [(monday + timedelta(days=n), n) for n in range(7)] + [(monday, 99)]
    assert rules.uncounted_days(days, days_per_week=5) == {
        (monday, 99): "same_day",
        (monday + timedelta(days=5), 5): "week_full",
        (monday + timedelta(days=6), 6): "week_full",
    }


def test_the_iso_week_over_new_year_is_one_week() -> None:
    days = [(date(2020, 12, 28) + timedelta(days=n), n) for n in range(7)]
    assert list(rules.uncounted_days(days, days_per_week=5).values()) == ["week_full", "week_full"]
    assert rules.week_of(date(2021, 1, 1))[0] == date(2020, 12, 28)


MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("credited", "spans", "expected"),
    [
        (159, [(MONDAY, MONDAY)], MONDAY),
        (155, [(MONDAY, date(2026, 3, 31))], date(2026, 3, 6)),
        (154, [(MONDAY, date(2026, 3, 31))], date(2026, 3, 9)),
        (154, [(MONDAY, date(2026, 3, 8)), (date(2026, 4, 1), date(2026, 4, 30))], date(2026, 4, 1)),
        (154, [(MONDAY, date(2026, 3, 8))], None),
        (0, [], None),
    ],
)
def test_the_day_on_which_the_weeks_are_reached(credited: int, spans: list[tuple[date, date]], expected: date | None) -> None:
    assert rules.Coming(MONDAY, 5).reached_on(160 - credited, spans) == expected


def test_why_a_student_may_miss_the_weeks() -> None:
    def why(light: Light, credited: int, to_come: int, still_open: int, lag: int = 0, waiting: int = 0) -> list[tuple[Miss, int]]:
        return list(rules.misses(light, credited, to_come, still_open, lag, waiting, required=160))

    assert why(Light.DONE, 160, 0, 0, 3) == []
    assert why(Light.GREEN, 100, 60, 0, 0, 5) == []
    assert why(Light.RED, 10, 60, 80) == [(Miss.TOO_LATE, 10)]
    assert why(Light.YELLOW, 10, 60, 200, 4, 6) == [(Miss.UNPLACED, 90), (Miss.UNLOGGED, 4), (Miss.WAITING, 6)]
    assert why(Light.YELLOW, 100, 60, 200, 12) == [(Miss.UNLOGGED, 12)]
