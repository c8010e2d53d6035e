"""Whether the formula a learner wrote says the same as the author's: both are computed at the same drawn numbers and compared."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from courses.assessment.rules.drawing import chance, drawn
from courses.assessment.rules.expressions import BadExpression, value_of
from courses.assessment.rules.numbers import allowed_distance
from courses.assessment.types import Variable

SAMPLES = 12
USUAL = "0.001%"
"""The tolerance where the author gives none: what two ways of computing the same may differ by."""
LEAST = Decimal("1e-9")
"""Less than so much is nothing, whatever the value: a relative tolerance says nothing about zero."""


def alternatives(expression: str) -> list[str]:
    """The formulas that are right: several are parted by `|`."""
    return [part.strip() for part in expression.split("|") if part.strip()]


def agrees(expression: str, given: str, variables: Sequence[Variable], tolerance: str, *, is_case_sensitive: bool = False) -> bool | None:
    """Whether `given` has the value of `expression` at all the drawn numbers at which that has one; None when it has none anywhere.

    The numbers are the same for everybody. Letters of another case are the same name unless two variables differ only by that.
    """
    names = [variable.name for variable in variables]
    folds = not is_case_sensitive and len({name.casefold() for name in names}) == len(names)
    fold = str.casefold if folds else str
    has_value = False
    for turn in range(SAMPLES):
        source = chance("samples", turn)
        values = {fold(variable.name): drawn(variable, source) for variable in variables}
        try:
            right = value_of(fold(expression), values)
        except BadExpression:
            continue
        has_value = True
        try:
            found = value_of(fold(given), values)
        except BadExpression:
            return False
        if abs(found - right) > max(allowed_distance(right, tolerance.strip() or USUAL), LEAST):
            return False
    return True if has_value else None
