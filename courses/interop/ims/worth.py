"""What the questions of an assessment are worth beside each other: weights and highest marks as packages say them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from courses.interop.arithmetic import number_of
from courses.interop.sharing import weighed
from courses.interop.types import QuestionDoc

MOST = 1000
"""So many times as much as another a question may be worth here."""


def worth_of(text: str) -> Fraction | None:
    """A weight or a highest mark; None where it is no number, or one below 0."""
    number = number_of(text)
    return Fraction(number) if number is not None and number >= 0 else None


def by_worth(
    items: Sequence[Sequence[QuestionDoc]], weights: Sequence[Fraction | None], highest: Sequence[Fraction | None]
) -> tuple[tuple[QuestionDoc, ...], bool]:
    """The questions of items, each with its points, and whether they are worth what the package says.

    `weights`: of each item 1 where nothing is said, None for one that cannot be read. `highest`: the mark of each item, None where nothing is said;
    it counts where every item says it, because only then they can be compared.
    """
    plain = tuple(question for item in items for question in item)
    said = [one for one in highest if one is not None]
    is_told = len(said) == len(highest)
    worth = [one * mark if is_told and one is not None and mark is not None else one for one, mark in zip(weights, highest, strict=True)]
    known = [one for one in worth if one is not None]
    if len(known) < len(worth) or (known and not any(known)) or (not is_told and len(set(said)) > 1):
        return plain, False
    if len(set(known)) <= 1:
        return plain, True
    made = weighed(items, known)
    return (made, True) if max(one.points for one in made) <= MOST else (plain, False)
