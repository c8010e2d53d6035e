"""Small cases solved as one integer programme: sets of terms that are no "k of these", and fewest changes to an earlier plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from enterprises.placements.planner.prepare import NOWHERE, Ints, Setup, bits
from enterprises.placements.planner.reach import Reach
from enterprises.placements.planner.repairing import keepable

LIMIT = 40_000
"""Largest number of (student, term, position) variables that is solved whole."""


def solve(setup: Setup, numbers: Reach, chosen: Ints, until: float, homes: Ints | None = None) -> Ints | None:
    """The best plan as [N, S] posts: fewest changes to the earlier plan (when there is one: then who reaches is free), of those what is
    worth most to keep (`Case.worth`), then least rank cost. None when the case is too large or time is short.

    With an earlier plan the table also keeps student-terms of those who do not reach, so far as seats allow; when everybody counts
    (`numbers.is_single`) as many have something as step 1 says, and whoever keeps nothing may get one place. With `homes` [N] every
    student stays at one enterprise: the one named, or any (negative).
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    everybody = numbers.is_single and setup.current is not None
    able = np.flatnonzero((setup.family > 0) | (everybody & (setup.need > 0))) if setup.current is not None else chosen
    families = {pupil: setup.families[setup.family[pupil]] for pupil in able.tolist()}
    kinds = [np.flatnonzero(accepted).tolist() for accepted in setup.accepts]
    reached = numbers.total if setup.current is not None else len(chosen)
    if sum(len(setup.slots) * len(kinds[setup.kind[pupil]]) for pupil in families) > LIMIT:
        return None
    seats, kind_of = setup.seats.tolist(), setup.kind.tolist()
    sets: list[tuple[int, int]] = [(pupil, one) for pupil in sorted(families) for one in families[pupil]]
    unions = dict.fromkeys(families, 0)
    for pupil, one in sets:
        unions[pupil] |= one
    places = [
        (pupil, slot, post) for pupil in sorted(families) for slot in bits(unions[pupil]) for post in kinds[kind_of[pupil]] if seats[slot][post] > 0
    ]
    if homes is not None:
        places = [one for one in places if homes[one[0]] < 0 or homes[one[0]] == setup.firm[one[2]]]
    current: dict[tuple[int, int], int] = {}
    kept: list[tuple[int, int, int]] = []
    if setup.current is not None:
        current = {(pupil, slot): post for pupil, slot, post in zip(*(c.tolist() for c in setup.rows(setup.current)), strict=True)}
        kept = list(zip(*(c.tolist() for c in setup.rows(keepable(setup))), strict=True))
    lone: list[tuple[int, int, int]] = []
    if everybody:
        lone = [
            (pupil, slot, post) for pupil in sorted(families) for slot in bits(int(setup.free[pupil])) if 1 << slot not in families[pupil]
            for post in kinds[kind_of[pupil]]
            if seats[slot][post] > 0 and (homes is None or homes[pupil] < 0 or homes[pupil] == setup.firm[post])
        ]  # fmt: skip
    keepers = sorted({pupil for pupil, _slot, _post in kept}) if everybody else []
    stays = sorted({(pupil, int(setup.firm[post])) for pupil, _slot, post in places}) if homes is not None else []
    first_place, first_kept = len(sets), len(sets) + len(places)
    first_stay = first_kept + len(kept)
    first_lone = first_stay + len(stays)
    first_keeper = first_lone + len(lone)
    total = first_keeper + len(keepers)
    if not total:
        return np.full(setup.held.shape, NOWHERE, dtype=np.int64)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    low: list[float] = []
    high: list[float] = []

    def row(entries: list[tuple[int, float]], least: float, most: float) -> None:
        for column, value in entries:
            rows.append(len(low))
            columns.append(column)
            values.append(value)
        low.append(least)
        high.append(most)

    of_pupil: dict[int, list[int]] = {}
    for column, (pupil, _one) in enumerate(sets):
        of_pupil.setdefault(pupil, []).append(column)
    for column, (pupil, _slot, _post) in enumerate(lone, start=first_lone):
        of_pupil.setdefault(pupil, []).append(column)
    by_slot: dict[tuple[int, int], list[int]] = {}
    by_seat: dict[tuple[int, int], list[int]] = {}
    for column, (pupil, slot, post) in enumerate(places, start=first_place):
        by_slot.setdefault((pupil, slot), []).append(column)
        by_seat.setdefault((slot, post), []).append(column)
    for column, (_pupil, slot, post) in [*enumerate(kept, start=first_kept), *enumerate(lone, start=first_lone)]:
        by_seat.setdefault((slot, post), []).append(column)
    for mine in of_pupil.values():
        row([(column, 1.0) for column in mine], 0, 1)
    for pupil in sorted(families):
        for slot in bits(unions[pupil]):
            entries = [(column, 1.0) for column in by_slot.get((pupil, slot), [])]
            entries += [(column, -1.0) for column in of_pupil[pupil] if column < first_place and sets[column][1] >> slot & 1]
            row(entries, 0, 0)
    for column, (pupil, _slot, _post) in enumerate(kept, start=first_kept):
        row([(column, 1.0), *[(other, 1.0) for other in of_pupil.get(pupil, [])]], 0, 1)
    for (slot, post), mine in sorted(by_seat.items()):
        row([(column, 1.0) for column in mine], 0, seats[slot][post])
    _limits(setup, by_seat, row)
    if homes is not None:
        _stays(setup, places, first_place, {one: column for column, one in enumerate(stays, start=first_stay)}, row)
    row([(column, 1.0) for column in range(len(sets))], reached, reached)
    if everybody:
        for column, pupil in enumerate(keepers, start=first_keeper):
            mine = [first_kept + at for at, one in enumerate(kept) if one[0] == pupil]
            row([(column, 1.0), *((other, -1.0) for other in mine)], -1 - len(mine), 0)
            row([(column, 1.0), *((other, 1.0) for other in of_pupil.get(pupil, []))], 0, 1)
        something = [*range(len(sets)), *range(first_lone, total)]
        row([(column, 1.0) for column in something], int(numbers.numbers.sum()), len(setup.pupils))

    def best(objective: Any) -> Any:
        matrix = coo_array((values, (rows, columns)), shape=(len(low), total)).tocsr()
        return milp(
            c=objective,
            constraints=LinearConstraint(matrix, np.array(low), np.array(high)),
            integrality=np.ones(total),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, until - time.monotonic())},
        )

    if setup.current is not None:
        changes = np.zeros(total)
        for column, (pupil, slot, post) in [*enumerate(places, start=first_place), *enumerate(lone, start=first_lone)]:
            before = current.get((pupil, slot))
            changes[column] = 1.0 if before is None else (-1.0 if before == post else 0.0)
        changes[first_kept:first_stay] = -1.0
        answer = best(changes)
        if answer.status != 0:
            return None
        row([(column, float(changes[column])) for column in range(total) if changes[column]], -np.inf, round(float(answer.fun)) + 1e-6)
    if setup.case.worth:
        worth = _worth(setup)
        value = np.zeros(total)
        for column, taken_row in [*enumerate(places, start=first_place), *enumerate(kept, start=first_kept), *enumerate(lone, start=first_lone)]:
            value[column] = -float(worth.get(taken_row, 0))
        answer = best(value)
        if answer.status != 0:
            return None
        row([(column, float(value[column])) for column in range(total) if value[column]], -np.inf, round(float(answer.fun)) + 1e-6)
    who, _when, where = np.array(places, dtype=np.int64).reshape(-1, 3).T
    cost = np.zeros(total)
    cost[first_place:first_kept] = setup.cost(who, where)
    answer = best(cost)
    if answer.status != 0:
        return None
    if lone:
        row([(column, float(cost[column])) for column in range(total) if cost[column]], -np.inf, round(float(answer.fun)) + 1e-6)
        who, _when, where = np.array(lone, dtype=np.int64).reshape(-1, 3).T
        alone = np.zeros(total)
        alone[first_lone:first_keeper] = setup.cost(who, where)
        answer = best(alone)
        if answer.status != 0:
            return None
    table = np.full(setup.held.shape, NOWHERE, dtype=np.int64)
    on = answer.x > 0.5
    for taken, (one, slot, at) in [
        *zip(on[first_place:first_stay], [*places, *kept], strict=True),
        *zip(on[first_lone:first_keeper], lone, strict=True),
    ]:
        if taken:
            table[one, slot] = at
    return table


def _worth(setup: Setup) -> dict[tuple[int, int, int], int]:
    """What it is worth to keep rows of the earlier plan, in numbers."""
    pupil_at = {one.id: at for at, one in enumerate(setup.pupils)}
    slot_at, post_at = {one: at for at, one in enumerate(setup.slots)}, {one: at for at, one in enumerate(setup.posts)}
    return {
        (pupil_at[pupil], slot_at[slot], post_at[post]): value
        for (pupil, slot, post), value in setup.case.worth.items()
        if pupil in pupil_at and slot in slot_at and post in post_at
    }


Row = Callable[[list[tuple[int, float]], float, float], None]


def _stays(setup: Setup, places: list[tuple[int, int, int]], first: int, stays: dict[tuple[int, int], int], row: Row) -> None:
    """A student takes positions only of the one enterprise that is chosen for him."""
    by_firm: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
    for column, (pupil, slot, post) in enumerate(places, start=first):
        by_firm.setdefault((pupil, slot, int(setup.firm[post])), []).append((column, 1.0))
    for (pupil, _slot, firm), entries in sorted(by_firm.items()):
        row([*entries, (stays[pupil, firm], -1.0)], -1, 0)
    of_pupil: dict[int, list[tuple[int, float]]] = {}
    for (pupil, _firm), column in stays.items():
        of_pupil.setdefault(pupil, []).append((column, 1.0))
    for _pupil, entries in sorted(of_pupil.items()):
        row(entries, 0, 1)


def _limits(setup: Setup, by_seat: dict[tuple[int, int], list[int]], row: Row) -> None:
    for at, members in enumerate(setup.limits.members()):
        for slot in range(len(setup.slots)):
            entries = [(column, 1.0) for post in members.tolist() for column in by_seat.get((slot, post), [])]
            row(entries, 0, max(0, int(setup.limits.most[slot, at])))
