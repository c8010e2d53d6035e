"""Grading: an answer and a question in, a mark out. Pure; marks are shares in thousandths, rounded half up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from courses.assessment.types import BY_PERSON, Asked, Mark, Option, QuestionKind

FULL = 1000
GRACE = timedelta(seconds=30)
"""What a slow network may add to a time limit."""

_INTERVAL = re.compile(r"\s*([\[(])\s*([^,;]+)[,;]\s*([^\])]+)([\])])\s*\Z")


def rounded(value: Decimal) -> int:
    """A whole number, half up."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def number(text: str) -> Decimal | None:
    """A number as people write it: full-width digits, thousands commas, a decimal point, 1e3; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().replace(" ", "").replace(",", "").replace("\u2212", "-")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def folded(text: str, *, is_case_sensitive: bool = False) -> str:
    """A text answer as it is compared: composed, spaces joined, and lower case unless case matters."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    return plain if is_case_sensitive else plain.casefold()


def is_near(given: Decimal, expected: str, tolerance: str) -> bool:
    """Whether a number is the expected one within the tolerance (inclusive), or lies in the expected interval "[5,7)"."""
    interval = _INTERVAL.match(expected)
    if interval:
        low, high = number(interval.group(2)), number(interval.group(3))
        if low is None or high is None:
            return False
        above = given >= low if interval.group(1) == "[" else given > low
        below = given <= high if interval.group(4) == "]" else given < high
        return above and below
    right = number(expected)
    if right is None:
        return False
    tolerance = unicodedata.normalize("NFKC", tolerance).strip()
    allowed = number(tolerance.rstrip("%")) or Decimal(0)
    if tolerance.endswith("%"):
        allowed = abs(right) * allowed / 100
    return abs(given - right) <= abs(allowed)


def is_answered(response: Mapping[str, Any]) -> bool:
    """Whether anything was answered at all."""
    return bool(response.get("choice") or response.get("choices") or str(response.get("text") or "").strip())


def mark(asked: Asked, response: Mapping[str, Any]) -> Mark:
    """What an answer is worth. `response`: {"choice": key}, {"choices": [keys]} or {"text": text}; an empty one is worth nothing."""
    if asked.kind in BY_PERSON:
        return Mark(None) if is_answered(response) else Mark(0)
    if not is_answered(response):
        return Mark(0)
    match asked.kind:
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
            chosen = next((option for option in asked.options if option.key == response.get("choice")), None)
            return Mark(FULL if chosen and chosen.is_correct else 0, chosen.feedback_html if chosen else "")
        case QuestionKind.MULTIPLE:
            return _multiple(asked.options, response.get("choices") or ())
        case QuestionKind.NUMERIC:
            return _numeric(asked, str(response.get("text") or ""))
        case _:
            return _text(asked, str(response.get("text") or ""))


def _multiple(options: Sequence[Option], chosen: Sequence[str]) -> Mark:
    """Each right choice adds its share, each wrong one takes the same away, never below nothing."""
    picked = [option for option in options if option.key in set(chosen)]
    right = sum(option.is_correct for option in options)
    if not right:
        return Mark(0 if picked else FULL)
    hits = sum(option.is_correct for option in picked)
    share = max(0, hits - (len(picked) - hits))
    feedback = "".join(option.feedback_html for option in picked)
    return Mark(rounded(Decimal(share * FULL) / right), feedback)


def _numeric(asked: Asked, text: str) -> Mark:
    given = number(text)
    if given is None:
        return Mark(0)
    for answer in asked.answers:
        if is_near(given, answer.text, asked.tolerance):
            return Mark(FULL if answer.is_correct else 0, answer.feedback_html)
    return Mark(0)


def _text(asked: Asked, text: str) -> Mark:
    given = folded(text, is_case_sensitive=asked.is_case_sensitive)
    for answer in asked.answers:
        if folded(answer.text, is_case_sensitive=asked.is_case_sensitive) == given:
            return Mark(FULL if answer.is_correct else 0, answer.feedback_html)
    return Mark(0)


def score_x10(marks: Sequence[tuple[int, int | None]]) -> int | None:
    """The score of an attempt out of 1000 from (points in tenths, share in thousandths); None while a person has to grade.

    A quiz whose questions are worth nothing (a survey) scores full marks for being handed in.
    """
    if any(share is None and points > 0 for points, share in marks):
        return None
    total = sum(points for points, _ in marks)
    if total == 0:
        return FULL
    got = sum(points * (share or 0) for points, share in marks)
    return rounded(Decimal(got) / total)


def is_in_time(now: datetime, due_at: datetime | None) -> bool:
    """Whether answers are still taken, a short grace included."""
    return due_at is None or now <= due_at + GRACE


def may_start(done: int, allowed: int | None) -> bool:
    """Whether one more attempt is allowed."""
    return allowed is None or done < allowed
