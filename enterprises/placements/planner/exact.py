"""Small cases solved as one integer programme: sets of terms that are no "k of these", and fewest changes to an earlier plan."""

from __future__ import annotations

from typing import Any

from enterprises.placements.planner.prepare import Setup, bits

LIMIT = 40_000
"""Largest number of (student, term, position) variables that is solved whole."""


def size(setup: Setup, families: dict[int, tuple[int, ...]]) -> int:
    """How many (student, term, position) variables the students need."""
    total = 0
    for pupil, family in families.items():
        union = 0
        for one in family:
            union |= one
        total += union.bit_count() * len(setup.kinds[setup.kind_of[pupil]])
    return total


def solve(
    setup: Setup, families: dict[int, tuple[int, ...]], *, reached: int, time_limit: float
) -> tuple[dict[tuple[int, int], int], set[int], bool] | None:
    """The best plan in which `reached` of the students of `families` take one of their sets: fewest changes to the earlier
    plan (when there is one), then least rank cost. Returns assignment, those who reach, and whether it is proven.

    With an earlier plan the assignment also keeps student-terms of those who do not reach, so far as seats allow.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    sets: list[tuple[int, int]] = [(pupil, one) for pupil in sorted(families) for one in families[pupil]]
    unions = dict.fromkeys(families, 0)
    for pupil, one in sets:
        unions[pupil] |= one
    places = [
        (pupil, slot, post)
        for pupil in sorted(families)
        for slot in bits(unions[pupil])
        for post in setup.kinds[setup.kind_of[pupil]]
        if setup.seats[slot][post] > 0
    ]
    current = setup.current or {}
    kept = [
        (pupil, slot, post)
        for (pupil, slot), post in sorted(current.items())
        if setup.need[pupil] > 0 and setup.free[pupil] >> slot & 1 and setup.seats[slot][post] > 0 and post in setup.kinds[setup.kind_of[pupil]]
    ]
    first_place, first_kept = len(sets), len(sets) + len(places)
    total = first_kept + len(kept)
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
    by_slot: dict[tuple[int, int], list[int]] = {}
    by_seat: dict[tuple[int, int], list[int]] = {}
    for column, (pupil, slot, post) in enumerate(places, start=first_place):
        by_slot.setdefault((pupil, slot), []).append(column)
        by_seat.setdefault((slot, post), []).append(column)
    for column, (_pupil, slot, post) in enumerate(kept, start=first_kept):
        by_seat.setdefault((slot, post), []).append(column)
    for mine in of_pupil.values():
        row([(column, 1.0) for column in mine], 0, 1)
    for pupil in sorted(families):
        for slot in bits(unions[pupil]):
            entries = [(column, 1.0) for column in by_slot.get((pupil, slot), [])]
            entries += [(column, -1.0) for column in of_pupil[pupil] if sets[column][1] >> slot & 1]
            row(entries, 0, 0)
    for column, (pupil, _slot, _post) in enumerate(kept, start=first_kept):
        row([(column, 1.0), *[(other, 1.0) for other in of_pupil.get(pupil, [])]], 0, 1)
    for (slot, post), mine in sorted(by_seat.items()):
        row([(column, 1.0) for column in mine], 0, setup.seats[slot][post])
    row([(column, 1.0) for column in range(len(sets))], reached, reached)

    def best(objective: Any) -> Any:
        matrix = coo_array((values, (rows, columns)), shape=(len(low), total)).tocsr()
        return milp(
            c=objective,
            constraints=LinearConstraint(matrix, np.array(low), np.array(high)),
            integrality=np.ones(total),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0, "time_limit": time_limit},
        )

    is_proven = True
    if setup.current is not None:
        changes = np.zeros(total)
        for column, (pupil, slot, post) in enumerate(places, start=first_place):
            before = current.get((pupil, slot))
            changes[column] = 1.0 if before is None else (-1.0 if before == post else 0.0)
        changes[first_kept:] = -1.0
        answer = best(changes)
        if answer.x is None:
            return None
        is_proven = answer.status == 0
        row([(column, float(changes[column])) for column in range(total) if changes[column]], -np.inf, round(float(answer.fun)) + 1e-6)
    cost = np.zeros(total)
    for column, (pupil, _slot, post) in enumerate(places, start=first_place):
        cost[column] = setup.cost(pupil, post)
    answer = best(cost)
    if answer.x is None:
        return None
    on = answer.x > 0.5
    assignment = {(pupil, slot): post for column, (pupil, slot, post) in enumerate(places, start=first_place) if on[column]}
    assignment |= {(pupil, slot): post for column, (pupil, slot, post) in enumerate(kept, start=first_kept) if on[column]}
    return assignment, {pupil for column, (pupil, _one) in enumerate(sets) if on[column]}, is_proven and answer.status == 0
