"""What chance decides in an attempt: which questions, in which order, with which options first, with which numbers.

Everything follows from a text seed, so that the same attempt looks the same however often its page is opened.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from courses.assessment.rules.expressions import BadExpression, value_of
from courses.assessment.rules.numbers import kept_number
from courses.assessment.types import CHOICES, Asked, QuestionKind, Variable

T = TypeVar("T")
TRIES = 200


def chance(*parts: object) -> random.Random:
    """The source of one decision, named by its parts."""
    return random.Random(":".join(str(part) for part in parts))


def picked(pool: Sequence[T], count: int, seed: str, *, taken: Callable[[T], bool] = lambda _row: False) -> list[T]:
    """`count` different rows of a pool that were not taken before; fewer when the pool has no more."""
    free = [row for row in pool if not taken(row)]
    return chance(seed).sample(free, min(count, len(free)))


def drawn(variable: Variable, source: random.Random) -> Decimal:
    """A value of a variable in its range, in its steps."""
    step = Decimal(1).scaleb(-variable.decimals)
    low, high = (kept_number(end) or Decimal(0) for end in (variable.low, variable.high))
    return (low + step * source.randint(0, int((high - low) / step))).quantize(step)


def values_of(variables: Sequence[Variable], expression: str, seed: str) -> dict[str, str]:
    """A value for each variable at which the expression is defined; the last draw when none of 200 is."""
    source = chance(seed, "values")
    values: dict[str, str] = {}
    for _try in range(TRIES):
        values = {variable.name: f"{drawn(variable, source):f}" for variable in variables}
        try:
            value_of(expression, values)
        except BadExpression:
            continue
        return values
    return values


def shown(asked: Asked, seed: str, *, shuffles: bool) -> dict[str, Any]:
    """What an attempt shows of a question: `order` of options, answers or items (keys), `values` of variables."""
    made: dict[str, Any] = {}
    source = chance(seed, "order")
    if asked.kind is QuestionKind.FORMULA and not asked.asks_expression:
        made["values"] = values_of(asked.variables, asked.expression, seed)
    elif asked.kind is QuestionKind.MATCHING:
        # The answers of a matching question stand in the order of their pairs: unshuffled they would give it away.
        made["order"] = [pair.key for pair in asked.pairs]
        source.shuffle(made["order"])
    elif asked.kind is QuestionKind.ORDERING:
        made["order"] = _mixed([option.key for option in asked.options], source)
    elif shuffles and asked.kind in CHOICES and asked.kind is not QuestionKind.TRUE_FALSE:
        made["order"] = [option.key for option in asked.options]
        source.shuffle(made["order"])
    return made


def _mixed(keys: list[str], source: random.Random) -> list[str]:
    """An order that is not already the right one."""
    mixed = list(keys)
    for _try in range(10):
        source.shuffle(mixed)
        if mixed != keys:
            break
    return mixed


def key_names() -> Iterator[str]:
    """The keys of options and pairs in turn: a to z, then o26, o27, ..."""
    yield from "abcdefghijklmnopqrstuvwxyz"
    yield from (f"o{n}" for n in count(26))


def in_order(rows: Sequence[Mapping[str, Any]], order: Sequence[str] | None) -> list[Mapping[str, Any]]:
    """Rows with a `key` in the order an attempt shows them; rows that the order does not name follow."""
    if not order:
        return list(rows)
    place = {key: n for n, key in enumerate(order)}
    return sorted(rows, key=lambda row: place.get(row["key"], len(place)))
