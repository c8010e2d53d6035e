"""What can be searched for: pure."""

from __future__ import annotations

MOST_LETTERS = 100
SHORTEST_LATIN = 2


def is_chinese(text: str) -> bool:
    """Whether a Chinese character is among the letters."""
    return any("\u3400" <= letter <= "\u9fff" or letter > "\U00020000" for letter in text)


def asked(text: str) -> str:
    """The words of the address, tidied: one space between words, at most 100 letters."""
    return " ".join(text.split())[:MOST_LETTERS]


def is_enough(text: str) -> bool:
    """One Chinese character is a name; a single letter or digit finds everything and therefore nothing."""
    return is_chinese(text) or len(text) >= SHORTEST_LATIN


def as_pinyin(text: str) -> str:
    """How somebody writes a reading: `Zeng xiaoxian` and `zeng xiao xian` are the reading `zengxiaoxian`."""
    return text if is_chinese(text) or not text.replace(" ", "").isalpha() else text.replace(" ", "").lower()
