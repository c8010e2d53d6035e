"""A cohort's capstones as a case for the planner of supervisors, and its answer as the plan that is kept.

Who may not supervise (`capstones.impartiality`: a conflict of interest, the other side, a reviewer, a panel) is kept out exactly: a capstone with somebody to avoid gets a group of
its own, in which everybody else of its discipline (or enterprise) is a member.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from enterprises.capstones import queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.planner.types import CapstoneIn, PersonIn, Plan, Problem, Side, Slot
from enterprises.capstones.queries.impartiality import barred_among
from enterprises.capstones.types import PlanMode, SupervisorRole
from trainhub.people import queries as people
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

ID = "{:010d}"
"""Ids as texts of ten digits, so that their order is that of the numbers."""


@dataclass(slots=True)
class Names:
    """How the plan speaks of who and what has a number in it: people by name, groups by name and whom they avoid."""

    people: dict[str, str]
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    outside: dict[tuple[str, Side], int] = field(default_factory=dict)
    """What each person supervises outside of the task, by side."""


def case_of(programme: Programme, cohort_id: int, mode: PlanMode, on: date) -> tuple[Problem, Names]:
    """The task, and how its people and groups are spoken of. Places taken by other cohorts and programmes count everywhere."""
    rows = queries.to_supervise(cohort_id)
    held = {(row.capstone_id, row.role): row.person_id for row in queries.supervisions_among([row.id for row in rows])}
    graded = queries.graded_slots([row.id for row in rows])
    teachers = queries.teachers_for(programme.university_id, on)
    mentors = queries.mentors_for({row.enterprise_id for row in rows}, on)
    names = people.names_of([*(t.person_id for t in teachers), *(m.person_id for m in mentors)])
    most = {
        Side.SCHOOL: book().at("own.capstone.supervisor_load_max", on=on).number,
        Side.ENTERPRISE: book().at("own.capstone.mentor_load_max", on=on).number,
    }
    teaching = {t.person_id for t in teachers}
    fitting = {t.person_id for t in teachers if rules.fits_discipline(t.programme_id, t.discipline, programme.id, programme.name)}
    at = defaultdict(set)
    for mentor in mentors:
        at[mentor.enterprise_id].add(mentor.person_id)
    rows_of = people.rows_of_humans({person for persons in at.values() for person in persons})
    houses = {key: {row for person in at[key] for row in rows_of[person]} for key in {row.enterprise_id for row in rows}}
    firms = queries.enterprise_names({row.enterprise_id for row in rows})
    students = {row.id: row.student_id for row in rows}
    avoid = {side: barred_among(students, Office(side.value)) for side in Side}
    groups: dict[Side, dict[int, set[str]]] = {side: defaultdict(set) for side in Side}
    spoken = Names({ID.format(key): name for key, name in names.items()})
    capstones: list[CapstoneIn] = []
    current: dict[Slot, str] = {}
    fixed: dict[Slot, str] = {}
    for row in rows:
        avoided = avoid[Side.SCHOOL][row.id] | houses[row.enterprise_id]
        school = _group(groups[Side.SCHOOL], ID.format(programme.id), programme.name, fitting, avoided, spoken)
        of, firm_name = at[row.enterprise_id], firms[row.enterprise_id]
        firm = _group(groups[Side.ENTERPRISE], ID.format(row.enterprise_id), firm_name, of, avoid[Side.ENTERPRISE][row.id], spoken)
        at_place = {Side.SCHOOL: school, Side.ENTERPRISE: firm}
        for side, role in ((Side.SCHOOL, SupervisorRole.SCHOOL), (Side.ENTERPRISE, SupervisorRole.ENTERPRISE)):
            person_id = held.get((row.id, role))
            if person_id is None:
                continue
            slot: Slot = (ID.format(row.id), side)
            is_fixed = mode is PlanMode.FILL or (row.id, role) in graded
            (fixed if is_fixed else current)[slot] = ID.format(person_id)
            # Who is there stays, whatever the register says now, and a teacher of another discipline for whom a head gave a reason: at this place alone.
            if at_place[side] not in groups[side].get(person_id, ()) and (is_fixed or (side is Side.SCHOOL and person_id in teaching - avoided)):
                at_place[side] = _own_group(groups[side], at_place[side], row.id, person_id, spoken)
        capstones.append(CapstoneIn(ID.format(row.id), ID.format(row.student_id), at_place[Side.SCHOOL], at_place[Side.ENTERPRISE]))
    known = {side: set(found) for side, found in groups.items()}
    ranks = {
        (ID.format(key), _side(role), ID.format(person)): rank
        for (key, role, person), rank in queries.wishes_among([row.id for row in rows]).items()
        if person in known[_side(role)]
    }
    outside = queries.loads_outside([row.id for row in rows])
    spoken.outside = {(ID.format(person), _side(role)): number for (person, role), number in outside.items()}
    members = {
        side: tuple(
            PersonIn(
                ID.format(key),
                frozenset(mine),
                max(_limit(key, side, teachers, mentors, most) - outside.get((key, _role(side)), 0), _kept(fixed, side, key)),
            )
            for key, mine in sorted(found.items())
        )
        for side, found in groups.items()
    }
    return Problem(tuple(capstones), members, ranks, fixed, current), spoken


def _group(groups: dict[int, set[str]], key: str, name: str, members: set[int], barred: AbstractSet[int], spoken: Names) -> str:
    """The group of a capstone: by number, for two enterprises may have one name; with somebody to avoid it is one of its own."""
    away = sorted(members & barred)
    key = "-".join([key, *(ID.format(person) for person in away)])
    spoken.groups[key] = {"name": name, "avoid": [spoken.people[ID.format(person)] for person in away]}
    for person in members - barred:
        groups[person].add(key)
    return key


def _own_group(groups: dict[int, set[str]], key: str, capstone_id: int, holder: int, spoken: Names) -> str:
    """The group of one place whose holder does not belong to `key`: everybody of it, and the holder."""
    own = f"{key}={ID.format(capstone_id)}"
    spoken.groups[own] = spoken.groups[key]
    for mine in groups.values():
        if key in mine:
            mine.add(own)
    groups[holder].add(own)
    return own


def _role(side: Side) -> SupervisorRole:
    return SupervisorRole.SCHOOL if side is Side.SCHOOL else SupervisorRole.ENTERPRISE


def _side(role: SupervisorRole) -> Side:
    return Side.SCHOOL if role is SupervisorRole.SCHOOL else Side.ENTERPRISE


def _limit(person_id: int, side: Side, teachers: list[Any], mentors: list[Any], most: dict[Side, int]) -> int:
    if side is Side.SCHOOL:
        own = [t.capstone_capacity for t in teachers if t.person_id == person_id]
    else:
        own = [m.load_limit for m in mentors if m.person_id == person_id]
    return min(max(own, default=0), most[side])


def _kept(fixed: dict[Slot, str], side: Side, person_id: int) -> int:
    return sum(1 for (_capstone, of), holder in fixed.items() if of is side and holder == ID.format(person_id))


def _spoken(why: dict[str, Any], names: Names) -> dict[str, Any]:
    """The cause of a missing supervisor with names instead of numbers: no language is in it, whoever reads it is told in the own."""
    said = dict(why)
    if "group" in said:
        said["group"] = names.groups[said["group"]]
    if "groups" in said:
        said["groups"] = [names.groups[key] for key in said["groups"]]
    if isinstance(said.get("people"), list):
        said["people"] = [names.people.get(key, key) for key in said["people"]]
    if "more" in said:
        said["more"] = _spoken(said["more"], names)
    return said


def _heaviest(plan: Plan, names: Names) -> int:
    """The most capstones of one person under a plan, with those outside of it: what the board shows as the load."""
    loads = Counter((person, side) for (_capstone, side), person in plan.assigned.items())
    return max((n + names.outside.get(who, 0) for who, n in loads.items()), default=0)


def as_result(problem: Problem, plan: Plan, names: Names) -> dict[str, Any]:
    """The plan as it is kept: numbers of capstones and persons, causes with their values. A change to nobody ends a supervision: its holder is
    needed where the other side has somebody, or may not hold it any more."""
    before = {**problem.fixed, **problem.current}
    return {
        "assigned": [[int(key), side.value, int(person)] for (key, side), person in sorted(plan.assigned.items())],
        "changes": [
            [int(key), side.value, int(before[key, side]) if (key, side) in before else None, int(person)]
            for (key, side), person in sorted(plan.assigned.items())
            if before.get((key, side)) != person
        ]
        + [[int(key), side.value, int(person), None] for (key, side), person in sorted(problem.current.items()) if (key, side) not in plan.assigned],
        "unassigned": [[int(row.capstone), row.side.value, row.reason.value, _spoken(row.why, names)] for row in plan.unassigned],
        "summary": {
            "capstones": len(problem.capstones),
            "both": plan.both,
            "given": plan.given,
            "changed": plan.changed,
            "max_load": _heaviest(plan, names),
            "wished": len({(key, side) for key, side, _person in problem.ranks}),
            "granted": sum((key, side, person) in problem.ranks for (key, side), person in plan.assigned.items()),
        },
    }
