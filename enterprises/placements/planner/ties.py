"""Participants first, and ties: of all plans that are equally good for those who took part the one that lets most of the others reach.

One integer programme holds what the participants' plan is worth to them as rows: who reaches, at the same rank cost; who stays below keeps
the terms that were filled, and gets what else could be. Under these rows the others are counted by groups, for they have no wishes and are
alike. Small cases only; where it gives no answer, nothing is said to be proven (`turns.joined`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from enterprises.placements.planner.prepare import UNRANKED, Ints, Setup, bits
from enterprises.placements.planner.reach import Groups, group
from enterprises.placements.planner.types import Plan, Triple

LIMIT = 40_000
"""Largest number of (participant, term, position) variables that is solved whole."""

Entries = list[tuple[int, float]]


@dataclass(slots=True)
class Ties:
    """The integer programme; it keeps each optimum as a row before the next objective is asked."""

    setup: Setup
    until: float
    places: list[Triple3]
    """Columns of the participants, from nought: (pupil, slot, post)"""
    is_below: list[bool]
    """Of each place, whether its student stays below the target"""
    groups: Groups
    of: Ints
    """[columns] the group of a number of others who take a set of slots, -1: another kind of column"""
    mask: Ints
    """[columns] that set"""
    rows: list[tuple[Entries, float, float]] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    """The upper bound of each column"""

    def settle(self) -> tuple[list[Triple], int] | None:
        """(Rows of the participants that leave most to the others, how many of the others can reach beside them at most), then most of
        each class of the published order; None without time for it."""
        answer = None
        if any(self.is_below):
            weeks = self._objective(lambda at: -float(self.setup.weeks[self.places[at][1]]) if self.is_below[at] else 0.0)
            if self._fixed(weeks) is None:
                return None
        is_other = self.of >= 0
        answer = self._fixed(-is_other.astype(float))
        if answer is None:
            return None
        count = round(float(answer[is_other].sum()))
        rank = np.where(is_other, self.groups.rank[self.of], 0) if len(self.groups.rank) else np.zeros(len(self.of), dtype=np.int64)
        for one in np.unique(rank[rank > 0]):
            answer = self._fixed(-(rank == one).astype(float))
            if answer is None:
                return None
        return self._triples(answer), count

    def cheapest(self, reached: Collection[str]) -> tuple[list[Triple], int] | None:
        """(Rows of the participants, the least rank cost of these others beside them); after `settle`. None without time for it."""
        size = np.zeros(len(self.groups.size), dtype=np.int64)
        for pupil, one in enumerate(self.setup.pupils):
            if one.id in reached:
                size[self.groups.of[pupil]] += 1
        for at, wanted in enumerate(size.tolist()):
            self.rows.append(([(int(column), 1.0) for column in np.flatnonzero(self.of == at)], wanted, wanted))
        cost = np.where(self.of >= 0, np.bitwise_count(self.mask).astype(float) * UNRANKED, 0.0)
        answer = self._fixed(cost)
        return None if answer is None else (self._triples(answer), round(float(cost @ answer)))

    def _objective(self, value: Callable[[int], float]) -> Any:
        found = np.zeros(len(self.most))
        found[: len(self.places)] = [value(at) for at in range(len(self.places))]
        return found

    def _fixed(self, objective: Any) -> Any:
        """[columns] an optimum, kept as a row; None when it is not proven in time."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        if not self.most:
            return np.zeros(0)  # nobody can be anywhere
        at = np.repeat(np.arange(len(self.rows)), [len(entries) for entries, _low, _high in self.rows])
        flat = [one for entries, _low, _high in self.rows for one in entries]
        matrix = coo_array(([value for _column, value in flat], (at, [column for column, _value in flat])), shape=(len(self.rows), len(self.most)))
        answer = milp(
            c=objective,
            constraints=LinearConstraint(
                matrix.tocsr(), np.array([low for _entries, low, _high in self.rows]), np.array([high for _entries, _low, high in self.rows])
            ),
            integrality=np.ones(len(self.most)),
            bounds=Bounds(0, np.array(self.most)),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, self.until - time.monotonic())},
        )
        if answer.status != 0:
            return None
        found = np.rint(answer.x)
        self.rows.append(
            ([(int(column), float(objective[column])) for column in np.flatnonzero(objective)], -np.inf, float(objective @ found) + 1e-6)
        )
        return found

    def _triples(self, answer: Any) -> list[Triple]:
        setup = self.setup
        return [
            (setup.pupils[pupil].id, setup.slots[slot], setup.posts[post])
            for (pupil, slot, post), taken in zip(self.places, answer[: len(self.places)].tolist(), strict=True)
            if taken > 0.5
        ]


Triple3 = tuple[int, int, int]
"""pupil, slot, post as numbers"""


def ties(setup: Setup, ours: Collection[str], alone: Plan, until: float) -> Ties | None:
    """The programme of a case whose participants were planned alone; None when it is too large or there is nothing to settle."""
    if not len(setup.slots) or not len(setup.posts):
        return None
    slot_at, post_at = {one: at for at, one in enumerate(setup.slots)}, {one: at for at, one in enumerate(setup.posts)}
    pupil_at = {one.id: at for at, one in enumerate(setup.pupils)}
    fixed = {(pupil, slot) for pupil, slot, _post in setup.case.fixed}
    given = sorted(
        (pupil_at[one.pupil], slot_at[one.slot], post_at[one.post])
        for one in alone.assignments
        if one.pupil in ours and (one.pupil, one.slot) not in fixed
    )
    below = {pupil_at[one.pupil] for one in alone.unplaced if one.pupil in ours}
    kinds = [np.flatnonzero(accepted).tolist() for accepted in setup.accepts]
    wanted: list[tuple[int, int]] = []  # (participant, the slots that may be taken)
    for pupil in sorted({pupil for pupil, _slot, _post in given} | {one for one in below if setup.need[one] > 0}):
        sets = setup.families[setup.family[pupil]]
        union = int(setup.free[pupil])
        if pupil not in below:
            union = 0
            for one in sets:
                union |= one
        wanted.append((pupil, union))
    if sum(len(bits(union)) * len(kinds[setup.kind[pupil]]) for pupil, union in wanted) > LIMIT:
        return None
    places = [
        (pupil, slot, post) for pupil, union in wanted for slot in bits(union) for post in kinds[setup.kind[pupil]] if setup.seats[slot, post] > 0
    ]
    others = np.array([one.id not in ours for one in setup.pupils], dtype=bool) if setup.pupils else np.zeros(0, dtype=bool)
    groups = _of_others(setup, others)
    return _programme(setup, until, places, given, below, wanted, groups)


def _of_others(setup: Setup, others: Ints) -> Groups:
    """Those who did not take part put together, as step 1 does."""
    every = group(setup, np.where(others, 0, 1))
    keep = np.flatnonzero((every.mark == 0) & (every.family > 0))
    new = np.full(len(every.size) + 1, -1, dtype=np.int64)
    new[keep] = np.arange(len(keep))
    return Groups(every.kind[keep], every.family[keep], every.mark[keep], every.size[keep], new[every.of], every.rank[keep])


def _programme(
    setup: Setup, until: float, places: list[Triple3], given: list[Triple3], below: set[int], wanted: list[tuple[int, int]], groups: Groups
) -> Ties:
    most = [1.0] * len(places)
    of, mask = [-1] * len(places), [0] * len(places)

    def column(most_of: float, group_at: int = -1, slots: int = 0) -> int:
        most.append(most_of)
        of.append(group_at)
        mask.append(slots)
        return len(most) - 1

    rows: list[tuple[Entries, float, float]] = []
    by_slot: dict[tuple[int, int], Entries] = {}
    by_seat: dict[tuple[int, int], Entries] = {}
    for at, (pupil, slot, post) in enumerate(places):
        by_slot.setdefault((pupil, slot), []).append((at, 1.0))
        by_seat.setdefault((slot, post), []).append((at, 1.0))
    has = {(pupil, slot) for pupil, slot, _post in given}
    for pupil, union in wanted:
        if pupil in below:
            for slot in bits(union):
                rows.append((by_slot.get((pupil, slot), []), float((pupil, slot) in has), 1.0))
            mine = [(at, float(setup.weeks[slot])) for slot in bits(union) for at, _one in by_slot.get((pupil, slot), [])]
            rows.append((mine, 0.0, float(setup.need[pupil]) - 1))
            continue
        sets = [(column(1.0), one) for one in setup.families[setup.family[pupil]]]
        rows.append(([(at, 1.0) for at, _one in sets], 1.0, 1.0))
        for slot in bits(union):
            rows.append(([*by_slot.get((pupil, slot), []), *((at, -1.0) for at, one in sets if one >> slot & 1)], 0.0, 0.0))
    cost = setup.cost(np.array([one[0] for one in places], dtype=np.int64), np.array([one[2] for one in places], dtype=np.int64)).tolist()
    price = dict(zip(places, cost, strict=True))
    for is_below in (False, True):
        entries = [(at, float(cost[at])) for at, one in enumerate(places) if (one[0] in below) is is_below and (not is_below or one[:2] in has)]
        paid = sum(price[one] for one in given if (one[0] in below) is is_below)
        rows.append((entries, -np.inf, float(paid)))
    takes: dict[tuple[int, int], Entries] = {}
    for at, (kind, family, size) in enumerate(zip(groups.kind.tolist(), groups.family.tolist(), groups.size.tolist(), strict=True)):
        packed = [(column(float(size), at, one), one) for one in setup.families[family]]
        rows.append(([(number, 1.0) for number, _slots in packed], 0.0, float(size)))
        for number, slots in packed:
            for slot in bits(slots):
                takes.setdefault((kind, slot), []).append((number, -1.0))
    for (kind, slot), entries in sorted(takes.items()):
        seats = [(column(float(setup.seats[slot, post])), post) for post in np.flatnonzero(setup.accepts[kind] & (setup.seats[slot] > 0)).tolist()]
        rows.append(([*entries, *((at, 1.0) for at, _post in seats)], 0.0, 0.0))
        for at, post in seats:
            by_seat.setdefault((slot, post), []).append((at, 1.0))
    rows += [(entries, 0.0, float(setup.seats[slot, post])) for (slot, post), entries in sorted(by_seat.items())]
    for at, members in enumerate(setup.limits.members()):
        for slot in range(len(setup.slots)):
            inside = [one for post in members.tolist() for one in by_seat.get((slot, post), [])]
            rows.append((inside, 0.0, float(max(0, int(setup.limits.most[slot, at])))))
    return Ties(
        setup, until, places, [one[0] in below for one in places], groups, np.array(of, dtype=np.int64), np.array(mask, dtype=np.int64), rows, most
    )
