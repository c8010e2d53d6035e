"""Step 3 as a whole: small cases exactly, large ones by flows whose seat prices decide between sets that are no pattern."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from enterprises.placements.planner import exact
from enterprises.placements.planner.assign import Found, by_set, flow, patterns, shape, worth
from enterprises.placements.planner.network import Network, cheapest
from enterprises.placements.planner.prepare import NOWHERE, UNRANKED, Ints, Setup, Wishes
from enterprises.placements.planner.reach import Groups, Master, Reach, unknowns
from enterprises.placements.planner.repairing import keepable, single_slots
from enterprises.placements.planner.types import Options
from enterprises.placements.types import Aim

ROUNDS = 3
"""How often prices and sets are brought closer to each other, at most."""
CLOSE = 0.015
"""The share of the cost at which a plan is close enough to its bound."""
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Wider:
    """What a case that allows more than was solved (`crossing.py`) says of every plan."""

    reached: int
    """No more reach than so many"""
    is_first: bool
    """Whether what goes before is as good there: fewest with nothing, fewest changes"""
    cost: int
    """The rank cost is at least so much; nought when nothing is known"""


@dataclass(slots=True)
class Placed:
    """[N, S] posts, a lower bound of the rank cost of those who reach, and whether fewest changes are proven."""

    table: Ints
    bound: int
    is_proven: bool = True
    kept_first: bool = False
    """Whether what rows are worth to keep (`Case.worth`) came before the wishes."""
    wider: list[Wider] = field(default_factory=list)
    """Where there are any, the bounds are theirs."""


def place(setup: Setup, numbers: Reach, chosen: Ints, single: Ints, until: float, options: Options) -> Placed:
    """Positions for the chosen and for those who get a single slot, and in a repair the rows that others keep."""
    is_mixed = np.array([bool(one) and shape(one) is None for one in setup.families])[setup.family[chosen]]
    is_repair = setup.current is not None
    if options == Options(aim=options.aim) and (is_repair or (is_mixed.any() and options.aim is Aim.COMPLETE)):
        best = exact.solve(setup, numbers, chosen, until)
        if best is not None:
            return Placed(best, _cost(setup, best), kept_first=bool(setup.case.worth))
    if not len(chosen) and not len(single) and setup.current is None:
        return Placed(np.full(setup.held.shape, NOWHERE), 0)
    return _by_flows(setup, numbers, chosen, chosen[is_mixed], single, until, options.bonus)


def _cost(setup: Setup, placed: Ints) -> int:
    pupil, _slot, post = setup.rows(placed)
    there = (((placed != NOWHERE) @ setup.weeks) >= setup.need)[pupil]
    return int(setup.cost(pupil[there], post[there]).sum())


def _by_flows(setup: Setup, numbers: Reach, chosen: Ints, mixed: Ints, single: Ints, until: float, bonus: int) -> Placed:
    weight, stay = 0, np.zeros((0, 3), dtype=np.int64)
    if setup.current is not None:
        weight = (int(setup.wishes.cost.max(initial=15)) + 1) * setup.held.size + 1
        others = keepable(setup)
        others[chosen], others[single] = NOWHERE, NOWHERE
        stay = np.column_stack(setup.rows(others))
    slots = single_slots(setup, numbers, single)
    decided = np.zeros(len(setup.pupils), dtype=np.int64)
    prices = np.ones(setup.seats.shape, dtype=np.int64)  # a guess: of sets with equal wishes the one with fewer slots
    best: Found | None = None
    bound = -(2**62)
    for _round in range(ROUNDS if len(mixed) else 1):
        before = decided.copy()
        if len(mixed):
            best_of = worth(setup, mixed, setup.wishes, prices, weight)
            # Single slots of others are not in the numbers that split looks for.
            wanted = None if len(single) else split(setup, chosen, mixed, best_of, until)
            decided[mixed] = as_counted(setup, mixed, best_of, numbers) if wanted is None else wanted
            if np.array_equal(before, decided):
                break
        some = patterns(setup, chosen, decided, single, slots)
        found = flow(setup, some, setup.wishes, weight=weight, stay=stay, is_priced=bool(len(mixed)))
        if found is None:
            raise AssertionError("step 1 promised seats that step 3 does not find")
        if best is None or found.cost < best.cost:
            best, taken = found, some
        if found.prices is None:
            bound = found.cost
            break
        prices = found.prices
        bound = max(bound, _dual(setup, chosen, single, found, stay, weight))
        if best.cost - bound <= CLOSE * _cost(setup, best.placed):
            break
    assert best is not None
    bound = _cost(setup, best.placed) - (best.cost - bound)
    if bonus:
        best = flow(setup, taken, loyal(setup, best.placed, bonus), weight=weight, stay=stay)
        assert best is not None
    changes = 0 if setup.current is None else int((np.where(setup.held == NOWHERE, best.placed, setup.held) != setup.current).sum())
    is_least = setup.current is None or (numbers.changes is not None and changes <= numbers.changes)
    if slots is not None and len(slots):
        bound = 0  # other slots of those who do not reach might let the others have more of their wishes
    return Placed(best.placed, max(0, bound), is_least)


def loyal(setup: Setup, placed: Ints, bonus: int) -> Wishes:
    """The wishes with a bonus at the enterprise at which a student has most weeks already (of several the one ranked best)."""
    pupil, slot, post = setup.rows(placed)
    weeks = np.zeros((len(setup.pupils), int(setup.firm.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(weeks, (pupil, setup.firm[post]), setup.weeks[slot] * 1000 - setup.cost(pupil, post))
    home = np.where(weeks.any(axis=1), weeks.argmax(axis=1), -1)
    own = setup.wishes
    at_home = np.flatnonzero(home >= 0)
    row, post = np.nonzero(setup.accepts[setup.kind[at_home]] & (setup.firm == home[at_home][:, None]))
    key = np.setdiff1d(at_home[row] * len(setup.posts) + post, own.key)
    pupil = np.concatenate([own.pupil, key // len(setup.posts)])
    post = np.concatenate([own.post, key % len(setup.posts)])
    cost = np.concatenate([own.cost, np.full(len(key), UNRANKED)]) - bonus * (home[pupil] == setup.firm[post])
    order = np.lexsort((post, cost, pupil))
    first = np.searchsorted(pupil[order], np.arange(len(setup.pupils) + 1))
    return Wishes(pupil[order], post[order], cost[order], first, own.is_far, own.key, own.key_cost)


def _dual(setup: Setup, chosen: Ints, single: Ints, found: Found, stay: Ints, weight: int) -> int:
    """What every plan of the chosen costs at least: each takes the best at the prices of the seats, the seats' rent is given back.

    The prices of the flow say nothing of how dear one slot is beside another; the level of each slot is raised as far as
    that raises the bound.
    """
    assert found.prices is not None
    best = worth(setup, chosen, setup.wishes, found.prices, weight)
    of = setup.family[chosen]
    sets = [(by_set(family, best[of == at]), family) for at, family in enumerate(setup.families) if family and (of == at).any()]
    taken = [np.array([[one >> slot & 1 for slot in range(len(setup.slots))] for one in family]) for _costs, family in sets]
    seats = setup.seats.clip(0).sum(axis=1)

    def bound(level: Ints) -> int:
        chosen_cost = sum(int((costs + member @ level).min(axis=1).sum()) for (costs, _family), member in zip(sets, taken, strict=True))
        return chosen_cost - int(level @ seats) + int(np.minimum(0, held + level[stay[:, 1]]).sum())

    alone = worth(setup, single, setup.wishes, found.prices, weight)
    sets += [
        (
            np.where(setup.free[single][:, None] >> np.arange(len(setup.slots)) & 1, alone, NEVER >> 20),
            tuple(1 << one for one in range(len(setup.slots))),
        )
    ]
    taken += [np.eye(len(setup.slots), dtype=np.int64)]
    held = found.prices[stay[:, 1], stay[:, 2]] - weight
    level = np.zeros(len(setup.slots), dtype=np.int64)
    highest = bound(level)
    for step in (8, 4, 2, 1):
        for together in _together(len(level)):
            while (level + step * together >= 0).all() and (higher := bound(level + step * together)) > highest:
                level += step * together
                highest = higher
    return highest - found.rent


def _together(slots: int) -> list[Ints]:
    """Directions in which levels are tried: one slot up or down, several slots up at once."""
    some = range(1, 1 << slots) if slots <= 4 else [1 << one | 1 << other for one in range(slots) for other in range(one, slots)]
    ups = [np.array([mask >> slot & 1 for slot in range(slots)], dtype=np.int64) for mask in some]
    return ups + [-one for one in ups]


def split(setup: Setup, chosen: Ints, mixed: Ints, best: Ints, until: float) -> Ints | None:
    """A set of slots for each student whose family is no pattern: the cheapest, as far as the seats serve all of the chosen;
    None when time is short.
    """
    groups = _of_chosen(setup, chosen)
    first = unknowns(setup, groups)
    is_mixed = np.array([shape(setup.families[one]) is None for one in groups.family])[first.group]
    columns = np.flatnonzero(is_mixed)
    master = Master(setup, unknowns(setup, groups, helpers=len(columns)), until)
    for at, size in enumerate(groups.size):
        master.row(np.flatnonzero(first.group == at), 1.0, float(size), float(size))
    cost = np.full((len(mixed), len(columns)), NEVER, dtype=np.int64)
    of = groups.of[mixed]
    for at in np.unique(of):
        mine, mask = np.flatnonzero(of == at), np.flatnonzero(first.group[columns] == at)
        cost[np.ix_(mine, mask)] = by_set(setup.families[groups.family[at]], best[mine])
    wanted = np.bincount(cost.argmin(axis=1), minlength=len(columns))
    for helper, (column, most) in enumerate(zip(columns, wanted, strict=True)):
        master.row(np.array([column, len(first) + helper]), np.array([1.0, -1.0]), -np.inf, float(most))
    master.start_cuts()
    answer = master.least(np.concatenate([np.zeros(len(first), dtype=np.int64), np.ones(len(columns), dtype=np.int64)]))
    if answer is None:
        return None
    return first.mask[columns][_hand_out(cost, answer.numbers[columns])]


def as_counted(setup: Setup, mixed: Ints, best: Ints, numbers: Reach) -> Ints:
    """A set of slots for each student whose family is no pattern: as many of each set as step 1 says, the cheapest way."""
    columns = np.flatnonzero(numbers.unknowns.reaches & np.isin(numbers.unknowns.group, numbers.groups.of[mixed]))
    cost = np.full((len(mixed), len(columns)), NEVER, dtype=np.int64)
    of = numbers.groups.of[mixed]
    for at in np.unique(of):
        mine, mask = np.flatnonzero(of == at), np.flatnonzero(numbers.unknowns.group[columns] == at)
        cost[np.ix_(mine, mask)] = by_set(setup.families[numbers.groups.family[at]], best[mine])
    return numbers.unknowns.mask[columns][_hand_out(cost, numbers.numbers[columns])]


def _of_chosen(setup: Setup, chosen: Ints) -> Groups:
    found, at, size = np.unique(np.column_stack([setup.kind, setup.family])[chosen], axis=0, return_inverse=True, return_counts=True)
    of = np.full(len(setup.pupils), -1, dtype=np.int64)
    of[chosen] = at.reshape(-1)
    return Groups(found[:, 0], found[:, 1], np.zeros(len(size), dtype=np.int64), size, of, np.zeros(len(size), dtype=np.int64))


def _hand_out(cost: Ints, counts: Ints) -> Ints:
    """[students] the column each gets, at least cost in sum, as many of each column as counted (NEVER: not for this student)."""
    net = Network()
    student, column, sink = net.nodes(len(cost)), net.nodes(len(counts)), net.nodes(1)
    row, to = np.nonzero(cost < NEVER)
    block = net.arcs(student + row, column + to, 1, cost[row, to])
    net.arcs(column + np.arange(len(counts)), sink, counts, 0)
    net.supply(student + np.arange(len(cost)), 1)
    net.supply(sink, -len(cost))
    tails, heads, capacities, (costs,) = net.joined()
    flows = cheapest(tails, heads, capacities, costs, net.supplies())
    assert flows is not None
    used = np.flatnonzero(flows[block])
    return to[used][np.argsort(row[used])]
