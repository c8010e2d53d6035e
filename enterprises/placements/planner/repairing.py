"""Step 1 of a repair: as many students as without the earlier plan, and among all such numbers those that change least of it."""

from __future__ import annotations

import numpy as np

from enterprises.placements.planner.prepare import NOWHERE, Ints, Setup, bits
from enterprises.placements.planner.reach import Groups, Master, Reach, Unknowns, group, unknowns


def keepable(setup: Setup) -> Ints:
    """[N, S] the posts of the earlier plan that may stay: not taken by a fixed row, still accepted and open, and needed."""
    assert setup.current is not None
    pupil, slot, post = setup.rows(setup.current)
    fits = (post >= 0) & (setup.free[pupil] >> slot & 1).astype(bool) & (setup.need[pupil] > 0)
    fits &= setup.accepts[setup.kind[pupil], post] & (setup.seats[slot, post] > 0)
    found = np.full_like(setup.current, NOWHERE)
    found[pupil[fits], slot[fits]] = post[fits]
    return found


def least_changes(setup: Setup, before: Reach, until: float) -> Reach:
    """The numbers of a repair, by kind, family and the slots that are kept. `changes` is a bound: single seats are not looked at.

    A student who takes a set changes the slots of it that were not kept and those kept that are not of it; the others keep
    slots where seats are left. Without time for it the numbers before are used.
    """
    kept = keepable(setup)
    marks = kept_slots(setup, kept)
    groups = group(setup, marks, is_ranked=False)
    master = Master(setup, unknowns(setup, groups, single=True), until)
    found = master.unknowns
    takes = found.reaches
    for at, size in enumerate(groups.size):
        mine = np.flatnonzero(takes & (found.group == at))
        master.row(mine, 1.0, 0, float(size))
        for one in np.flatnonzero(~takes & (found.group == at)):
            master.row(np.append(mine, one), 1.0, 0, float(size))
    if not takes.any():
        return before
    master.row(np.flatnonzero(takes), 1.0, before.total, before.total)
    master.start_cuts()
    answer = master.least(price_of(found.mask, groups.mark[found.group]))
    if answer is None or int(answer.numbers[takes].sum()) != before.total:
        return before
    changes = changes_without(setup, kept) + answer.bound
    return Reach(groups, found, answer.numbers, before.bound, before.is_proven, changes)


def kept_slots(setup: Setup, kept: Ints) -> Ints:
    """[N] the slots of a table, as a mask."""
    return (kept != NOWHERE) @ np.left_shift(1, np.arange(len(setup.slots), dtype=np.int64))


def price_of(mask: Ints, kept: Ints) -> Ints:
    """By how much a set of slots changes more than to take everything back that is kept."""
    return np.bitwise_count(mask & ~kept).astype(np.int64) - np.bitwise_count(mask & kept)


def changes_without(setup: Setup, kept: Ints) -> int:
    """The changes if everything were taken back that may stay."""
    pupil, slot, post = setup.rows(setup.current)
    lost = int(((kept[pupil, slot] == NOWHERE) & (setup.held[pupil, slot] != post)).sum())
    return lost + int((kept != NOWHERE).sum())


def least_changes_for_everyone(setup: Setup, before: Reach, until: float) -> Reach:
    """The same when everybody counts: as many with something and as many who reach as `before`. Who does not reach keeps some of the
    slots, or gets one that is free. Without time for it the numbers before are used."""
    kept, width = keepable(setup), len(setup.slots)
    groups = group(setup, np.where(setup.need > 0, setup.free, 0) | kept_slots(setup, kept) << width, is_ranked=False)
    found = _parts(setup, groups)
    if not len(found):
        return before
    master = Master(setup, found, until)
    for at, size in enumerate(groups.size):
        master.row(np.flatnonzero(found.group == at), 1.0, 0, float(size))
    something = int(before.numbers.sum())
    master.row(np.arange(len(found)), 1.0, something, something)
    if found.reaches.any():
        master.row(np.flatnonzero(found.reaches), 1.0, before.total, before.total)
    master.start_cuts()
    answer = master.least(price_of(found.mask, (groups.mark >> width)[found.group]))
    if answer is None or [int(answer.numbers.sum()), int(answer.numbers[found.reaches].sum())] != [something, before.total]:
        return before
    changes = changes_without(setup, kept) + answer.bound
    return Reach(groups, found, answer.numbers, before.bound, before.is_proven, changes, is_single=True)


def _parts(setup: Setup, groups: Groups) -> Unknowns:
    """(group, sufficient set), (group, some of the kept slots), (group, one free slot): marks are the free slots and, above them, the kept."""
    width, rows = len(setup.slots), list[tuple[int, int, bool]]()
    for at, (family, mark) in enumerate(zip(groups.family.tolist(), groups.mark.tolist(), strict=True)):
        enough, slots = setup.families[family], bits(mark >> width)
        some = [sum(1 << slot for i, slot in enumerate(slots) if part >> i & 1) for part in range(1, 1 << len(slots))]
        some += [1 << slot for slot in bits(mark & ((1 << width) - 1)) if slot not in slots]
        rows += [(at, one, True) for one in enough]
        rows += [(at, one, False) for one in some if not any(one & least == least for least in enough)]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    of = table[:, 0]
    return Unknowns(of, table[:, 1], table[:, 2].astype(bool), groups.kind[of], groups.size[of])


def single_slots(setup: Setup, numbers: Reach, single: Ints) -> Ints | None:
    """[len(single)] the slots of those who do not reach, as many of each set as step 1 says, by lottery; None: any free slot."""
    if setup.current is None or numbers.changes is None:
        return None
    found = numbers.unknowns
    masks = np.zeros(len(single), dtype=np.int64)
    of = numbers.groups.of[single]
    for at in np.unique(of):
        mine, columns = np.flatnonzero(of == at), np.flatnonzero((found.group == at) & ~found.reaches)
        masks[mine[np.argsort(setup.lottery[single[mine]])]] = np.repeat(found.mask[columns], numbers.numbers[columns])
    return masks
