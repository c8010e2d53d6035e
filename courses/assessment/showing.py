"""How a question of an attempt is shown: its stem with the drawn numbers, its blanks, its options in the order of this attempt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from courses.assessment.models import AttemptAnswer, QuestionVersion
from courses.assessment.operations.checking import BLANK_MARK, VALUE_MARK
from courses.assessment.rules.drawing import in_order
from courses.assessment.rules.expressions import BadExpression, value_of
from courses.assessment.rules.formulas import alternatives
from courses.assessment.rules.numbers import number
from courses.assessment.types import QuestionKind
from courses.catalogue.markup import placed
from courses.catalogue.operations.offerings import asset_prefix
from trainhub.kernel.mathml import pieces


class At:
    """The questions of a bank as one run shows them: their files are those of that run, whichever run they were written in."""

    def __init__(self, run_id: int | None) -> None:
        self._assets = asset_prefix(run_id) if run_id is not None else ""

    def html(self, markup: str | None) -> str:
        """Stored HTML with the addresses of this run's files."""
        return placed(markup or "", self._assets)

    def stem(self, version: QuestionVersion, shown: Mapping[str, Any]) -> str:
        """See `stem`."""
        return self.html(stem(version, shown))

    def cloze(self, version: QuestionVersion) -> list[tuple[str, Mapping[str, Any] | None]]:
        """See `cloze`."""
        return [(self.html(before), blank) for before, blank in cloze(version)]

    def __getattr__(self, name: str) -> Any:
        """Everything else is shown alike everywhere."""
        try:
            return globals()[name]
        except KeyError:
            raise AttributeError(name) from None


def stem(version: QuestionVersion, shown: Mapping[str, Any]) -> str:
    """The stem with the numbers of this attempt; inside a formula their braces stay, so that \\frac{x}{y} remains one."""
    values = shown.get("values") or {}
    if not values:
        return version.stem_html
    made = []
    for part, is_formula in pieces(version.stem_html):

        def put(match: re.Match[str], is_formula: bool = is_formula) -> str:
            value = values.get(match.group(1))
            return match.group(0) if value is None else (f"{{{value}}}" if is_formula else str(value))

        made.append(VALUE_MARK.sub(put, part))
    return "".join(made)


def cloze(version: QuestionVersion) -> list[tuple[str, Mapping[str, Any] | None]]:
    """The stem in pieces: (markup before, the blank that follows or None at the end)."""
    blanks = {blank["key"]: blank for blank in version.data.get("blanks", [])}
    pieces = BLANK_MARK.split(version.stem_html)
    return [(pieces[n], blanks.get(pieces[n + 1]) if n + 1 < len(pieces) else None) for n in range(0, len(pieces), 2)]


def options(version: QuestionVersion, shown: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Options or items in the order of this attempt."""
    return in_order(version.data.get("options", []), shown.get("order"))


def lines(version: QuestionVersion) -> list[Mapping[str, Any]]:
    """The lines of a matching question."""
    return [pair for pair in version.data.get("pairs", []) if pair.get("body")]


def answers(version: QuestionVersion, shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answers of a matching question, each text once: (key, text)."""
    found: dict[str, str] = {}
    for pair in in_order(version.data.get("pairs", []), shown.get("order")):
        found.setdefault(pair["answer"], pair["key"])
    return [(key, text) for text, key in found.items()]


def answer_key(version: QuestionVersion, shown: Mapping[str, Any], given: str | None) -> str:
    """The key under which `answers` lists what was chosen: lines with the same answer share one."""
    text = next((pair["answer"] for pair in version.data.get("pairs", []) if pair["key"] == given), None)
    return next((key for key, known in answers(version, shown) if known == text), "")


def expected(version: QuestionVersion, kind: str, shown: Mapping[str, Any]) -> str:
    """The right answer of a text, numeric or formula question in one line."""
    data = version.data
    if kind == QuestionKind.FORMULA and data.get("asks_expression"):
        right = " / ".join(alternatives(str(data.get("expression") or "")))
    elif kind == QuestionKind.FORMULA:
        right = expected_value(version, shown)
    elif kind == QuestionKind.TEXT and not data.get("is_pattern"):
        right = " / ".join(a["text"].replace(r"\*", "*") for a in data.get("answers", []) if a.get("is_correct", True))
    else:
        right = " / ".join(a["text"] for a in data.get("answers", []) if a.get("is_correct", True))
    unit = next((u["name"] for u in data.get("units", []) if number(str(u["factor"])) == 1), "")
    return f"{right} {unit}".strip() + (f" ± {data['tolerance']}" if data.get("tolerance") and right else "")


def expected_value(version: QuestionVersion, shown: Mapping[str, Any]) -> str:
    """The value of a formula at the numbers of this attempt, to six significant digits; "" where it has none."""
    try:
        value = value_of(str(version.data.get("expression") or ""), shown.get("values") or {})
    except BadExpression:
        return ""
    return f"{Decimal(f'{value:.6g}'):f}"


def in_given_order(version: QuestionVersion, shown: Mapping[str, Any], ranks: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The items of an ordering question as they were put, those without a place last."""
    return sorted(options(version, shown), key=lambda row: int(ranks.get(row["key"]) or 10_000))


def judged(answer: AttemptAnswer) -> QuestionVersion:
    """The version whose key counts: the asked one, or the later one of a regrade."""
    return answer.graded_version or answer.version


def points(answer: AttemptAnswer) -> str:
    """What an answer got, in points: as a person typed it, or the roundest number that its share stands for (a third of 30 is kept as 333
    thousandths, and is 10)."""
    if answer.points_x100 is not None:
        return f"{(Decimal(answer.points_x100) / 100).normalize():f}"
    value, half = Decimal(answer.points_x10 * (answer.share_x1000 or 0)) / 10_000, Decimal(answer.points_x10) / 20_000
    places = [value.quantize(step) for step in (Decimal(1), Decimal("0.1"), Decimal("0.01"))]
    found = next((near for near in places if abs(near - value) <= half), places[-1])
    return f"{found.normalize():f}"


def overall(feedback: str, score_x10: int | None) -> str:
    """The overall feedback of a score: the highest step that it reaches. Lines "60: words"."""
    best: tuple[Decimal, str] | None = None
    for line in feedback.splitlines():
        match = re.match(r"\s*(\d{1,3}(?:\.\d)?)\s*[:：]\s*(.+)", line)
        if match and score_x10 is not None and Decimal(match.group(1)) * 10 <= score_x10:
            step = (Decimal(match.group(1)), match.group(2).strip())
            best = step if best is None or step[0] >= best[0] else best
    return best[1] if best else ""
