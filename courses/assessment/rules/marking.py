"""Grading: an answer and a question in, a mark out. The rule of each kind stands in `mark` and is shown to learners in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from courses.assessment.rules.expressions import BadExpression, value_of
from courses.assessment.rules.formulas import agrees, alternatives
from courses.assessment.rules.numbers import fits, folded, is_near, measure, number, rounded, unit_named
from courses.assessment.rules.patterns import BadPattern, matches
from courses.assessment.types import BY_PERSON, Asked, Blank, Expected, Mark, Option, QuestionKind

FULL = 1000


def is_answered(response: Mapping[str, Any]) -> bool:
    """Whether anything was answered at all."""
    filled = any(str(value).strip() for name in ("blanks", "pairs", "ranks") for value in (response.get(name) or {}).values())
    return filled or bool(response.get("choice") or response.get("choices") or response.get("files") or str(response.get("text") or "").strip())


def mark(asked: Asked, response: Mapping[str, Any], values: Mapping[str, str] | None = None, *, allows_negative: bool = False) -> Mark:
    """What an answer is worth; an empty one is worth nothing and costs nothing, unless "none of them" is what is right.

    single, true/false: the share of the chosen option. multiple: the sum of the shares of the chosen options; without shares of
    their own every right one adds an equal part and every wrong one takes the same away. cloze: every blank an equal part.
    text: the share of the first answer that fits. numeric, formula: the share of the first answer within the tolerance, times the
    share for its unit; where the formula itself is asked for, whether it has the right value at a dozen drawn numbers. matching: every line an equal part. ordering: every item at its place an equal part. All or nothing gives
    the full mark only. A share below nothing, and the penalty for a wrong answer, count only where the quiz allows negative marks.
    Essays, files and manual questions wait for a person.

    `response`: {"choice"}, {"choices"}, {"text"}, {"blanks": {key: text}}, {"pairs": {key: key}}, {"ranks": {key: place}}, {"files"}.
    `values`: what was drawn for the variables of a formula.
    """
    if not is_answered(response):
        return Mark(FULL if _is_none_right(asked) else 0)
    if asked.kind in BY_PERSON:
        return Mark(None)
    found = _BY_KIND[asked.kind](asked, response, values or {})
    if found.share_x1000 is None:
        return found
    share = found.share_x1000
    if asked.is_all_or_nothing and 0 < share < FULL:
        share = 0
    if share == 0 and asked.penalty_x1000:
        share = -asked.penalty_x1000
    return Mark(max(-FULL if allows_negative else 0, min(FULL, share)), found.feedback_html)


def _is_none_right(asked: Asked) -> bool:
    """Whether every option of a question with several answers is wrong: then nothing is to be ticked."""
    return (
        asked.kind is QuestionKind.MULTIPLE
        and bool(asked.options)
        and not any(option.is_correct or option.share_x1000 is not None for option in asked.options)
    )


def worth_of(option: Option) -> int:
    """What choosing one option is worth in a question with one answer."""
    return option.share_x1000 if option.share_x1000 is not None else (FULL if option.is_correct else 0)


def _single(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    chosen = next((option for option in asked.options if option.key == response.get("choice")), None)
    return Mark(worth_of(chosen), chosen.feedback_html) if chosen else Mark(0)


def _multiple(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    keys = set(response.get("choices") or ())
    picked = [option for option in asked.options if option.key in keys]
    feedback = "".join(option.feedback_html for option in picked)
    if any(option.share_x1000 is not None for option in asked.options):
        total = sum(option.share_x1000 or 0 for option in picked)
        # Three thirds of 33.333 % are the whole.
        return Mark(FULL if FULL - 5 <= total <= FULL + 5 else max(-FULL, total), feedback)
    right = sum(option.is_correct for option in asked.options)
    if not right:
        return Mark(0 if picked else FULL)
    hits = sum(option.is_correct for option in picked)
    share = max(0, hits - (len(picked) - hits))
    return Mark(rounded(Decimal(share * FULL) / right), feedback)


def _text(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    if asked.is_pattern:
        text = folded(str(response.get("text") or ""), is_case_sensitive=True)
        try:
            return _first(asked.answers, lambda answer: matches(answer.text, text, is_case_sensitive=asked.is_case_sensitive))
        except BadPattern:
            return Mark(None)
    return _first(
        asked.answers,
        lambda answer: fits(str(response.get("text") or ""), answer.text, is_case_sensitive=asked.is_case_sensitive),
    )


def _first(answers: Sequence[Expected], is_it: Callable[[Expected], bool]) -> Mark:
    found = next((answer for answer in answers if is_it(answer)), None)
    return Mark(found.share, found.feedback_html) if found else Mark(0)


def _measured(asked: Asked, text: str, answers: Sequence[Expected]) -> Mark:
    """A number, in a unit where units are asked for: an unknown or missing unit gives only `unit_share_x1000` of the mark."""
    if not asked.units:
        given, unit_share = number(text), FULL
    else:
        found = measure(text)
        if found is None:
            return Mark(0)
        given, name = found
        unit = unit_named(name, asked.units) if name else None
        unit_share = FULL if unit is not None else asked.unit_share_x1000
        factor = number(unit.factor) if unit is not None else None
        given = given * factor if factor is not None else given
    if given is None:
        return Mark(0)
    value = given
    near = _first(answers, lambda answer: is_near(value, answer.text, asked.tolerance))
    return Mark(rounded(Decimal((near.share_x1000 or 0) * unit_share) / FULL), near.feedback_html)


def _numeric(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    return _measured(asked, str(response.get("text") or ""), asked.answers)


def _expression(asked: Asked, text: str) -> Mark:
    found = [agrees(one, text, asked.variables, asked.tolerance, is_case_sensitive=asked.is_case_sensitive) for one in alternatives(asked.expression)]
    if True in found:
        return Mark(FULL)
    return Mark(None if not found or None in found else 0)  # without a value anywhere a person decides


def _formula(asked: Asked, response: Mapping[str, Any], values: Mapping[str, str]) -> Mark:
    if asked.asks_expression:
        return _expression(asked, str(response.get("text") or ""))
    try:
        right = value_of(asked.expression, values)
    except BadExpression:
        return Mark(None)  # nobody's fault who answers: a person decides
    return _measured(asked, str(response.get("text") or ""), (Expected(f"{right:f}"),))


def blank_share(blank: Blank, text: str, *, is_case_sensitive: bool) -> int:
    """What was filled into one blank is worth, in thousandths of that blank."""
    if not text.strip():
        return 0
    if blank.kind == "numeric":
        given = number(text)
        if given is None:
            return 0
        return _first(blank.answers, lambda answer: is_near(given, answer.text, blank.tolerance)).share_x1000 or 0
    if blank.kind == "choice":
        return (
            _first(blank.answers, lambda answer: folded(answer.text, is_case_sensitive=True) == folded(text, is_case_sensitive=True)).share_x1000 or 0
        )
    return _first(blank.answers, lambda answer: fits(text, answer.text, is_case_sensitive=is_case_sensitive)).share_x1000 or 0


def _cloze(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    given = response.get("blanks") or {}
    got = sum(blank_share(b, str(given.get(b.key) or ""), is_case_sensitive=asked.is_case_sensitive) for b in asked.blanks)
    return Mark(rounded(Decimal(got) / len(asked.blanks))) if asked.blanks else Mark(None)


def _matching(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    """Two lines with the same answer are interchangeable."""
    given = response.get("pairs") or {}
    answers = {pair.key: pair.answer for pair in asked.pairs}
    lines = [pair for pair in asked.pairs if pair.stem_html]
    hits = sum(answers.get(str(given.get(pair.key))) == pair.answer for pair in lines)
    return Mark(rounded(Decimal(hits * FULL) / len(lines))) if lines else Mark(None)


def _ordering(asked: Asked, response: Mapping[str, Any], _values: Mapping[str, str]) -> Mark:
    given = response.get("ranks") or {}
    hits = sum(str(given.get(option.key)) == str(place) for place, option in enumerate(asked.options, start=1))
    return Mark(rounded(Decimal(hits * FULL) / len(asked.options))) if asked.options else Mark(None)


_BY_KIND: dict[QuestionKind, Callable[[Asked, Mapping[str, Any], Mapping[str, str]], Mark]] = {
    QuestionKind.SINGLE: _single,
    QuestionKind.TRUE_FALSE: _single,
    QuestionKind.MULTIPLE: _multiple,
    QuestionKind.TEXT: _text,
    QuestionKind.NUMERIC: _numeric,
    QuestionKind.FORMULA: _formula,
    QuestionKind.CLOZE: _cloze,
    QuestionKind.MATCHING: _matching,
    QuestionKind.ORDERING: _ordering,
}
