"""Lexicographic min-cost flow: several objectives, each only within the optimum of those before, exactly.

Objectives are merged into one cost while 64 bits hold it; otherwise the network is narrowed to the optimal face of what was
solved (arcs of positive reduced cost stay empty, of negative full) and the next objectives are solved there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LIMIT = 2**58
Ints = Any
"""A numpy array of int64."""


class Infeasible(Exception):
    """No flow satisfies the supplies; a bug in the caller, never a matter of the input."""


def lexicographic(tails: Ints, heads: Ints, capacities: Ints, costs: list[Ints], spans: list[int], supplies: Ints, *, limit: int = LIMIT) -> Ints:
    """The flow on every arc. `spans[k]` bounds how far apart two totals of objective k can lie."""
    capacities, supplies = capacities.copy(), supplies.copy()
    forced = np.zeros_like(capacities)
    nodes, at = len(supplies), 0
    while True:
        cost, at = _merged(costs, spans, at, limit // (nodes + 2))
        flow = _solve(tails, heads, capacities, cost, supplies)
        if at == len(costs):
            return flow + forced
        potential = _potentials(tails, heads, capacities, cost, flow, nodes)
        reduced = cost + potential[tails] - potential[heads]
        full = (reduced < 0) & (capacities > 0)
        np.subtract.at(supplies, tails[full], capacities[full])
        np.add.at(supplies, heads[full], capacities[full])
        forced[full] += capacities[full]
        capacities[full | (reduced > 0)] = 0


def _merged(costs: list[Ints], spans: list[int], at: int, most: int) -> tuple[Ints, int]:
    """As many objectives from `at` on as one cost can hold, the first weighing most; and the number of the next."""
    merged, highest, at = costs[at].astype(np.int64), int(np.abs(costs[at]).max(initial=0)), at + 1
    while at < len(costs):
        weight = spans[at] + 1
        bound = highest * weight + int(np.abs(costs[at]).max(initial=0))
        if bound > most:
            break
        merged, highest, at = merged * weight + costs[at], bound, at + 1
    return merged, at


def _solve(tails: Ints, heads: Ints, capacities: Ints, cost: Ints, supplies: Ints) -> Ints:
    from ortools.graph.python import min_cost_flow

    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, cost)
    solver.set_nodes_supplies(np.arange(len(supplies)), supplies)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise Infeasible(str(status))
    return np.asarray(solver.flows(arcs), dtype=np.int64)


def _potentials(tails: Ints, heads: Ints, capacities: Ints, cost: Ints, flow: Ints, nodes: int) -> Ints:
    """Shortest distances in the residual network (Bellman-Ford from everywhere; an optimal flow leaves no negative cycle)."""
    forward, backward = flow < capacities, flow > 0
    start = np.concatenate([tails[forward], heads[backward]])
    end = np.concatenate([heads[forward], tails[backward]])
    weight = np.concatenate([cost[forward], -cost[backward]])
    distance = np.zeros(nodes, dtype=np.int64)
    while True:
        nearer = distance.copy()
        np.minimum.at(nearer, end, distance[start] + weight)
        if np.array_equal(nearer, distance):
            return distance
        distance = nearer
