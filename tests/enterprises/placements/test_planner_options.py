"""What the planner does when it is asked for more than the default: mentors' limits, everyone, one enterprise; fixed rows; repairs."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from enterprises.placements.planner import exact
from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.prepare import minimal_sets
from enterprises.placements.planner.types import Case, Options, Plan, Post, Pupil, Slot
from enterprises.placements.types import Aim
from tests.enterprises.placements.test_planner import check, least_whole, random_case

EVERYONE = Options(aim=Aim.EVERYONE)
Column = tuple[Pupil, dict[str, str], int]
"""A student, a way through the terms, tenths of a week after it."""


class Direct:
    """An integer programme over whole schedules that knows seats, mentors and bases; it keeps each optimum as a row before the next is asked."""

    def __init__(self, case: Case, *, at_one: bool = False) -> None:
        weeks = {slot.id: slot.weeks_x10 for slot in case.slots}
        firm = {post.id: post.enterprise for post in case.posts}
        columns: list[Column] = []
        for pupil in case.pupils:
            ways = []
            for slot in case.slots:
                can = [p.id for p in case.posts if (not p.majors or pupil.major in p.majors) and case.seats.get((p.id, slot.id), 0)]
                ways.append([None, *can] if slot.id not in pupil.blocked and pupil.target_x10 > pupil.prior_x10 else [None])
            for way in product(*ways):
                taken = {slot.id: post for slot, post in zip(case.slots, way, strict=True) if post is not None}
                total = pupil.prior_x10 + sum(weeks[slot] for slot in taken)
                if at_one and len({firm[one] for one in taken.values()}) > 1:
                    continue
                if all(total - weeks[slot] < pupil.target_x10 for slot in taken):
                    columns.append((pupil, taken, total))
        self.columns = columns
        self.rows = [([float(c[0].id == pupil.id) for c in columns], 1.0, 1.0) for pupil in case.pupils]
        for (post, slot_id), count in case.seats.items():
            self.rows.append(([float(c[1].get(slot_id) == post) for c in columns], 0.0, count))
        for one, slot in product(sorted({post.enterprise for post in case.posts}) if case.mentors is not None else (), case.slots):
            self.rows.append(([float(firm.get(c[1].get(slot.id, "")) == one) for c in columns], 0.0, (case.mentors or {}).get(one, 0)))
        for (base, in_slot), count in (case.base_room or {}).items():
            there = {post.id for post in case.posts if post.base == base}
            self.rows.append(([float(c[1].get(in_slot) in there) for c in columns], 0.0, count))

    def least(self, *objectives: Callable[[Column], float]) -> list[int]:
        """The least values of objectives, one after the other."""
        found = []
        for objective in objectives:
            values = [objective(column) for column in self.columns]
            found.append(least_whole(values, *zip(*self.rows, strict=True)))
            self.rows.append((values, -math.inf, found[-1]))
        return found


def model(case: Case, *objectives: Callable[[Column], float], at_one: bool = False) -> list[int]:
    """The least values of objectives, one after the other, in a direct model."""
    return Direct(case, at_one=at_one).least(*objectives)


def missed(column: Column) -> float:
    return -float(column[2] >= column[0].target_x10)


def most_and_cost(case: Case, plan: Plan, *, at_one: bool = False) -> tuple[int, int]:
    """How many can reach, and the least rank cost of as many when they are those of the plan."""
    done = {one.id for one in case.pupils} - {u.pupil for u in plan.unplaced}

    def dear(column: Column) -> float:
        pupil, taken, total = column
        if total >= pupil.target_x10 and pupil.id not in done:
            return 1e6  # the lottery chose others
        return sum(case.wishes.get(pupil.id, {}).get(post, 16) - 1 for post in taken.values()) if total >= pupil.target_x10 else 0.0

    fewest, cost = model(case, missed, dear, at_one=at_one)
    return -fewest, cost


def with_mentors(seed: int) -> Case:
    case = random_case(3000 + seed)
    dice = random.Random(seed)
    return replace(case, mentors={firm: dice.randint(0, 4) for firm in sorted({post.enterprise for post in case.posts}) if dice.random() < 0.9})


@pytest.mark.parametrize("seed", range(50))
def test_no_enterprise_takes_more_than_its_mentors_can_look_after(seed: int) -> None:
    case = with_mentors(seed)
    plan = solve(case, seed=seed)
    firm = {post.id: post.enterprise for post in case.posts}
    loads = Counter((firm[a.post], a.slot) for a in plan.assignments)
    assert all(count <= (case.mentors or {}).get(one, 0) for (one, _slot), count in loads.items())
    most, cost = most_and_cost(case, plan)
    assert plan.figures["reached"] == plan.figures["reached_bound"] == most
    assert plan.figures["rank_cost"] == cost


@pytest.mark.parametrize("seed", range(50))
def test_everyone_first_means_fewest_with_nothing_then_most_who_reach(seed: int) -> None:
    case = random_case(4000 + seed) if seed % 2 else with_mentors(seed)
    plan = solve(case, seed=seed, options=EVERYONE)
    if case.mentors is None:
        check(case, plan)
    placed = {a.pupil for a in plan.assignments}
    nothing = sum(one.id not in placed for one in case.pupils if one.target_x10 > one.prior_x10)
    assert [nothing, -plan.figures["reached"]] == model(case, lambda c: float(not c[1] and c[0].target_x10 > c[0].prior_x10), missed)


def stays(case: Case, plan: Plan) -> bool:
    """Whether everybody is at one enterprise, and nobody beyond seats and mentors."""
    firm = {post.id: post.enterprise for post in case.posts}
    homes = {(a.pupil, firm[a.post]) for a in plan.assignments}
    taken, loads = Counter((a.post, a.slot) for a in plan.assignments), Counter((firm[a.post], a.slot) for a in plan.assignments)
    is_room = case.mentors is None or all(count <= case.mentors.get(one, 0) for (one, _slot), count in loads.items())
    return len(homes) == len({pupil for pupil, _firm in homes}) and is_room and all(count <= case.seats.get(one, 0) for one, count in taken.items())


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_hard_continuity_equals_a_direct_model(seed: int, is_whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_whole:
        monkeypatch.setattr(exact, "LIMIT", 0)  # as large cases are solved: as step 1 counted
    case = random_case(7000 + seed) if seed % 2 else with_mentors(700 + seed)
    plan = solve(case, seed=seed, options=Options(is_one_enterprise=True))
    assert stays(case, plan)
    most, least = most_and_cost(case, plan, at_one=True)
    assert plan.figures["reached"] == plan.figures["reached_bound"] == most <= plan.figures["reached_anywhere"]
    assert plan.figures["reached_anywhere"] == solve(case, seed=seed).figures["reached"]
    assert plan.figures["rank_cost_bound"] <= least <= plan.figures["rank_cost"]
    if is_whole:
        assert plan.figures["rank_cost"] == least


@pytest.mark.parametrize("seed", range(12))
def test_hard_continuity_for_everyone_and_in_a_repair(seed: int) -> None:
    case = with_mentors(800 + seed)
    everyone = solve(case, seed=seed, options=Options(aim=Aim.EVERYONE, is_one_enterprise=True))
    placed = {a.pupil for a in everyone.assignments}
    nothing = sum(one.id not in placed for one in case.pupils if one.target_x10 > one.prior_x10)
    assert stays(case, everyone)
    wanted = model(case, lambda c: float(not c[1] and c[0].target_x10 > c[0].prior_x10), missed, at_one=True)
    assert [nothing, -everyone.figures["reached"]] == wanted
    plan = solve(case, seed=seed, options=Options(is_one_enterprise=True))
    again = solve(
        replace(case, current=tuple((a.pupil, a.slot, a.post) for a in plan.assignments)), seed=seed, options=Options(is_one_enterprise=True)
    )
    assert (again.figures["changed"], again.figures["reached"]) == (0, plan.figures["reached"])


def test_a_bonus_keeps_students_at_one_enterprise() -> None:
    slots = tuple(Slot(f"t{n}", 160) for n in range(2))
    posts = (Post("p1", "e1"), Post("p2", "e1"), Post("p3", "e2"))
    seats = {("p1", "t0"): 1, ("p2", "t1"): 1, ("p3", "t0"): 1, ("p3", "t1"): 1}
    case = Case(slots, posts, seats, (Pupil("s1", "a"),), {"s1": {"p1": 1, "p3": 2, "p2": 3}})
    assert [a.post for a in solve(case).assignments] == ["p1", "p3"]
    loyal = solve(case, options=Options(bonus=2))
    assert [a.post for a in loyal.assignments] == ["p1", "p2"]
    assert (loyal.figures["one_enterprise_share"], loyal.figures["rank_cost"], loyal.figures["rank_cost_bound"]) == (1.0, 2, 1)


@pytest.mark.parametrize("seed", range(50))
def test_fixed_rows_are_as_if_the_case_were_smaller(seed: int) -> None:
    case = random_case(5000 + seed)
    dice, left, fixed = random.Random(seed), dict(case.seats), []
    for pupil in case.pupils:
        free = [s for s in case.slots if s.id not in pupil.blocked]
        can = [(s.id, p.id) for s in free for p in case.posts if (not p.majors or pupil.major in p.majors) and left[p.id, s.id] > 0]
        if can and dice.random() < 0.4:
            slot, post = dice.choice(can)
            left[post, slot] -= 1
            fixed.append((pupil.id, slot, post))
    of = {pupil: slot for pupil, slot, _post in fixed}
    weeks = {slot.id: slot.weeks_x10 for slot in case.slots}
    smaller = replace(
        case,
        seats=left,
        pupils=tuple(replace(p, prior_x10=p.prior_x10 + weeks[of[p.id]], blocked=p.blocked | {of[p.id]}) if p.id in of else p for p in case.pupils),
    )
    plan = solve(replace(case, fixed=tuple(fixed)), seed=seed)
    check(replace(case, fixed=tuple(fixed)), plan)
    assert plan.figures["reached"] == -model(smaller, missed)[0]


@pytest.mark.parametrize("seed", range(10))
def test_another_seed_changes_the_lottery_and_nothing_else(seed: int) -> None:
    case = random_case(6000 + seed)
    plans = [solve(case, seed=one) for one in range(4)]
    can = {p.id: frozenset(q.id for q in case.posts if not q.majors or p.major in q.majors) for p in case.pupils}
    weeks = tuple(slot.weeks_x10 for slot in sorted(case.slots, key=lambda one: one.id))
    free = {p.id: sum(1 << n for n, slot in enumerate(sorted(case.slots, key=lambda one: one.id)) if slot.id not in p.blocked) for p in case.pupils}
    kind = {p.id: (can[p.id], minimal_sets(p.target_x10 - p.prior_x10, free[p.id], weeks)) for p in case.pupils}

    def reached(plan: Plan) -> Any:
        return Counter(kind[p.id] for p in case.pupils if p.id not in {u.pupil for u in plan.unplaced})

    # Alike are those whom the same positions accept and for whom the same sets of terms suffice.
    assert len({plan.figures["reached"] for plan in plans}) == 1
    assert all(reached(plan) == reached(plans[0]) for plan in plans)


def town(students: int, seed: int) -> Case:
    """A case of many positions; of more than 430 students it is too large to be solved whole."""
    dice = random.Random(seed)
    slots = (Slot("a", 120), Slot("b", 120), Slot("c", 160))
    majors = [f"m{n}" for n in range(6)]
    posts = tuple(Post(f"p{n:03d}", f"e{n // 3}", frozenset(dice.sample(majors, dice.randint(1, 3)))) for n in range(students // 4))
    seats = {(post.id, slot.id): dice.choice([1, 2, 3, 4, 5]) for post in posts for slot in slots}
    pupils = tuple(Pupil(f"s{n:04d}", dice.choice(majors), dice.choice([0, 0, 40, 80, 160, 200])) for n in range(students))
    wishes = {
        one.id: {post: rank for rank, post in enumerate(dice.sample([p.id for p in posts if one.major in p.majors], 4), start=1)} for one in pupils
    }
    return Case(slots, posts, seats, pupils, wishes)


@pytest.mark.parametrize("students", [100, 450])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_repair_of_a_large_plan_changes_little_and_loses_nobody(seed: int, students: int) -> None:
    case = town(students, seed)
    plan = solve(case, seed=seed)
    check(case, plan)
    gone = plan.assignments[0].post
    left = {key: 0 if key[0] == gone else count for key, count in case.seats.items()}
    displaced = sum(a.post == gone for a in plan.assignments)
    after = replace(case, seats=left, current=tuple((a.pupil, a.slot, a.post) for a in plan.assignments))
    mended, anew = solve(after, seed=seed), solve(replace(after, current=None), seed=seed)
    check(after, mended)
    assert mended.figures["reached"] == anew.figures["reached"]
    assert displaced <= mended.figures["changed"] <= 4 * displaced
    # A position that is gone altogether is the same as one without seats.
    without = replace(
        after, posts=tuple(p for p in case.posts if p.id != gone), seats={k: n for k, n in left.items() if k[0] != gone},
        wishes={k: {p: r for p, r in v.items() if p != gone} for k, v in case.wishes.items()},
    )  # fmt: skip
    assert solve(without, seed=seed).figures["changed"] == mended.figures["changed"]


def test_nothing_to_plan_is_a_plan() -> None:
    slots, posts = (Slot("t", 160),), (Post("p", "e"),)
    assert solve(Case(slots, posts, {("p", "t"): 1}, ())).figures["students"] == 0
    for case in (Case(slots, (), {}, (Pupil("s", "a"),)), Case((), posts, {}, (Pupil("s", "a"),))):
        plan = solve(case)
        assert (plan.figures["reached"], [u.pupil for u in plan.unplaced]) == (0, ["s"])
        assert solve(case, options=EVERYONE).figures["reached"] == 0
        assert solve(replace(case, current=())).figures["changed"] == 0
