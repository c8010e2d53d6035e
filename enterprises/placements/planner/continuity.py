"""Hard continuity: every term of a student at one enterprise. How many reach (exact), and where (exactly in small cases).

An enterprise is then a part of what a student is given, so the whole numbers of step 1 are told by group, set of slots and
enterprise; inside an enterprise and slot the seats serve the kinds by a transport, whose numbers come out whole by themselves.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from enterprises.placements.planner import exact
from enterprises.placements.planner.deciding import NEVER, Placed, hand_out
from enterprises.placements.planner.network import Network, cheapest
from enterprises.placements.planner.prepare import NOWHERE, UNRANKED, Bools, Ints, Setup, alike, bits
from enterprises.placements.planner.reach import Groups, Reach, Unknowns
from enterprises.placements.planner.repairing import keepable
from enterprises.placements.types import Aim

FREE = -1
"""The home of a student without fixed rows: any enterprise."""
TORN = -2
"""The home of one whose fixed rows lie at several enterprises: what is fixed stays, the rest is together."""


@dataclass(slots=True)
class Homes:
    """Step 1 of hard continuity: as `Reach`, and the enterprise of each unknown."""

    reach: Reach
    firm: Ints


def homes_of(setup: Setup) -> Ints:
    """[N] the enterprise of a student's fixed rows, FREE or TORN."""
    found = np.full(len(setup.pupils), FREE, dtype=np.int64)
    pupil, _slot, post = setup.rows(setup.held)
    for one, firm in zip(pupil.tolist(), setup.firm[post].tolist(), strict=True):
        found[one] = firm if found[one] in (FREE, firm) else TORN
    return found


def open_at(setup: Setup) -> Bools:
    """[S, K, E] whether an enterprise has a seat for a kind in a slot."""
    found = np.zeros((len(setup.slots), len(setup.accepts), int(setup.firm.max(initial=-1)) + 1), dtype=bool)
    for slot in range(len(setup.slots)):
        kind, post = np.nonzero(setup.accepts & (setup.seats[slot] > 0))
        found[slot, kind, setup.firm[post]] = True
    return found


def reach_at_one(setup: Setup, until: float, aim: Aim) -> Homes:
    """The proven maximum of students who reach their target at one enterprise each; for everybody first the fewest with nothing."""
    homes, everybody = homes_of(setup), aim is Aim.EVERYONE
    inside = np.flatnonzero((setup.need > 0) if everybody else (setup.family > 0))
    marks = setup.free if everybody else np.zeros(len(setup.pupils), dtype=np.int64)
    keys, at, size = np.unique(np.column_stack([setup.kind, setup.family, marks, homes])[inside], axis=0, return_inverse=True, return_counts=True)
    of = np.full(len(setup.pupils), -1, dtype=np.int64)
    of[inside] = at.reshape(-1)
    groups = Groups(keys[:, 0], keys[:, 1], keys[:, 2], size, of)
    opened = open_at(setup)
    rows: list[tuple[int, int, int, int]] = []
    for group, (kind, family, mark, home) in enumerate(keys.tolist()):
        firms = np.flatnonzero(opened[:, kind].any(axis=0)).tolist() if home < 0 else [home]
        for firm in firms:
            rows += [(group, one, 1, firm) for one in setup.families[family] if all(opened[slot, kind, firm] for slot in bits(one))]
            rows += [(group, 1 << slot, 0, firm) for slot in (bits(mark) if everybody else ()) if opened[slot, kind, firm]]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    found = Unknowns(table[:, 0], table[:, 1], table[:, 2].astype(bool), groups.kind[table[:, 0]], size[table[:, 0]])
    objectives = [-np.ones(len(found)), -found.reaches.astype(float)] if everybody else [-found.reaches.astype(float)]
    numbers, bound, is_proven = _most(setup, groups, found, table[:, 3], objectives, until)
    reach = Reach(groups, found, numbers, min(int(size.sum()), bound), is_proven, is_single=everybody)
    return Homes(reach, table[:, 3])


def _most(setup: Setup, groups: Groups, found: Unknowns, firm: Ints, objectives: list[Ints], until: float) -> tuple[Ints, int, bool]:
    """The numbers of least objectives, one after the other; the bound of the last one, and whether all are proven."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    nothing = np.zeros(len(found), dtype=np.int64)
    if not len(found):
        return nothing, 0, True
    entries, low, high, width = _constraints(setup, groups, found, firm)
    numbers, bound, is_proven = nothing, int(groups.size.sum()), True
    for objective in objectives:
        row, column, value = (np.array(one) for one in zip(*entries, strict=True))
        answer = milp(
            c=np.concatenate([objective, np.zeros(width - len(found))]),
            constraints=LinearConstraint(coo_array((value, (row, column)), shape=(len(low), width)).tocsr(), np.array(low), np.array(high)),
            integrality=(np.arange(width) < len(found)).astype(int),
            bounds=Bounds(0, np.concatenate([found.most, np.full(width - len(found), np.inf)])),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, until - time.monotonic())},
        )
        if answer.x is None:
            return numbers, bound, False
        numbers = np.rint(answer.x[: len(found)]).astype(np.int64)
        dual = answer.mip_dual_bound if answer.mip_dual_bound is not None and math.isfinite(answer.mip_dual_bound) else -float(groups.size.sum())
        bound, is_proven = math.floor(-dual + 1e-6), is_proven and answer.status == 0
        entries += [(len(low), column, float(value)) for column, value in enumerate(objective) if value]
        low.append(-np.inf)
        high.append(float(objective @ numbers) + 1e-6)
    return numbers, bound, is_proven


def _constraints(setup: Setup, groups: Groups, found: Unknowns, firm: Ints) -> tuple[list[tuple[int, int, float]], list[float], list[float], int]:
    """Entries, lower and upper limits, and the number of columns: the unknowns, then the transports."""
    entries: list[tuple[int, int, float]] = []
    low, high = [0.0] * len(groups.size), [float(one) for one in groups.size]
    entries += [(int(group), column, 1.0) for column, group in enumerate(found.group)]
    _first, like = alike(setup.accepts.T)
    units, of_post = np.unique(np.column_stack([setup.firm, like]), axis=0, return_inverse=True)
    of_post = of_post.reshape(-1)
    takes = np.array([setup.accepts[:, np.flatnonzero(of_post == unit)[0]] for unit in range(len(units))])
    asking: dict[tuple[int, int, int], list[int]] = {}
    for column, (mask, kind, home) in enumerate(zip(found.mask.tolist(), found.kind.tolist(), firm.tolist(), strict=True)):
        for slot in bits(mask):
            asking.setdefault((slot, home, kind), []).append(column)
    width = len(found)
    serving: dict[tuple[int, int], list[int]] = {}
    units_of: dict[int, list[int]] = {}
    for unit, home in enumerate(units[:, 0].tolist()):
        units_of.setdefault(home, []).append(unit)
    loads: dict[tuple[int, int], list[int]] = {}
    for (slot, home, kind), columns in sorted(asking.items()):
        loads.setdefault((slot, home), []).extend(columns)
        entries += [(len(low), column, 1.0) for column in columns]
        for unit in units_of[home]:
            if takes[unit, kind]:
                entries.append((len(low), width, -1.0))
                serving.setdefault((slot, unit), []).append(width)
                width += 1
        low.append(0.0)
        high.append(0.0)
    supply = [np.bincount(of_post, setup.seats[slot].clip(0), minlength=len(units)) for slot in range(len(setup.slots))]
    for (slot, unit), columns in sorted(serving.items()):
        entries += [(len(low), column, 1.0) for column in columns]
        low.append(0.0)
        high.append(float(supply[slot][unit]))
    if setup.caps is not None:
        for (slot, home), columns in sorted(loads.items()):
            entries += [(len(low), column, 1.0) for column in columns]
            low.append(0.0)
            high.append(float(max(0, setup.caps[slot, home])))
    return entries, low, high, width


def place_at_one(setup: Setup, homes: Homes, chosen: Ints, single: Ints, until: float) -> Placed:
    """Positions for those who were chosen, each at one enterprise; exact in small cases, else as step 1 counted, handed out the cheapest way."""
    if not len(single):
        best = exact.solve(setup, homes.reach, chosen, until, homes=homes_of(setup))
        if best is not None:
            return Placed(best, _cost(setup, best))
    return _as_counted(setup, homes, np.sort(np.concatenate([chosen, single])), frozenset(single.tolist()))


def _cost(setup: Setup, placed: Ints) -> int:
    pupil, _slot, post = setup.rows(placed)
    there = (((placed != NOWHERE) @ setup.weeks) >= setup.need)[pupil]
    return int(setup.cost(pupil[there], post[there]).sum())


def _as_counted(setup: Setup, homes: Homes, pupils: Ints, single: frozenset[int]) -> Placed:
    """The sets and enterprises of step 1 to students at least cost, then positions inside each enterprise; what an earlier
    plan holds beside that stays as far as seats are left. A bound: everybody's cheapest set and enterprise."""
    found, counts = homes.reach.unknowns, homes.reach.numbers
    used = np.flatnonzero(counts > 0)
    at_best = _best_at(setup, pupils)
    cost = np.full((len(pupils), len(used)), NEVER, dtype=np.int64)
    bound = 0
    for row, pupil in enumerate(pupils.tolist()):
        mine = np.flatnonzero(found.group == homes.reach.groups.of[pupil])
        mine = mine[found.reaches[mine] != (pupil in single)]
        prices = np.array([sum(at_best[row][slot, homes.firm[column]] for slot in bits(int(found.mask[column]))) for column in mine])
        bound += 0 if pupil in single else int(prices.min(initial=0))
        price_of = dict(zip(mine.tolist(), prices.tolist(), strict=True))
        for place, column in enumerate(used.tolist()):
            if column in price_of:
                cost[row, place] = price_of[column]
    taken = used[hand_out(cost, counts[used])] if len(pupils) else used[:0]
    placed = _positions(setup, pupils, found.mask[taken], homes.firm[taken])
    if setup.current is not None:
        _keep(setup, placed, frozenset(pupils.tolist()))
    changed = setup.current is not None
    return Placed(placed, min(bound, _cost(setup, placed)), is_proven=not changed)


def _best_at(setup: Setup, pupils: Ints) -> list[Ints]:
    """For each student [S, E] the least rank cost at an enterprise in a slot (UNRANKED where nothing was ranked)."""
    found = []
    for pupil in pupils.tolist():
        rows = slice(int(setup.wishes.first[pupil]), int(setup.wishes.first[pupil + 1]))
        post, price = setup.wishes.post[rows], setup.wishes.cost[rows]
        table = np.full((len(setup.slots), int(setup.firm.max(initial=-1)) + 1), UNRANKED, dtype=np.int64)
        for slot in range(len(setup.slots)):
            is_open = setup.seats[slot, post] > 0
            np.minimum.at(table[slot], setup.firm[post[is_open]], price[is_open])
        found.append(table)
    return found


def _positions(setup: Setup, pupils: Ints, masks: Ints, firms: Ints) -> Ints:
    """[N, S] a position of the enterprise for each slot of each student's set, at least rank cost: one flow."""
    placed = np.full(setup.held.shape, NOWHERE, dtype=np.int64)
    row, slot = np.nonzero(masks[:, None] >> np.arange(len(setup.slots)) & 1)
    if not len(row):
        return placed
    at_firm = [np.flatnonzero(setup.firm == one) for one in range(int(setup.firm.max(initial=-1)) + 1)]
    pairs = [
        (place, post)
        for place, (one, when) in enumerate(zip(row.tolist(), slot.tolist(), strict=True))
        for post in at_firm[firms[one]].tolist()
        if setup.accepts[setup.kind[pupils[one]], post] and setup.seats[when, post] > 0
    ]
    place, post = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    posts = len(setup.posts)
    net = Network()
    student, seat, sink = net.nodes(len(row)), net.nodes(len(setup.slots) * posts), net.nodes(1)
    cost = setup.cost(pupils[row[place]], post)
    if setup.current is not None:
        cost = cost - (int(cost.max(initial=0)) + 1) * (setup.current[pupils[row[place]], slot[place]] == post)
        cost = cost - cost.min(initial=0)
    direct = net.arcs(student + place, seat + slot[place] * posts + post, 1, cost)
    net.arcs(seat + np.arange(len(setup.slots) * posts), sink, setup.seats.reshape(-1).clip(0), 0)
    net.supply(student + np.arange(len(row)), 1)
    net.supply(sink, -len(row))
    tails, heads, capacities, (costs,) = net.joined()
    flows = cheapest(tails, heads, capacities, costs, net.supplies())
    assert flows is not None
    on = np.flatnonzero(flows[direct])
    placed[pupils[row[place[on]]], slot[place[on]]] = post[on]
    return placed


def _keep(setup: Setup, placed: Ints, taken: frozenset[int]) -> None:
    """Rows of the earlier plan of the others stay where seats (and mentors) are left, in the order of the lottery."""
    left, room = setup.seats.copy(), None if setup.caps is None else setup.caps.copy()
    _pupil, slots, posts = setup.rows(placed)
    np.subtract.at(left, (slots, posts), 1)
    if room is not None:
        np.subtract.at(room, (slots, setup.firm[posts]), 1)
    pupil, slot, post = setup.rows(keepable(setup))
    for at in np.lexsort((slot, setup.lottery[pupil])).tolist():
        one, when, where = int(pupil[at]), int(slot[at]), int(post[at])
        if one in taken or left[when, where] < 1 or (room is not None and room[when, setup.firm[where]] < 1):
            continue
        placed[one, when] = where
        left[when, where] -= 1
        if room is not None:
            room[when, setup.firm[where]] -= 1
