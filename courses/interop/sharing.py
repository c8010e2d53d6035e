"""Weights as whole numbers that add up, for formats and books that want them so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm

from courses.interop.types import QuestionDoc

WHOLE = 1000


def split_whole(weights: Sequence[int], parts: int = WHOLE) -> list[int]:
    """Weights as thousandths (or so many parts) that add up to one: rounded down, and the rest to those that lost most."""
    whole = sum(weights)
    if not whole:
        return []
    exact = [Fraction(weight * parts, whole) for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda n: (shares[n] - exact[n], n))
    for n in order[: parts - sum(shares)]:
        shares[n] += 1
    return shares


def weighed(asked: Sequence[Sequence[QuestionDoc]], points: Sequence[Fraction | int]) -> tuple[QuestionDoc, ...]:
    """The questions of a problem, each with what it is worth beside the others, in whole numbers as small as can be; one that is asked in several parts
    shares its points among them."""
    exact = [Fraction(worth) / len(parts) for parts, worth in zip(asked, points, strict=True) for _part in parts]
    scale = lcm(*(one.denominator for one in exact))
    whole = [int(one * scale) for one in exact]
    common = gcd(*whole) or 1
    return tuple(replace(one, points=worth // common) for one, worth in zip((one for parts in asked for one in parts), whole, strict=True))
