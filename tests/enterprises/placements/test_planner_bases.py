"""The room of a base over all its positions: part of what is solved, equal to a direct model, also beside the limits of mentors."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from enterprises.placements.planner import exact
from enterprises.placements.planner.limits import Crossing
from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.prepare import prepare
from enterprises.placements.planner.telling import proof, told
from enterprises.placements.planner.types import Case, Options, Plan, Post, Pupil, Slot
from enterprises.placements.types import Aim
from tests.enterprises.placements.test_planner import check, direct, random_case
from tests.enterprises.placements.test_planner_options import missed, model, most_and_cost, stays


def with_bases(seed: int, *, is_mentor_bound: bool = False, with_current: bool = False) -> Case:
    """A random case at bases with less room than seats. With limits of mentors a base lies inside an enterprise, or is shared by
    two whole enterprises; without, it lies anywhere.
    """
    dice = random.Random(f"bases/{seed}")
    case = random_case(9000 + seed, with_current=with_current)
    firms = sorted({post.enterprise for post in case.posts})
    shared = dict.fromkeys(dice.sample(firms, min(2, len(firms))), "joint") if is_mentor_bound and dice.random() < 0.5 else {}

    def base(post: Post) -> str:
        if not is_mentor_bound:
            return dice.choice(["b0", "b1", ""])
        return shared.get(post.enterprise) or dice.choice([f"{post.enterprise}-0", f"{post.enterprise}-1", ""])

    posts = tuple(replace(post, base=base(post)) for post in case.posts)
    room = {
        (name, slot.id): dice.randint(0, 3) for name in sorted({post.base for post in posts} - {""}) for slot in case.slots if dice.random() < 0.8
    }
    mentors = {firm: dice.randint(0, 4) for firm in firms} if is_mentor_bound else None
    return replace(case, posts=posts, base_room=room, mentors=mentors)


def room_holds(case: Case, plan: Plan) -> bool:
    base = {post.id: post.base for post in case.posts}
    firm = {post.id: post.enterprise for post in case.posts}
    there, loads = Counter((base[a.post], a.slot) for a in plan.assignments), Counter((firm[a.post], a.slot) for a in plan.assignments)
    return all(count <= (case.base_room or {}).get(where, count) for where, count in there.items()) and all(
        case.mentors is None or count <= case.mentors[one] for (one, _slot), count in loads.items()
    )


@pytest.mark.parametrize("is_mentor_bound", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_plans_within_the_room_of_bases_equal_a_direct_model(seed: int, is_mentor_bound: bool) -> None:
    case = with_bases(seed, is_mentor_bound=is_mentor_bound)
    plan = solve(case, seed=seed)
    assert room_holds(case, plan)
    most, cost = most_and_cost(case, plan)
    assert plan.figures["reached"] == plan.figures["reached_bound"] == most
    assert (plan.figures["rank_cost"], plan.figures["optimal"]) == (cost, True)


@pytest.mark.parametrize("seed", range(30))
def test_large_cases_are_solved_by_flows_that_know_the_room(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "LIMIT", 0)
    case = with_bases(200 + seed, is_mentor_bound=bool(seed % 2))
    plan = solve(case, seed=seed)
    assert room_holds(case, plan)
    most, cost = most_and_cost(case, plan)
    assert plan.figures["reached"] == most
    assert plan.figures["rank_cost_bound"] <= cost <= plan.figures["rank_cost"]


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("seed", range(30))
def test_a_repair_keeps_to_the_room_of_bases(seed: int, is_whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_whole:
        monkeypatch.setattr(exact, "LIMIT", 0)
    case = with_bases(400 + seed, with_current=True)
    plan = solve(case, seed=seed)
    check(case, plan)
    most, _fewest, cost = direct(case)
    assert plan.figures["reached"] == most + sum(one.prior_x10 >= one.target_x10 for one in case.pupils)
    if is_whole:
        assert plan.figures["rank_cost"] == cost


@pytest.mark.parametrize("is_mentor_bound", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_everyone_and_one_enterprise_keep_to_the_room_of_bases(seed: int, is_mentor_bound: bool) -> None:
    case = with_bases(600 + seed, is_mentor_bound=is_mentor_bound)
    everyone = solve(case, seed=seed, options=Options(aim=Aim.EVERYONE))
    placed = {a.pupil for a in everyone.assignments}
    nothing = sum(one.id not in placed for one in case.pupils if one.target_x10 > one.prior_x10)
    assert room_holds(case, everyone)
    wanted = model(case, lambda c: float(not c[1] and c[0].target_x10 > c[0].prior_x10), missed)
    assert [nothing, -everyone.figures["reached"]] == wanted
    together = solve(case, seed=seed, options=Options(is_one_enterprise=True))
    assert room_holds(case, together)
    assert stays(case, together)
    assert (together.figures["reached"], together.figures["rank_cost"]) == most_and_cost(case, together, at_one=True)


def test_the_solver_and_not_the_wishes_counted_before_says_which_seats_stay() -> None:
    """One place at a base; the position with most wishes takes only students who are elsewhere at less cost."""
    slots = (Slot("t", 320),)
    posts = (Post("p1", "e", frozenset("a"), base="b"), Post("p2", "e", frozenset("c"), base="b"), Post("p3", "e", frozenset("a")))
    seats = {("p1", "t"): 1, ("p2", "t"): 1, ("p3", "t"): 2}
    pupils = (Pupil("s1", "a"), Pupil("s2", "a"), Pupil("s3", "c"))
    plan = solve(Case(slots, posts, seats, pupils, {"s1": {"p1": 1}, "s2": {"p1": 1}}, base_room={("b", "t"): 1}))
    assert [(a.pupil, a.post) for a in plan.assignments] == [("s1", "p3"), ("s2", "p3"), ("s3", "p2")]
    assert (plan.figures["reached"], plan.figures["optimal"]) == (3, True)


def test_who_does_not_get_a_full_base_is_told_how_many_places_it_has() -> None:
    posts = (Post("p1", "e", base="b"), Post("p2", "e", base="b"))
    case = Case((Slot("t", 320),), posts, {("p1", "t"): 3, ("p2", "t"): 3}, tuple(Pupil(f"s{n}", "a") for n in range(4)), base_room={("b", "t"): 2})
    plan = solve(case)
    assert len(plan.assignments) == 2
    assert {("6 个席位" in told(one.why), "b的容量" in told(one.why), "2 人" in told(one.why)) for one in plan.unplaced} == {(True, True, True)}


def crossing(seed: int, *, with_current: bool = False) -> Case:
    """A random case with bases across enterprises that mentors limit and that offer elsewhere too."""
    dice = random.Random(f"crossing/{seed}")
    case = random_case(12000 + seed, with_current=with_current)
    posts = tuple(replace(post, base=dice.choice(["b0", "b0", "b1", ""])) for post in case.posts)
    room = {(name, slot.id): dice.randint(0, 4) for name in ("b0", "b1") if any(p.base == name for p in posts) for slot in case.slots}
    return replace(case, posts=posts, base_room=room, mentors={firm: dice.randint(1, 4) for firm in sorted({post.enterprise for post in posts})})


@cache
def planned(seed: int) -> Plan:
    """The plan of a case with crossing limits, for the tests that ask different things of it."""
    return solve(crossing(seed), seed=seed)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_said_to_be_proven_of_crossing_limits_is_true_in_a_direct_model(seed: int) -> None:
    case, plan = crossing(seed), planned(seed)
    assert room_holds(case, plan)
    (most, cost), figures = most_and_cost(case, plan), plan.figures
    assert figures["reached"] <= most <= figures["reached_bound"]
    if figures["reached"] == most:
        assert figures["rank_cost_bound"] <= cost
    if figures["optimal"]:
        assert (figures["reached"], figures["rank_cost"]) == (most, cost)


def test_crossing_limits_leave_some_claims_and_take_some() -> None:
    """Neither is "proven" said of everything that crosses, nor is it given up where the bound is reached."""
    shared = [planned(seed).figures for seed in range(60) if "shared_bases" in planned(seed).figures]
    assert {one["optimal"] for one in shared} == {True, False}
    assert any(one["reached"] < one["reached_bound"] for one in shared)


@pytest.mark.parametrize("seed", range(20))
def test_other_aims_claim_no_more_of_crossing_limits(seed: int) -> None:
    case = crossing(seed)
    everyone = solve(case, seed=seed, options=Options(aim=Aim.EVERYONE))
    placed = {a.pupil for a in everyone.assignments}
    nothing = sum(one.id not in placed for one in case.pupils if one.target_x10 > one.prior_x10)
    fewest, most = model(case, lambda c: float(not c[1] and c[0].target_x10 > c[0].prior_x10), missed)
    assert room_holds(case, everyone)
    if everyone.figures["optimal"]:
        assert [nothing, -everyone.figures["reached"]] == [fewest, most]
    together = solve(case, seed=seed, options=Options(is_one_enterprise=True))
    assert room_holds(case, together)
    best, cost = most_and_cost(case, together, at_one=True)
    assert together.figures["reached"] <= best <= together.figures["reached_bound"]
    if together.figures["optimal"]:
        assert together.figures["rank_cost"] == cost


@pytest.mark.parametrize("seed", range(20))
def test_a_repair_claims_no_more_of_crossing_limits(seed: int) -> None:
    case = crossing(100 + seed, with_current=True)
    plan = solve(case, seed=seed)
    assert room_holds(case, plan)
    most = -model(case, missed)[0]
    assert plan.figures["reached"] <= most <= plan.figures["reached_bound"]


def test_the_planner_s_limits_refuse_what_crosses() -> None:
    posts = (Post("p1", "e1", base="b"), Post("p2", "e2", base="b"), Post("p3", "e1"))
    seats = {(post.id, "t"): 3 for post in posts}
    pupils = tuple(Pupil(f"s{n}", "a") for n in range(5))
    case = Case((Slot("t", 320),), posts, seats, pupils, mentors={"e1": 2, "e2": 2}, base_room={("b", "t"): 2})
    with pytest.raises(Crossing):
        prepare(case, 1)
    figures = solve(case).figures
    assert (figures["reached"], figures["reached_bound"], figures["optimal"], figures["shared_bases"]) == (3, 4, False, ["b"])


def test_a_bound_that_is_not_reached_is_told_as_a_bound() -> None:
    """One place at the base: its seat goes to the position with the wish, whose student could be elsewhere."""
    slots = (Slot("t", 320),)
    posts = (Post("p1", "e1", frozenset("a"), base="b"), Post("p2", "e2", frozenset("c"), base="b"), Post("p3", "e1", frozenset("a")))
    seats = {("p1", "t"): 1, ("p2", "t"): 1, ("p3", "t"): 2}
    pupils = (Pupil("s1", "a"), Pupil("s2", "a"), Pupil("s3", "c"))
    case = Case(slots, posts, seats, pupils, {"s1": {"p1": 1}, "s2": {"p1": 1}}, mentors={"e1": 2, "e2": 1}, base_room={("b", "t"): 1})
    figures = solve(case).figures
    assert (figures["reached"], figures["reached_bound"], figures["optimal"]) == (2, 3, False)  # a direct model finds three
    is_proven, heading, text = proof(figures, Aim.COMPLETE, bases={"b": "联合基地"})
    assert (is_proven, heading) == (False, "上限 3 人，达到 2 人")
    assert "联合基地" in text
    assert "不会多于 3 人" in text


def test_proven_is_said_of_what_was_asked_for() -> None:
    figures = {"reached": 2, "reached_bound": 2, "optimal": True, "rank_cost": 0, "rank_cost_bound": 0}
    assert "更多学生达到周数" in proof(figures, Aim.COMPLETE)[2]
    assert "什么实习都没有" in proof(figures, Aim.EVERYONE)[2]
    assert "同一企业" in proof(figures, Aim.COMPLETE, is_one_enterprise=True)[2]


def test_the_room_is_part_of_the_input() -> None:
    case = with_bases(1)
    assert case.as_data() != replace(case, base_room=None).as_data()
    assert case.as_data() != replace(case, posts=tuple(replace(post, base="") for post in case.posts)).as_data()
