"""What a repair would take back although nobody wants it: a round leaves it, where a plan gives no term beyond the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from enterprises.placements.planner.types import Case, Plan, Triple


def unwanted(case: Case, plan: Plan, held: Iterable[Triple], *, is_one_enterprise: bool = False) -> list[Triple]:
    """Of the rows held before those that the plan lets go and whose seat nobody takes, within mentors and room; by id.

    Under hard continuity only at the enterprise where the student is.
    """
    posts = {one.id: one for one in case.posts}
    taken = Counter((one.post, one.slot) for one in plan.assignments)
    at_firm = Counter((posts[one.post].enterprise, one.slot) for one in plan.assignments)
    at_base = Counter((posts[one.post].base, one.slot) for one in plan.assignments)
    busy = {(one.pupil, one.slot) for one in plan.assignments}
    homes: dict[str, set[str]] = {}
    for one in plan.assignments:
        homes.setdefault(one.pupil, set()).add(posts[one.post].enterprise)
    found = []
    for pupil, slot, post in sorted(held):
        if (pupil, slot) in busy or post not in posts:
            continue
        firm, base = posts[post].enterprise, posts[post].base
        is_left = taken[post, slot] < case.seats.get((post, slot), 0)
        is_left &= case.room is None or at_firm[firm, slot] < case.room.get((firm, slot), 0)
        is_left &= case.base_room is None or (base, slot) not in case.base_room or at_base[base, slot] < case.base_room[base, slot]
        if not is_left or (is_one_enterprise and homes.get(pupil, {firm}) != {firm}):
            continue
        found.append((pupil, slot, post))
        homes.setdefault(pupil, set()).add(firm)
        for count, where in ((taken, post), (at_firm, firm), (at_base, base)):
            count[where, slot] += 1
    return found
