"""Participants first: nobody who handed in no wishes takes a seat that one who did could have had.

Students with wishes are planned as if nobody else were there; of the plans that are as good for them the one is taken that leaves most
to the others (`ties`). What they get is then fixed, and the others are planned for the seats that are left. In a repair the others keep
what they hold, as far as no participant holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from enterprises.placements.planner.prepare import UNRANKED
from enterprises.placements.planner.types import Case, Plan, Pupil, Triple
from enterprises.placements.types import Aim


def took_part(case: Case) -> frozenset[str]:
    """Who handed in wishes, also those whose positions are gone since."""
    return frozenset(one.id for one in case.pupils if one.id in case.wishes)


def is_split(case: Case) -> bool:
    """Whether some took part and some did not."""
    return 0 < len(took_part(case)) < len(case.pupils)


def first(case: Case) -> Case:
    """The case of those who took part: the others keep what is fixed, and in a repair what they hold, and get nothing new."""
    ours = took_part(case)
    return replace(case, pupils=_inert(case, frozenset(one.id for one in case.pupils) - ours), fixed=(*case.fixed, *_held(case, ours)))


def second(case: Case, given: Iterable[Triple]) -> Case:
    """The case of the others: what those who took part were given is fixed."""
    return replace(case, pupils=_inert(case, took_part(case)), fixed=tuple(sorted({*case.fixed, *given})))


def given_to(case: Case, alone: Plan) -> list[Triple]:
    """What those who took part were given."""
    ours = took_part(case)
    return [one[:3] for one in alone.assignments if one.pupil in ours]


def reached_of_others(case: Case, plan: Plan) -> frozenset[str]:
    """Who of the others reaches the target by what was placed."""
    below, fixed = {one.pupil for one in plan.unplaced}, {one[:2] for one in case.fixed}
    return frozenset(one.pupil for one in plan.assignments if one[:2] not in fixed and one.pupil not in below) - took_part(case)


def cost_of_others(case: Case, plan: Plan) -> int:
    """The rank cost of those of the others who reach: they have no wishes."""
    reached, fixed = reached_of_others(case, plan), {one[:2] for one in case.fixed}
    return UNRANKED * sum(one.pupil in reached and one[:2] not in fixed for one in plan.assignments)


@dataclass(slots=True)
class Proven:
    """What is known of all plans that are as good for those who took part; None: nothing."""

    others: int | None = None
    """So many of the others reach at most"""
    cost: int | None = None
    """Those of them who reach cost at least so much"""


def joined(case: Case, alone: Plan, plan: Plan, proven: Proven, together: tuple[int, int], anywhere: int | None, seconds: float, *, aim: Aim) -> Plan:
    """Both plans as one; `plan` holds what those who took part get in the end. `reached_together` is how many reach without the condition.

    The bounds are those under the condition that who took part goes first, where all plans that are as good for them were looked at
    (`proven`); else those without it, and nothing is said to be the best. A repair that changes nothing is the only one of its kind where those who
    reach come first; where fewest with nothing does, nobody has counted them here.
    """
    ours = took_part(case)
    before, figures = alone.figures, dict(plan.figures)
    reached, most = figures["reached"], together[1]
    is_all = proven.others is not None and before["reached"] == before["reached_bound"]
    if proven.others is not None and is_all:
        most = min(most, reached - len(reached_of_others(case, plan)) + proven.others)
    figures["reached_bound"] = max(reached, most)
    own = cost_of_others(case, plan)
    theirs = (0 if proven.cost is None else proven.cost) - own
    least = figures["rank_cost_bound"] = max(0, figures["rank_cost"] + theirs - (before["rank_cost"] - before["rank_cost_bound"]))
    total = figures["rank_cost"]
    figures["gap"] = round((total - least) / least, 6) if least else (0.0 if total == least else 1.0)
    figures["optimal"] = figures["optimal"] and before["optimal"] and reached == figures["reached_bound"] and total == least and is_all
    if aim is Aim.COMPLETE and case.current is not None and not figures["changed"] and figures["reached"] == figures["reached_bound"]:
        figures["optimal"], figures["rank_cost_bound"], figures["gap"] = True, total, 0.0
    figures["reached_together"] = together[0]
    if anywhere is not None:
        figures["reached_anywhere"] = anywhere
    if shared := sorted({*before.get("shared_bases", ()), *figures.get("shared_bases", ())}):
        figures["shared_bases"] = shared
    figures["seconds"] = seconds
    weeks = {slot.id: slot.weeks_x10 for slot in case.slots}
    more = Counter(dict.fromkeys(ours, 0))
    for sign, rows in ((1, plan.assignments), (-1, alone.assignments)):
        for row in rows:
            more[row.pupil] += sign * weeks[row.slot]
    below = [one._replace(weeks_x10=one.weeks_x10 + more[one.pupil]) for one in alone.unplaced if one.pupil in ours]
    behind = _behind(case, alone)
    for one in plan.unplaced:
        if one.pupil not in ours:
            is_after = one.pupil in behind and "seats" in one.reason.value
            below.append(one._replace(why={**one.why, "after": [*one.why.get("after", ()), "wishes"]}) if is_after else one)
    return Plan(plan.assignments, tuple(sorted(below, key=lambda one: one.pupil)), figures, plan.solver)


def _behind(case: Case, alone: Plan) -> frozenset[str]:
    """Those of the others who could have used a seat that somebody who took part was given, at a position that takes them in a term of theirs."""
    ours, majors = took_part(case), {one.id: one.majors for one in case.posts}
    fixed = {one[:2] for one in case.fixed}
    seats = {(one.slot, majors[one.post]) for one in alone.assignments if one.pupil in ours and one[:2] not in fixed}
    return frozenset(
        one.id
        for one in case.pupils
        if one.id not in ours and any(slot not in one.blocked and (not some or one.major in some) for slot, some in seats)
    )


def _inert(case: Case, some: frozenset[str]) -> tuple[Pupil, ...]:
    every = frozenset(slot.id for slot in case.slots)
    return tuple(replace(one, blocked=every) if one.id in some else one for one in case.pupils)


def _held(case: Case, ours: frozenset[str]) -> list[Triple]:
    """What the others hold in the earlier plan, as far as seats are left beside what is fixed and what those who took part hold."""
    posts, pupils = {one.id: one for one in case.posts}, {one.id: one for one in case.pupils}
    fixed = {(pupil, slot) for pupil, slot, _post in case.fixed}
    rows = [row for row in sorted(case.current or (), key=lambda one: (-case.worth.get(one, 0), one)) if row[:2] not in fixed and row[2] in posts]
    taken = Counter((post, slot) for _pupil, slot, post in case.fixed) + Counter((post, slot) for pupil, slot, post in rows if pupil in ours)
    kept = []
    for pupil, slot, post in rows:
        one, majors = pupils[pupil], posts[post].majors
        fits = pupil not in ours and slot not in one.blocked and (not majors or one.major in majors)
        if fits and taken[post, slot] < case.seats.get((post, slot), 0):
            taken[post, slot] += 1
            kept.append((pupil, slot, post))
    return kept
