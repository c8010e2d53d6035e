"""A case in numbers: everything sorted by id, fixed rows taken out, students grouped by what makes them interchangeable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from enterprises.placements.planner.limits import Limits, limits_of
from enterprises.placements.planner.types import Case, Pupil, Triple

Ints = Any
"""A numpy array of int64."""
Bools = Any
"""A numpy array of bool."""

UNRANKED = 15
"""The cost of a position that was not ranked (own.placement.unranked_cost, contract)."""
BEHIND = 2**31
"""The turn of students without a class in the published order."""
NOWHERE = -1
"""In a table of students by slots: no position."""
GONE = -2
"""In the table of an earlier plan: a position that exists no more."""


@dataclass(slots=True)
class Wishes:
    """Ranked positions that accept the student, sorted by student and rank: the n-th row is (pupil[n], post[n], cost[n]).

    Students who ranked a position below the cost of an unranked one (`is_far`) list all positions that accept them.
    """

    pupil: Ints
    post: Ints
    cost: Ints
    first: Ints
    """Where the rows of each student begin; one entry more than there are students."""
    is_far: Bools
    key: Ints
    """pupil x P + post, sorted, with `key_cost` beside it: how a single pair is looked up"""
    key_cost: Ints


@dataclass(slots=True)
class Setup:
    """The case in numbers: S slots, P posts, N pupils, K kinds of pupils (who are accepted by the same posts), B bundles of posts
    (that accept the same kinds). Sets of slots are bit masks; tables are numpy arrays.
    """

    case: Case
    slots: list[str]
    posts: list[str]
    pupils: list[Pupil]
    weeks: Ints
    """[S] tenths of a week"""
    seats: Ints
    """[S, P] left after the fixed rows"""
    limits: Limits
    """How many students the mentors of an enterprise and the room of a base allow, left after the fixed rows"""
    firm: Ints
    """[P] the enterprise of each post"""
    need: Ints
    """[N] tenths of a week missing after what is fixed"""
    free: Ints
    """[N] the slots that may still be filled, as a mask"""
    kind: Ints
    """[N]"""
    accepts: Bools
    """[K, P]"""
    bundle: Ints
    """[P] posts that accept the same kinds and lie in the same limits"""
    bundles: Bools
    """[B, K]"""
    bundle_limit: Ints
    """[B] the innermost limit"""
    lottery: Ints
    """[N] the place in the order of all students: by the class of the published order, then as the seed drew"""
    rank: Ints
    """[N] the class of the published order, nought: none"""
    wishes: Wishes
    held: Ints
    """[N, S] the post of the fixed rows, or NOWHERE"""
    current: Ints | None
    """[N, S] the post of the earlier plan, or NOWHERE; None when there is no earlier plan"""
    families: list[tuple[int, ...]]
    """The minimal sets of slots that suffice; the first is empty (nothing needed, or nothing suffices)"""
    family: Ints
    """[N]"""

    def cost(self, pupils: Ints, posts: Ints) -> Ints:
        """The rank cost of each student at each post: rank r costs r-1, a post that was not ranked UNRANKED."""
        known, wanted = self.wishes.key, np.asarray(pupils) * len(self.posts) + posts
        if not len(known):
            return np.full(len(wanted), UNRANKED)
        at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[at] == wanted, self.wishes.key_cost[at], UNRANKED)

    def rows(self, placed: Ints) -> tuple[Ints, Ints, Ints]:
        """(pupil, slot, post) of a table, by pupil and slot."""
        pupil, slot = np.nonzero(placed != NOWHERE)
        return pupil, slot, placed[pupil, slot]

    def supply(self, slot: int) -> Ints:
        """[B] seats of each bundle in a slot."""
        return np.bincount(self.bundle, self.seats[slot].clip(0), minlength=len(self.bundles)).astype(np.int64)

    def seats_of(self, slot: int, kinds: Bools) -> int:
        """The seats in a slot of all posts that accept one of the kinds, no more of them than the limits allow."""
        return self.limits.through(slot, self.supply(slot) * self.bundles[:, kinds].any(axis=1), self.bundle_limit)


@lru_cache(100_000)
def minimal_sets(need: int, free: int, weeks: tuple[int, ...]) -> tuple[int, ...]:
    """Every set of free slots that suffices and from which none can be left out; empty when nothing suffices or is needed."""
    if need <= 0:
        return ()
    places = bits(free)
    found: list[int] = []
    for mask in range(1, 1 << len(places)):
        chosen = [place for i, place in enumerate(places) if mask >> i & 1]
        total = sum(weeks[slot] for slot in chosen)
        if total >= need and all(total - weeks[slot] < need for slot in chosen):
            found.append(sum(1 << slot for slot in chosen))
    return tuple(sorted(found))


def bits(mask: int) -> list[int]:
    """The slots of a set."""
    return [slot for slot in range(mask.bit_length()) if mask >> slot & 1]


def draw(seed: int, pupil: str) -> int:
    """The lottery number of a student: it depends on seed and id alone, never on the order of rows."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{pupil}".encode()).digest()[:8], "big")


def prepare(case: Case, seed: int) -> Setup:
    """Sort, subtract what is fixed, group."""
    slots = sorted(case.slots, key=lambda one: one.id)
    posts = sorted(case.posts, key=lambda one: one.id)
    pupils = sorted(case.pupils, key=lambda one: one.id)
    slot_at = {one.id: index for index, one in enumerate(slots)}
    post_at = {one.id: index for index, one in enumerate(posts)}
    pupil_at = {one.id: index for index, one in enumerate(pupils)}
    weeks = np.array([one.weeks_x10 for one in slots], dtype=np.int64)
    seats = np.zeros((len(slots), len(posts)), dtype=np.int64)
    for (where, when), count in case.seats.items():
        seats[slot_at[when], post_at[where]] = count

    def table(rows: tuple[Triple, ...]) -> Ints:
        found = np.full((len(pupils), len(slots)), NOWHERE, dtype=np.int64)
        for who, when, where in rows:
            found[pupil_at[who], slot_at[when]] = post_at.get(where, GONE)
        return found

    firms = sorted({one.enterprise for one in posts})
    firm_at = {one: index for index, one in enumerate(firms)}
    firm = np.array([firm_at[one.enterprise] for one in posts], dtype=np.int64)
    held = table(case.fixed)
    current = None if case.current is None else table(case.current)
    for slot in range(len(slots)):
        taken = held[:, slot][held[:, slot] != NOWHERE]
        np.subtract.at(seats[slot], taken, 1)
    limits = limits_of(case, [one.id for one in slots], posts, firm, seats, held)
    masks = {blocked: sum(1 << slot_at[one] for one in slot_at if one not in blocked) for blocked in {pupil.blocked for pupil in pupils}}
    power = np.left_shift(1, np.arange(len(slots), dtype=np.int64))
    is_held = held != NOWHERE
    free = np.array([masks[pupil.blocked] for pupil in pupils], dtype=np.int64) & ~(is_held @ power)
    need = np.array([pupil.target_x10 - pupil.prior_x10 for pupil in pupils], dtype=np.int64) - is_held @ weeks
    kind, accepts = _kinds(case, pupils, post_at)
    bundle, bundles, bundle_limit = _bundles(accepts, limits.of)
    family, families = _families(need, free, weeks)
    return Setup(
        case=case,
        slots=[one.id for one in slots],
        posts=[one.id for one in posts],
        pupils=pupils,
        weeks=weeks,
        seats=seats,
        limits=limits,
        firm=firm,
        need=need,
        free=free,
        kind=kind,
        accepts=accepts,
        bundle=bundle,
        bundles=bundles,
        bundle_limit=bundle_limit,
        lottery=_lottery(pupils, seed),
        rank=np.array([pupil.priority for pupil in pupils], dtype=np.int64),
        wishes=_wishes(case, pupils, post_at, kind, accepts),
        held=held,
        current=current,
        families=families,
        family=family,
    )


def _lottery(pupils: list[Pupil], seed: int) -> Ints:
    drawn = np.array([draw(seed, pupil.id) for pupil in pupils], dtype=np.uint64)
    turn = np.array([pupil.priority or BEHIND for pupil in pupils], dtype=np.int64)
    place = np.empty(len(pupils), dtype=np.int64)
    place[np.lexsort((drawn, turn))] = np.arange(len(pupils))
    return place


def _kinds(case: Case, pupils: list[Pupil], post_at: dict[str, int]) -> tuple[Ints, Bools]:
    """[N] the kind of each student and [K, P] who accepts whom: majors that the same posts accept are one kind."""
    majors = {major: index for index, major in enumerate(sorted({pupil.major for pupil in pupils}))}
    accepts = np.zeros((len(majors), len(post_at)), dtype=bool)
    for post in case.posts:
        accepts[[majors[one] for one in post.majors if one in majors] if post.majors else slice(None), post_at[post.id]] = True
    first, of_major = alike(accepts)
    return of_major[[majors[pupil.major] for pupil in pupils]].astype(np.int64), accepts[first]


def _bundles(accepts: Bools, limit: Ints) -> tuple[Ints, Bools, Ints]:
    """Posts that accept the same kinds and lie in the same limit put together: [P] bundle, [B, K] accepted kinds, [B] limit."""
    _first, like = alike(accepts.T)
    _keys, first, of_post = np.unique(like * (int(limit.max(initial=-1)) + 2) + limit + 1, return_index=True, return_inverse=True)
    return of_post.astype(np.int64), accepts.T[first], limit[first]


def alike(table: Bools) -> tuple[Ints, Ints]:
    """Equal rows of a table: the first of each kind, and the kind of each row. Rows are compared as packed bits."""
    if not table.size:
        return np.zeros(min(1, len(table)), dtype=np.int64), np.zeros(len(table), dtype=np.int64)
    packed = np.ascontiguousarray(np.packbits(table, axis=1))
    _rows, first, of = np.unique(packed.view(f"V{packed.shape[1]}").reshape(-1), return_index=True, return_inverse=True)
    return first, of.astype(np.int64)


def _families(need: Ints, free: Ints, weeks: Ints) -> tuple[Ints, list[tuple[int, ...]]]:
    pairs, of_pupil = np.unique(np.column_stack([need, free]), axis=0, return_inverse=True)
    sets = [minimal_sets(int(missing), int(mask), tuple(weeks.tolist())) for missing, mask in pairs]
    families = sorted({(), *sets})
    at = {one: index for index, one in enumerate(families)}
    return np.array([at[one] for one in sets], dtype=np.int64)[of_pupil.reshape(-1)], families


def _wishes(case: Case, pupils: list[Pupil], post_at: dict[str, int], kind: Ints, accepts: Bools) -> Wishes:
    lists = [case.wishes.get(pupil.id, {}) for pupil in pupils]
    pupil = np.repeat(np.arange(len(pupils), dtype=np.int64), [len(one) for one in lists])
    post = np.fromiter((post_at[key] for key in chain.from_iterable(lists)), dtype=np.int64, count=len(pupil))
    cost = np.fromiter(chain.from_iterable(one.values() for one in lists), dtype=np.int64, count=len(pupil)) - 1
    fits = accepts[kind[pupil], post]
    pupil, post, cost = pupil[fits], post[fits], cost[fits]
    is_far = np.zeros(len(pupils), dtype=bool)
    is_far[pupil[cost > UNRANKED]] = True
    for one in np.flatnonzero(is_far):
        others = np.setdiff1d(np.flatnonzero(accepts[kind[one]]), post[pupil == one])
        pupil, post = np.append(pupil, np.full(len(others), one)), np.append(post, others)
        cost = np.append(cost, np.full(len(others), UNRANKED))
    order, key = np.lexsort((post, cost, pupil)), pupil * len(post_at) + post
    by_key = np.argsort(key)
    first = np.searchsorted(pupil[order], np.arange(len(pupils) + 1))
    return Wishes(pupil[order], post[order], cost[order], first, is_far, key[by_key], cost[by_key])
