"""The plan of a case: how many (exact), who (published order, then lottery), where and when (least rank cost), then the seats left over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from enterprises.placements.planner import continuity, turns
from enterprises.placements.planner.crossing import untangle
from enterprises.placements.planner.deciding import Placed, Wider, place
from enterprises.placements.planner.explain import explain
from enterprises.placements.planner.prepare import NOWHERE, UNRANKED, Bools, Ints, Setup, prepare
from enterprises.placements.planner.reach import Reach, everyone, reach
from enterprises.placements.planner.repairing import least_changes, least_changes_for_everyone
from enterprises.placements.planner.ties import ties
from enterprises.placements.planner.types import Assignment, Case, Options, Plan, Triple
from enterprises.placements.types import Aim

DEFAULT = Options()
SHARE = 0.5
"""The share of the time left that may go into settling the ties of those who go first."""


def _silent(_step: int) -> None:
    """Nobody wants to know."""


def solve(case: Case, *, seed: int = 1, time_limit: float = 60.0, options: Options = DEFAULT, tell: Callable[[int], None] = _silent) -> Plan:
    """Plan a case. The same case and seed give the same plan, whatever the order of its rows.

    Objectives, each within the optimum of those before: most students reach their target; fewest student-terms change
    against `case.current`; least rank cost of those who reach. `figures` are those of the contract; `weeks_total` counts
    the weeks placed, the shares count student-terms. `tell` is called with 1 to `steps.STEPS` as each step is done.

    With `is_wishes_first` the objectives are those of the students who handed in wishes; then those of the others, for what is left.
    """
    began = time.monotonic()
    until = began + time_limit
    is_split = options.is_wishes_first and turns.is_split(case)
    options = replace(options, is_wishes_first=False)  # each part is a plan as any other, and small ones are solved as one programme
    if not is_split:
        return _solve(case, seed, until, options, tell)
    alone = _solve(turns.first(case), seed, until, options, _silent)
    plan, proven = _beside(case, alone, seed, until, options, tell)
    plain = replace(case, current=None) if case.current is not None else case
    together = _reached(plain, seed, until, options)
    anywhere = _reached(plain, seed, until, replace(options, is_one_enterprise=False))[0] if options.is_one_enterprise else None
    return turns.joined(case, alone, plan, proven, together, anywhere, round(time.monotonic() - began, 3), aim=options.aim)


def _beside(case: Case, alone: Plan, seed: int, until: float, options: Options, tell: Callable[[int], None]) -> tuple[Plan, turns.Proven]:
    """The others beside those who took part, of whose equally good plans the one is taken that leaves most; and what is proven of it."""
    given, proven = turns.given_to(case, alone), turns.Proven()
    untangled = untangle(case)
    known = None
    if options == DEFAULT and case.current is None and not untangled.bases:
        now = time.monotonic()
        known = ties(prepare(untangled.case, seed), turns.took_part(case), alone, now + (until - now) * SHARE)
    if known is not None and (settled := known.settle()) is not None:
        given, proven.others = [*settled[0], *_fixed_of(case, given)], settled[1]
    plan = _solve(turns.second(case, given), seed, until, options, tell)
    reached = turns.reached_of_others(case, plan)
    if known is None or proven.others is None or len(reached) != proven.others or (cheapest := known.cheapest(reached)) is None:
        return plan, proven
    proven.cost = cheapest[1]
    if cheapest[1] < turns.cost_of_others(case, plan):
        other = _solve(turns.second(case, [*cheapest[0], *_fixed_of(case, given)]), seed, until, options, _silent)
        if turns.reached_of_others(case, other) == reached and turns.cost_of_others(case, other) < turns.cost_of_others(case, plan):
            plan = other
    return plan, proven


def _fixed_of(case: Case, given: list[Triple]) -> list[Triple]:
    """Those rows that were fixed before."""
    fixed = {one[:2] for one in case.fixed}
    return [one for one in given if one[:2] in fixed]


def _reached(case: Case, seed: int, until: float, options: Options) -> tuple[int, int]:
    """How many reach when everybody is planned at once, found and at most: what it costs to plan some first. In which order counts for nothing here."""
    untangled = untangle(replace(case, pupils=tuple(replace(one, priority=0) for one in case.pupils)))
    setup = prepare(untangled.case, seed)
    done, numbers = int((setup.need <= 0).sum()), _count(setup, until, options)[0]
    bounds = [_count(prepare(wider, seed), until, options)[0].bound for wider in untangled.wider] or [numbers.bound]
    return done + numbers.total, done + min(bounds)


def _solve(case: Case, seed: int, until: float, options: Options, tell: Callable[[int], None]) -> Plan:
    began = time.monotonic()
    untangled = untangle(case)
    setup = prepare(untangled.case, seed)
    tell(1)
    numbers, homes = _count(setup, until, options)
    anywhere = reach(setup, until).bound if homes is not None else 0  # what hard continuity costs
    tell(2)
    chosen, single = choose(setup, numbers)
    if homes is not None:
        found = continuity.place_at_one(setup, homes, chosen, single, until)
    else:
        found = place(setup, numbers, chosen, single, until, options)
    placed = found.table
    for wider in untangled.wider:
        _widen(prepare(wider, seed), setup, numbers, found, (chosen, single), until, options)
    tell(3)
    fill(setup, placed, options)
    tell(4)
    figures = _figures(setup, numbers, placed, found)
    if homes is not None:
        figures["reached_anywhere"] = int((setup.need <= 0).sum()) + anywhere
    if untangled.bases:
        figures["shared_bases"] = list(untangled.bases)
    if found.kept_first:
        figures["kept_first"] = True
    figures["seconds"] = round(time.monotonic() - began, 3)
    told = explain(setup, placed, case, is_one_enterprise=options.is_one_enterprise)
    return Plan(_assignments(setup, placed), tuple(told), figures, _solver())


def _count(setup: Setup, until: float, options: Options) -> tuple[Reach, continuity.Homes | None]:
    """Step 1: how many reach; with hard continuity also where."""
    if options.is_one_enterprise:
        homes = continuity.reach_at_one(setup, until, options.aim)
        return homes.reach, homes
    is_for_all = options.aim is Aim.EVERYONE
    numbers = everyone(setup, until) if is_for_all else reach(setup, until)
    if setup.current is not None:
        numbers = (least_changes_for_everyone if is_for_all else least_changes)(setup, numbers, until)
    return numbers, None


def _widen(wide: Setup, setup: Setup, numbers: Reach, found: Placed, who: tuple[Ints, Ints], until: float, options: Options) -> None:
    """Take the bounds from a case that allows more than was solved; of several such cases the sharper bound holds.

    `numbers` and `found` keep what was found; what the wider case can do better is no longer said to be proven.
    """
    more, homes = _count(wide, until, options)
    changes = 0 if setup.current is None else int((np.where(setup.held == NOWHERE, found.table, setup.held) != setup.current).sum())
    is_first = setup.current is None or (more.changes is not None and changes <= more.changes)
    if numbers.is_single:
        is_first = is_first and more.is_proven and int(numbers.numbers.sum()) >= int(more.numbers.sum())
    bound = more.bound if is_first or not numbers.is_single else reach(wide, until).bound
    theirs = who if homes is None else choose(wide, more)
    if not is_first or len(who[1]) or any(not np.array_equal(mine, other) for mine, other in zip(who, theirs, strict=True)):
        cost = 0
    elif homes is None:
        cost = place(wide, numbers, *who, until, options).bound
    else:
        cost = continuity.place_at_one(wide, homes, *who, until).bound
    found.wider.append(Wider(bound, is_first, cost))


def _solver() -> str:
    import ortools
    import scipy

    return f"HiGHS of scipy {scipy.__version__}, OR-tools {ortools.__version__}"


def choose(setup: Setup, numbers: Reach) -> tuple[Ints, Ints]:
    """Step 2: of each group as many as step 1 says, by the published order, then by lottery: those who reach, and the next who get one slot; in order."""
    groups, found = numbers.groups, numbers.unknowns

    def counts(some: Bools) -> Ints:
        return np.bincount(found.group[some], numbers.numbers[some], minlength=len(groups.size)).astype(np.int64)

    most = counts(found.reaches)
    more = most + (counts(~found.reaches) if numbers.is_single else 0)
    inside = np.flatnonzero(groups.of >= 0)
    inside = inside[np.lexsort((setup.lottery[inside], groups.of[inside]))]
    of = groups.of[inside]
    turn = np.arange(len(of)) - np.searchsorted(of, of)
    return np.sort(inside[turn < most[of]]), np.sort(inside[(turn >= most[of]) & (turn < more[of])])


def weeks_of(setup: Setup, placed: Ints) -> Ints:
    """[N] tenths of a week placed."""
    return (placed != NOWHERE) @ setup.weeks


def fill(setup: Setup, placed: Ints, options: Options = DEFAULT) -> None:
    """Step 4: seats left over go to those who stay below, most weeks first (when everybody counts: fewest first); afterwards
    nobody below could take a free seat (under hard continuity: at the enterprise where the student is).
    """
    homes = continuity.homes_of(setup) if options.is_one_enterprise else None
    left, room = setup.seats.copy(), setup.limits.most.copy()
    pupil, slot, post = setup.rows(placed)
    np.subtract.at(left, (slot, post), 1)
    setup.limits.take(room, slot, post)
    missing = setup.need - weeks_of(setup, placed)
    have = np.array([one.target_x10 for one in setup.pupils], dtype=np.int64) - missing
    below = np.flatnonzero(missing > 0)
    longest = sorted(range(len(setup.slots)), key=lambda one: (-setup.weeks[one], one))
    turn = have[below] if options.aim is Aim.EVERYONE else -have[below]
    for pupil in below[np.lexsort((setup.lottery[below], turn))].tolist():
        for slot in longest:
            if missing[pupil] <= 0:
                break
            if placed[pupil, slot] != NOWHERE or not setup.free[pupil] >> slot & 1:
                continue
            is_open = (left[slot] > 0) & setup.accepts[setup.kind[pupil]]
            if len(setup.limits):
                is_open &= setup.limits.is_open(room[slot])
            if homes is not None:
                mine = placed[pupil][placed[pupil] != NOWHERE]
                home = setup.firm[mine[0]] if len(mine) else homes[pupil]
                is_open &= (setup.firm == home) | (home < 0)
            if not is_open.any():
                continue
            post = _best(setup, pupil, np.flatnonzero(is_open))
            placed[pupil, slot] = post
            left[slot, post] -= 1
            setup.limits.take(room, slot, post)
            missing[pupil] -= setup.weeks[slot]


def _best(setup: Setup, pupil: int, posts: Ints) -> int:
    return int(posts[np.argmin(setup.cost(np.full(len(posts), pupil), posts))])


def _assignments(setup: Setup, placed: Ints) -> tuple[Assignment, ...]:
    pupil, slot, post = setup.rows(np.where(setup.held == NOWHERE, placed, setup.held))
    ids = [one.id for one in setup.pupils]
    ranks = _ranks(setup, pupil, post)
    return tuple(
        Assignment(ids[p], setup.slots[s], setup.posts[q], r) for p, s, q, r in zip(pupil.tolist(), slot.tolist(), post.tolist(), ranks, strict=True)
    )


def _ranks(setup: Setup, pupil: Ints, post: Ints) -> list[int | None]:
    """As wished; a student who ranked below the cost of no wish lists every position, so the wishes themselves are asked."""
    cost, far = setup.cost(pupil, post), setup.wishes.is_far[pupil]
    ranks: list[int | None] = [None if one == UNRANKED else one + 1 for one in cost.tolist()]
    for row in np.flatnonzero(far | (cost == UNRANKED)).tolist():
        ranks[row] = setup.case.wishes.get(setup.pupils[pupil[row]].id, {}).get(setup.posts[post[row]])
    return ranks


def _figures(setup: Setup, numbers: Reach, placed: Ints, found: Placed) -> dict[str, Any]:
    weeks = weeks_of(setup, placed)
    is_there = weeks >= setup.need
    reached, done_before = int(is_there.sum()), int((setup.need <= 0).sum())
    pupil, _slot, post = setup.rows(np.where(setup.held == NOWHERE, placed, setup.held))
    cost = setup.cost(pupil, post)
    ranks = np.array([0 if rank is None else rank for rank in _ranks(setup, pupil, post)], dtype=np.int64)
    count = len(ranks)
    total = int(cost[is_there[pupil]].sum())
    held_pupil, _slot, held_post = setup.rows(setup.held)
    cheapest = max((one.cost for one in found.wider), default=found.bound)
    least = min(total, cheapest + int(setup.cost(held_pupil, held_post)[is_there[held_pupil]].sum()))
    bound_reached = done_before + min((one.reached for one in found.wider), default=numbers.bound)
    is_best = numbers.is_proven and found.is_proven and (not found.wider or any(one.is_first for one in found.wider))
    changed = 0 if setup.current is None else int((np.where(setup.held == NOWHERE, placed, setup.held) != setup.current).sum())

    def share(some: Any) -> float:
        return round(int(some.sum()) / count, 4) if count else 0.0

    return {
        "students": len(setup.pupils),
        "reached": reached,
        "reached_bound": max(bound_reached, reached),
        "changed": changed,
        "rank_cost": total,
        "rank_cost_bound": least,
        "gap": round((total - least) / least, 6) if least else (0.0 if total == least else 1.0),
        "first_choice_share": share(ranks == 1),
        "top3_share": share((ranks >= 1) & (ranks <= 3)),
        "unranked_share": share(ranks == 0),
        "weeks_total": _plain(int(weeks.sum() + weeks_of(setup, setup.held).sum())),
        "one_enterprise_share": _staying(setup, placed),
        "fill_rank_cost": int(cost[~is_there[pupil]].sum()),
        "optimal": is_best and bound_reached <= reached and total == least,
    }


def _staying(setup: Setup, placed: Ints) -> float:
    """The share of those with several terms who spend them all at one enterprise."""
    firms = np.full(placed.shape, -1)
    firms[placed != NOWHERE] = setup.firm[placed[placed != NOWHERE]]
    several = (placed != NOWHERE).sum(axis=1) > 1
    if not several.any():
        return 0.0
    stays = (firms == firms.max(axis=1, keepdims=True)) | (firms < 0)
    return round(float(stays[several].all(axis=1).mean()), 4)


def _plain(weeks_x10: int) -> float | int:
    return weeks_x10 // 10 if weeks_x10 % 10 == 0 else weeks_x10 / 10
