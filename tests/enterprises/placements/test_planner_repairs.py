"""Repairs when everybody counts: fewest with nothing, most who reach, then fewest changes, against a direct integer model."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from enterprises.placements.planner import exact
from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.types import Case, Options, Plan, Post, Pupil, Slot
from enterprises.placements.types import Aim
from tests.enterprises.placements.test_planner import check, least_whole, random_case

EVERYONE = Options(aim=Aim.EVERYONE)


def direct(case: Case, *, only: set[str] | None = None) -> tuple[int, int, int, int]:
    """(fewest with nothing, most who reach, fewest changes, least rank cost of those who reach), each within those before.

    A schedule is a way through the terms: a least one that suffices, a part of what the student holds, or one place. `only` fixes who
    reaches.
    """
    weeks = {slot.id: slot.weeks_x10 for slot in case.slots}
    current = {(s, t): p for s, t, p in case.current or ()}
    columns: list[tuple[str, dict[str, str], tuple[float, ...]]] = []
    for pupil in case.pupils:
        need = pupil.target_x10 - pupil.prior_x10
        ways = []
        for slot in case.slots:
            can = [p.id for p in case.posts if (not p.majors or pupil.major in p.majors) and case.seats.get((p.id, slot.id), 0)]
            ways.append([None, *can] if slot.id not in pupil.blocked and need > 0 else [None])
        for way in product(*ways):
            taken = {slot.id: post for slot, post in zip(case.slots, way, strict=True) if post is not None}
            total = sum(weeks[slot] for slot in taken)
            reaches = 0 < need <= total
            if reaches and any(total - weeks[slot] >= need for slot in taken):
                continue
            if reaches and only is not None and pupil.id not in only:
                continue
            if not reaches and len(taken) > 1 and any(current.get((pupil.id, slot)) != post for slot, post in taken.items()):
                continue
            changes = sum(current.get((pupil.id, slot.id)) != taken.get(slot.id) for slot in case.slots)
            cost = sum(case.wishes.get(pupil.id, {}).get(post, 16) - 1 for post in taken.values()) if reaches else 0
            columns.append((pupil.id, taken, (float(need > 0 and not taken), -float(reaches), float(changes), float(cost))))
    rows = [[float(c[0] == pupil.id) for c in columns] for pupil in case.pupils]
    low, high = [1.0] * len(rows), [1.0] * len(rows)
    for (post, slot_id), count in case.seats.items():
        rows.append([float(c[1].get(slot_id) == post) for c in columns])
        low.append(0.0)
        high.append(count)
    found = []
    # Two values are one number: of nine students fewer than ten reach, and in four terms they cost less than a thousand.
    for first, second, weight in ((0, 1, 10), (2, 3, 1000)):
        values = [weight * c[2][first] + c[2][second] for c in columns]
        found.append(least_whole(values, rows, low, high))
        rows.append(values)
        low.append(-math.inf)
        high.append(found[-1])
    nothing, (fewest, cost) = -(-found[0] // 10), divmod(found[1], 1000)
    return nothing, 10 * nothing - found[0], fewest, cost


def weeks_after(case: Case, plan: Plan) -> dict[str, int]:
    weeks = {one.id: one.weeks_x10 for one in case.slots}
    have = {one.id: one.prior_x10 for one in case.pupils}
    for a in plan.assignments:
        have[a.pupil] += weeks[a.slot]
    return have


def filled(case: Case, plan: Plan) -> int:
    """How many student-terms the fill added for those below: all of their new terms, but for the one place of who kept nothing."""
    have, current = weeks_after(case, plan), {(s, t): p for s, t, p in case.current or ()}
    count = 0
    for one in case.pupils:
        mine = {a.slot: a.post for a in plan.assignments if a.pupil == one.id}
        if have[one.id] >= one.target_x10 or not mine:
            continue
        new = sum((one.id, slot) not in current for slot in mine)
        count += new if new < len(mine) else new - 1
    return count


def with_nothing(case: Case, plan: Plan) -> int:
    placed = {a.pupil for a in plan.assignments}
    return sum(one.id not in placed for one in case.pupils if one.target_x10 > one.prior_x10)


def done_before(case: Case) -> int:
    return sum(one.prior_x10 >= one.target_x10 for one in case.pupils)


@pytest.mark.parametrize("seed", range(60))
def test_repairs_for_everyone_equal_the_direct_model(seed: int) -> None:
    case = random_case(9000 + seed, with_current=True)
    plan = solve(case, seed=seed, options=EVERYONE)
    check(case, plan)
    nothing, most, fewest, cost = direct(case)
    assert (with_nothing(case, plan), plan.figures["reached"]) == (nothing, most + done_before(case))
    assert plan.figures["changed"] - filled(case, plan) == fewest
    assert (plan.figures["rank_cost"], plan.figures["rank_cost_bound"], plan.figures["optimal"]) == (cost, cost, True)


@pytest.mark.parametrize("seed", range(30))
def test_large_repairs_for_everyone_lose_nobody_and_say_only_what_is_proven(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "LIMIT", 0)
    case = random_case(9500 + seed, with_current=True)
    plan = solve(case, seed=seed, options=EVERYONE)
    check(case, plan)
    nothing, most, fewest, _cost = direct(case)
    assert (with_nothing(case, plan), plan.figures["reached"]) == (nothing, most + done_before(case))
    changed = plan.figures["changed"] - filled(case, plan)
    assert changed >= fewest
    if plan.figures["optimal"]:
        have = weeks_after(case, plan)
        there = {one.id for one in case.pupils if have[one.id] >= one.target_x10}
        assert (changed, plan.figures["rank_cost"]) == (fewest, direct(case, only=there)[3])


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_a_plan_for_everyone_is_its_own_repair(seed: int, is_whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under hard continuity: whoever draws another lot takes nobody's place."""
    if not is_whole:
        monkeypatch.setattr(exact, "LIMIT", 0)
    case = random_case(9700 + seed)
    for options in (EVERYONE, replace(EVERYONE, is_one_enterprise=True)):
        plan = solve(case, seed=seed, options=options)
        held = replace(case, current=tuple((a.pupil, a.slot, a.post) for a in plan.assignments))
        again = solve(held, seed=seed + 100, options=options)
        assert (again.figures["changed"], again.figures["reached"]) == (0, plan.figures["reached"])


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("options", [Options(), EVERYONE, Options(is_one_enterprise=True), replace(EVERYONE, is_one_enterprise=True)])
def test_who_has_the_only_place_keeps_it(options: Options, is_whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_whole:
        monkeypatch.setattr(exact, "LIMIT", 0)
    slots, posts, pupils = (Slot("t", 320),), (Post("p", "e"),), (Pupil("a", "m"), Pupil("b", "m"))
    case = Case(slots, posts, {("p", "t"): 1}, pupils)
    for seed in range(1, 7):
        for holder in "ab":
            plan = solve(replace(case, current=((holder, "t", "p"),)), seed=seed, options=options)
            assert ([a.pupil for a in plan.assignments], plan.figures["changed"]) == ([holder], 0)


@pytest.mark.parametrize("options", [Options(), Options(is_wishes_first=True)])
@pytest.mark.parametrize("signed", ["A", "B"])
def test_of_as_few_changes_those_are_taken_that_leave_what_was_signed(signed: str, options: Options) -> None:
    """One seat of two is lost and there is one elsewhere: who moves is whoever has not signed, whatever the wishes; a term accepted comes after one signed."""
    slots, posts = (Slot("t", 320),), (Post("p", "e"), Post("q", "e"))
    pupils = tuple(Pupil(one, "m") for one in "AB")
    other = "B" if signed == "A" else "A"
    wishes = {signed: {"q": 1, "p": 2}, other: {"p": 1, "q": 2}}
    rows = (("A", "t", "p"), ("B", "t", "p"))
    case = Case(slots, posts, {("p", "t"): 1, ("q", "t"): 1}, pupils, wishes, (), rows, worth={(signed, "t", "p"): 3, (other, "t", "p"): 1})
    plan = solve(case, options=options)
    assert {one[:3] for one in plan.assignments} == {(signed, "t", "p"), (other, "t", "q")}
    assert plan.figures["changed"] == 1
    assert case.as_data() != replace(case, worth={}).as_data()
    # Those who handed in nothing too, where they only keep what is left.
    none = replace(case, wishes={}, seats={("p", "t"): 1, ("q", "t"): 0})
    assert [one[:3] for one in solve(none, options=options).assignments] == [(signed, "t", "p")]
    third = replace(
        none,
        slots=slots,
        posts=(*posts, Post("r", "e")),
        pupils=(*pupils, Pupil("C", "m")),
        wishes={"C": {"r": 1}},
        seats={**none.seats, ("r", "t"): 1},
    )
    assert {one[:3] for one in solve(third, options=Options(is_wishes_first=True)).assignments} == {(signed, "t", "p"), ("C", "t", "r")}
