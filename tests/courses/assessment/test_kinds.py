"""Each kind of question at, below and above its thresholds; drawing; the evaluator of formulas. No app, no database."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.assessment import rules
from courses.assessment.rules import drawing
from courses.assessment.rules.expressions import BadExpression, value_of
from courses.assessment.rules.numbers import fits, measure, number
from courses.assessment.rules.results import window
from courses.assessment.types import (
    Allowance,
    Asked,
    Blank,
    Counts,
    Expected,
    Option,
    Pair,
    QuestionKind,
    QuizSettings,
    Shown,
    Unit,
    Variable,
    When,
)


def share(asked: Asked, response: dict[str, Any], values: dict[str, str] | None = None, **more: Any) -> int | None:
    return rules.mark(asked, response, values, **more).share_x1000


@pytest.mark.parametrize(("choices", "expected"), [([], 1000), (["a"], 0), (["a", "b"], 0)])
def test_nothing_is_to_be_ticked_where_none_is_right(choices: list[str], expected: int) -> None:
    none = Asked(QuestionKind.MULTIPLE, (Option("a", "a", False), Option("b", "b", False)))
    assert share(none, {"choices": choices}) == expected
    assert share(Asked(QuestionKind.MULTIPLE, (Option("a", "a", True), Option("b", "b", False))), {"choices": []}) == 0


# -- kinds --------------------------------------------------------------------------------------------------------------

CLOZE = Asked(
    QuestionKind.CLOZE,
    blanks=(
        Blank("1", "text", (Expected("北京"), Expected("京", share_x1000=500))),
        Blank("2", "numeric", (Expected("3.14"),), "0.01"),
        Blank("3", "choice", (Expected("是"), Expected("否", False))),
    ),
)


@pytest.mark.parametrize(
    ("blanks", "expected"),
    [
        ({"1": "北京", "2": "3.15", "3": "是"}, 1000),
        ({"1": " 北京 ", "2": "3.1501", "3": "否"}, 333),
        ({"1": "京", "2": "", "3": ""}, 167),
        ({"1": "", "2": "", "3": ""}, 0),
        ({"1": "x"}, 0),
    ],
)
def test_every_blank_is_an_equal_part(blanks: dict[str, str], expected: int) -> None:
    assert share(CLOZE, {"blanks": blanks}) == expected


MATCHING = Asked(
    QuestionKind.MATCHING,
    pairs=(Pair("a", "中国", "北京"), Pair("b", "法国", "巴黎"), Pair("c", "也是中国", "北京"), Pair("d", "", "伦敦")),
)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [({"a": "a", "b": "b", "c": "c"}, 1000), ({"a": "c", "b": "b", "c": "a"}, 1000), ({"a": "a", "b": "d"}, 333), ({"a": "b"}, 0), ({}, 0)],
)
def test_matching_gives_an_equal_part_for_each_line_and_equal_answers_are_interchangeable(pairs: dict[str, str], expected: int) -> None:
    assert share(MATCHING, {"pairs": pairs}) == expected


ORDERING = Asked(QuestionKind.ORDERING, tuple(Option(key, key, True) for key in "abcd"))


@pytest.mark.parametrize(("order", "expected"), [("abcd", 1000), ("abdc", 500), ("dcba", 0), ("bacd", 500)])
def test_ordering_counts_items_at_their_place(order: str, expected: int) -> None:
    ranks = {key: str(order.index(key) + 1) for key in "abcd"}
    assert share(ORDERING, {"ranks": ranks}) == expected
    strict = Asked(QuestionKind.ORDERING, ORDERING.options, is_all_or_nothing=True)
    assert share(strict, {"ranks": ranks}) == (1000 if expected == 1000 else 0)


def test_one_place_for_every_item_gives_no_more_than_one_of_them() -> None:
    assert share(ORDERING, {"ranks": dict.fromkeys("abcd", "1")}) == 250


LENGTH = Asked(QuestionKind.NUMERIC, answers=(Expected("2"),), tolerance="1%", units=(Unit("m"), Unit("cm", "0.01"), Unit("km", "1000")))


@pytest.mark.parametrize(
    ("text", "half", "none"),
    [
        ("2 m", 1000, 1000), ("200cm", 1000, 1000), ("202 cm", 1000, 1000), ("203 cm", 0, 0), ("0.002 km", 1000, 1000), ("2", 500, 0),
        ("2 kg", 500, 0), ("200", 0, 0), ("2 M", 1000, 1000), ("m", 0, 0), ("\uff12\uff4d", 1000, 1000), ("2×10^0 m", 1000, 1000),
    ],
)  # fmt: skip
def test_units_convert_and_a_missing_one_costs_its_share(text: str, half: int, none: int) -> None:
    assert share(LENGTH, {"text": text}) == none
    lenient = Asked(QuestionKind.NUMERIC, answers=LENGTH.answers, tolerance="1%", units=LENGTH.units, unit_share_x1000=500)
    assert share(lenient, {"text": text}) == half


def test_the_case_of_a_unit_matters_when_it_tells_two_apart() -> None:
    asked = Asked(QuestionKind.NUMERIC, answers=(Expected("1"),), units=(Unit("mW"), Unit("MW", "1000000000")))
    assert [share(asked, {"text": text}) for text in ("1 mW", "1 MW", "1 Mw")] == [1000, 0, 0]


FORMULA = Asked(
    QuestionKind.FORMULA, variables=(Variable("v", "2", "9"), Variable("t", "1", "5", 1)), expression="v*t", tolerance="1%", units=(Unit("m"),)
)


@pytest.mark.parametrize(("text", "expected"), [("10 m", 1000), ("10.1 m", 1000), ("10.2 m", 0), ("10", 0), ("x", 0)])
def test_a_formula_is_graded_by_the_numbers_of_the_attempt(text: str, expected: int) -> None:
    assert share(FORMULA, {"text": text}, {"v": "4", "t": "2.5"}) == expected


def test_a_formula_without_a_value_waits_for_a_person_instead_of_failing() -> None:
    asked = Asked(QuestionKind.FORMULA, expression="1/x")
    assert share(asked, {"text": "1"}, {"x": "0"}) is None
    assert share(asked, {"text": ""}, {"x": "0"}) == 0


WEIGHTED = Asked(
    QuestionKind.SINGLE,
    (Option("a", "", True), Option("b", "", False, share_x1000=500), Option("c", "", False, share_x1000=-250), Option("d", "", False)),
)


@pytest.mark.parametrize(("choice", "plain", "negative"), [("a", 1000, 1000), ("b", 500, 500), ("c", 0, -250), ("d", 0, 0), ("", 0, 0)])
def test_weights_and_negative_marks_count_only_where_allowed(choice: str, plain: int, negative: int) -> None:
    assert share(WEIGHTED, {"choice": choice}) == plain
    assert share(WEIGHTED, {"choice": choice}, allows_negative=True) == negative


def test_a_penalty_is_for_wrong_answers_not_for_none() -> None:
    asked = Asked(QuestionKind.SINGLE, (Option("a", "", True), Option("b", "", False)), penalty_x1000=333)
    found = [share(asked, {"choice": choice}, allows_negative=True) for choice in ("a", "b", "")]
    assert found == [1000, -333, 0]
    assert share(asked, {"choice": "b"}) == 0


def test_three_thirds_of_a_weighted_multiple_choice_are_the_whole() -> None:
    options = (*(Option(k, "", True, share_x1000=333) for k in "abc"), Option("d", "", False, share_x1000=-500))
    asked = Asked(QuestionKind.MULTIPLE, options)
    assert [share(asked, {"choices": list(c)}) for c in ("abc", "ab", "abd", "d")] == [1000, 666, 166, 0]


@pytest.mark.parametrize(
    ("pattern", "text", "is_it"),
    [
        ("*发布*", "采用发布模式", True), ("发布*", "发布", True), ("发布*", "不发布", False), ("a*b*c", "axxbyyc", True), ("a*b*c", "acb", False),
        ("ab*ba", "aba", False), ("2\\*3", "2*3", True), ("2\\*3", "2x3", False), ("*", "", True), ("Open*", "OPEN COURSE", True),
    ],
)  # fmt: skip
def test_patterns(pattern: str, text: str, is_it: bool) -> None:
    assert fits(text, pattern) is is_it


def test_a_pattern_of_many_stars_is_still_quick() -> None:
    assert fits("a" * 2000, "a*" * 90 + "b") is False


def test_a_file_waits_for_a_person() -> None:
    assert share(Asked(QuestionKind.FILE), {"files": [{"id": 1}]}) is None
    assert share(Asked(QuestionKind.FILE), {}) == 0


# -- formulas -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", "7"), ("2^3^2", "512"), ("-2^2", "-4"), ("(1+2)*3", "9"), ("sqrt(x)+min(3, y)", "5"), ("2*pi", "6.28318530717959"),
        ("10/4", "2.5"), ("log(1000)", "3"), ("ln(e)", "1"), ("x**2", "16"), ("6 ÷ 3 × 2", "4"), ("round(2.5)", "3"), ("1e3", "1000"), ("--2", "2"),
    ],
)  # fmt: skip
def test_expressions(text: str, value: str) -> None:
    assert value_of(text, {"x": "4", "y": "7"}) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1/0", "divided_by_zero"), ("1/(x-4)", "divided_by_zero"), ("sqrt(-1)", "undefined"), ("10^400", "undefined"), ("z+1", "name"),
        ("__import__('os')", "syntax"), ("1+", "syntax"), ("(1", "syntax"), ("1)", "syntax"), ("1;2", "syntax"), ("min(1)", "arguments"),
        ("", "syntax"), ("(" * 100 + "1" + ")" * 100, "too_long"), ("1+" * 300 + "1", "too_long"), ("exp(1000)", "undefined"), ("x.real", "syntax"),
    ],
)  # fmt: skip
def test_what_is_no_expression_says_why(text: str, code: str) -> None:
    with pytest.raises(BadExpression) as bad:
        value_of(text, {"x": "4"})
    assert bad.value.code == code


@given(st.text(max_size=60))
def test_no_text_does_anything_but_give_a_number_or_a_reason(text: str) -> None:
    with contextlib.suppress(BadExpression):
        assert value_of(text, {"x": "1"}).is_finite()


# -- drawing --------------------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_and_stays_within_the_ranges() -> None:
    first = drawing.values_of(FORMULA.variables, FORMULA.expression, "s")
    assert first == drawing.values_of(FORMULA.variables, FORMULA.expression, "s")
    drawn = [drawing.values_of(FORMULA.variables, FORMULA.expression, str(n)) for n in range(200)]
    assert {d["v"] for d in drawn} == {str(n) for n in range(2, 10)}
    assert all(Decimal(1) <= Decimal(d["t"]) <= 5 and len(d["t"].split(".")[1]) == 1 for d in drawn)


def test_a_draw_at_which_the_formula_has_no_value_is_passed_over() -> None:
    variables = (Variable("x", "-1", "1"),)
    assert {drawing.values_of(variables, "1/x", str(n))["x"] for n in range(50)} == {"-1", "1"}


def test_an_ordering_question_is_never_shown_in_its_right_order() -> None:
    assert all(drawing.shown(ORDERING, str(n), shuffles=False)["order"] != list("abcd") for n in range(100))


def test_picking_gives_no_question_twice_and_no_more_than_there_are() -> None:
    assert sorted(drawing.picked([1, 2, 3], 5, "s")) == [1, 2, 3]
    assert drawing.picked([1, 2, 3], 2, "s", taken={1, 2}.__contains__) == [3]


# -- results ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("counts", "result"), [(Counts.BEST, 900), (Counts.LAST, 700), (Counts.FIRST, 500), (Counts.AVERAGE, 700)])
def test_which_attempt_counts(counts: Counts, result: int) -> None:
    assert rules.result_x10([500, 900, 700], counts) == result
    assert rules.result_x10([], counts) is None


def test_negative_marks_lower_the_sum_but_never_below_nothing() -> None:
    assert rules.score_x10([(10, 1000), (10, -500)]) == 250
    assert rules.score_x10([(10, -1000), (10, 0)]) == 0


OPENS, CLOSES = datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 3, 2, 3, tzinfo=UTC)
TIMED = QuizSettings(minutes=60, opens_at=OPENS, closes_at=CLOSES)


def test_a_quiz_opens_and_closes_to_the_second() -> None:
    second = timedelta(seconds=1)
    found = [rules.is_open(TIMED, Allowance(), at) for at in (OPENS - second, OPENS, CLOSES - second, CLOSES)]
    assert found == ["too_early", "open", "open", "too_late"]
    assert rules.is_open(TIMED, Allowance(closes_at=CLOSES + timedelta(hours=1)), CLOSES) == "open"


def test_time_ends_at_the_limit_or_when_the_quiz_closes_whichever_is_first() -> None:
    hour = timedelta(hours=1)
    assert rules.due_at(TIMED, Allowance(), OPENS) == OPENS + hour
    assert rules.due_at(TIMED, Allowance(extra_minutes=30), OPENS) == OPENS + hour * 1.5
    assert rules.due_at(TIMED, Allowance(), CLOSES - hour / 2) == CLOSES
    assert rules.due_at(QuizSettings(), Allowance(), OPENS) is None
    assert rules.due_at(QuizSettings(), Allowance(extra_minutes=30), OPENS) is None
    assert window(TIMED, Allowance(opens_at=CLOSES)) == (CLOSES, CLOSES)


def test_extra_minutes_are_extra_also_where_the_closing_cuts_the_time_short() -> None:
    hour = timedelta(hours=1)
    more = Allowance(extra_minutes=30)
    assert rules.due_at(TIMED, more, CLOSES - hour) == CLOSES + hour / 2  # everybody has the whole hour
    assert rules.due_at(TIMED, more, CLOSES - hour / 4) == CLOSES + hour / 2  # everybody has a quarter of it
    assert rules.due_at(TIMED, more, CLOSES - hour * 1.5) == CLOSES
    untimed = QuizSettings(opens_at=OPENS, closes_at=CLOSES)
    assert [rules.due_at(untimed, one, OPENS) for one in (Allowance(), more)] == [CLOSES, CLOSES + hour / 2]
    own = Allowance(extra_minutes=30, closes_at=CLOSES + hour)
    assert [rules.due_at(one, own, CLOSES) for one in (TIMED, untimed)] == [CLOSES + hour, CLOSES + hour]  # as it was set
    assert rules.is_open(TIMED, more, CLOSES) == "too_late"  # it begins for nobody after it closed


def test_a_review_of_a_closed_quiz_waits_for_whoever_still_takes_it() -> None:
    assert rules.moment(TIMED, Allowance(), CLOSES, is_handed_in=True, is_still_taken=True) is When.AFTER
    assert rules.moment(TIMED, Allowance(), CLOSES, is_handed_in=False, is_still_taken=True) is When.DURING


def test_the_three_moments_of_a_review() -> None:
    assert rules.moment(TIMED, Allowance(), OPENS, is_handed_in=False) is When.DURING
    assert rules.moment(TIMED, Allowance(), CLOSES - timedelta(seconds=1), is_handed_in=True) is When.AFTER
    assert rules.moment(TIMED, Allowance(), CLOSES, is_handed_in=True) is When.CLOSED
    assert rules.moment(QuizSettings(), Allowance(), CLOSES, is_handed_in=True) is When.AFTER


def test_settings_of_older_quizzes_keep_their_meaning() -> None:
    assert QuizSettings.of({}).review[When.AFTER] == frozenset(Shown)
    assert QuizSettings.of({"shows_answers": False}).review[When.AFTER] == {Shown.MARKS}
    assert QuizSettings.of({"review": {"after": ["marks"]}}).shows_answers is False
    # The block's own form knows only the switch: what it says later counts.
    assert QuizSettings.of({"review": {"after": ["marks", "answers"]}, "shows_answers": False}).review[When.AFTER] == {Shown.MARKS}
    assert QuizSettings.of({"review": {"after": ["marks"]}, "shows_answers": True}).review[When.AFTER] == {Shown.MARKS, Shown.ANSWERS}
    assert QuizSettings.of({"is_sequential": True}).is_paged


@pytest.mark.parametrize(
    ("text", "found"),
    [("3.5 km", ("3.5", "km")), ("１，０００ m", ("1000", "m")), ("1e3", ("1000", "")), ("3×10^8 m/s", ("300000000", "m/s")), ("m 3", None)],
)
def test_a_number_with_its_unit(text: str, found: tuple[str, str] | None) -> None:
    assert measure(text) == (None if found is None else (Decimal(found[0]), found[1]))


def test_a_very_long_number_is_none() -> None:
    assert number("9" * 5000) is None
