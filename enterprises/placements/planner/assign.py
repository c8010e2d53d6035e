"""Step 3: where and when, at least rank cost, by one time-expanded minimum cost flow.

Each chosen student sends "k of these terms" through student-term nodes to ranked positions directly, and to any other
accepted position through a node of kind and term that costs UNRANKED: so 40 x 150 arcs stand instead of 20,000 x 150.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import comb
from typing import Any

from enterprises.placements.planner.prepare import UNRANKED, Setup, bits

CHANGE = 1_000
"""Weight of a changed student-term over any rank."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A student takes `count` of the slots of `union`."""

    pupil: int
    count: int
    union: int


def uniform(family: tuple[int, ...]) -> tuple[int, int] | None:
    """(k, union) when the family is exactly "any k of these slots", else None."""
    union, count = 0, family[0].bit_count()
    for one in family:
        union |= one
        if one.bit_count() != count:
            return None
    return (count, union) if len(family) == comb(union.bit_count(), count) else None


def relaxed(setup: Setup, chosen: list[tuple[int, tuple[int, ...]]]) -> list[Pattern]:
    """Patterns that allow every set of the families and perhaps more: their least cost is a lower bound."""
    found = []
    for pupil, family in chosen:
        union = 0
        for one in family:
            union |= one
        found.append(Pattern(pupil, min(one.bit_count() for one in family), union))
    return found


def flow(setup: Setup, patterns: list[Pattern]) -> tuple[dict[tuple[int, int], int], int] | None:
    """The assignment {(student, slot): position} of least cost for the patterns, and that cost (of ranks alone).

    None when the seats cannot serve the patterns. With an earlier plan in the setup a changed student-term outweighs ranks.
    """
    import numpy as np
    from ortools.graph.python import min_cost_flow

    if not patterns:
        return {}, 0
    tails: list[int] = []
    heads: list[int] = []
    capacities: list[int] = []
    costs: list[int] = []

    def arc(tail: int, head: int, capacity: int, cost: int) -> int:
        tails.append(tail)
        heads.append(head)
        capacities.append(capacity)
        costs.append(cost)
        return len(tails) - 1

    nodes = 0

    def node() -> int:
        nonlocal nodes
        nodes += 1
        return nodes - 1

    sink = node()
    place: dict[tuple[int, int], int] = {}
    for slot in range(len(setup.slots)):
        for post, seats in enumerate(setup.seats[slot]):
            if seats > 0:
                place[slot, post] = node()
                arc(place[slot, post], sink, seats, 0)
    accepted = [frozenset(posts) for posts in setup.kinds]
    through: dict[tuple[int, int], int] = {}
    bundle_arcs: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    post_arcs: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    kinds_used = sorted({setup.kind_of[pattern.pupil] for pattern in patterns})
    for slot in range(len(setup.slots)):
        bundles = setup.supply(slot)
        bundle_nodes = []
        for number, (_accepts, posts) in enumerate(bundles):
            bundle = node()
            bundle_nodes.append(bundle)
            for post in posts:
                post_arcs[slot, number].append((arc(bundle, place[slot, post], setup.seats[slot][post], 0), post))
        for kind in kinds_used:
            through[kind, slot] = node()
            for number, (accepts, posts) in enumerate(bundles):
                if kind in accepts:
                    total = sum(setup.seats[slot][post] for post in posts)
                    bundle_arcs[kind, slot].append((arc(through[kind, slot], bundle_nodes[number], total, 0), number))
    supplies: dict[int, int] = {}
    direct: list[tuple[int, int, int, int]] = []
    indirect: list[tuple[int, int, int]] = []
    for pattern in patterns:
        start = node()
        supplies[start] = pattern.count
        kind = setup.kind_of[pattern.pupil]
        ranks = setup.ranks[pattern.pupil]
        far = any(rank - 1 > UNRANKED for rank in ranks.values())
        for slot in bits(pattern.union):
            here = node()
            arc(start, here, 1, 0)
            kept = setup.current.get((pattern.pupil, slot)) if setup.current is not None else None
            extra = CHANGE if setup.current is not None else 0
            # A wish so far down that it costs more than no wish would slip through the common node: arcs of its own then.
            targets = (
                accepted[kind]
                if far
                else {post for post in ranks if post in accepted[kind]} | ({kept} if kept is not None and kept in accepted[kind] else set())
            )
            for post in sorted(targets):
                if (slot, post) in place:
                    weight = setup.cost(pattern.pupil, post) + (extra if post != kept else 0)
                    direct.append((arc(here, place[slot, post], 1, weight), pattern.pupil, slot, post))
            if not far:
                indirect.append((arc(here, through[kind, slot], 1, UNRANKED + extra), pattern.pupil, slot))
    graph = min_cost_flow.SimpleMinCostFlow()
    graph.add_arcs_with_capacity_and_unit_cost(
        np.array(tails, dtype=np.int32), np.array(heads, dtype=np.int32), np.array(capacities, dtype=np.int64), np.array(costs, dtype=np.int64)
    )
    for start, count in supplies.items():
        graph.set_node_supply(start, count)
    graph.set_node_supply(sink, -sum(supplies.values()))
    if graph.solve() != graph.OPTIMAL:
        return None
    found = {(pupil, slot): post for number, pupil, slot, post in direct if graph.flow(number)}
    _spread(setup, graph, found, [(pupil, slot) for number, pupil, slot in indirect if graph.flow(number)], bundle_arcs, post_arcs)
    return found, sum(setup.cost(pupil, post) for (pupil, _slot), post in found.items())


def _spread(
    setup: Setup,
    graph: Any,
    found: dict[tuple[int, int], int],
    waiting: list[tuple[int, int]],
    bundle_arcs: dict[tuple[int, int], list[tuple[int, int]]],
    post_arcs: dict[tuple[int, int], list[tuple[int, int]]],
) -> None:
    """Give the students of the common nodes the positions the flow reserved for them, in the order of the lottery."""
    pools = {key: [post for number, post in arcs for _unit in range(graph.flow(number))] for key, arcs in post_arcs.items()}
    queues: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pupil, slot in sorted(waiting, key=lambda item: (item[1], setup.lottery[item[0]], item[0])):
        queues[setup.kind_of[pupil], slot].append(pupil)
    for (kind, slot), queue in sorted(queues.items()):
        for number, bundle in bundle_arcs[kind, slot]:
            for _unit in range(graph.flow(number)):
                found[queue.pop(0), slot] = pools[slot, bundle].pop(0)
