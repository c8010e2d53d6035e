"""Regular expressions and formulas of authors nobody knows: the same answers as Python gives, in bounded time; formulas by their value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from courses.assessment import queries, rules
from courses.assessment.errors import BadQuestion
from courses.assessment.exchange import table
from courses.assessment.exchange.plan import Known
from courses.assessment.operations import bank
from courses.assessment.rules import formulas, patterns
from courses.assessment.types import Asked, Expected, QuestionKind, Variable
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM

LEAVES = ["a", "b", "1", " ", ".", r"\d", r"\w", r"\S", "[ab]", "[^a]", "[a-c1]", r"[\d-]", "^", "$", r"\b", r"\.", "é", "中"]
WHOLE = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)


@given(WHOLE, st.text(alphabet="abAB1 .-é中", max_size=8), st.booleans())
def test_patterns_say_what_python_says(pattern: str, text: str, is_strict: bool) -> None:
    expected = re.fullmatch(pattern, text, 0 if is_strict else re.IGNORECASE) is not None
    assert patterns.matches(pattern, text, is_case_sensitive=is_strict) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "is_it"),
    [
        ("colou?r", "Color", True), ("colou?r", "colors", False), ("a|b", "ab", False), ("", "", True), ("(?i)KG", "kg", True),
        (r"\x41\u4e2d", "A中", True), ("a{", "a{", True), ("a{,2}", "aa", True), ("[]a]+", "]a", True), (r"(?P<x>\d+)-\d+", "1-22", True),
        ("x" * 3, "x" * 501, False),
    ],
)  # fmt: skip
def test_patterns(pattern: str, text: str, is_it: bool) -> None:
    assert patterns.matches(pattern, text, is_case_sensitive=False) is is_it


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        (r"(a)\1", "unsupported"), ("(?=a)a", "unsupported"), ("(?<!a)b", "unsupported"), ("a**", "unsupported"), (r"\p{L}", "unsupported"),
        ("(a", "syntax"), ("a)", "syntax"), ("[a", "syntax"), ("*a", "syntax"), ("[b-a]", "syntax"), ("a{3,2}", "syntax"), ("\\", "syntax"),
        ("(" * 50 + ")" * 50, "too_long"), ("a" * 501, "too_long"), ("(a{99}){99}", "too_long"),
    ],
)  # fmt: skip
def test_what_is_no_pattern_says_why(pattern: str, code: str) -> None:
    with pytest.raises(patterns.BadPattern) as refused:
        patterns.check(pattern)
    assert refused.value.code == code


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){9}b", "(a?){40}a{40}b"])
def test_no_pattern_takes_more_than_its_time(pattern: str) -> None:
    """Each of them holds Python's own engine for hours."""
    assert not patterns.matches(pattern, "a" * patterns.MAX_TEXT, is_case_sensitive=True)


X, Y = Variable("x", "1", "10", 3), Variable("Y", "-5", "5", 2)


@pytest.mark.parametrize(
    ("right", "given", "same"),
    [
        ("2*x", "x+x", True), ("2*x", "2x", False), ("2*x", "2*x+0.1", False), ("x*y", "Y * X", True), ("sqrt(x^2)", "abs(x)", True),
        ("x-x", "0", True), ("x-x", "0.001", False), ("x", "z", False), ("1/x", "x^-1", True), ("arctan(x)", "atan(x)", True), ("z", "z", None),
    ],
)  # fmt: skip
def test_formulas_are_compared_by_their_value(right: str, given: str, same: bool | None) -> None:
    assert formulas.agrees(right, given, (X, Y), "") is same


def test_two_names_that_differ_by_case_are_two() -> None:
    both = (Variable("r", "1", "9"), Variable("R", "1", "9"))
    assert formulas.agrees("r*R^2", "R*r^2", both, "") is False
    assert formulas.agrees("r*R^2", "R^2*r", both, "") is True


def test_a_formula_may_be_wrong_by_its_tolerance_and_no_more() -> None:
    asked = Asked(QuestionKind.FORMULA, expression="x | 1*x + 0", variables=(X,), tolerance="1%", asks_expression=True)
    assert [rules.mark(asked, {"text": text}).share_x1000 for text in ("1.01*x", "1.0101*x", "x", " ")] == [1000, 0, 1000, 0]


def test_answers_that_are_patterns_are_graded_in_order_with_their_shares() -> None:
    asked = Asked(QuestionKind.TEXT, answers=(Expected(r"\d{4}-\d\d-\d\d"), Expected(r"\d{8}", share_x1000=500)), is_pattern=True)
    assert [rules.mark(asked, {"text": text}).share_x1000 for text in (" ２０２６-03-01 ", "20260301", "2026-3-1")] == [1000, 500, 0]


def test_an_author_writes_both_and_a_table_carries_them(session: Session) -> None:
    course_id = make.course().id

    def save(kind: QuestionKind, **data: object) -> object:
        return bank.save_question(course_id=course_id, kind=kind, stem="题", data=data, by=SYSTEM, now=make.NOW)

    text = {"answers": [{"text": "(https?://)?a.cn"}], "is_pattern": True}
    formula = {
        "expression": "m*c^2",
        "asks_expression": True,
        "variables": [{"name": "m", "low": "1", "high": "9"}, {"name": "c", "low": "1", "high": "9"}],
    }
    for kind, data in ((QuestionKind.TEXT, text), (QuestionKind.FORMULA, formula)):
        made = save(kind, **data)
        version = queries.current_version(made)  # type: ignore[arg-type]
        row = table.record(Known(made, version, []))  # type: ignore[arg-type]
        assert (row["is_pattern"], row["asks_expression"]) == (("是", "") if kind is QuestionKind.TEXT else ("", "是"))
    for kind, bad, why in (
        (QuestionKind.TEXT, {**text, "answers": [{"text": "(a)\\1"}]}, "第 4 个字符"),
        (QuestionKind.TEXT, {**text, "answers": [{"text": "(a"}]}, "写法有误"),
        (QuestionKind.FORMULA, {**formula, "expression": "m*k"}, "没有值"),
        (QuestionKind.FORMULA, {**formula, "expression": "m*c | m+c"}, "值不同"),
        (QuestionKind.FORMULA, {**formula, "units": [{"name": "J", "factor": "1"}]}, "单位"),
    ):
        with pytest.raises(BadQuestion, match=why):
            save(kind, **bad)  # type: ignore[arg-type]
