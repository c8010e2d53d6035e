"""The plan of a case: how many (exact), who (lottery), where and when (least rank cost), then the seats left over."""

from __future__ import annotations

import time
from typing import Any

from enterprises.placements.planner import assign, exact
from enterprises.placements.planner.explain import explain
from enterprises.placements.planner.prepare import Setup, bits, prepare
from enterprises.placements.planner.reach import Reach, reach
from enterprises.placements.planner.types import Assignment, Case, Plan


def solve(case: Case, *, seed: int = 1, time_limit: float = 60.0) -> Plan:
    """Plan a case. The same case and seed give the same plan, whatever the order of its rows.

    Objectives, each within the optimum of those before: most students reach their target; fewest student-terms change
    against `case.current`; least rank cost of those who reach. `figures` are those of the contract; `weeks_total` counts
    the weeks placed, the shares count student-terms.
    """
    began = time.monotonic()
    setup = prepare(case, seed)
    numbers = reach(setup, time_limit)
    chosen = _chosen(setup, numbers)
    assignment, who, bound = _place(setup, numbers, chosen, time_limit)
    reached_cost = sum(setup.cost(pupil, post) for (pupil, _slot), post in assignment.items() if pupil in who)
    fill(setup, assignment)
    figures = _figures(setup, numbers, assignment, reached_cost, bound)
    figures["seconds"] = round(time.monotonic() - began, 3)
    everything = assignment | setup.held
    rows = sorted(
        Assignment(setup.pupils[pupil].id, setup.slots[slot], setup.posts[post], setup.ranks[pupil].get(post))
        for (pupil, slot), post in everything.items()
    )
    return Plan(tuple(rows), tuple(explain(setup, numbers, assignment)), figures, _solver())


def _solver() -> str:
    import ortools
    import scipy

    return f"HiGHS of scipy {scipy.__version__}, OR-tools {ortools.__version__}"


def _chosen(setup: Setup, numbers: Reach) -> dict[int, tuple[int, ...]]:
    """Step 2: of each group as many as step 1 says, those with an earlier plan first (if there is one), then by lottery."""
    counts: dict[int, int] = {}
    for (number, _set), count in numbers.numbers.items():
        counts[number] = counts.get(number, 0) + count
    kept: dict[int, int] = {}
    for pupil, _slot in setup.current or ():
        kept[pupil] = kept.get(pupil, 0) + 1
    found: dict[int, tuple[int, ...]] = {}
    for index, group in enumerate(setup.groups):
        members = sorted(group.members, key=lambda pupil: (-kept.get(pupil, 0), setup.lottery[pupil], pupil)) if kept else group.members
        for pupil in members[: counts.get(index, 0)]:
            found[pupil] = group.family
    return found


def _place(setup: Setup, numbers: Reach, chosen: dict[int, tuple[int, ...]], time_limit: float) -> tuple[dict[tuple[int, int], int], set[int], int]:
    """Step 3: the assignment, those who reach, and a lower bound of their rank cost."""
    everybody = {pupil: group.family for group in setup.groups for pupil in group.members}
    if setup.current is not None and exact.size(setup, everybody) <= exact.LIMIT:
        best = exact.solve(setup, everybody, reached=numbers.total, time_limit=time_limit)
        if best is not None:
            assignment, who, is_proven = best
            cost = sum(setup.cost(pupil, post) for (pupil, _slot), post in assignment.items() if pupil in who)
            return assignment, who, cost if is_proven else 0
    patterns = [assign.Pattern(pupil, *shape) for pupil, family in sorted(chosen.items()) if (shape := assign.uniform(family)) is not None]
    if len(patterns) == len(chosen):
        found = assign.flow(setup, patterns)
        if found is not None:
            return found[0], set(chosen), found[1]
    elif setup.current is None and exact.size(setup, chosen) <= exact.LIMIT:
        best = exact.solve(setup, chosen, reached=len(chosen), time_limit=time_limit)
        if best is not None and best[2]:
            return best[0], best[1], sum(setup.cost(pupil, post) for (pupil, _slot), post in best[0].items())
    found = assign.flow(setup, _branched(setup, numbers, chosen))
    if found is None:
        raise AssertionError("step 1 promised seats that step 3 does not find")
    least = assign.flow(setup, assign.relaxed(setup, sorted(chosen.items())))
    return found[0], set(chosen), min(found[1], least[1]) if least is not None and setup.current is None else 0


def _branched(setup: Setup, numbers: Reach, chosen: dict[int, tuple[int, ...]]) -> list[assign.Pattern]:
    """Students whose sets are no "k of these" get one set each, as many per set as step 1 says, the cheapest first."""
    patterns = []
    for index, group in enumerate(setup.groups):
        members = [pupil for pupil in group.members if pupil in chosen]
        shape = assign.uniform(group.family)
        if shape is not None:
            patterns += [assign.Pattern(pupil, *shape) for pupil in members]
            continue
        left = {one: numbers.numbers.get((index, one), 0) for one in group.family}
        wishes = sorted((_guess(setup, pupil, one), setup.lottery[pupil], pupil, one) for pupil in members for one in group.family if left[one])
        done: set[int] = set()
        for _cost, _lottery, pupil, one in wishes:
            if pupil not in done and left[one] > 0:
                left[one] -= 1
                done.add(pupil)
                patterns.append(assign.Pattern(pupil, one.bit_count(), one))
    return sorted(patterns, key=lambda pattern: pattern.pupil)


def _guess(setup: Setup, pupil: int, chosen: int) -> int:
    """The rank cost of a set if every wish came true."""
    posts = setup.kinds[setup.kind_of[pupil]]
    total = 0
    for slot in bits(chosen):
        total += min((setup.cost(pupil, post) for post in setup.ranks[pupil] if post in posts and setup.seats[slot][post] > 0), default=15)
    return total


def fill(setup: Setup, assignment: dict[tuple[int, int], int]) -> None:
    """Step 4: seats left over go to those who stay below, most weeks first; afterwards nobody below could take a free seat."""
    left = [list(row) for row in setup.seats]
    weeks = [-need for need in setup.need]
    taken = [0] * len(setup.pupils)
    for (pupil, slot), post in assignment.items():
        left[slot][post] -= 1
        weeks[pupil] += setup.weeks[slot]
        taken[pupil] |= 1 << slot
    below = [pupil for pupil in range(len(setup.pupils)) if weeks[pupil] < 0]
    have = {pupil: setup.pupils[pupil].target_x10 + weeks[pupil] for pupil in below}
    for pupil in sorted(below, key=lambda p: (-have[p], setup.lottery[p], p)):
        posts = setup.kinds[setup.kind_of[pupil]]
        for slot in sorted(bits(setup.free[pupil] & ~taken[pupil]), key=lambda s: (-setup.weeks[s], s)):
            if weeks[pupil] >= 0:
                break
            open_posts = [post for post in posts if left[slot][post] > 0]
            if open_posts:
                post = min(open_posts, key=lambda p: (setup.cost(pupil, p), p))
                assignment[pupil, slot] = post
                left[slot][post] -= 1
                weeks[pupil] += setup.weeks[slot]


def _figures(setup: Setup, numbers: Reach, assignment: dict[tuple[int, int], int], cost: int, bound: int) -> dict[str, Any]:
    everything = assignment | setup.held
    weeks = {pupil: -need for pupil, need in enumerate(setup.need)}
    for pupil, slot in assignment:
        weeks[pupil] += setup.weeks[slot]
    reached = {pupil for pupil, have in weeks.items() if have >= 0}
    held_cost = sum(setup.cost(pupil, post) for (pupil, _slot), post in setup.held.items() if pupil in reached)
    done_before = sum(need <= 0 for need in setup.need)
    ranks = [setup.ranks[pupil].get(post) for (pupil, _slot), post in everything.items()]
    count = len(ranks)
    changed = 0
    if setup.current is not None:
        changed = sum(setup.current.get(key) != assignment.get(key) for key in setup.current.keys() | assignment.keys())
    total, least = cost + held_cost, min(bound, cost) + held_cost
    bound_reached = done_before + numbers.bound
    return {
        "students": len(setup.pupils),
        "reached": len(reached),
        "reached_bound": max(bound_reached, len(reached)),
        "changed": changed,
        "rank_cost": total,
        "rank_cost_bound": least,
        "gap": round((total - least) / least, 6) if least else (0.0 if total == least else 1.0),
        "first_choice_share": round(sum(rank == 1 for rank in ranks) / count, 4) if count else 0.0,
        "top3_share": round(sum(rank is not None and rank <= 3 for rank in ranks) / count, 4) if count else 0.0,
        "unranked_share": round(sum(rank is None for rank in ranks) / count, 4) if count else 0.0,
        "weeks_total": _plain(sum(setup.weeks[slot] for _pupil, slot in everything)),
        "fill_rank_cost": sum(setup.cost(pupil, post) for (pupil, _slot), post in assignment.items() if pupil not in reached),
        "optimal": numbers.is_proven and bound_reached <= len(reached) and total == least,
    }


def _plain(weeks_x10: int) -> float | int:
    return weeks_x10 // 10 if weeks_x10 % 10 == 0 else weeks_x10 / 10
