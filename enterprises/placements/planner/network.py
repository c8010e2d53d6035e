"""A minimum cost flow put together from blocks of arcs, each block a few numpy arrays: no Python object per arc."""

from __future__ import annotations

from typing import Any

import numpy as np

Ints = Any
"""A numpy array of int64."""


class Network:
    """Nodes are numbers; a block of arcs is known by the slice that its flow is read with."""

    def __init__(self, objectives: int = 1) -> None:
        self.size = 0
        self._objectives = objectives
        self._arcs: list[tuple[Ints, Ints, Ints, Ints]] = []
        self._count = 0
        self._supplies: list[tuple[Ints, Ints]] = []

    def nodes(self, count: int) -> int:
        """The first of `count` new nodes."""
        self.size += count
        return self.size - count

    def arcs(self, tails: Ints, heads: Ints, capacities: Ints, *costs: Ints) -> slice:
        """A block of arcs with a cost for each objective (those left out: 0); numbers stand for arrays of the same number."""
        block = np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, dtype=np.int64)) for one in (tails, heads, capacities, *costs)))
        table = np.zeros((self._objectives, len(block[0])), dtype=np.int64)
        for row, cost in zip(table, block[3:], strict=False):
            row[:] = cost
        self._arcs.append((block[0], block[1], block[2], table))
        self._count += len(block[0])
        return slice(self._count - len(block[0]), self._count)

    def supply(self, nodes: Ints, amounts: Ints) -> None:
        """What enters at nodes (negative: leaves)."""
        pair = np.broadcast_arrays(np.atleast_1d(np.asarray(nodes, dtype=np.int64)), np.asarray(amounts, dtype=np.int64))
        self._supplies.append((pair[0], pair[1]))

    def joined(self) -> tuple[Ints, Ints, Ints, Ints]:
        """All arcs: tails, heads, capacities, and costs by objective and arc."""
        tails, heads, capacities, costs = zip(*self._arcs, strict=True)
        return np.concatenate(tails), np.concatenate(heads), np.concatenate(capacities), np.concatenate(costs, axis=1)

    def supplies(self) -> Ints:
        """By node."""
        total = np.zeros(self.size, dtype=np.int64)
        for nodes, amounts in self._supplies:
            np.add.at(total, nodes, amounts)
        return total


def cheapest(tails: Ints, heads: Ints, capacities: Ints, costs: Ints, supplies: Ints) -> Ints | None:
    """The flow of least cost on every arc; None when no flow satisfies the supplies."""
    from ortools.graph.python import min_cost_flow

    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
    solver.set_nodes_supplies(np.arange(len(supplies)), supplies)
    if solver.solve() != solver.OPTIMAL:
        return None
    return np.asarray(solver.flows(arcs), dtype=np.int64)


def potentials(tails: Ints, heads: Ints, capacities: Ints, costs: Ints, flow: Ints, nodes: int) -> Ints:
    """Shortest distances in the residual network (Bellman-Ford from everywhere; an optimal flow leaves no negative cycle).

    They prove the flow: `cost + potential[tail] - potential[head]` is not negative where an arc has room, not positive
    where it carries something.
    """
    forward, backward = flow < capacities, flow > 0
    start = np.concatenate([tails[forward], heads[backward]])
    end = np.concatenate([heads[forward], tails[backward]])
    weight = np.concatenate([costs[forward], -costs[backward]])
    distance = np.zeros(nodes, dtype=np.int64)
    while True:
        nearer = distance.copy()
        np.minimum.at(nearer, end, distance[start] + weight)
        if np.array_equal(nearer, distance):
            return distance
        distance = nearer
