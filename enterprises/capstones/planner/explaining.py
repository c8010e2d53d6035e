"""Why somebody has no supervisor: nobody there, too little capacity (by how much, and where), or a fixed row in the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from enterprises.capstones.planner.types import PersonIn, Problem, Reason, Side, Slot, Unassigned
from trainhub.kernel.i18n import _, listed


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
    known: dict[str, tuple[Reason, str]] = {}
    rows = []
    for capstone in problem.capstones:
        if (capstone.id, side) in assigned:
            continue
        group = capstone.group(side)
        if group not in known:
            known[group] = _why(side, group, by_group, served, loads, demand)
        reason, text = known[group]
        if (capstone.id, side) in problem.dropped:
            reason, text = Reason.FIXED_CONFLICT, _("固定的导师不能保留，放开后也没有其他人可安排。%(more)s", more=text)
        rows.append(Unassigned(capstone.id, side, reason, text))
    return rows


def _why(
    side: Side,
    group: str,
    by_group: Mapping[str, list[PersonIn]],
    served: Mapping[str, Mapping[str, set[bool]]],
    loads: Mapping[str, int],
    demand: Mapping[str, int],
) -> tuple[Reason, str]:
    """The reason of one discipline or enterprise: the smallest closed set of groups whose people are all full."""
    if group not in by_group:
        if side is Side.SCHOOL:
            return Reason.NO_PERSON, _("没有学科为“%(group)s”的教师。", group=group)
        return Reason.NO_PERSON, _("企业“%(group)s”没有指导教师。", group=group)
    groups, people = _closed({group}, by_group, served)
    room = [p for p in people.values() if loads.get(p.id, 0) < p.capacity]
    if room:
        names = listed(sorted(p.id for p in room)[:5])
        return Reason.FIXED_CONFLICT, _("固定的安排占用了可用的导师；放开后可由仍有余量的 %(names)s 等调剂。", names=names)
    wanted, capacity = sum(demand[g] for g in groups), sum(p.capacity for p in people.values())
    values = {"groups": listed(sorted(groups)), "wanted": wanted, "people": len(people), "capacity": capacity, "short": wanted - capacity}
    if side is Side.SCHOOL:
        return Reason.CAPACITY_SHORT, _(
            "学科 %(groups)s 共有 %(wanted)d 个毕业设计，%(people)d 名教师合计可指导 %(capacity)d 个，缺 %(short)d 个名额。", **values
        )
    return Reason.CAPACITY_SHORT, _(
        "企业 %(groups)s 共有 %(wanted)d 个毕业设计，%(people)d 名指导教师合计可指导 %(capacity)d 个，缺 %(short)d 个名额。", **values
    )


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
