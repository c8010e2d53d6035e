"""What the form library says is said in our words, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import wtforms
from flask import Flask
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import Length, NumberRange

from trainhub.kernel.forms import MESSAGES, Form, Text
from trainhub.kernel.i18n import format_country, in_language


class Asked(Form):
    """One field of each kind that is easily filled in wrongly."""

    kind = SelectField("k", choices=lambda: [("a", "A")])
    number = IntegerField("n", [NumberRange(min=1, max=8)])
    on = DateField("d")
    name = Text("t", [Length(max=3)])


@pytest.mark.parametrize(("language", "start"), [("zh", "请"), ("en", "")])
def test_bad_input_is_answered_in_the_language_of_the_page(app: Flask, language: str, start: str) -> None:
    data = {"kind": "zzz", "number": "9", "on": "2016-02-30", "name": "abcd"}
    with app.test_request_context(f"/?lang={language}", method="POST", data=data):
        form = Asked()
        assert not form.validate()
        said = {name: str(errors[0]) for name, errors in form.errors.items()}
    assert set(said) == set(data)
    assert not {"Not a valid choice.", "Not a valid date value."} & set(said.values())
    assert all(text.startswith(start) for text in said.values()), said
    assert "8" in said["number"]
    assert "3" in said["name"]


def test_nothing_the_library_says_is_forgotten() -> None:
    """Every sentence of the library that our fields and validators can show has words; the rest is of validators nobody uses."""
    folder = Path(wtforms.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in (*folder.glob("fields/*.py"), folder / "validators.py"))
    found = set(re.findall(r'gettext\(\s*"([^"]+)"', text))
    not_used = {"Invalid IP address.", "Invalid Mac address.", "Invalid UUID."}
    assert {one for one in found if one[0].isupper() and one.endswith(".")} - set(MESSAGES) - not_used <= {
        "Invalid value, must be one of: %(values)s.",
        "Invalid value, can't be any of: %(values)s.",
        "This field must be empty.",
        "Invalid field name '%(name)s'.",
        "Invalid field name '%s'.",
        "Choices cannot be None.",
        "This field cannot be edited.",
        "This field is disabled and cannot have a value.",
        "Not a valid week value.",
    }


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("CN", "中国", "China"),
        ("HK", "中国香港特别行政区", "Hong Kong SAR China"),
        ("TW", "中国台湾", "Taiwan, China"),
        ("QQ", "QQ", "QQ"),
        ("", "—", "—"),
    ],
)
def test_a_country_is_shown_by_its_name(app: Flask, code: str, zh: str, en: str) -> None:
    with app.test_request_context("/"):
        assert format_country(code) == zh
        with in_language("en"):
            assert format_country(code) == en
