"""Both supervisors of every capstone by min-cost flows, exact in the contract's order of objectives.

When one side can serve every capstone the sides are independent of each other, and how many each serves is known from a
maximum flow over groups and persons:

    capstone -> [discipline or enterprise ->] person -> (unit arcs of cost 1, 3, 5, ...) sink

Otherwise they meet in one network, in which a unit through the whole chain is a capstone with both, `school -> sink` the
school side alone, and `source -> field` the enterprise side alone:

    source -> teacher -> [discipline ->] entry -> school -> field -> exit -> [enterprise ->] mentor -> sink

The unit arcs at each person make the sum of squared loads. A fixed supervisor is no unknown: his place is taken, and in the one
network a unit enters at `school`, or leaves at `exit`. Places that were not ranked pass through the node of the group.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter

import numpy as np

from enterprises.capstones.planner.explaining import explain
from enterprises.capstones.planner.flows import LIMIT, lexicographic
from enterprises.capstones.planner.types import UNRANKED, CapstoneIn, PersonIn, Plan, Problem, Side, Slot
from enterprises.placements.planner.network import Ints, Network

NOBODY = -1


@dataclass(slots=True)
class Table:
    """One side in numbers: C capstones and P persons in the order of the lottery, G groups."""

    people: list[PersonIn]
    group: Ints
    """[C] of the capstone"""
    member: Ints
    """(group, person) pairs"""
    room: Ints
    """[P] places left beside the fixed rows"""
    held: Ints
    """[P] places taken by fixed rows"""
    fixed: Ints
    """[C] the fixed person, or NOBODY"""
    named: Ints
    """(capstone, person, rank cost, whether of the earlier plan): who is reached by an arc of his own"""
    is_open: Ints
    """[C] whether anybody else of the group may be reached at the cost of no wish"""
    before: int
    """rows of the earlier plan"""


def solve(problem: Problem, *, seed: int = 1, limit: int = LIMIT) -> Plan:
    """The optimal plan; equal plans are told apart by the seeded lottery alone, never by the order of the rows."""
    capstones = sorted(problem.capstones, key=lambda one: one.id)
    random.Random(f"{seed}/capstones").shuffle(capstones)
    capstone_at = {one.id: at for at, one in enumerate(capstones)}
    tables = {side: _table(problem, side, capstones, capstone_at, seed) for side in Side}
    found = {side: _alone(table, len(capstones), limit) for side, table in tables.items()} if capstones else {}
    if capstones and all((served == NOBODY).any() for served in found.values()):
        found = _together(tables, len(capstones), limit)
    assigned: dict[Slot, str] = {}
    for side, served in found.items():
        people = tables[side].people
        given = np.flatnonzero(served != NOBODY)
        assigned.update(((capstones[at].id, side), people[who].id) for at, who in zip(given.tolist(), served[given].tolist(), strict=True))
    return _plan(problem, assigned, tables, found)


def _table(problem: Problem, side: Side, capstones: list[CapstoneIn], capstone_at: dict[str, int], seed: int) -> Table:
    people = sorted(problem.people[side], key=lambda one: one.id)
    random.Random(f"{seed}/{side.value}").shuffle(people)
    person_at = {one.id: at for at, one in enumerate(people)}
    names = [one.group(side) for one in capstones]
    groups = {one: at for at, one in enumerate(sorted(set(names)))}
    group = np.array(list(map(groups.__getitem__, names)), dtype=np.int64)
    member = np.array([(groups[g], at) for at, one in enumerate(people) for g in one.groups if g in groups], dtype=np.int64).reshape(-1, 2)
    member = member[np.lexsort((member[:, 1], member[:, 0]))]
    fixed = np.full(len(capstones), NOBODY, dtype=np.int64)
    for (key, of), holder in problem.fixed.items():
        if of is side:
            fixed[capstone_at[key]] = person_at[holder]
    held = np.bincount(fixed[fixed != NOBODY], minlength=len(people))
    capacity = np.array([min(one.capacity, len(capstones)) for one in people], dtype=np.int64)
    wishes = _wishes(problem, side, capstone_at, person_at)
    earlier = [(capstone_at[key], person_at.get(who, NOBODY)) for (key, of), who in problem.current.items() if of is side]
    now = np.full(len(capstones), NOBODY, dtype=np.int64)
    for at, who in earlier:
        now[at] = who
    named, is_open = _named(wishes, now, group, member, len(people))
    named = named[fixed[named[:, 0]] == NOBODY]
    is_open &= fixed == NOBODY
    return Table(people, group, member, (capacity - held).clip(0), held, fixed, named, is_open, len(earlier))


def _wishes(problem: Problem, side: Side, capstone_at: dict[str, int], person_at: dict[str, int]) -> Ints:
    """(capstone, person, rank cost) of every wish of a side, without a step of Python for each of many thousand."""
    of_side = [of is side for _key, of, _who in problem.ranks]
    capstone = map(capstone_at.__getitem__, compress(map(itemgetter(0), problem.ranks), of_side))
    person = map(person_at.__getitem__, compress(map(itemgetter(2), problem.ranks), of_side))
    rank = np.fromiter(compress(problem.ranks.values(), of_side), dtype=np.int64)
    return np.column_stack([np.fromiter(capstone, dtype=np.int64), np.fromiter(person, dtype=np.int64), rank - 1])


def _named(wishes: Ints, now: Ints, group: Ints, member: Ints, many: int) -> tuple[Ints, Ints]:
    """The arcs of single persons. Through its group everybody costs a capstone UNRANKED: right unless somebody was ranked
    below that; then all are named. `many` persons there are.
    """
    members = member[:, 0] * many + member[:, 1]  # sorted; a matrix of groups by persons would be mostly empty, and large
    wishes = wishes[_is_among(group[wishes[:, 0]] * many + wishes[:, 1], members)]
    is_open = np.ones(len(group), dtype=bool)
    is_open[wishes[wishes[:, 2] > UNRANKED, 0]] = False
    staying = np.flatnonzero(now != NOBODY)
    staying = staying[_is_among(group[staying] * many + now[staying], members)]
    key = wishes[:, 0] * many + wishes[:, 1]
    more = np.setdiff1d(np.concatenate([_every_pair(np.flatnonzero(~is_open), group, member, many), staying * many + now[staying]]), key)
    cost = np.concatenate([wishes[:, 2], np.full(len(more), UNRANKED)])
    key = np.concatenate([key, more])
    order = np.argsort(key)
    capstone, person = key[order] // max(many, 1), key[order] % max(many, 1)
    return np.column_stack([capstone, person, cost[order], now[capstone] == person]).astype(np.int64), is_open


def _is_among(keys: Ints, ordered: Ints) -> Ints:
    """Which keys stand in an ordered row."""
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool)
    return ordered[np.searchsorted(ordered, keys).clip(0, len(ordered) - 1)] == keys


def _every_pair(capstones: Ints, group: Ints, member: Ints, many: int) -> Ints:
    """capstone * many + person, for everybody of the group of each of these capstones."""
    first = np.searchsorted(member[:, 0], group[capstones])
    count = np.searchsorted(member[:, 0], group[capstones], side="right") - first
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(capstones, count) * many + member[np.repeat(first, count) + nth, 1]


def _spans(tables: list[Table], many: int) -> list[int]:
    """How much (changed, rank cost, squared loads) can change along a simple cycle: the first two no more than over the whole plan. All unit arcs of
    a side end in one node, so that a cycle takes one of them and gives one back.
    """
    slots = len(tables) * many
    worst = max([UNRANKED, *(int(table.named[:, 2].max(initial=0)) for table in tables)])
    widest = max([1, *(int((table.room + table.held).max(initial=1)) for table in tables)])
    return [sum(table.before for table in tables), slots * worst, 2 * widest * len(tables)]


@dataclass(slots=True)
class Joined:
    """The blocks of arcs of one side, to read its flow from."""

    table: Table
    direct: slice
    hubs: slice
    into: slice
    waiting: Ints

    def served(self, flow: Ints) -> Ints:
        """[C] who serves each capstone. Persons behind a group's node are handed out in the order of the lottery."""
        found = self.table.fixed.copy()
        used = self.table.named[np.flatnonzero(flow[self.direct])]
        found[used[:, 0]] = used[:, 1]
        units = np.repeat(self.table.member, flow[self.into], axis=0)
        units = units[np.lexsort((units[:, 1], units[:, 0]))]
        queue = self.waiting[np.flatnonzero(flow[self.hubs])]
        found[queue[np.lexsort((queue, self.table.group[queue]))]] = units[:, 1]
        return found


def _side_by_side(keys: Ints) -> Ints:
    """[N] numbers for nodes so that those of one key stand side by side: the solver walks the memory in the order of the numbers."""
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    return numbers


def _join(net: Network, table: Table, points: Ints, end: int, front: tuple[int, ...] = (), *, is_reversed: bool = False) -> Joined:
    """Add the persons of one side between the points [C] of the capstones and the end. The last three objectives are changed,
    rank cost and squared loads; `front` are the costs, by the objectives before, of serving a capstone.
    """
    idle = (0,) * len(front)

    def arcs(tails: Ints, heads: Ints, capacities: Ints, *costs: Ints) -> slice:
        return net.arcs(*((heads, tails) if is_reversed else (tails, heads)), capacities, *costs)

    first = np.full(len(table.people), len(table.member))  # the first group of each person
    np.minimum.at(first, table.member[:, 1], table.member[:, 0])
    person = net.nodes(len(table.people)) + _side_by_side(first)
    hub = net.nodes(int(table.group.max(initial=-1)) + 1)
    who = np.repeat(np.arange(len(table.people)), table.room)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(table.room) - table.room, table.room) + table.held[who]
    arcs(person[who], end, 1, *idle, 0, 0, 2 * nth + 1)
    capstone, at, rank, is_now = table.named.T
    direct = arcs(points[capstone], person[at], 1, *front, -is_now, rank)
    waiting = np.flatnonzero(table.is_open)
    hubs = arcs(points[waiting], hub + table.group[waiting], 1, *front, 0, UNRANKED)
    into = arcs(hub + table.member[:, 0], person[table.member[:, 1]], len(table.group))
    return Joined(table, direct, hubs, into, waiting)


def _alone(table: Table, many: int, limit: int) -> Ints:
    """[C] the best supervisors of one side, the other left out of account."""
    net = Network(objectives=3)
    sink, nobody, points = net.nodes(1), net.nodes(1), net.nodes(many) + _side_by_side(table.group)
    joined = _join(net, table, points, sink)
    asking = np.flatnonzero(table.fixed == NOBODY)
    left = len(asking) - _most(table, asking)
    if left:  # else the solver would send units there and take them back
        net.arcs(points[asking], nobody, 1)
        net.arcs(nobody, sink, left)
    net.supply(points[asking], 1)
    net.supply(sink, -len(asking))
    return joined.served(lexicographic(net, _spans([table], many), limit=limit))


def _most(table: Table, asking: Ints) -> int:
    """How many of the asking capstones can be served at all: groups and persons alone decide it."""
    from ortools.graph.python import max_flow

    groups, people = int(table.group.max()) + 1, len(table.people)
    source, sink, person = groups + people, groups + people + 1, groups + np.arange(people)
    wanted = np.bincount(table.group[asking], minlength=groups).astype(np.int64)
    net = Network()
    net.arcs(source, np.arange(groups), wanted)
    net.arcs(table.member[:, 0], person[table.member[:, 1]], len(asking))
    net.arcs(person, sink, table.room)
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(*net.joined()[:3])
    flow.solve(source, sink)
    return int(flow.optimal_flow())


def _together(tables: dict[Side, Table], many: int, limit: int) -> dict[Side, Ints]:
    """Both sides in one network, when both are short somewhere: first of all most capstones with both."""
    net = Network(objectives=5)
    source, sink = net.nodes(1), net.nodes(1)
    numbers = _side_by_side(tables[Side.ENTERPRISE].group)
    entry, school, field, leave = (net.nodes(many) + numbers for _point in range(4))
    net.arcs(entry, school, 1)
    net.arcs(school, field, 1, -1)
    net.arcs(field, leave, 1)
    net.arcs(school, sink, 1)
    net.arcs(source, field, 1)
    joined = {
        Side.SCHOOL: _join(net, tables[Side.SCHOOL], entry, source, (0, -1), is_reversed=True),
        Side.ENTERPRISE: _join(net, tables[Side.ENTERPRISE], leave, sink, (0, -1)),
    }
    entering = np.flatnonzero(tables[Side.SCHOOL].fixed != NOBODY)
    leaving = np.flatnonzero(tables[Side.ENTERPRISE].fixed != NOBODY)
    total = 2 * many + 1
    net.arcs(source, sink, total)
    net.supply(school[entering], 1)
    net.supply(leave[leaving], -1)
    net.supply(source, total)
    net.supply(sink, len(leaving) - len(entering) - total)
    flow = lexicographic(net, [many, 2 * many, *_spans(list(tables.values()), many)], limit=limit)
    return {side: one.served(flow) for side, one in joined.items()}


def _plan(problem: Problem, assigned: dict[Slot, str], tables: dict[Side, Table], found: dict[Side, Ints]) -> Plan:
    loads = np.concatenate([np.bincount(served[served != NOBODY]) for served in found.values()] or [np.zeros(0, dtype=np.int64)])
    return Plan(
        assigned=assigned,
        unassigned=explain(problem, assigned),
        both=int(np.logical_and.reduce([served != NOBODY for served in found.values()]).sum()) if found else 0,
        given=len(assigned),
        changed=sum(assigned.get(slot) != person for slot, person in problem.current.items()),
        rank_cost=sum(_rank_cost(problem, side, tables[side], served) for side, served in found.items()),
        max_load=int(loads.max(initial=0)),
        load_squares=int((loads * loads).sum()),
    )


def _rank_cost(problem: Problem, side: Side, table: Table, served: Ints) -> int:
    """What the wishes of one side cost; fixed rows have no arc and are looked up."""
    free = np.flatnonzero((served != NOBODY) & (table.fixed == NOBODY))
    many = len(table.people)
    named, chosen = table.named[:, 0] * many + table.named[:, 1], free * many + served[free]
    at = np.searchsorted(named, chosen).clip(0, max(len(named) - 1, 0))
    cost = np.where(named[at] == chosen, table.named[at, 2], UNRANKED) if len(named) else np.full(len(free), UNRANKED)
    fixed = [problem.ranks.get((key, of, holder), UNRANKED + 1) - 1 for (key, of), holder in problem.fixed.items() if of is side]
    return int(cost.sum()) + sum(fixed)
