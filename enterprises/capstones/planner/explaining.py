"""Why somebody has no supervisor: nobody there, too little capacity (by how much, and where), or a fixed row in the way.

The cause and its values; `telling.told` makes sentences of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from enterprises.capstones.planner.telling import SHOWN
from enterprises.capstones.planner.types import Cause, PersonIn, Problem, Reason, Side, Slot, Unassigned


def explain(problem: Problem, assigned: Mapping[Slot, str]) -> tuple[Unassigned, ...]:
    """Every missing supervisor, in the order of the capstones' ids, school side first."""
    found = [row for side in Side for row in _of_side(problem, side, assigned)]
    return tuple(sorted(found, key=lambda row: (row.capstone, row.side is Side.ENTERPRISE)))


def _of_side(problem: Problem, side: Side, assigned: Mapping[Slot, str]) -> list[Unassigned]:
    people = problem.people[side]
    if all((one.id, side) in assigned for one in problem.capstones):
        return []
    by_group: dict[str, list[PersonIn]] = defaultdict(list)
    for person in people:
        for group in person.groups:
            by_group[group].append(person)
    served: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))  # person -> group -> is the row fixed?
    loads: Counter[str] = Counter()
    for capstone in problem.capstones:
        holder = assigned.get((capstone.id, side))
        if holder is not None:
            loads[holder] += 1
            served[holder][capstone.group(side)].add((capstone.id, side) in problem.fixed)
    demand = Counter(capstone.group(side) for capstone in problem.capstones)
    known: dict[str, tuple[Reason, dict[str, Any]]] = {}
    rows = []
    for capstone in problem.capstones:
        if (capstone.id, side) in assigned:
            continue
        group = capstone.group(side)
        if group not in known:
            known[group] = _why(side, group, by_group, served, loads, demand)
        reason, why = known[group]
        if (capstone.id, side) in problem.dropped:
            reason, why = Reason.FIXED_CONFLICT, {"cause": Cause.FIXED_LET_GO.value, "more": why}
        rows.append(Unassigned(capstone.id, side, reason, why))
    return rows


def _why(
    side: Side,
    group: str,
    by_group: Mapping[str, list[PersonIn]],
    served: Mapping[str, Mapping[str, set[bool]]],
    loads: Mapping[str, int],
    demand: Mapping[str, int],
) -> tuple[Reason, dict[str, Any]]:
    """The reason of one discipline or enterprise: the smallest closed set of groups whose people are all full."""
    is_school = side is Side.SCHOOL
    if group not in by_group:
        return Reason.NO_PERSON, {"cause": (Cause.NO_TEACHER if is_school else Cause.NO_MENTOR).value, "group": group}
    groups, people = _closed({group}, by_group, served)
    room = [p for p in people.values() if loads.get(p.id, 0) < p.capacity]
    if room:
        return Reason.FIXED_CONFLICT, {"cause": Cause.HELD_BY_FIXED.value, "people": sorted(p.id for p in room)[:SHOWN]}
    return Reason.CAPACITY_SHORT, {
        "cause": (Cause.TEACHERS_SHORT if is_school else Cause.MENTORS_SHORT).value,
        "groups": sorted(groups),
        "wanted": sum(demand[g] for g in groups),
        "people": len(people),
        "capacity": sum(p.capacity for p in people.values()),
    }


def _closed(
    start: set[str], by_group: Mapping[str, list[PersonIn]], served: Mapping[str, Mapping[str, set[bool]]]
) -> tuple[set[str], dict[str, PersonIn]]:
    """Groups reachable by moving capstones from person to person, and everybody who serves them."""
    groups, people, open_groups = set(start), {}, list(start)
    while open_groups:
        for person in by_group.get(open_groups.pop(), ()):
            if person.id in people:
                continue
            people[person.id] = person
            for other in served.get(person.id, {}):
                if other not in groups:
                    groups.add(other)
                    open_groups.append(other)
    return groups, people
