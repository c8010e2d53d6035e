"""What is read as a number, at, below and above what a column holds; and what becomes of a number that was read elsewhere."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import DecimalField, IntegerField

from trainhub.kernel.errors import OutOfRange, Refused
from trainhub.kernel.fields import day_asked, day_sent, number_x10
from trainhub.kernel.forms import Form
from trainhub.kernel.numbers import LARGEST, a_year, decimal_of, is_key, key_of, keys_of, whole
from trainhub.people.models import Person


@pytest.mark.parametrize("text", ["²", "", " 5", "-1", "+1", "1_0", "nan", "1.0", str(LARGEST + 1), "9" * 30, "9" * 5000, None])
def test_what_names_no_row(text: str | None) -> None:
    assert not is_key(text)
    assert key_of(text) is None


@pytest.mark.parametrize(("text", "key"), [("0", 0), ("7", 7), ("007", 7), ("８", 8), (str(LARGEST), LARGEST), ("0" * 40 + "1", 1)])
def test_what_names_a_row(text: str, key: int) -> None:
    assert key_of(text) == key


def test_keys_among_texts() -> None:
    assert keys_of(["3", "²", "1" * 30, "4"]) == [3, 4]


@pytest.mark.parametrize(("text", "number"), [("-1", -1), ("12", 12), (str(LARGEST), LARGEST), (str(-LARGEST), -LARGEST)])
def test_whole_numbers(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", [str(LARGEST + 1), "²", "abc", "", "1.5", "nan"])
def test_no_whole_numbers(text: str) -> None:
    assert MultiDict({"n": text}).get("n", type=whole) is None


@pytest.mark.parametrize(("text", "year"), [("1899", None), ("1900", 1900), ("2999", 2999), ("3000", None), ("3000000000", None)])
def test_years(text: str, year: int | None) -> None:
    assert MultiDict({"n": text}).get("n", type=a_year) == year


@pytest.mark.parametrize(
    ("text", "number"), [("89.9", "89.9"), ("89.90", "89.9"), (" 89 ", "89"), ("-0.5", "-0.5"), ("0", "0"), (".5", "0.5"), ("８９.5", "89.5")]
)
def test_decimals(text: str, number: str) -> None:
    assert decimal_of(text, places=1) == Decimal(number)


@pytest.mark.parametrize("text", ["89.95", "nan", "inf", "-inf", "sNaN", "1e2", "1_0", "", "abc", "9" * 30, "1.2.3", "--1"])
def test_no_decimals(text: str) -> None:
    assert decimal_of(text, places=1) is None


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "²", "89.95"])
def test_no_points(text: str, app: Flask) -> None:
    with app.test_request_context(), pytest.raises(Refused):
        number_x10(text)


def test_a_day_of_a_form(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"a": "2026-03-02", "b": "", "c": "abc", "d": "2026-02-30"}):
        assert day_sent("a", None) == date(2026, 3, 2)
        assert day_sent("b", date(2026, 1, 1)) == date(2026, 1, 1)
        assert day_sent("x", None) is None
        for name in "cd":
            with pytest.raises(Refused) as refused:
                day_sent(name, date(2026, 1, 1))
            assert refused.value.field == name


def test_a_day_of_an_address(app: Flask) -> None:
    with app.test_request_context(query_string={"a": "2026-03-02", "b": " ", "c": "abc", "d": "2026-02-30"}):
        assert (day_asked("a"), day_asked("b"), day_asked("x")) == (date(2026, 3, 2), None, None)
        for name in "cd":
            with pytest.raises(Refused) as refused:
                day_asked(name)
            assert refused.value.field == name


class _Numbers(Form):
    count = IntegerField()
    share = DecimalField()


@pytest.mark.parametrize(("count", "share", "wrong"), [
    ("5", "1.5", set()), (str(LARGEST), "1", set()), (str(LARGEST + 1), "1", {"count"}), ("1", "nan", {"share"}), ("1", "sNaN", {"share"}), ("1", "-inf", {"share"}),
    ("²", "1e999", {"count", "share"}),
])  # fmt: skip
def test_a_form_takes_no_number_that_is_none(app: Flask, count: str, share: str, wrong: set[str]) -> None:
    with app.test_request_context(method="POST", data={"count": count, "share": share}):
        form = _Numbers(meta={"csrf": False})
        assert form.validate_on_submit() == (not wrong)
        assert set(form.errors) == wrong


@pytest.mark.parametrize("number", [2**63, 10**30, -(10**30)])
def test_a_number_beyond_the_columns_is_refused_in_words_wherever_it_was_read(session: Session, number: int) -> None:
    with pytest.raises(OutOfRange), session.begin_nested():
        session.scalar(sa.select(Person).where(Person.id == number))
