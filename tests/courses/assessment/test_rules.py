"""Grading is pure: at, below and above each threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from courses.assessment import rules
from courses.assessment.rules import drawing, numbers
from courses.assessment.types import Asked, Expected, Mark, Option, QuestionKind, Variable

A, B, C, D = (Option(key, key, right, f"<p>{key}</p>") for key, right in (("a", True), ("b", True), ("c", False), ("d", False)))
MULTIPLE = Asked(QuestionKind.MULTIPLE, (A, B, C, D))


@pytest.mark.parametrize(("chosen", "share"), [("ab", 1000), ("a", 500), ("abc", 500), ("ac", 0), ("abcd", 0), ("c", 0), ("cd", 0), ("", 0)])
def test_multiple_choice_gives_partial_credit_and_takes_it_for_wrong_ones(chosen: str, share: int) -> None:
    assert rules.mark(MULTIPLE, {"choices": list(chosen)}).share_x1000 == share


def test_multiple_choice_of_three_rounds_half_up() -> None:
    asked = Asked(QuestionKind.MULTIPLE, tuple(Option(k, k, True) for k in "abc"))
    assert [rules.mark(asked, {"choices": list(c)}).share_x1000 for c in ("a", "ab", "abc")] == [333, 667, 1000]


@pytest.mark.parametrize(("choice", "mark"), [("a", Mark(1000, "<p>a</p>")), ("c", Mark(0, "<p>c</p>")), ("x", Mark(0)), ("", Mark(0))])
def test_single_choice(choice: str, mark: Mark) -> None:
    assert rules.mark(Asked(QuestionKind.SINGLE, (A, C)), {"choice": choice}) == mark


@pytest.mark.parametrize(
    ("tolerance", "given", "right"),
    [
        ("", "10", True), ("", "10.0", True), ("", "10.01", False), ("0.5", "10.5", True), ("0.5", "9.5", True), ("0.5", "10.51", False),
        ("2%", "10.2", True), ("2%", "10.21", False), ("2％", "9.8", True), ("", "１０", True), ("", "1e1", True), ("", "十", False), ("", "NaN", False),
    ],
)  # fmt: skip
def test_numbers_within_tolerance(tolerance: str, given: str, right: bool) -> None:
    asked = Asked(QuestionKind.NUMERIC, answers=(Expected("10"),), tolerance=tolerance)
    assert rules.mark(asked, {"text": given}).is_right is right


@pytest.mark.parametrize(("given", "right"), [("5", True), ("6.99", True), ("7", False), ("4.99", False)])
def test_a_numeric_answer_may_be_an_interval(given: str, right: bool) -> None:
    assert rules.is_near(Decimal(given), "[5,7)", "") is right


def test_text_is_compared_without_case_width_and_spaces_unless_case_matters() -> None:
    asked = Asked(QuestionKind.TEXT, answers=(Expected("Open  Course"), Expected("mooc", False, "<p>缩写</p>")))
    assert [rules.mark(asked, {"text": t}).share_x1000 for t in ("open course", "\uff2fpen course", "opencourse", "MOOC")] == [1000, 1000, 0, 0]
    assert rules.mark(asked, {"text": "MOOC"}).feedback_html == "<p>缩写</p>"
    strict = Asked(QuestionKind.TEXT, answers=(Expected("Kg"),), is_case_sensitive=True)
    assert [rules.mark(strict, {"text": t}).share_x1000 for t in ("Kg", "kg")] == [1000, 0]


def test_an_essay_waits_for_a_person_unless_it_is_empty() -> None:
    assert rules.mark(Asked(QuestionKind.ESSAY), {"text": "看法"}).share_x1000 is None
    assert rules.mark(Asked(QuestionKind.ESSAY), {"text": "  "}).share_x1000 == 0


@pytest.mark.parametrize(
    ("marks", "score"),
    [
        ([(10, 1000), (10, 0)], 500),
        ([(10, 1000), (20, 500)], 667),
        ([(10, None), (10, 1000)], None),
        ([(0, None), (10, 1000)], 1000),
        ([(0, 0)], 1000),
        ([(30, 333)], 333),
    ],
)
def test_score_of_an_attempt(marks: list[tuple[int, int | None]], score: int | None) -> None:
    assert rules.score_x10(marks) == score


def test_the_time_limit_has_a_short_grace() -> None:
    due = datetime(2026, 3, 2, tzinfo=UTC)
    assert [rules.is_in_time(due + timedelta(seconds=s), due) for s in (0, 30, 31)] == [True, True, False]
    assert rules.is_in_time(due, None)


@pytest.mark.parametrize(("done", "allowed", "may"), [(0, 1, True), (1, 1, False), (2, 3, True), (99, None, True)])
def test_attempts_are_counted(done: int, allowed: int | None, may: bool) -> None:
    assert rules.may_start(done, allowed) is may


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", "1000"),
        ("1,234,567.8", "1234567.8"),
        ("１，０００", "1000"),
        ("1 000", "1000"),
        ("- 3", "-3"),
        ("１．５", "1.5"),
        ("1。5", None),
        ("1,5", None),  # a decimal comma is not read as fifteen
        ("1，5", None),
        ("0,500", None),
        ("1,00", None),
        ("1,0000", None),
        ("0.123,456", None),
        ("1 5", None),
        ("12 34", None),
        ("3×10^8", "300000000"),
        ("\u22122", "-2"),
    ],
)
def test_how_a_number_is_read(text: str, value: str | None) -> None:
    read = rules.number(text)
    assert (None if read is None else f"{read:f}") == value
    measured = numbers.measure(f"{text} m")
    assert measured == (None if value is None else (Decimal(value), "m")) or text == "1。5"


@pytest.mark.parametrize(
    ("expected", "tolerance", "given", "is_right"),
    [
        ("1,5", "", "15", True),  # taken as fifteen when it was entered, and asked so until its author changes it
        ("1,5", "", "1.5", False),
        ("1 5", "", "15", True),
        ("10", "0,5", "14", True),  # a tolerance of five
        ("10", "0,5", "16", False),
        ("[1,000;2,000]", "", "1500", False),  # never was an interval
        ("1,500", "", "1500", True),
    ],
)
def test_what_a_question_of_before_keeps_is_read_as_it_was_then(expected: str, tolerance: str, given: str, is_right: bool) -> None:
    value = numbers.number(given)
    assert value is not None
    assert numbers.is_near(value, expected, tolerance) is is_right


def test_a_range_of_before_is_drawn_from() -> None:
    variable = Variable("x", "1,5", "2,0", 0)
    assert Decimal(15) <= drawing.drawn(variable, drawing.chance("1")) <= Decimal(20)
