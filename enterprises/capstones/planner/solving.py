"""The network of dual supervision, and the plan read off its flow.

    source -> teacher -> [discipline ->] entry -> school -> field -> exit -> [enterprise ->] mentor -> sink

A unit through the whole chain is a capstone with both; `school -> sink` is the school side alone, `source -> field` the
enterprise side alone. Unit arcs of cost 1, 3, 5, ... at each person make the sum of squared loads. A fixed supervisor is a
supply of one at `school`, or a demand of one at `exit`. Places that were not ranked pass through the node of the group.
"""

from __future__ import annotations

import random
from collections import defaultdict

from enterprises.capstones.planner.explaining import explain
from enterprises.capstones.planner.flows import LIMIT, lexicographic
from enterprises.capstones.planner.types import UNRANKED, CapstoneIn, PersonIn, Plan, Problem, Side, Slot

BOTH, GIVEN, CHANGED, RANK, LOAD = range(5)


class _Network:
    """Nodes and arcs as they are added; an arc has a capacity and five costs."""

    def __init__(self) -> None:
        self.nodes = 2  # 0 is the source, 1 the sink
        self.tails: list[int] = []
        self.heads: list[int] = []
        self.capacities: list[int] = []
        self.costs: tuple[list[int], ...] = ([], [], [], [], [])
        self.supplies: dict[int, int] = {}

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, capacity: int, both: int = 0, given: int = 0, changed: int = 0, rank: int = 0, load: int = 0) -> int:
        self.tails.append(tail)
        self.heads.append(head)
        self.capacities.append(capacity)
        for column, cost in zip(self.costs, (both, given, changed, rank, load), strict=True):
            column.append(cost)
        return len(self.tails) - 1


def solve(problem: Problem, *, seed: int = 1, limit: int = LIMIT) -> Plan:
    """The optimal plan; equal plans are told apart by the seeded lottery alone, never by the order of the rows."""
    capstones = _lot(sorted(problem.capstones, key=lambda c: c.id), seed, "capstones")
    people = {side: _lot(sorted(problem.people[side], key=lambda p: p.id), seed, side.value) for side in Side}
    assigned = dict(problem.fixed)
    if capstones:
        assigned |= _flow(problem, capstones, people, limit)
    return _plan(problem, assigned)


def _lot(rows: list, seed: int, what: str) -> list:  # type: ignore[type-arg]
    random.Random(f"{seed}/{what}").shuffle(rows)
    return rows


def _flow(problem: Problem, capstones: list[CapstoneIn], people: dict[Side, list[PersonIn]], limit: int) -> dict[Slot, str]:
    import numpy as np

    net = _Network()
    points: dict[Side, dict[str, int]] = {side: {} for side in Side}  # where a supervisor of the side is joined to a capstone
    for capstone in capstones:
        entry, school, field, leave = net.node(), net.node(), net.node(), net.node()
        points[Side.SCHOOL][capstone.id], points[Side.ENTERPRISE][capstone.id] = entry, leave
        net.arc(entry, school, 1)
        net.arc(school, field, 1, both=-1)
        net.arc(field, leave, 1)
        net.arc(school, 1, 1)
        net.arc(0, field, 1)
        if (capstone.id, Side.SCHOOL) in problem.fixed:
            net.supplies[school] = 1
        if (capstone.id, Side.ENTERPRISE) in problem.fixed:
            net.supplies[leave] = -1
    joined = {side: _side(net, problem, side, capstones, people[side], points[side]) for side in Side}
    total = 2 * len(capstones) + 1
    net.arc(0, 1, total)
    net.supplies[0] = total
    net.supplies[1] = -sum(net.supplies.values())
    supplies = np.zeros(net.nodes, dtype=np.int64)
    for node, supply in net.supplies.items():
        supplies[node] = supply
    slots = 2 * len(capstones)
    worst = max([UNRANKED, *(rank - 1 for rank in problem.ranks.values())])
    widest = max([1, *(min(p.capacity, len(capstones)) for side in Side for p in people[side])])
    spans = [len(capstones), slots, len(problem.current), slots * worst, slots * widest]
    flow = lexicographic(
        np.array(net.tails, dtype=np.int64),
        np.array(net.heads, dtype=np.int64),
        np.array(net.capacities, dtype=np.int64),
        [np.array(column, dtype=np.int64) for column in net.costs],
        spans,
        supplies,
        limit=limit,
    )
    return {slot: person for side in Side for slot, person in _read(side, flow, *joined[side]).items()}


Direct = list[tuple[int, str, str]]
Through = dict[str, tuple[list[tuple[int, str]], list[tuple[int, str]]]]


def _side(
    net: _Network, problem: Problem, side: Side, capstones: list[CapstoneIn], people: list[PersonIn], points: dict[str, int]
) -> tuple[Direct, Through]:
    """Add the persons of one side; returns the direct arcs and, by group, the arcs of persons and of capstones."""
    out = side is Side.ENTERPRISE  # on the enterprise side the flow leaves the capstone

    def arc(person_node: int, other: int, capacity: int, **costs: int) -> int:
        return net.arc(other, person_node, capacity, **costs) if out else net.arc(person_node, other, capacity, **costs)

    held: dict[str, int] = defaultdict(int)
    for (_capstone, of), holder in problem.fixed.items():
        if of is side:
            held[holder] += 1
    node: dict[str, int] = {}
    by_group: dict[str, list[PersonIn]] = defaultdict(list)
    for person in people:
        node[person.id] = net.node()
        for place in range(held[person.id], min(person.capacity, len(capstones))):
            net.arc(*((node[person.id], 1) if out else (0, node[person.id])), 1, load=2 * place + 1)
        for group in sorted(person.groups):
            by_group[group].append(person)
    wishes: dict[str, dict[str, int]] = defaultdict(dict)
    for (capstone_id, of, person_id), rank in problem.ranks.items():
        if of is side:
            wishes[capstone_id][person_id] = rank - 1
    direct: Direct = []
    through: Through = {}
    hubs: dict[str, int] = {}
    for capstone in capstones:
        if (capstone.id, side) in problem.fixed:
            continue
        group = capstone.group(side)
        if group not in by_group:
            continue
        point, ranked, now = points[capstone.id], wishes[capstone.id], problem.current.get((capstone.id, side))
        # Through the hub everybody costs UNRANKED: right unless somebody was ranked below that, then all are named.
        is_plain = all(cost <= UNRANKED for cost in ranked.values())
        for person in by_group[group]:
            if is_plain and person.id not in ranked and person.id != now:
                continue
            cost = ranked.get(person.id, UNRANKED)
            made = arc(node[person.id], point, 1, given=-1, rank=cost, changed=-1 if person.id == now else 0)
            direct.append((made, capstone.id, person.id))
        if is_plain:
            if group not in hubs:
                hubs[group] = net.node()
                many = len(capstones)
                through[group] = ([(arc(node[p.id], hubs[group], min(p.capacity, many)), p.id) for p in by_group[group]], [])
            through[group][1].append((arc(hubs[group], point, 1, given=-1, rank=UNRANKED), capstone.id))
    return direct, through


def _read(side: Side, flow: object, direct: Direct, through: Through) -> dict[Slot, str]:
    found: dict[Slot, str] = {(capstone, side): person for arc, capstone, person in direct if flow[arc]}  # type: ignore[index]
    for people, capstones in through.values():
        units = [person for arc, person in people for _unit in range(int(flow[arc]))]  # type: ignore[index]
        wanting = [capstone for arc, capstone in capstones if flow[arc]]  # type: ignore[index]
        found.update({(capstone, side): person for capstone, person in zip(wanting, units, strict=True)})
    return found


def _plan(problem: Problem, assigned: dict[Slot, str]) -> Plan:
    loads: dict[tuple[Side, str], int] = defaultdict(int)
    for (_capstone, side), person in assigned.items():
        loads[(side, person)] += 1
    return Plan(
        assigned=assigned,
        unassigned=explain(problem, assigned),
        both=sum(all((c.id, side) in assigned for side in Side) for c in problem.capstones),
        given=len(assigned),
        changed=sum(assigned.get(slot) != person for slot, person in problem.current.items()),
        rank_cost=sum(problem.ranks.get((*slot, person), UNRANKED + 1) - 1 for slot, person in assigned.items()),
        max_load=max(loads.values(), default=0),
        load_squares=sum(load * load for load in loads.values()),
    )
