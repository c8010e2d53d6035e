"""Participants first: nobody who handed in no wishes takes a seat that one who did could have had.

Students with wishes are planned as if nobody else were there; what they get is then fixed, and the others are planned for the
seats that are left. In a repair the others keep what they hold, as far as no participant holds it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from enterprises.placements.planner.types import Case, Plan, Pupil, Triple


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


def second(case: Case, alone: Plan) -> Case:
    """The case of the others: what those who took part were given is fixed."""
    ours = took_part(case)
    given = {(one.pupil, one.slot, one.post) for one in alone.assignments if one.pupil in ours}
    return replace(case, pupils=_inert(case, ours), fixed=tuple(sorted({*case.fixed, *given})))


def joined(case: Case, alone: Plan, plan: Plan, together: int, anywhere: int | None, seconds: float) -> Plan:
    """Both plans as one. The bounds are those under the condition that who took part goes first; `reached_together` is how many
    reach without it."""
    ours = took_part(case)
    before, figures = alone.figures, dict(plan.figures)
    figures["reached_bound"] += before["reached_bound"] - before["reached"]
    least = figures["rank_cost_bound"] = max(0, figures["rank_cost_bound"] - (before["rank_cost"] - before["rank_cost_bound"]))
    total = figures["rank_cost"]
    figures["gap"] = round((total - least) / least, 6) if least else (0.0 if total == least else 1.0)
    figures["optimal"] = figures["optimal"] and before["optimal"]
    figures["reached_together"] = together
    if anywhere is not None:
        figures["reached_anywhere"] = anywhere
    if shared := sorted({*before.get("shared_bases", ()), *figures.get("shared_bases", ())}):
        figures["shared_bases"] = shared
    figures["seconds"] = seconds
    below = [one for one in alone.unplaced if one.pupil in ours]
    for one in plan.unplaced:
        if one.pupil not in ours:
            below.append(one._replace(why={**one.why, "after": "wishes"}) if "seats" in one.reason.value else one)
    return Plan(plan.assignments, tuple(sorted(below, key=lambda one: one.pupil)), figures, plan.solver)


def _inert(case: Case, some: frozenset[str]) -> tuple[Pupil, ...]:
    every = frozenset(slot.id for slot in case.slots)
    return tuple(replace(one, blocked=every) if one.id in some else one for one in case.pupils)


def _held(case: Case, ours: frozenset[str]) -> list[Triple]:
    """What the others hold in the earlier plan, as far as seats are left beside what is fixed and what those who took part hold."""
    posts, pupils = {one.id: one for one in case.posts}, {one.id: one for one in case.pupils}
    fixed = {(pupil, slot) for pupil, slot, _post in case.fixed}
    rows = [row for row in sorted(case.current or ()) if row[:2] not in fixed and row[2] in posts]
    taken = Counter((post, slot) for _pupil, slot, post in case.fixed) + Counter((post, slot) for pupil, slot, post in rows if pupil in ours)
    kept = []
    for pupil, slot, post in rows:
        one, majors = pupils[pupil], posts[post].majors
        fits = pupil not in ours and slot not in one.blocked and (not majors or one.major in majors)
        if fits and taken[post, slot] < case.seats.get((post, slot), 0):
            taken[post, slot] += 1
            kept.append((pupil, slot, post))
    return kept
