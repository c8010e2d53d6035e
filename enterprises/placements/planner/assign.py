"""Step 3: where and when, at least rank cost, by one time-expanded minimum cost flow.

    student -> "k of these slots" -> student and slot -> ranked position and slot -> (base or enterprise and slot ->) sink
                                                      \\-> kind and slot -> bundle and slot -> position and slot

Positions that were not ranked cost all the same: they are reached through a node of kind and slot, so that 40 x 150 arcs
stand instead of 20,000 x 150.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np

from enterprises.placements.planner.network import Network, cheapest, potentials
from enterprises.placements.planner.prepare import NOWHERE, UNRANKED, Ints, Setup, Wishes, bits


@dataclass(slots=True)
class Patterns:
    """Each row: the student takes `count` of the slots of `union`. The unions of one student are disjoint."""

    pupil: Ints
    count: Ints
    union: Ints


@dataclass(slots=True)
class Offers:
    """What pairs of student and slot may get: (pair, post, cost), and beside it the cost of any other position (`closed`: none)."""

    pupil: Ints
    slot: Ints
    pair: Ints
    post: Ints
    cost: Ints
    other: Ints
    closed: Ints


@dataclass(slots=True)
class Found:
    """[N, S] posts, the cost of the flow, and with prices asked for [S, P] what a seat is worth and the rent of all seats."""

    placed: Ints
    cost: int
    prices: Ints | None = None
    rent: int = 0


@lru_cache(10_000)
def shape(family: tuple[int, ...]) -> tuple[tuple[int, int], ...] | None:
    """The family as (count, union) of disjoint unions, if it is "all of these and any k of those"; else None."""
    core = union = family[0]
    for one in family:
        core &= one
        union |= one
    rest = union & ~core
    count = family[0].bit_count() - core.bit_count()
    if any(one.bit_count() != family[0].bit_count() for one in family) or len(family) != comb(rest.bit_count(), count):
        return None
    return (*([(core.bit_count(), core)] if core else []), *([(count, rest)] if rest else []))


def patterns(setup: Setup, pupils: Ints, decided: Ints, single: Ints, slots: Ints | None = None) -> Patterns:
    """The patterns of students; `decided` [N] is the set of those whose family is no pattern; `single` get one free slot, or theirs
    of the `slots`."""
    found: list[tuple[Ints, Ints, Ints]] = [(single, np.ones(len(single), dtype=np.int64), setup.free[single])]
    if slots is not None:
        found = [(single, np.bitwise_count(slots).astype(np.int64), slots)]
    for family in np.unique(setup.family[pupils]):
        mine = pupils[setup.family[pupils] == family]
        parts = shape(setup.families[family]) if family else None
        if parts is None:
            found.append((mine, np.bitwise_count(decided[mine]).astype(np.int64), decided[mine]))
        else:
            found += [(mine, np.full(len(mine), count), np.full(len(mine), union)) for count, union in parts]
    pupil, count, union = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((union, pupil))
    return Patterns(pupil[order], count[order], union[order])


def pairs(masks: Ints, slots: int) -> tuple[Ints, Ints]:
    """(row, slot) of every slot in every mask, row by row."""
    row, slot = np.nonzero(masks[:, None] >> np.arange(slots) & 1)
    return row, slot


def offers(setup: Setup, pupil: Ints, slot: Ints, wishes: Wishes, weight: int = 0) -> Offers:
    """The offers of pairs. With a weight, the earlier plan comes first: a pair of it gains the weight at its position, a
    pair that is not of it pays the weight anywhere; the sum is the number of changes but for a constant.
    """
    first, count = wishes.first[pupil], np.diff(wishes.first)[pupil]
    pair = np.repeat(np.arange(len(pupil)), count)
    row = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    post, cost, other = wishes.post[row], wishes.cost[row].copy(), np.full(len(pupil), UNRANKED)
    if weight and setup.current is not None:
        now = setup.current[pupil, slot]
        cost += weight * np.where(now[pair] == post, -1, np.where(now[pair] == NOWHERE, 1, 0))
        other += weight * (now == NOWHERE)
        listed = np.zeros(len(pupil), dtype=bool)
        listed[pair[now[pair] == post]] = True
        more = np.flatnonzero((now >= 0) & ~listed)
        more = more[setup.accepts[setup.kind[pupil[more]], now[more]]]
        pair, post = np.append(pair, more), np.append(post, now[more])
        cost = np.append(cost, setup.cost(pupil[more], now[more]) - weight)
    is_open = setup.seats[slot[pair], post] > 0
    return Offers(pupil, slot, pair[is_open], post[is_open], cost[is_open], other, wishes.is_far[pupil])


def flow(setup: Setup, some: Patterns, wishes: Wishes, *, weight: int = 0, stay: Ints | None = None, is_priced: bool = False) -> Found | None:
    """The assignment of least cost for the patterns; None when the seats cannot serve them.

    `stay` [M, 3] are (pupil, slot, post) rows of an earlier plan of students without a pattern: kept where seats allow.
    """
    slots, posts, kinds, bundles = len(setup.slots), len(setup.posts), len(setup.accepts), len(setup.bundles)
    net = Network()
    sink, place, through, bundle = net.nodes(1), net.nodes(slots * posts), net.nodes(kinds * slots), net.nodes(slots * bundles)
    slot, post = np.nonzero(setup.seats > 0)
    seats = setup.seats[slot, post]
    at_place = place + slot * posts + post
    limit = setup.limits.drain(net, at_place, setup.limits.of[post], slot, seats, sink)
    # Only the arcs into the sink are tight: then the price of a seat stands in one place.
    ample = len(setup.pupils) + 1
    into_posts = net.arcs(bundle + slot * bundles + setup.bundle[post], at_place, ample, 0)
    which, kind = np.nonzero(setup.bundles)
    which, kind, of_slot = np.tile(which, slots), np.tile(kind, slots), np.repeat(np.arange(slots), len(which))
    into_bundles = net.arcs(through + kind * slots + of_slot, bundle + of_slot * bundles + which, ample, 0)

    row, term_slot = pairs(some.union, slots)
    mine = offers(setup, some.pupil[row], term_slot, wishes, weight)
    term = net.nodes(len(row))
    start = net.nodes(len(some.pupil))
    is_choice = some.count < np.bitwise_count(some.union)
    net.supply(start + np.flatnonzero(is_choice), some.count[is_choice])
    net.supply(term + np.flatnonzero(~is_choice[row]), 1)
    choosing = np.flatnonzero(is_choice[row])
    net.arcs(start + row[choosing], term + choosing, 1, 0)
    direct = net.arcs(term + mine.pair, place + term_slot[mine.pair] * posts + mine.post, 1, mine.cost)
    common = np.flatnonzero(~mine.closed)
    indirect = net.arcs(term + common, through + setup.kind[mine.pupil[common]] * slots + term_slot[common], 1, mine.other[common])
    staying = slice(0, 0)
    if stay is not None and len(stay):
        hub = net.nodes(1)
        staying = net.arcs(hub, place + stay[:, 1] * posts + stay[:, 2], 1, -weight)
        net.arcs(hub, sink, len(stay), 0)
        net.supply(hub, len(stay))
    supplies = net.supplies()
    supplies[sink] = -supplies.sum()
    tails, heads, capacities, (costs,) = net.joined()
    arcs = (tails, heads, capacities, costs)
    flows = cheapest(*arcs, supplies)
    if flows is None:
        return None
    placed = np.full((len(setup.pupils), slots), NOWHERE, dtype=np.int64)
    used = np.flatnonzero(flows[direct])
    placed[mine.pupil[mine.pair[used]], term_slot[mine.pair[used]]] = mine.post[used]
    waiting = common[np.flatnonzero(flows[indirect])]
    _spread(setup, placed, mine.pupil[waiting], term_slot[waiting], (of_slot, kind, which, flows[into_bundles]), (slot, post, flows[into_posts]))
    if stay is not None and len(stay):
        kept = stay[np.flatnonzero(flows[staying])]
        placed[kept[:, 0], kept[:, 1]] = kept[:, 2]
    cost = int((flows * arcs[3]).sum())
    if not is_priced:
        return Found(placed, cost)
    height = potentials(*arcs, flows, net.size)
    at = height[place : place + slots * posts].reshape(slots, posts)
    own, shared = setup.limits.prices(height, at, limit, sink)
    rent = int((own * setup.seats.clip(0)).sum() + (shared * setup.limits.most.clip(0)).sum())
    return Found(placed, cost, own + shared[:, setup.limits.chain].sum(axis=1), rent)


def _spread(
    setup: Setup, placed: Ints, pupil: Ints, slot: Ints, into_bundles: tuple[Ints, Ints, Ints, Ints], into_posts: tuple[Ints, Ints, Ints]
) -> None:
    """Give the students of the common nodes the positions the flow reserved for them, in the order of the lottery."""
    of_slot, kind, bundle, units = into_bundles
    order = np.lexsort((bundle, kind, of_slot))
    handed = np.repeat(bundle[order], units[order])
    queue = np.lexsort((setup.lottery[pupil], setup.kind[pupil], slot))
    pupil, slot = pupil[queue], slot[queue]  # by slot and kind, as the bundles handed out
    post_slot, post, places = into_posts
    order = np.lexsort((post, setup.bundle[post], post_slot))
    pool = np.repeat(post[order], places[order])
    queue = np.lexsort((np.arange(len(pupil)), handed, slot))
    placed[pupil[queue], slot[queue]] = pool


def worth(setup: Setup, pupils: Ints, wishes: Wishes, prices: Ints, weight: int = 0) -> Ints:
    """[len(pupils), S] what each slot costs a student at best when seats have prices."""
    slots = len(setup.slots)
    pupil, slot = np.repeat(pupils, slots), np.tile(np.arange(slots), len(pupils))
    mine = offers(setup, pupil, slot, wishes, weight)
    far = np.int64(2**40)
    open_prices = np.where(setup.seats > 0, prices, far)
    common = np.array([[open_prices[one][accepted].min(initial=far) for one in range(slots)] for accepted in setup.accepts])
    best = np.where(mine.closed, far, mine.other + common[setup.kind[pupil], slot])
    np.minimum.at(best, mine.pair, mine.cost + prices[slot[mine.pair], mine.post])
    return best.reshape(len(pupils), slots)


def by_set(family: tuple[int, ...], best: Ints) -> Ints:
    """[students, sets] what each set of the family costs, from the worth of single slots."""
    return np.column_stack([best[:, bits(one)].sum(axis=1) for one in family])
