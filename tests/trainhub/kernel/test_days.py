"""Dates as people type them: what a calendar of this house holds, in forms, addresses and tables, at, below and above the bounds."""

from __future__ import annotations

from datetime import date, time

import pytest
from flask import Flask
from wtforms import DateField, TimeField
from wtforms.validators import Optional

from trainhub.kernel.forms import Form
from trainhub.kernel.numbers import a_day, is_day
from trainhub.kernel.sheets.parsers import parse_date

BOUNDS = [
    ("0001-01-01", False), ("1899-12-31", False), ("1900-01-01", True), ("2026-02-28", True), ("2199-12-31", True), ("2200-01-01", False),
    ("9999-12-31", False),
]  # fmt: skip


class _DayForm(Form):
    on = DateField("日期", [Optional()])


class _HourForm(Form):
    starts_at = TimeField("时间")


@pytest.mark.parametrize(("text", "is_known"), BOUNDS)
def test_a_form_takes_days_that_can_be_counted_with(app: Flask, text: str, is_known: bool) -> None:
    with app.test_request_context(method="POST", data={"on": text}):
        form = _DayForm(meta={"csrf": False})
        assert form.validate() is is_known
        assert (form.on.data == date.fromisoformat(text)) is is_known
        assert any("1900" in str(one) and "2199" in str(one) for one in form.on.errors) is not is_known


@pytest.mark.parametrize(("text", "is_known"), BOUNDS)
def test_tables_and_addresses_take_the_same_days(text: str, is_known: bool) -> None:
    assert is_day(date.fromisoformat(text)) is is_known
    for read in (a_day, parse_date):
        if is_known:
            assert read(text) == date.fromisoformat(text)
        else:
            with pytest.raises(ValueError):
                read(text)


def test_a_time_of_the_day_is_no_day(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"starts_at": "09:00"}):
        form = _HourForm(meta={"csrf": False})
        assert form.validate()
        assert form.starts_at.data == time(9)


@pytest.mark.parametrize("text", ["", "2026-02-30", "heute", "20260201x"])
def test_what_is_no_day_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        a_day(text)
