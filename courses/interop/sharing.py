"""Weights as whole numbers that add up, for formats and books that want them so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

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
