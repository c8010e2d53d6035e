"""Step 1 of a repair: as many students as without the earlier plan, and among all such numbers those that change least of it."""

from __future__ import annotations

import numpy as np

from enterprises.placements.planner.prepare import NOWHERE, Ints, Setup
from enterprises.placements.planner.reach import Master, Reach, group, unknowns


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
    marks = (kept != NOWHERE) @ np.left_shift(1, np.arange(len(setup.slots), dtype=np.int64))
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
    mark = groups.mark[found.group]
    price = np.bitwise_count(found.mask & ~mark).astype(np.int64) - np.bitwise_count(found.mask & mark)
    answer = master.least(price)
    if answer is None or int(answer.numbers[takes].sum()) != before.total:
        return before
    pupil, slot, post = setup.rows(setup.current)
    lost = int(((kept[pupil, slot] == NOWHERE) & (setup.held[pupil, slot] != post)).sum())
    dropped = int((groups.size * np.bitwise_count(groups.mark)).sum())
    return Reach(groups, found, answer.numbers, before.bound, before.is_proven, lost + dropped + answer.bound)
