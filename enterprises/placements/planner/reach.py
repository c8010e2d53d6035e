"""Step 1: how many of each group reach their target, and by which sets of terms. Exact: whole numbers under Hall cuts.

The seats of a term can serve the demand of the kinds exactly when no set of kinds asks for more than all positions that
accept one of them have (Hall). Such sets are found by a maximum flow: its minimum cut names a violated one.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from enterprises.placements.planner.prepare import Setup, bits

Cut = tuple[int, frozenset[int], int]
"""slot, kinds, seats of all positions that accept one of them"""


@dataclass(slots=True)
class Reach:
    """Numbers by (group, set of slots), the proven upper bound of their sum, and the cuts that were needed."""

    numbers: dict[tuple[int, int], int]
    bound: int
    is_proven: bool
    cuts: list[Cut] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many students reach their target."""
        return sum(self.numbers.values())


def hall_cut(setup: Setup, slot: int, demand: list[int]) -> Cut | None:
    """A set of kinds whose demand in a slot exceeds its seats, or None when the seats suffice."""
    from ortools.graph.python import max_flow

    supply = setup.supply(slot)
    wanted = sum(demand)
    if wanted == 0:
        return None
    kinds = len(demand)
    source, sink = kinds + len(supply), kinds + len(supply) + 1
    flow = max_flow.SimpleMaxFlow()
    for kind, count in enumerate(demand):
        if count:
            flow.add_arc_with_capacity(source, kind, count)
    for place, (accepts, posts) in enumerate(supply):
        for kind in sorted(accepts):
            if demand[kind]:
                flow.add_arc_with_capacity(kind, kinds + place, demand[kind])
        flow.add_arc_with_capacity(kinds + place, sink, sum(setup.seats[slot][post] for post in posts))
    if not supply:
        tight = frozenset(kind for kind, count in enumerate(demand) if count)
        return slot, tight, 0
    flow.solve(source, sink)
    if flow.optimal_flow() >= wanted:
        return None
    side = set(flow.get_source_side_min_cut())
    tight = frozenset(kind for kind in range(kinds) if kind in side and demand[kind])
    return slot, tight, seats_of(setup, slot, tight)


def seats_of(setup: Setup, slot: int, kinds: frozenset[int]) -> int:
    """The seats of all positions that accept one of the kinds in a slot."""
    return sum(sum(setup.seats[slot][post] for post in posts) for accepts, posts in setup.supply(slot) if accepts & kinds)


def demand_of(setup: Setup, numbers: dict[tuple[int, int], int]) -> list[list[int]]:
    """By slot and kind, how many seats the numbers ask for."""
    demand = [[0] * len(setup.kinds) for _slot in setup.slots]
    for (group, chosen), count in numbers.items():
        for slot in bits(chosen):
            demand[slot][setup.groups[group].kind] += count
    return demand


def reach(setup: Setup, time_limit: float) -> Reach:
    """The proven maximum of students who reach their target, as whole numbers per group and set of slots."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    keys = [(index, chosen) for index, group in enumerate(setup.groups) for chosen in group.family]
    if not keys:
        return Reach({}, 0, True)
    sizes = np.array([len(setup.groups[group].members) for group, _chosen in keys], dtype=float)
    cuts: list[Cut] = [
        (slot, frozenset([kind]), seats_of(setup, slot, frozenset([kind]))) for slot in range(len(setup.slots)) for kind in range(len(setup.kinds))
    ]
    cuts += [
        (slot, frozenset(range(len(setup.kinds))), seats_of(setup, slot, frozenset(range(len(setup.kinds))))) for slot in range(len(setup.slots))
    ]
    until = time.monotonic() + time_limit
    bound, is_proven = sum(len(group.members) for group in setup.groups), True
    while True:
        rows: list[int] = []
        columns: list[int] = []
        limits: list[float] = [len(group.members) for group in setup.groups]
        for column, (index, _chosen) in enumerate(keys):
            rows.append(index)
            columns.append(column)
        for row, (slot, kinds, seats) in enumerate(cuts, start=len(setup.groups)):
            limits.append(seats)
            for column, (index, chosen) in enumerate(keys):
                if chosen >> slot & 1 and setup.groups[index].kind in kinds:
                    rows.append(row)
                    columns.append(column)
        matrix = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(limits), len(keys))).tocsr()
        answer: Any = milp(
            c=-np.ones(len(keys)),
            constraints=LinearConstraint(matrix, -np.inf, np.array(limits)),
            integrality=np.ones(len(keys)),
            bounds=Bounds(0, sizes),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, until - time.monotonic())},
        )
        if answer.x is None:
            return Reach({}, bound, False, cuts)
        if answer.mip_dual_bound is not None and math.isfinite(answer.mip_dual_bound):
            bound = min(bound, math.floor(-answer.mip_dual_bound + 1e-6))
        is_proven = answer.status == 0
        numbers = {key: round(value) for key, value in zip(keys, answer.x, strict=True) if round(value) > 0}
        demand = demand_of(setup, numbers)
        new = [cut for slot in range(len(setup.slots)) if (cut := hall_cut(setup, slot, demand[slot])) is not None]
        if not new:
            result = Reach(numbers, bound, is_proven, cuts)
            if is_proven:
                result.bound = result.total
            return result
        if time.monotonic() > until:
            return Reach(_trimmed(setup, numbers), bound, False, cuts)
        cuts += new


def _trimmed(setup: Setup, numbers: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Out of time: give up students of violated cuts until the seats suffice; what stays is possible, no more is claimed."""
    kept = dict(numbers)
    while True:
        demand = demand_of(setup, kept)
        cut = next((c for slot in range(len(setup.slots)) if (c := hall_cut(setup, slot, demand[slot])) is not None), None)
        if cut is None:
            return {key: count for key, count in kept.items() if count > 0}
        slot, kinds, _seats = cut
        key = max(key for key, count in kept.items() if count > 0 and key[1] >> slot & 1 and setup.groups[key[0]].kind in kinds)
        kept[key] -= 1
