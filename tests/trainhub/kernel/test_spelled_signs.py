"""Signs that leave no ink: what is pasted along is left out before a cell is judged, what is spelling stays, and English words are translated once."""

from __future__ import annotations

import pytest
from flask import Flask

from trainhub.kernel import characters
from trainhub.kernel.characters import clean_line
from trainhub.kernel.i18n import in_language
from trainhub.kernel.sheets import parsers


@pytest.mark.parametrize("hidden", ["\u200e", "\u3164", "\u2800", "\u115f", "\u180e", "\ufeff", "\U000e0041"])
@pytest.mark.parametrize("text", ["=1+1", "=cmd()", "＝1+1", "@x", "-x", "+x"])
def test_no_formula_comes_in_behind_a_sign_that_nobody_sees(app: Flask, hidden: str, text: str) -> None:
    with app.app_context():
        for parse in (parsers.parse_title(), parsers.parse_name()):
            with pytest.raises(ValueError, match=r"疑似公式|姓名须以文字开头"):
                parse(hidden + text)


def test_a_name_behind_such_a_sign_is_taken_without_it(app: Flask) -> None:
    with app.app_context():
        assert parsers.parse_name()("\u200e林晓") == "林晓"
        assert parsers.parse_title()("\u200e智能制造") == "智能制造"
        for parse in (parsers.parse_title(), parsers.parse_name()):
            with pytest.raises(ValueError, match="只有看不见的字符"):
                parse("\u200e\u200b")


@pytest.mark.parametrize(
    "text",
    [
        "ᠬᠠᠷ\u180eᠠ",
        "\u1112\u1160\u11ab",
        "\u115f\u1161\u11ab",
        "\u3131\u3164\u3134",
        "\u2813\u2800\u2815",
        "英格兰\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f队",
    ],
)
def test_a_sign_that_is_spelling_stays(text: str) -> None:
    assert clean_line(text) == text


@pytest.mark.parametrize("hidden", [chr(sign) for sign in characters._FILLERS] + ["\U000e0041", "\U000e007f", "\u2066"])
def test_the_same_sign_beside_anything_else_goes(hidden: str) -> None:
    assert clean_line(f"林{hidden}晓{hidden}") == "林晓"
    assert clean_line(f"{hidden}A1{hidden}") == "A1"
    assert characters.clean_name(f"林{hidden}晓") == "林晓"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "hidden", [chr(sign) for sign in characters._FILLERS] + ["\u200c", "\u200d", "\U000e0041", "\u2813\u2800", "\u1161\u115f", "\u3131\u3164"]
)
def test_a_long_run_is_read_once(hidden: str) -> None:
    """Anybody may send a form of four megabytes: whatever asks each sign for the whole run behind it would stand still for hours."""
    kept = clean_line("x" + hidden * 400_000 + "x")
    assert (kept[0], kept[-1]) == ("x", "x")


def test_a_flag_that_is_not_ended_loses_its_letters() -> None:
    assert clean_line("队\U0001f3f4\U000e0067\U000e0062") == "队\U0001f3f4"


def test_words_of_choices_are_translated_once_for_a_parser(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    translated = parsers._

    def counted(word: str, **words: object) -> str:
        asked.append(word)
        return translated(word, **words)

    monkeypatch.setattr(parsers, "_", counted)
    parse = parsers.parse_enum({"m": 1, "男": 1, "f": 2, "女": 2})
    with app.app_context(), app.test_request_context(), in_language("zh"):
        assert [parse("Male"), parse("FEMALE"), parse("\uff2dale")] == [1, 2, 1]
        assert len(asked) == 4
        with pytest.raises(ValueError, match="可填：男、女"):
            parse("other")
    with app.app_context(), app.test_request_context(), in_language("en"):
        assert parse("female") == 2
        with pytest.raises(ValueError, match="Male, Female"):
            parse("other")


def test_words_asked_for_without_an_app_are_not_kept(app: Flask) -> None:
    parse = parsers.parse_enum({"m": 1, "男": 1})
    with pytest.raises(ValueError):
        parse("Male")
    with app.app_context():
        assert parse("Male") == 1
