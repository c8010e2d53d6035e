"""Lexicographic min-cost flow: several objectives, each only within the optimum of those before, exactly.

Objectives are merged into one cost while 64 bits hold it: a flow is best when no cycle of its residual network makes it better, so an objective
has to weigh more than those after it can change along one simple cycle, not over the whole plan. Small numbers are also what the solver is fast with,
as it narrows its tolerance step by step from the highest cost down. Otherwise the network is narrowed to the optimal face of what was
solved (arcs of positive reduced cost stay empty, of negative full) and the next objectives are solved there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enterprises.placements.planner.network import Ints, Network, cheapest, potentials

LIMIT = 2**58


class Infeasible(Exception):
    """No flow satisfies the supplies; a bug in the caller, never a matter of the input."""


def lexicographic(net: Network, spans: Sequence[int], *, limit: int = LIMIT) -> Ints:
    """The flow on every arc. `spans[k]` bounds how much objective k changes along a simple cycle."""
    tails, heads, capacities, costs = net.joined()
    supplies = net.supplies()
    forced = np.zeros_like(capacities)
    at = 0
    while True:
        cost, at = _merged(costs, spans, at, limit // (net.size + 2))
        flow = cheapest(tails, heads, capacities, cost, supplies)
        if flow is None:
            raise Infeasible
        if at == len(costs):
            return flow + forced
        height = potentials(tails, heads, capacities, cost, flow, net.size)
        reduced = cost + height[tails] - height[heads]
        full = (reduced < 0) & (capacities > 0)
        np.subtract.at(supplies, tails[full], capacities[full])
        np.add.at(supplies, heads[full], capacities[full])
        forced[full] += capacities[full]
        capacities[full | (reduced > 0)] = 0


def _merged(costs: Ints, spans: Sequence[int], at: int, most: int) -> tuple[Ints, int]:
    """As many objectives from `at` on as one cost can hold, the first weighing most; and the number of the next."""
    merged, highest, at = costs[at].copy(), int(np.abs(costs[at]).max(initial=0)), at + 1
    while at < len(costs):
        weight = spans[at] + 1
        bound = highest * weight + int(np.abs(costs[at]).max(initial=0))
        if bound > most:
            break
        merged, highest, at = merged * weight + costs[at], bound, at + 1
    return merged, at
