"""Hard continuity: every term of a student at one enterprise. How many reach (exact), and where (exactly in small cases).

An enterprise is then a part of what a student is given, so the whole numbers of step 1 are told by group, set of slots and
enterprise; inside an enterprise and slot the seats serve the kinds by a transport.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from enterprises.placements.planner import exact
from enterprises.placements.planner.deciding import Placed
from enterprises.placements.planner.network import Network, cheapest
from enterprises.placements.planner.prepare import NOWHERE, UNRANKED, Bools, Ints, Setup, alike, bits
from enterprises.placements.planner.reach import Groups, Reach, Unknowns, turns
from enterprises.placements.planner.repairing import keepable, kept_slots
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


def kept_at(setup: Setup) -> tuple[Ints, Ints]:
    """[N] the slots that may stay in a repair, as a mask, and their enterprise (FREE: several, or none)."""
    if setup.current is None:
        return np.zeros(len(setup.pupils), dtype=np.int64), np.full(len(setup.pupils), FREE, dtype=np.int64)
    kept = keepable(setup)
    firms = np.where(kept == NOWHERE, -1, np.append(setup.firm, -1)[kept])
    one = firms.max(axis=1, initial=FREE)
    return kept_slots(setup, kept), np.where(((firms == one[:, None]) | (kept == NOWHERE)).all(axis=1), one, FREE)


def reach_at_one(setup: Setup, until: float, aim: Aim) -> Homes:
    """The proven maximum of students who reach their target at one enterprise each; for everybody first the fewest with nothing. In a
    repair those of them go first who hold what they get."""
    homes, everybody = homes_of(setup), aim is Aim.EVERYONE
    inside = np.flatnonzero((setup.need > 0) if everybody else (setup.family > 0))
    marks = setup.free if everybody else np.zeros(len(setup.pupils), dtype=np.int64)
    kept, before = kept_at(setup)
    keys, at, size = np.unique(
        np.column_stack([setup.kind, setup.family, marks, homes, setup.rank, kept, before])[inside], axis=0, return_inverse=True, return_counts=True
    )
    of = np.full(len(setup.pupils), -1, dtype=np.int64)
    of[inside] = at.reshape(-1)
    groups = Groups(keys[:, 0], keys[:, 1], keys[:, 2], size, of, keys[:, 4])
    opened = open_at(setup)
    rows: list[tuple[int, int, int, int]] = []
    for group, (kind, family, mark, home, *_rest) in enumerate(keys.tolist()):
        firms = np.flatnonzero(opened[:, kind].any(axis=0)).tolist() if home < 0 else [home]
        for firm in firms:
            rows += [(group, one, 1, firm) for one in setup.families[family] if all(opened[slot, kind, firm] for slot in bits(one))]
            rows += [(group, 1 << slot, 0, firm) for slot in (bits(mark) if everybody else ()) if opened[slot, kind, firm]]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    found = Unknowns(table[:, 0], table[:, 1], table[:, 2].astype(bool), groups.kind[table[:, 0]], size[table[:, 0]])
    objectives = [-np.ones(len(found)), -found.reaches.astype(float)] if everybody else [-found.reaches.astype(float)]
    main = len(objectives)
    if setup.current is not None:
        held, at_home = keys[table[:, 0], 5], keys[table[:, 0], 6] == table[:, 3]
        objectives.append((np.bitwise_count(found.mask & ~held) - at_home * np.bitwise_count(found.mask & held).astype(np.int64)).astype(float))
    for some in [np.ones(len(found), dtype=bool), found.reaches] if everybody else [found.reaches]:
        objectives += [-(some & one).astype(float) for one in turns(groups, found)]
    numbers, bound, is_proven = _most(setup, groups, found, table[:, 3], objectives, main, until)
    reach = Reach(groups, found, numbers, min(int(size.sum()), bound), is_proven, is_single=everybody)
    return Homes(reach, table[:, 3])


def _most(setup: Setup, groups: Groups, found: Unknowns, firm: Ints, objectives: list[Ints], main: int, until: float) -> tuple[Ints, int, bool]:
    """The numbers of least objectives, one after the other; the bound of the main-th, and whether all are proven."""
    numbers = np.zeros(len(found), dtype=np.int64)
    if not len(found):
        return numbers, 0, True
    model = Model(len(found), found.most)
    for group, size in enumerate(groups.size.tolist()):
        model.row([(int(column), 1.0) for column in np.flatnonzero(found.group == group)], 0, size)
    _serve(setup, model, found.mask, found.kind, firm)
    bound, is_proven = int(groups.size.sum()), True
    for turn, objective in enumerate(objectives, start=1):
        answer = model.least(objective, until)
        if answer.x is None:
            return numbers, bound, False
        numbers = np.rint(answer.x[: len(found)]).astype(np.int64)
        dual = answer.mip_dual_bound if answer.mip_dual_bound is not None and math.isfinite(answer.mip_dual_bound) else -float(groups.size.sum())
        bound = math.floor(-dual + 1e-6) if turn <= main else bound
        is_proven = is_proven and answer.status == 0
        model.row([(column, float(value)) for column, value in enumerate(objective) if value], -np.inf, float(objective @ numbers) + 1e-6)
    return numbers, bound, is_proven


class Model:
    """An integer programme whose first columns are whole numbers; the further ones (transports) come out whole by themselves."""

    def __init__(self, whole: int, most: Ints) -> None:
        self.whole, self.width = whole, whole
        self._most = most
        self._entries: list[tuple[int, int, float]] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def column(self) -> int:
        """A further column."""
        self.width += 1
        return self.width - 1

    def row(self, entries: list[tuple[int, float]], least: float, most: float) -> None:
        """least <= sum of coefficient x column <= most"""
        self._entries += [(len(self._low), column, value) for column, value in entries]
        self._low.append(least)
        self._high.append(most)

    def least(self, objective: Ints, until: float) -> Any:
        """The answer of the solver for the least of an objective over the whole columns."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        row, column, value = (np.array(one) for one in zip(*self._entries, strict=True))
        matrix = coo_array((value, (row, column)), shape=(len(self._low), self.width)).tocsr()
        rest = self.width - self.whole
        return milp(
            c=np.concatenate([objective, np.zeros(rest)]),
            constraints=LinearConstraint(matrix, np.array(self._low), np.array(self._high)),
            integrality=(np.arange(self.width) < self.whole).astype(int),
            bounds=Bounds(0, np.concatenate([self._most, np.full(rest, np.inf)])),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, until - time.monotonic())},
        )


def _serve(setup: Setup, model: Model, masks: Ints, kinds: Ints, firms: Ints) -> None:
    """Seats (within the limits) for columns that ask for the slots of a set at an enterprise: in each slot a transport from kinds to posts."""
    _first, like = alike(setup.accepts.T)
    units, of_post = np.unique(np.column_stack([setup.firm, setup.limits.of, like]), axis=0, return_inverse=True)
    of_post = of_post.reshape(-1)
    takes = np.array([setup.accepts[:, np.flatnonzero(of_post == unit)[0]] for unit in range(len(units))])
    units_of: dict[int, list[int]] = {}
    for unit, home in enumerate(units[:, 0].tolist()):
        units_of.setdefault(home, []).append(unit)
    asking: dict[tuple[int, int, int], list[int]] = {}
    for column, (mask, kind, home) in enumerate(zip(masks.tolist(), kinds.tolist(), firms.tolist(), strict=True)):
        for slot in bits(mask) if home >= 0 else ():
            asking.setdefault((slot, home, kind), []).append(column)
    serving: dict[tuple[int, int], list[int]] = {}
    for (slot, home, kind), columns in sorted(asking.items()):
        ways = {unit: model.column() for unit in units_of[home] if takes[unit, kind]}
        for unit, way in ways.items():
            serving.setdefault((slot, unit), []).append(way)
        model.row([*((column, 1.0) for column in columns), *((way, -1.0) for way in ways.values())], 0, 0)
    supply = [np.bincount(of_post, setup.seats[slot].clip(0), minlength=len(units)) for slot in range(len(setup.slots))]
    for (slot, unit), columns in sorted(serving.items()):
        model.row([(column, 1.0) for column in columns], 0, float(supply[slot][unit]))
    for at, members in enumerate(setup.limits.members()):
        for slot in range(len(setup.slots)):
            entries = [(column, 1.0) for unit in np.unique(of_post[members]).tolist() for column in serving.get((slot, unit), [])]
            if entries:
                model.row(entries, 0, float(max(0, setup.limits.most[slot, at])))


def place_at_one(setup: Setup, homes: Homes, chosen: Ints, single: Ints, until: float) -> Placed:
    """Positions for those who were chosen, each at one enterprise.

    First enterprises by what each student likes best there, then positions inside; that is proven when the positions cost no
    more. Else small cases are solved whole in the time that is left, and the cheaper plan is taken.
    """
    pupils, alone = np.sort(np.concatenate([chosen, single])), frozenset(single.tolist())
    found = _by_wishes(setup, homes, pupils, alone, until)
    if setup.current is None and (alone or found.bound == _cost(setup, found.table)):
        return found
    best = exact.solve(setup, homes.reach, chosen, until, homes=homes_of(setup))
    if best is None:
        return found
    return Placed(best, _cost(setup, best))


def _cost(setup: Setup, placed: Ints) -> int:
    pupil, _slot, post = setup.rows(placed)
    there = (((placed != NOWHERE) @ setup.weeks) >= setup.need)[pupil]
    return int(setup.cost(pupil[there], post[there]).sum())


def _by_wishes(setup: Setup, homes: Homes, pupils: Ints, single: frozenset[int], until: float) -> Placed:
    """A set and an enterprise for each student at least cost, then positions inside each enterprise; what an earlier plan holds
    beside that stays as far as seats are left. Enterprises of which nothing was ranked cost all alike: they are numbers of a
    group. The cost by the best position of each enterprise is a bound. Without time for it, as step 1 counted."""
    of, found, width = homes.reach.groups.of, homes.reach.unknowns, len(homes.firm)
    own: list[tuple[int, int, int]] = []  # (row of the student, unknown of the group, cost): at an enterprise with a wish
    pool: list[tuple[int, int, int, int]] = []  # (row, set, whether it suffices, cost): anywhere else
    weight = 0 if setup.current is None else UNRANKED * setup.held.size + 1
    for row, pupil in enumerate(pupils.tolist()):
        mine = np.flatnonzero((found.group == of[pupil]) & (found.reaches != (pupil in single)))
        table, liked = _likes(setup, pupil)
        for column in mine[np.isin(homes.firm[mine], liked)].tolist():
            slots = bits(int(found.mask[column]))
            price = sum(int(table[slot, homes.firm[column]]) for slot in slots)
            own.append((row, column, price + weight * _moves(setup, pupil, slots, int(homes.firm[column]))))
        others = mine[~np.isin(homes.firm[mine], liked)]
        for mask in np.unique(found.mask[others]).tolist():
            pool.append((row, mask, int(pupil not in single), UNRANKED * mask.bit_count() + weight * _moves(setup, pupil, bits(mask), -1)))
    first_pool, first_group = len(own), len(own) + len(pool)
    numbers = np.concatenate([np.ones(first_group, dtype=np.int64), found.most])
    model = Model(first_group + width, numbers)
    takers: dict[int, list[tuple[int, float]]] = {}
    pooled: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
    for column, (row, _unknown, _price) in enumerate(own):
        takers.setdefault(row, []).append((column, 1.0))
    for column, (row, mask, suffices, _price) in enumerate(pool, start=first_pool):
        takers.setdefault(row, []).append((column, 1.0))
        pooled.setdefault((int(of[pupils[row]]), mask, suffices), []).append((column, 1.0))
    for row in range(len(pupils)):
        model.row(takers.get(row, []), 1, 1)
    keys = list(zip(found.group.tolist(), found.mask.tolist(), found.reaches.astype(int).tolist(), strict=True))
    for unknown, key in enumerate(keys):
        pooled.setdefault(key, []).append((first_group + unknown, -1.0))
    for _key, entries in sorted(pooled.items()):
        model.row(entries, 0, 0)
    at = np.array([unknown for _row, unknown, _price in own], dtype=np.int64)
    nothing = np.zeros(len(pool), dtype=np.int64)
    _serve(
        setup,
        model,
        np.concatenate([found.mask[at], nothing, found.mask]),
        np.concatenate([found.kind[at], nothing, found.kind]),
        np.concatenate([homes.firm[at], nothing - 1, homes.firm]),
    )
    cost = np.array([*(one[2] for one in own), *(one[3] for one in pool), *([0] * width)], dtype=float)
    answer = model.least(cost, until) if len(pupils) else None
    taken = np.full(len(pupils), -1, dtype=np.int64)
    if answer is not None and answer.x is not None:
        on = np.rint(answer.x[: model.whole]).astype(np.int64)
        for column in np.flatnonzero(on[:first_pool]).tolist():
            taken[own[column][0]] = own[column][1]
        rest: dict[tuple[int, int, int], list[int]] = {}
        for column in np.flatnonzero(on[first_pool:first_group]).tolist():
            row, mask, suffices, _price = pool[column]
            rest.setdefault((int(of[pupils[row]]), mask, suffices), []).append(row)
        for unknown in np.flatnonzero(on[first_group:]).tolist():
            waiting = sorted(rest[keys[unknown]], key=lambda row: int(setup.lottery[pupils[row]]))
            for row in waiting[: int(on[first_group + unknown])]:
                taken[row] = unknown
                rest[keys[unknown]].remove(row)
        dual = answer.mip_dual_bound if answer.mip_dual_bound is not None and math.isfinite(answer.mip_dual_bound) else 0.0
        bound = 0 if weight or single else max(0, math.ceil(dual - 1e-6))
    else:
        taken, bound = _as_counted(setup, homes, pupils, single), 0
    placed = _positions(setup, pupils, found.mask[taken], homes.firm[taken])
    if setup.current is not None:
        _keep(setup, placed, frozenset(pupils.tolist()))
    return Placed(placed, min(bound, _cost(setup, placed)), is_proven=setup.current is None)


def _likes(setup: Setup, pupil: int) -> tuple[Ints, Ints]:
    """[S, E] the least rank cost at an enterprise in a slot (UNRANKED where nothing was ranked), and the enterprises that are told
    apart: with a position that was ranked, or of the earlier plan."""
    rows = slice(int(setup.wishes.first[pupil]), int(setup.wishes.first[pupil + 1]))
    post, price = setup.wishes.post[rows], setup.wishes.cost[rows]
    table = np.full((len(setup.slots), int(setup.firm.max(initial=-1)) + 1), UNRANKED, dtype=np.int64)
    for slot in range(len(setup.slots)):
        is_open = setup.seats[slot, post] > 0
        np.minimum.at(table[slot], setup.firm[post[is_open]], price[is_open])
    held = setup.current[pupil] if setup.current is not None else np.zeros(0, dtype=np.int64)
    return table, np.unique(np.concatenate([setup.firm[post], setup.firm[held[held >= 0]]]))


def _moves(setup: Setup, pupil: int, slots: list[int], firm: int) -> int:
    """How many student-terms change at least against the earlier plan."""
    if setup.current is None:
        return 0
    before = setup.current[pupil]
    kept = sum(before[slot] >= 0 and int(setup.firm[before[slot]]) == firm for slot in slots)
    dropped = sum(post != NOWHERE and slot not in slots for slot, post in enumerate(before.tolist()))
    return len(slots) - int(kept) + int(dropped)


def _as_counted(setup: Setup, homes: Homes, pupils: Ints, single: frozenset[int]) -> Ints:
    """The unknown of each student, as many of each as step 1 counted, in the order of the lottery."""
    found, left = homes.reach.unknowns, homes.reach.numbers.copy()
    taken = np.full(len(pupils), -1, dtype=np.int64)
    for row in np.argsort(setup.lottery[pupils]).tolist():
        pupil = int(pupils[row])
        mine = np.flatnonzero((found.group == homes.reach.groups.of[pupil]) & (found.reaches != (pupil in single)) & (left > 0))
        taken[row] = mine[0]
        left[mine[0]] -= 1
    return taken


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
    of_slot = np.repeat(np.arange(len(setup.slots)), posts)
    seats = setup.seats.reshape(-1).clip(0)
    setup.limits.drain(net, seat + np.arange(len(seats)), np.tile(setup.limits.of, len(setup.slots)), of_slot, seats, sink)
    net.supply(student + np.arange(len(row)), 1)
    net.supply(sink, -len(row))
    tails, heads, capacities, (costs,) = net.joined()
    flows = cheapest(tails, heads, capacities, costs, net.supplies())
    assert flows is not None
    on = np.flatnonzero(flows[direct])
    placed[pupils[row[place[on]]], slot[place[on]]] = post[on]
    return placed


def _keep(setup: Setup, placed: Ints, taken: frozenset[int]) -> None:
    """Rows of the earlier plan of the others stay where seats are left (within the limits), in the order of the lottery."""
    left, room = setup.seats.copy(), setup.limits.most.copy()
    _pupil, slots, posts = setup.rows(placed)
    np.subtract.at(left, (slots, posts), 1)
    setup.limits.take(room, slots, posts)
    pupil, slot, post = setup.rows(keepable(setup))
    for at in np.lexsort((slot, setup.lottery[pupil])).tolist():
        one, when, where = int(pupil[at]), int(slot[at]), int(post[at])
        if one in taken or left[when, where] < 1 or not setup.limits.is_open(room[when])[where]:
            continue
        placed[one, when] = where
        left[when, where] -= 1
        setup.limits.take(room, when, where)
