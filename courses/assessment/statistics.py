"""What the answers say about a quiz and its questions. Computed with pandas, imported only here and when asked.

Everything is computed on shares, weighed by the points that a question is worth now: points that were changed meanwhile change no figure
about what was asked before. Choices are counted of the answers to the latest version alone, whose options they are.

facility        mean share of the points, 0 to 1 (0.5 to 0.8 is usual)
discrimination  correlation of a question with the rest of the quiz (point-biserial for right/wrong; the question itself left out)
upper_lower     facility among the best 27 % minus facility among the weakest 27 % of the attempts
alpha           Cronbach's alpha, k/(k-1) (1 - sum of the questions' variances / variance of the sums), over the questions that all answered
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHARE_OF_GROUP = 0.27
"""Kelley's 27 %: the tails that tell most."""
LEAST = 2
"""Attempts below which nothing but the mean is said."""

Row = tuple[int, int, int, int, int | None, Mapping[str, Any], int]
"""Attempt, score x10, question, points x10, share x1000, response, version."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How often an option was chosen: by all, by the best and by the weakest 27 %."""

    key: str
    count: int
    upper: int
    lower: int


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """One question. None: too few attempts, or everybody got the same."""

    question_id: int
    count: int
    facility: float
    deviation: float | None
    discrimination: float | None
    upper_lower: float | None
    choices: tuple[Choice, ...] = ()
    versions: int = 1
    """How many versions of the question were answered: different questions under one name."""

    @property
    def verdict(self) -> str:
        """What to look at: "reversed", "weak", "too_hard", "too_easy", or "good"."""
        if self.discrimination is not None and self.discrimination < 0:
            return "reversed"
        if self.facility < 0.2:
            return "too_hard"
        if self.facility > 0.95:
            return "too_easy"
        return "weak" if self.discrimination is not None and self.discrimination < 0.2 else "good"


@dataclass(frozen=True, slots=True)
class QuizStatistics:
    """A quiz. Scores are marks out of 100; `histogram` counts them in ten steps of 10, the last one with 100."""

    count: int
    mean: float | None = None
    deviation: float | None = None
    median: float | None = None
    lowest: float | None = None
    highest: float | None = None
    alpha: float | None = None
    histogram: tuple[int, ...] = (0,) * 10
    items: tuple[ItemStatistics, ...] = ()


def analyse(rows: Sequence[Row]) -> QuizStatistics:
    """The statistics of a quiz from the answers of its graded attempts; survey questions (no points) are left out."""
    import pandas as pd

    if not rows:
        return QuizStatistics(0)
    frame = pd.DataFrame(rows, columns=["attempt", "score", "question", "points", "share", "response", "version"])
    scores = frame.groupby("attempt")["score"].first() / 10
    bins = [0] * 10
    for score in scores:
        bins[min(9, int(score // 10))] += 1
    counted = frame[(frame["points"] > 0) & frame["share"].notna()].copy()
    full = counted.sort_values("attempt", kind="stable").groupby("question")["points"].last() / 10
    counted["got"] = counted["question"].map(full) * counted["share"].astype(float) / 1_000
    table = counted.pivot_table(index="attempt", columns="question", values="got", aggfunc="sum")
    totals = table.sum(axis=1)
    order = totals.sort_values(kind="stable", ascending=False).index
    size = max(1, round(len(order) * SHARE_OF_GROUP))
    upper, lower = list(order[:size]), list(order[-size:])
    return QuizStatistics(
        count=len(scores),
        mean=float(scores.mean()),
        deviation=_number(scores.std(ddof=1)),
        median=float(scores.median()),
        lowest=float(scores.min()),
        highest=float(scores.max()),
        alpha=_alpha(table),
        histogram=tuple(bins),
        items=tuple(_item(table[q], totals, float(full[q]), int(q), counted, upper, lower) for q in table.columns),
    )


def _number(value: Any) -> float | None:
    """A float, or None where there is none."""
    number = float(value)
    return None if number != number else number


def _alpha(table: Any) -> float | None:
    """Over the questions that every attempt answered: at least two, and sums that differ."""
    table = table.dropna(axis=1)
    count = table.shape[1]
    if count < 2 or table.shape[0] < LEAST:
        return None
    whole = table.sum(axis=1).var(ddof=1)
    return None if not whole else float(count / (count - 1) * (1 - table.var(ddof=1).sum() / whole))


def _item(column: Any, totals: Any, full: float, question_id: int, counted: Any, upper: list[int], lower: list[int]) -> ItemStatistics:
    got = column.dropna()
    rest = (totals - column)[got.index]
    is_told = len(got) >= LEAST and got.std(ddof=1) > 0 and rest.std(ddof=1) > 0
    mine = counted[counted["question"] == question_id]
    best, weakest = got.reindex(upper).dropna(), got.reindex(lower).dropna()
    has_groups = len(totals) >= LEAST and len(best) > 0 and len(weakest) > 0
    return ItemStatistics(
        question_id=question_id,
        count=len(got),
        facility=float(got.mean() / full) if full else 0.0,
        deviation=_number(got.std(ddof=1)),
        discrimination=_number(got.corr(rest)) if is_told else None,
        upper_lower=float((best.mean() - weakest.mean()) / full) if has_groups and full else None,
        choices=_choices(mine[mine["version"] == mine["version"].max()], set(upper), set(lower)),
        versions=int(mine["version"].nunique()),
    )


def _choices(answers: Any, upper: set[int], lower: set[int]) -> tuple[Choice, ...]:
    found: dict[str, list[int]] = {}
    for attempt, response in zip(answers["attempt"], answers["response"], strict=True):
        for key in [response["choice"]] if response.get("choice") else response.get("choices", []):
            count = found.setdefault(str(key), [0, 0, 0])
            count[0] += 1
            count[1] += attempt in upper
            count[2] += attempt in lower
    return tuple(Choice(key, *found[key]) for key in sorted(found))
