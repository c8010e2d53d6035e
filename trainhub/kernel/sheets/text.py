"""Cells as text: cleaning what was read, neutralising what is written. The two undo each other."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

# A spreadsheet program runs a cell that begins like this as a formula (also after apostrophes that an import removed).
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_OWN_PREFIX = re.compile(r"''*[=+\-@\t\r\n＝＋－＠]")
_FORMULA = re.compile(r"[=+\-@\t]")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?%?\Z|-+\Z")
_NO_CODE = re.compile(r"\d(?:\.\d+)?E\+\d{1,3}\Z|\d\.\d+E\d{1,3}\Z")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+(\d{2,3})\Z")
# C0 and C1 controls except tab and newline, DEL, lone surrogates, non-characters, direction overrides.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# Codes and identity numbers lose digits beyond this when typed as a number.
EXACT_DIGITS = 15


def clean(text: str) -> str:
    """Newlines as LF, no space at either end (also U+3000 and the byte order mark), Unicode NFC."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip()
    if text and (text[0] in "\ufeff\u200b" or text[-1] in "\ufeff\u200b"):
        text = text.strip("\ufeff\u200b").strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def neutralised(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet program could run it; `restored` undoes it exactly."""
    return "'" + text if _RISKY.match(text) else text


def restored(text: str) -> str:
    """A text without the apostrophe that `neutralised` put in front."""
    return text[1:] if _OWN_PREFIX.match(text) else text


def is_neutral(text: str) -> bool:
    """Whether a text needs no protection at all."""
    return _RISKY.match(text) is None


def looks_like_formula(text: str) -> bool:
    """Whether a raw CSV cell would be run as a formula; plain numbers and dashes are not formulas."""
    return bool(_FORMULA.match(text)) and not _PLAIN_NUMBER.match(text.strip())


def has_control(text: str) -> bool:
    """Whether the text holds characters that no name, code or note needs (NUL, controls, direction overrides)."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def lost_digits(text: str) -> bool:
    """Whether a CSV cell is a long number that Excel saved in scientific notation (3.50102E+17)."""
    found = _SCIENTIFIC.match(text) if "+" in text else None
    return found is not None and int(found[1]) >= 11


def is_scientific(code: str) -> bool:
    """Whether a code, as parsers make it, is a number that Excel showed in scientific notation (2.09901E+09): its last digits are gone.

    Asked of codes only: 3.5E+03 may well be a measurement.
    """
    return "E" in code and _NO_CODE.match(code) is not None


def number_text(value: float) -> str:
    """A number as Excel shows it: no ".0", 15 significant digits, never scientific."""
    if value == int(value) and abs(value) < 10**EXACT_DIGITS:
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")


def cell_text(value: object) -> str:
    """Any Python value as the text of a cell: ISO dates, yes/no, enums by value, None empty."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return cell_text(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value) if value - value == 0 else ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(value)
