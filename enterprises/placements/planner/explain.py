"""Why a student stays below the target: the cause and what is short, in values (`telling.told` makes sentences of them)."""

from __future__ import annotations

from typing import Any

import numpy as np

from enterprises.placements.planner.limits import BASE, MENTORS
from enterprises.placements.planner.prepare import BEHIND, NOWHERE, Bools, Ints, Setup, bits
from enterprises.placements.planner.reach import Cut, hall_cut
from enterprises.placements.planner.telling import first
from enterprises.placements.planner.types import Case, Cause, Reason, Unplaced

Why = dict[str, Any]


def explain(setup: Setup, placed: Ints, case: Case, *, is_one_enterprise: bool = False) -> list[Unplaced]:
    """Every student below the target, placed or not, with the reason; by id. `case` as it was asked for: the seats of a shared base are
    as they are offered."""
    missing = setup.need - (placed != NOWHERE) @ setup.weeks
    below = np.flatnonzero(missing > 0)
    told = _Bottlenecks(setup, placed, missing > 0, case, is_one_enterprise)
    found = []
    for pupil in below.tolist():
        one = setup.pupils[pupil]
        reason, why = _why(setup, pupil, told)
        found.append(Unplaced(one.id, one.target_x10 - int(missing[pupil]), one.target_x10, reason, why))
    return found


def _why(setup: Setup, pupil: int, told: _Bottlenecks) -> tuple[Reason, Why]:
    one, kind = setup.pupils[pupil], int(setup.kind[pupil])
    if one.id in setup.case.dropped:
        return Reason.FIXED_CONFLICT, {"cause": Cause.FIXED_CONFLICT.value}
    if not told.has_seats[kind]:
        return Reason.NO_ELIGIBLE_POSITION, {"cause": Cause.NO_ELIGIBLE_POSITION.value, "major": one.major}
    if not setup.family[pupil]:
        return Reason.BLOCKED_TERMS, {
            "cause": Cause.BLOCKED_TERMS.value,
            "free_x10": int(sum(setup.weeks[slot] for slot in bits(int(setup.free[pupil])))),
            "prior_x10": one.target_x10 - int(setup.need[pupil]),
            "target_x10": one.target_x10,
            "blocked": [slot.name or slot.id for slot in sorted(setup.case.slots, key=lambda slot: slot.id) if slot.id in one.blocked],
        }
    why = told.of(kind, int(setup.family[pupil]))
    return Reason.SEATS_SHORT, {**why, "after": ["priority"]} if told.went_first(pupil) else why


class _Bottlenecks:
    """For each kind and slot the smallest set of kinds that could not all be served if one more student of the kind came."""

    def __init__(self, setup: Setup, placed: Ints, is_below: Bools, case: Case, is_one_enterprise: bool = False) -> None:
        self._is_one_enterprise = is_one_enterprise
        slots, kinds = range(len(setup.slots)), len(setup.accepts)
        held = setup.rows(setup.held)
        offered = setup.seats.copy()
        np.add.at(offered, (held[1], held[2]), 1)
        self._held = offered - setup.seats
        self._base_of = {post.id: post.base for post in case.posts}
        self._called = case.called
        self.has_seats = (setup.accepts & (offered > 0).any(axis=0)).any(axis=1)
        self._setup = setup
        slots_called = {one.id: one.name or one.id for one in setup.case.slots}
        posts_called = {one.id: one.name or one.id for one in setup.case.posts}
        self._slot_names, self._post_names = [slots_called[one] for one in setup.slots], [posts_called[one] for one in setup.posts]
        self._offered = np.zeros_like(offered)
        for slot, when in enumerate(setup.slots):
            self._offered[slot] = [case.seats.get((post, when), 0) for post in setup.posts]
        self._has_reached = (placed != NOWHERE).any(axis=1) & ~is_below
        is_there = (placed != NOWHERE) & ~is_below[:, None]
        self._demand = [np.bincount(setup.kind[is_there[:, slot]], minlength=kinds) for slot in slots]
        waits = ((setup.free[:, None] >> np.arange(len(setup.slots)) & 1) > 0) & is_below[:, None] & (placed == NOWHERE)
        self._waiting = [np.bincount(setup.kind[waits[:, slot]], minlength=kinds) for slot in slots]
        self._majors: list[set[str]] = [set() for _kind in range(kinds)]
        for one, kind in zip(setup.pupils, setup.kind.tolist(), strict=True):
            self._majors[kind].add(one.major)
        self._cuts: dict[tuple[int, int], Cut | None] = {}
        self._told: dict[tuple[int, int], Why] = {}

    def went_first(self, pupil: int) -> bool:
        """Whether somebody whom the same positions accept reached the target as one of an earlier class of the published order."""
        setup = self._setup
        if not setup.rank.any():
            return False
        mine = int(setup.rank[pupil]) or BEHIND
        earlier = (setup.rank > 0) & (setup.rank < mine) & (setup.kind == setup.kind[pupil])
        return bool((earlier & self._has_reached).any())

    def of(self, kind: int, family: int) -> Why:
        """The cause for a student of the kind for whom the sets of the family suffice."""
        if (kind, family) not in self._told:
            slots = sorted({slot for one in self._setup.families[family] for slot in bits(one)})
            cuts = [cut for slot in slots if (cut := self._cut(kind, slot)) is not None]
            self._told[kind, family] = self._short(cuts)
        return self._told[kind, family]

    def _cut(self, kind: int, slot: int) -> Cut | None:
        if (kind, slot) not in self._cuts:
            more = self._demand[slot].copy()
            more[kind] += 1
            self._cuts[kind, slot] = hall_cut(self._setup, slot, more)
        return self._cuts[kind, slot]

    def _short(self, cuts: list[Cut]) -> Why:
        if not cuts:
            return {"cause": (Cause.NO_ENTERPRISE_FOR_ALL_TERMS if self._is_one_enterprise else Cause.SEATS_USED_UP).value}
        setup = self._setup
        missing, slot, kinds, seats = min(
            ((max(1, int(self._waiting[slot][kinds].sum())), slot, kinds, seats) for slot, kinds, seats in cuts), key=lambda one: one[:2]
        )
        majors = sorted(set().union(*(self._majors[kind] for kind in np.flatnonzero(kinds))))
        posts = np.flatnonzero(setup.accepts[kinds].any(axis=0) & (self._offered[slot] > 0))
        all_seats, usable = int(self._offered[slot][posts].sum()), seats + int(self._held[slot][posts].sum())
        why = {
            "cause": Cause.SEATS_SHORT.value,
            "slot": self._slot_names[slot],
            "majors": first(majors),
            "posts": first([self._post_names[post] for post in posts]),
            "seats": all_seats,
            "missing": missing,
        }
        return why if usable >= all_seats else {**why, "cause": Cause.ROOM_SHORT.value, "room": usable, **self._binding(slot, kinds, posts)}

    def _binding(self, slot: int, kinds: Bools, posts: Ints) -> dict[str, Any]:
        """Whose mentors, and the room of which bases, let not all seats be taken; also of those shared out beforehand."""
        setup = self._setup
        names = setup.limits.binding(slot, setup.supply(slot) * setup.bundles[:, kinds].any(axis=1), setup.bundle_limit)
        cut = posts[self._offered[slot][posts] > (setup.seats + self._held)[slot][posts]]
        names += [(BASE, self._base_of[setup.posts[post]]) for post in cut.tolist()]
        called = {kind: sorted({self._called.get(one, one) for what, one in names if what == kind}) for kind in (MENTORS, BASE)}
        return {"mentors": first(called[MENTORS]), "bases": first(called[BASE])}
