"""Which amount a completion brings, and which completions may be claimed at all. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from enterprises.subsidies.types import Candidate, LeftOut, Priced, Rate
from trainhub.kernel.characters import plain_words


def keyed(rates: Iterable[Rate]) -> list[tuple[str, Rate]]:
    """Each rate with its course for comparison, made plain once for all the completions that are priced."""
    return [(plain_words(rate.course), rate) for rate in rates]


def rate_for(rates: Iterable[tuple[str, Rate]], *, category: str, course_key: str, on: date) -> Rate | None:
    """The rate of a completion: of those that hold on its day the narrowest (course and category, course, category, any);
    of equally narrow ones the one that began last. Each rate comes with its course for comparison (`keyed`)."""
    fitting = [
        rate
        for key, rate in rates
        if rate.since <= on and (rate.until is None or on <= rate.until) and rate.category in ("", category) and key in ("", course_key)
    ]
    return max(fitting, key=lambda rate: (bool(rate.course), bool(rate.category), rate.since), default=None)


def price(candidates: Sequence[Candidate], rates: Sequence[Rate], taken: Collection[tuple[int, str]]) -> tuple[list[Priced], LeftOut]:
    """What may be claimed: one completion for a human and course (the earliest), not claimed before, with a rate on its day.

    A course is one course however its title was spelled (`plain_words`, so are those of `taken`).
    """
    priced: list[Priced] = []
    seen: set[tuple[int, str]] = set()
    before = twice = unpriced = 0
    known = keyed(rates)
    for one in sorted(candidates, key=lambda c: (c.completed_on, c.record_id)):
        key = (one.human_id, plain_words(one.course))
        if key in taken:
            before += 1
        elif key in seen:
            twice += 1
        else:
            rate = rate_for(known, category=one.category, course_key=key[1], on=one.completed_on)
            if rate is None:
                unpriced += 1
                continue
            seen.add(key)
            priced.append(Priced(one, rate.amount_fen))
    return priced, LeftOut(before, twice, unpriced)


def sample(item_ids: Sequence[int], percent: int, seed: int) -> list[int]:
    """A lot of `percent` of the items, rounded up, at least one: the same seed draws the same lot."""
    if not item_ids:
        return []
    size = max(1, -(-len(item_ids) * percent // 100))
    return sorted(random.Random(seed).sample(sorted(item_ids), min(size, len(item_ids))))
