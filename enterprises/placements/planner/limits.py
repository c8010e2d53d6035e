"""How many students groups of positions take together in a term: the mentors of an enterprise, the room of a base.

Groups lie side by side or one inside the other, never across: then they are nodes of a flow between the positions and the
sink, and what holds for the seats of single positions (Hall cuts, prices) holds for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from enterprises.placements.planner.network import Network
from enterprises.placements.planner.types import Case

Ints = Any
"""A numpy array of int64."""
Bools = Any
"""A numpy array of bool."""

NONE = -1
"""No group: as an index it meets the last column of `most`, which nothing exhausts."""
AMPLE = 2**40


Name = tuple[str, str]
MENTORS, BASE = "mentors", "base"


class Crossing(ValueError):
    """Two groups share positions and neither holds the other."""


@dataclass(slots=True)
class Limits:
    """L groups that can bind at all; a position lies in at most two, one inside the other."""

    most: Ints
    """[S, L + 1] left after the fixed rows; the last column stands for no limit"""
    above: Ints
    """[L] the group around each, or NONE"""
    of: Ints
    """[P] the innermost group of each position, or NONE"""
    names: tuple[Name, ...] = ()
    """[L] what each group is: the mentors of an enterprise or the room of a base, and its id"""

    def __len__(self) -> int:
        return len(self.above)

    @property
    def chain(self) -> Ints:
        """[2, P] the groups of each position from the inside, NONE where there is none."""
        return np.stack([self.of, np.append(self.above, NONE)[self.of]])

    def is_open(self, left: Ints) -> Bools:
        """[P] whether every group of a position has room, given [L + 1] what is left."""
        return (left[self.chain] > 0).all(axis=0)

    def take(self, left: Ints, slot: Ints, post: Ints) -> None:
        """Take one from [S, L + 1] what is left, for each (slot, post)."""
        for group in self.chain:
            np.subtract.at(left, (slot, group[post]), 1)

    def at(self, slot: int) -> Limits:
        """The limits in one slot alone."""
        return Limits(self.most[slot : slot + 1], self.above, self.of, self.names)

    def members(self) -> list[Ints]:
        """[L] the positions in each group."""
        chain = self.chain
        return [np.flatnonzero((chain == one).any(axis=0)) for one in range(len(self))]

    def through(self, slot: int, supply: Ints, of: Ints) -> int:
        """How many of a supply, lying in the groups `of`, reach the outside in a slot."""
        if not len(self):
            return int(supply.sum())
        outer = self._inflow(slot, supply, of)
        outer[np.append(self.above, NONE) != NONE] = 0
        return int(np.minimum(outer, self.most[slot].clip(0)).sum())

    def binding(self, slot: int, supply: Ints, of: Ints) -> list[Name]:
        """The groups that let less of a supply through than comes into them."""
        if not len(self):
            return []
        over = self._inflow(slot, supply, of)[: len(self)] > self.most[slot][: len(self)].clip(0)
        return [self.names[group] for group in np.flatnonzero(over).tolist()]

    def _inflow(self, slot: int, supply: Ints, of: Ints) -> Ints:
        """[L + 1] how much of a supply comes into each group, and beside all groups."""
        most, above = self.most[slot].clip(0), np.append(self.above, NONE)
        inflow = np.bincount(of % len(most), supply, minlength=len(most))
        has_outer = above != NONE
        np.add.at(inflow, above[has_outer], np.minimum(inflow, most)[has_outer])
        return inflow

    def drain(self, net: Network, tails: Ints, of: Ints, slot: Ints | int, capacities: Ints, sink: int) -> int:
        """Arcs from the tails, each in a group and slot, through the groups to the sink; the first node of the groups."""
        slots, width = len(self.most), len(self)
        first = net.nodes(slots * width)
        net.arcs(tails, np.where(of == NONE, sink, first + slot * width + of), capacities)
        if width:
            out = np.where(self.above == NONE, sink, first + np.arange(slots)[:, None] * width + self.above)
            net.arcs(first + np.arange(slots * width), out.reshape(-1), self.most[:, :-1].reshape(-1).clip(0))
        return first

    def prices(self, height: Ints, at: Ints, first: int, sink: int) -> tuple[Ints, Ints]:
        """([S, P], [S, L + 1]) what a seat of a position and a place in a group are worth, from the heights of a network that was
        drained: `at` [S, P] those of the positions, `first` the first node of the groups."""
        slots, width = len(self.most), len(self)
        group = np.column_stack([height[first : first + slots * width].reshape(slots, width), np.full(slots, height[sink])])
        shared = np.column_stack([group[:, self.above] - group[:, :-1], np.zeros(slots, dtype=np.int64)])
        return (group[:, self.of] - at).clip(0), shared.clip(0)


def limits_of(case: Case, slots: list[str], posts: list[Any], firm: Ints, seats: Ints, held: Ints) -> Limits:
    """The limits of a case. `firm` [P], `seats` [S, P] left after the fixed rows, `held` [N, S] those rows (negative: none).

    Groups whose limit is at least the seats of their positions are left out. Raises Crossing.
    """
    groups: list[tuple[Name, Bools, Ints]] = []  # (what it is, positions, most by slot)
    if case.room is not None or case.mentors is not None:
        names = sorted({one.enterprise for one in posts})
        for at, name in enumerate(names):
            whole = (case.mentors or {}).get(name, 0)
            most = [case.room.get((name, slot), 0) if case.room is not None else whole for slot in slots]
            groups.append(((MENTORS, name), firm == at, np.array(most, dtype=np.int64)))
    for name in sorted({one.base for one in posts if one.base} if case.base_room else ()):
        most = [(case.base_room or {}).get((name, slot), AMPLE) for slot in slots]
        groups.append(((BASE, name), np.array([one.base == name for one in posts]), np.array(most, dtype=np.int64)))
    taken = np.array([np.bincount(rows[rows >= 0], minlength=len(posts)) for rows in held.T], dtype=np.int64).reshape(len(slots), len(posts))
    left = [(name, inside, most - taken[:, inside].sum(axis=1)) for name, inside, most in groups]
    left = [(name, inside, most) for name, inside, most in left if (most.clip(0) < seats[:, inside].clip(0).sum(axis=1)).any()]
    return _forest(left, len(slots), len(posts))


def _forest(groups: list[tuple[Name, Bools, Ints]], slots: int, posts: int) -> Limits:
    """Groups by size, the smaller inside; of two equal ones the first is inside."""
    groups = sorted(groups, key=lambda one: int(one[1].sum()))
    above = np.full(len(groups), NONE, dtype=np.int64)
    of = np.full(posts, NONE, dtype=np.int64)
    outer = np.full(posts, NONE, dtype=np.int64)  # the outermost group so far
    for at, (_name, inside, _most) in enumerate(groups):
        for known in np.unique(outer[inside]):
            if known == NONE:
                continue
            if not inside[groups[known][1]].all():
                raise Crossing
            above[known] = at
        of[inside & (of == NONE)] = at
        outer[inside] = at
    most = np.full((slots, len(groups) + 1), AMPLE, dtype=np.int64)
    for at, (_name, _inside, left) in enumerate(groups):
        most[:, at] = left
    return Limits(most, above, of, tuple(name for name, _inside, _left in groups))
