"""Whether the seats that are free can bring the weeks that students still lack. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from enterprises.placements.rules.before import weeks_between
from enterprises.placements.rules.days import Span, without


def weeks_open(term: Span, weeks: int, spans: Sequence[Span]) -> int:
    """How many weeks of a term, of `weeks` at most, a student could still be placed for, who can be placed in `spans`; 0 where the term is taken
    or over."""
    gaps = without([term], spans)
    left = without([term], gaps)
    return min(weeks, sum(weeks_between(first, last) for first, last in left))


def weeks_short(students: Sequence[tuple[int, Sequence[int]]], seats: Sequence[int]) -> int:
    """How many weeks at least of what students lack no free seat can bring, whoever takes them; 0: the seats may do.

    `students`: of each the weeks that are lacking, and the most weeks that each term could bring; `seats`: how many are free in each term. A student
    holds one seat a term at most, so that seats beyond those who can take them bring nothing, and no seat of one student helps another (PETOE-7.2).
    """
    lacking = [(need, [min(need, most) if free else 0 for most, free in zip(weeks, seats, strict=True)]) for need, weeks in students if need > 0]
    alone = sum(max(0, need - sum(weeks)) for need, weeks in lacking)
    supply = sum(sum(sorted((weeks[at] for _need, weeks in lacking), reverse=True)[:free]) for at, free in enumerate(seats))
    return max(alone, sum(need for need, _weeks in lacking) - supply, 0)
