"""What can be searched for."""

from __future__ import annotations

import pytest

from trainhub.oversight.search import rules


@pytest.mark.parametrize(("text", "enough"), [("", False), ("a", False), ("1", False), ("曾", True), ("ab", True), ("12", True), ("%", False)])
def test_one_chinese_character_or_two_latin_ones(text: str, enough: bool) -> None:
    """At and below the shortest."""
    assert rules.is_enough(text) is enough


@pytest.mark.parametrize(
    ("text", "reading"),
    [("Zeng Xiaoming", "zengxiaoming"), ("zeng xiao ming", "zengxiaoming"), ("曾 晓明", "曾 晓明"), ("MC 101", "MC 101"), ("", "")],
)
def test_a_reading_is_written_with_or_without_spaces(text: str, reading: str) -> None:
    """Only letters are a reading; codes stay as they are."""
    assert rules.as_pinyin(text) == reading


def test_words_are_tidied() -> None:
    """Spaces fold, a hundred letters are kept."""
    assert rules.asked("  曾   晓明 ") == "曾 晓明"
    assert len(rules.asked("x" * 300)) == 100
