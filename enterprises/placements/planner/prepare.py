"""A case in numbers: everything sorted by id, fixed rows taken out, students grouped by what makes them interchangeable."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from enterprises.placements.planner.types import Case, Pupil

UNRANKED = 15
"""The cost of a position that was not ranked (own.placement.unranked_cost, contract)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Students who are interchangeable: the same positions accept them and the same sets of terms suffice."""

    kind: int
    family: tuple[int, ...]
    members: tuple[int, ...]


@dataclass(slots=True)
class Setup:
    """The case in numbers. Sets of slots are bit masks; `seats[slot][post]` are those left after the fixed rows.

    `need`: tenths of a week missing after what is fixed. `free`: slots that may still be filled. `kinds`: the positions
    each kind of student is accepted by; `kind_of` the kind of each student. `lottery`: the seeded number, lower is first.
    """

    case: Case
    slots: list[str]
    weeks: list[int]
    posts: list[str]
    pupils: list[Pupil]
    seats: list[list[int]]
    need: list[int]
    free: list[int]
    kinds: list[tuple[int, ...]]
    kind_of: list[int]
    lottery: list[int]
    ranks: list[dict[int, int]]
    held: dict[tuple[int, int], int]
    current: dict[tuple[int, int], int] | None
    groups: list[Group] = field(default_factory=list)

    def cost(self, pupil: int, post: int) -> int:
        """Rank r costs r-1, a position that was not ranked UNRANKED."""
        rank = self.ranks[pupil].get(post)
        return UNRANKED if rank is None else rank - 1

    def supply(self, slot: int) -> list[tuple[frozenset[int], list[int]]]:
        """The positions with seats in a slot, put together by the set of kinds they accept; in a stable order."""
        accepted: dict[int, set[int]] = defaultdict(set)
        for kind, posts in enumerate(self.kinds):
            for post in posts:
                accepted[post].add(kind)
        merged: dict[frozenset[int], list[int]] = {}
        for post, seats in enumerate(self.seats[slot]):
            if seats > 0 and post in accepted:
                merged.setdefault(frozenset(accepted[post]), []).append(post)
        return sorted(merged.items(), key=lambda item: item[1][0])


@lru_cache(100_000)
def minimal_sets(need: int, free: int, weeks: tuple[int, ...]) -> tuple[int, ...]:
    """Every set of free slots that suffices and from which none can be left out; empty when nothing suffices or is needed."""
    if need <= 0:
        return ()
    places = [slot for slot in range(len(weeks)) if free >> slot & 1]
    found: list[int] = []
    for mask in sorted(range(1, 1 << len(places)), key=lambda m: (m.bit_count(), m)):
        chosen = [places[i] for i in range(len(places)) if mask >> i & 1]
        total = sum(weeks[slot] for slot in chosen)
        if total >= need and all(total - weeks[slot] < need for slot in chosen):
            found.append(sum(1 << slot for slot in chosen))
    return tuple(sorted(found))


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
    seats = [[case.seats.get((post.id, slot.id), 0) for post in posts] for slot in slots]
    weeks = [one.weeks_x10 for one in slots]
    free = [sum(1 << slot_at[s.id] for s in slots if s.id not in pupil.blocked) for pupil in pupils]
    need = [pupil.target_x10 - pupil.prior_x10 for pupil in pupils]
    held: dict[tuple[int, int], int] = {}
    for pupil_id, slot_id, post_id in case.fixed:
        pupil_no, slot_no, post_no = pupil_at[pupil_id], slot_at[slot_id], post_at[post_id]
        held[pupil_no, slot_no] = post_no
        seats[slot_no][post_no] -= 1
        free[pupil_no] &= ~(1 << slot_no)
        need[pupil_no] -= weeks[slot_no]
    kinds: list[tuple[int, ...]] = []
    known: dict[tuple[int, ...], int] = {}
    by_major: dict[str, int] = {}
    for major in sorted({pupil.major for pupil in pupils}):
        accepting = tuple(index for index, post in enumerate(posts) if not post.majors or major in post.majors)
        if accepting not in known:
            known[accepting] = len(kinds)
            kinds.append(accepting)
        by_major[major] = known[accepting]
    current = None
    if case.current is not None:
        current = {(pupil_at[a], slot_at[b]): post_at[c] for a, b, c in case.current if (pupil_at[a], slot_at[b]) not in held}
    setup = Setup(
        case=case,
        slots=[one.id for one in slots],
        weeks=weeks,
        posts=[one.id for one in posts],
        pupils=pupils,
        seats=seats,
        need=need,
        free=free,
        kinds=kinds,
        kind_of=[by_major[pupil.major] for pupil in pupils],
        lottery=[draw(seed, pupil.id) for pupil in pupils],
        ranks=[{post_at[post]: rank for post, rank in case.wishes.get(pupil.id, {}).items()} for pupil in pupils],
        held=held,
        current=current,
    )
    setup.groups = _groups(setup)
    return setup


def _groups(setup: Setup) -> list[Group]:
    weeks = tuple(setup.weeks)
    members: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    for pupil in range(len(setup.pupils)):
        family = minimal_sets(setup.need[pupil], setup.free[pupil], weeks)
        if family:
            members[setup.kind_of[pupil], family].append(pupil)
    return [Group(kind, family, tuple(sorted(who, key=lambda p: (setup.lottery[p], p)))) for (kind, family), who in sorted(members.items())]


def bits(mask: int) -> list[int]:
    """The slots of a set."""
    return [slot for slot in range(mask.bit_length()) if mask >> slot & 1]
