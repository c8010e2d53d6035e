"""Who goes first: participants before those who handed in no wishes, a published order before the lottery. Against direct models."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from enterprises.placements.planner import ties
from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.prepare import minimal_sets
from enterprises.placements.planner.telling import proof, told
from enterprises.placements.planner.types import Case, Options, Plan, Post, Pupil, Slot
from enterprises.placements.types import Aim
from tests.enterprises.placements.test_planner import check, random_case
from tests.enterprises.placements.test_planner_options import Column, Direct, missed, model, stays, with_mentors

FIRST = Options(is_wishes_first=True)


def quieter(seed: int) -> Case:
    """A random case in which about half of the students handed in nothing."""
    case, dice = random_case(9000 + seed), random.Random(seed)
    return replace(case, wishes={key: ranks for key, ranks in case.wishes.items() if dice.random() < 0.6})


def ordered(case: Case, seed: int) -> Case:
    """The case with classes of a published order, 0: none."""
    dice = random.Random(seed)
    return replace(case, pupils=tuple(replace(one, priority=dice.choice([0, 0, 1, 2, 3])) for one in case.pupils))


def left_over(case: Case, plan: Plan, ours: frozenset[str]) -> Case:
    """What is left for the others when the participants have what the plan gives them."""
    used = Counter((one.post, one.slot) for one in plan.assignments if one.pupil in ours)
    seats = {key: count - used[key] for key, count in case.seats.items()}
    return replace(case, seats=seats, pupils=tuple(one for one in case.pupils if one.id not in ours))


def taken_from_participants(case: Case, plan: Plan) -> list[tuple[str, str, str]]:
    """Participants who stay below, and each seat of who did not take part that they could use: student, term, position."""
    pupils, posts = {one.id: one for one in case.pupils}, {one.id: one for one in case.posts}
    given = {(one.pupil, one.slot) for one in plan.assignments}
    participants = [pupils[one.pupil] for one in plan.unplaced if one.pupil in case.wishes]
    return [
        (other.id, one.slot, one.post)
        for one in plan.assignments
        if one.pupil not in case.wishes
        for other in participants
        if one.slot not in other.blocked and (not (majors := posts[one.post].majors) or other.major in majors) and (other.id, one.slot) not in given
    ]


def in_order(column: Column) -> float:
    """Who reaches, and of which class of the published order: a digit each, for no random case has more than nine students."""
    pupil, _taken, total = column
    return -float(1000 + (0, 100, 10, 1)[pupil.priority]) if total >= pupil.target_x10 else 0.0


def digits(found: int) -> list[int]:
    """How many reach, and of the first, second and third class."""
    return [int(one) for one in f"{found:04d}"]


@pytest.mark.parametrize("seed", range(60))
def test_participants_are_planned_as_if_nobody_else_were_there(seed: int) -> None:
    case = quieter(seed)
    ours = frozenset(case.wishes)
    plan = solve(case, seed=seed, options=FIRST)
    check(case, plan)
    assert taken_from_participants(case, plan) == []
    below = {one.pupil for one in plan.unplaced}
    alone = replace(case, pupils=tuple(one for one in case.pupils if one.id in ours))

    def dear(column: Column) -> float:
        pupil, taken, total = column
        if total >= pupil.target_x10 and pupil.id in below:
            return 1e6  # the lottery chose others
        return sum(case.wishes[pupil.id].get(post, 16) - 1 for post in taken.values()) if total >= pupil.target_x10 else 0.0

    most, cost = model(alone, missed, dear) if alone.pupils else (0, 0)
    rest = left_over(case, plan, ours)
    others = model(rest, missed)[0] if rest.pupils else 0
    assert sum(one.id not in below for one in alone.pupils) == -most
    assert sum(one.id not in below for one in rest.pupils) == -others
    paid = sum((16 if one.rank is None else one.rank) - 1 for one in plan.assignments if one.pupil in ours and one.pupil not in below)
    assert paid == cost
    assert (plan.figures["reached"], plan.figures["reached_bound"]) == (-most - others, -most - others)
    assert plan.figures["rank_cost_bound"] <= plan.figures["rank_cost"]
    if 0 < len(ours) < len(case.pupils):
        assert plan.figures["reached"] <= plan.figures["reached_together"] == solve(case, seed=seed).figures["reached"]


@pytest.mark.parametrize("seed", range(60))
def test_nobody_who_did_not_take_part_has_a_seat_that_a_participant_below_could_use(seed: int) -> None:
    """Without further options the plans of `test_participants_are_planned_as_if_nobody_else_were_there` are asked the same."""
    case = quieter(100 + seed)
    for options in (replace(FIRST, aim=Aim.EVERYONE), replace(FIRST, bonus=3)):
        plan = solve(case, seed=seed, options=options)
        check(case, plan)
        assert taken_from_participants(case, plan) == []


def test_one_seat_goes_to_who_asked_for_it_whatever_the_seed() -> None:
    case = Case((Slot("t", 320),), (Post("p", "e"),), {("p", "t"): 1}, tuple(Pupil(one, "m") for one in "ABC"), {"A": {"p": 1}})
    assert {tuple(one.pupil for one in solve(case, seed=seed, options=FIRST).assignments) for seed in range(12)} == {("A",)}
    assert len({tuple(one.pupil for one in solve(case, seed=seed).assignments) for seed in range(12)}) > 1  # off: the lottery of the contract
    plan = solve(case, options=FIRST)
    assert [told(one.why).endswith("本轮先安排填报了志愿的学生，该生没有填报。") for one in plan.unplaced] == [True, True]
    assert "以先安排填报了志愿的学生为条件" in proof(plan.figures, Aim.COMPLETE)[2]


def test_it_may_cost_completions_and_says_how_many() -> None:
    """One needs both seats, two need one each: who took part goes first all the same."""
    slots = (Slot("a", 160), Slot("b", 160))
    pupils = (Pupil("A", "m"), Pupil("B", "m", 160, blocked=frozenset("b")), Pupil("C", "m", 160, blocked=frozenset("a")))
    case = Case(slots, (Post("p", "e"),), {("p", "a"): 1, ("p", "b"): 1}, pupils, {"A": {"p": 1}})
    assert solve(case).figures["reached"] == 2
    figures = solve(case, options=FIRST).figures
    assert (figures["reached"], figures["reached_together"], figures["optimal"]) == (1, 2, True)


@pytest.mark.parametrize("blocked", ["a", "b"])
def test_of_two_places_as_good_for_a_participant_the_one_is_taken_that_leaves_a_seat_to_the_other(blocked: str) -> None:
    slots = (Slot("a", 160), Slot("b", 160))
    pupils = (Pupil("A", "m", 160), Pupil("B", "m", 160, blocked=frozenset(blocked)))
    case = Case(slots, (Post("p", "e"),), {("p", "a"): 1, ("p", "b"): 1}, pupils, {"A": {"p": 1}})
    figures = solve(case, options=FIRST).figures
    assert (figures["reached"], figures["reached_bound"], figures["optimal"]) == (2, 2, True)


def test_where_ties_were_not_looked_at_nothing_is_said_to_be_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large cases, repairs that change something, everyone first and continuity: the bound is the one without the switch."""
    slots = (Slot("a", 160), Slot("b", 160))
    pupils = (Pupil("A", "m", 160), Pupil("B", "m", 160, blocked=frozenset("a")), Pupil("C", "m", 160, blocked=frozenset("a")))
    case = Case(slots, (Post("p", "e"),), {("p", "a"): 1, ("p", "b"): 1}, pupils, {"A": {"p": 1}})
    for options in (replace(FIRST, aim=Aim.EVERYONE), replace(FIRST, bonus=2), replace(FIRST, is_one_enterprise=True)):
        figures = solve(case, options=options).figures
        assert (figures["reached_bound"], figures["reached_together"], figures["optimal"]) == (2, 2, False)
    repair = solve(replace(case, current=(("B", "a", "p"),)), options=FIRST).figures
    assert (repair["reached_bound"], repair["optimal"]) == (2, False)
    monkeypatch.setattr(ties, "LIMIT", 0)
    figures = solve(case, options=FIRST).figures
    assert (figures["reached_bound"], figures["optimal"]) == (2, False)
    if figures["reached"] < 2:
        assert "这个上限是不分先后时的人数" in proof(figures, Aim.COMPLETE)[2]
    # Nothing changes: there is no other plan of its kind.
    kept = solve(replace(case, current=(("A", "a", "p"), ("B", "b", "p"))), options=FIRST).figures
    assert (kept["changed"], kept["reached"], kept["optimal"]) == (0, 2, True)


def test_where_nobody_can_be_anywhere_nobody_goes_first_and_the_plan_is_proven() -> None:
    case = Case((Slot("t", 320),), (Post("p", "e"),), {("p", "t"): 1}, (Pupil("A", "m"), Pupil("B", "m")), {"A": {"p": 1}})
    blocked = replace(case, pupils=tuple(replace(one, blocked=frozenset("t")) for one in case.pupils))
    for nowhere in (blocked, replace(case, seats={("p", "t"): 0}, pupils=(replace(case.pupils[0], blocked=frozenset("t")), case.pupils[1]))):
        plan = solve(nowhere, options=FIRST)
        assert ([one.pupil for one in plan.unplaced], plan.figures["reached"], plan.figures["optimal"]) == (["A", "B"], 0, True)


def test_wishes_first_is_told_where_a_participant_took_a_seat_and_the_order_beside_it() -> None:
    slots, posts = (Slot("t", 320),), (Post("p", "e", frozenset(["m1"])), Post("q", "e", frozenset(["m2"])))
    pupils = (Pupil("A", "m1"), Pupil("B", "m2", priority=1), Pupil("C", "m2", priority=2))
    case = Case(slots, posts, {("p", "t"): 1, ("q", "t"): 1}, pupils, {"A": {"p": 1}})
    (short,) = solve(case, options=FIRST).unplaced
    assert (short.pupil, short.why["after"]) == ("C", ["priority"])
    assert "先安排填报" not in told(short.why)
    # A participant whose major the position takes too: both causes are told.
    both = replace(case, posts=(replace(posts[0], majors=frozenset()), posts[1]), seats={("p", "t"): 1, ("q", "t"): 1})
    (short,) = solve(both, options=FIRST).unplaced
    assert (short.pupil, short.why["after"]) == ("C", ["priority", "wishes"])
    assert told(short.why).endswith("本轮先安排填报了志愿的学生，该生没有填报。 席位先给了公布的优先次序在前的学生。")


@pytest.mark.parametrize("seed", range(60))
def test_under_the_values_of_the_participants_most_of_the_others_reach(seed: int) -> None:
    """One direct model over everybody: who of the participants reaches, at their cost, what the others of them have of weeks and wishes; then the others."""
    case = quieter(seed) if seed % 2 else ordered(quieter(seed), seed)
    if seed % 3 == 0:
        dice = random.Random(seed)
        case = replace(case, mentors={firm: dice.randint(1, 4) for firm in sorted({post.enterprise for post in case.posts})})
    ours = frozenset(case.wishes)
    alone = solve(replace(case, pupils=tuple(one for one in case.pupils if one.id in ours)), seed=seed)
    plan = solve(case, seed=seed, options=FIRST)
    done, below = ours - {one.pupil for one in alone.unplaced}, {one.pupil for one in alone.unplaced}
    kept = {(one.pupil, one.slot) for one in alone.assignments if one.pupil in below}
    assert {one.pupil for one in plan.unplaced} & ours == below
    weeks = {slot.id: slot.weeks_x10 for slot in case.slots}

    def rank(pupil: Pupil, posts: Iterable[str]) -> int:
        return sum(case.wishes.get(pupil.id, {}).get(post, 16) - 1 for post in posts)

    def loses(column: Column) -> float:
        pupil, taken, total = column
        return float((pupil.id in done and total < pupil.target_x10) or any(who == pupil.id and slot not in taken for who, slot in kept))

    def dear(column: Column) -> float:
        return rank(column[0], column[1].values()) if column[0].id in done else 0.0

    def filled(column: Column) -> float:
        pupil, taken, _total = column
        return rank(pupil, [post for slot, post in taken.items() if (pupil.id, slot) in kept]) if pupil.id in below else 0.0

    def more(column: Column) -> float:
        return -float(sum(weeks[slot] for slot in column[1])) if column[0].id in below else 0.0

    def others(column: Column) -> float:
        return in_order(column) if column[0].id not in ours else 0.0

    paid = sum((16 if one.rank is None else one.rank) - 1 for one in alone.assignments if (one.pupil, one.slot) in kept)
    direct = Direct(case)
    found = direct.least(loses, dear, filled, more, others)
    assert found[0] == 0
    assert found[2] <= paid
    got = {one.id for one in case.pupils} - ours - {u.pupil for u in plan.unplaced}
    counted = [sum(one.id in got and one.priority == number for one in case.pupils) for number in (1, 2, 3)]
    assert [len(got), *counted] == digits(-found[4])
    assert plan.figures["reached"] == plan.figures["reached_bound"] == len(done) + len(got)
    if plan.figures["optimal"]:

        def theirs(column: Column) -> float:
            pupil, taken, total = column
            return 0.0 if pupil.id in ours or total < pupil.target_x10 else 15.0 * len(taken) if pupil.id in got else 1e6

        assert direct.least(theirs) == [sum(15 for one in plan.assignments if one.pupil in got)]


@pytest.mark.parametrize("seed", range(20))
def test_participants_first_at_one_enterprise_with_mentors_and_in_a_repair(seed: int) -> None:
    case, dice = with_mentors(1100 + seed), random.Random(seed)
    case = replace(case, wishes={key: ranks for key, ranks in case.wishes.items() if dice.random() < 0.6})
    alone = replace(case, pupils=tuple(one for one in case.pupils if one.id in case.wishes))
    for options in (FIRST, replace(FIRST, is_one_enterprise=True)):
        plan = solve(case, seed=seed, options=options)
        below = {one.pupil for one in plan.unplaced}
        most = model(alone, missed, at_one=options.is_one_enterprise)[0] if alone.pupils else 0
        assert sum(one.id not in below for one in alone.pupils) == -most
        assert not options.is_one_enterprise or stays(case, plan)
        again = solve(replace(case, current=tuple((a.pupil, a.slot, a.post) for a in plan.assignments)), seed=seed, options=options)
        assert (again.figures["changed"], again.figures["reached"]) == (0, plan.figures["reached"])


def test_in_a_repair_whoever_holds_a_seat_keeps_it() -> None:
    slots, posts = (Slot("t", 320),), (Post("p", "e"), Post("q", "e"))
    pupils = tuple(Pupil(one, "m") for one in "AB")
    case = Case(slots, posts, {("p", "t"): 1, ("q", "t"): 1}, pupils, {"A": {"p": 1}}, (), (("B", "t", "p"), ("A", "t", "q")))
    plan = solve(case, options=FIRST)
    assert ([one[:3] for one in plan.assignments], plan.figures["changed"]) == ([("A", "t", "q"), ("B", "t", "p")], 0)
    # One seat is lost: who took part stays.
    lost = replace(case, seats={("p", "t"): 1, ("q", "t"): 0})
    assert [one[:3] for one in solve(lost, options=FIRST).assignments] == [("B", "t", "p")]
    shared = replace(lost, seats={("p", "t"): 1, ("q", "t"): 0}, current=(("B", "t", "p"), ("A", "t", "p")))
    assert [one[:3] for one in solve(shared, options=FIRST).assignments] == [("A", "t", "p")]


# -- the published order ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(60))
def test_among_all_maxima_most_of_the_first_class_then_of_the_second(seed: int) -> None:
    case = ordered(random_case(9500 + seed) if seed % 2 else with_mentors(950 + seed), seed)
    for options in (Options(), Options(is_one_enterprise=True)):
        plan = solve(case, seed=seed, options=options)
        done = {one.id for one in case.pupils} - {one.pupil for one in plan.unplaced}
        counted = [sum(one.id in done and one.priority == number for one in case.pupils) for number in (1, 2, 3)]
        [most] = model(case, in_order, at_one=options.is_one_enterprise)
        assert [plan.figures["reached"], *counted] == digits(-most)


@pytest.mark.parametrize("seed", range(40))
def test_inside_a_group_the_order_decides_before_the_lottery(seed: int) -> None:
    case = ordered(random_case(9700 + seed), seed)
    weeks = tuple(slot.weeks_x10 for slot in sorted(case.slots, key=lambda one: one.id))
    for options in (Options(), Options(aim=Aim.EVERYONE), FIRST):
        plan = solve(case, seed=seed, options=options)
        check(case, plan)
        below = {one.pupil for one in plan.unplaced}
        groups: dict[object, list[Pupil]] = {}
        for one in case.pupils:
            free = sum(1 << at for at, slot in enumerate(sorted(case.slots, key=lambda one: one.id)) if slot.id not in one.blocked)
            family = minimal_sets(one.target_x10 - one.prior_x10, free, weeks)
            takes = frozenset(post.id for post in case.posts if not post.majors or one.major in post.majors)
            if family:
                groups.setdefault((takes, family, options.is_wishes_first and one.id in case.wishes), []).append(one)
        for group in groups.values():
            reached = [one.priority or 9 for one in group if one.id not in below]
            assert max(reached, default=0) <= min((one.priority or 9 for one in group if one.id in below), default=9)


def test_the_order_is_told_and_changes_the_hash_only_where_there_is_one() -> None:
    case = Case((Slot("t", 320),), (Post("p", "e"),), {("p", "t"): 1}, tuple(Pupil(one, "m") for one in "ABC"))
    first = replace(case, pupils=(Pupil("A", "m"), Pupil("B", "m", priority=2), Pupil("C", "m", priority=1)))
    assert [{a.pupil for a in solve(first, seed=seed).assignments} for seed in range(8)] == [{"C"}] * 8
    assert [told(one.why).endswith("席位先给了公布的优先次序在前的学生。") for one in solve(first).unplaced] == [True, True]
    assert not any("优先次序" in told(one.why) for one in solve(case).unplaced)
    assert case.as_data() != first.as_data()
    assert case.as_data()[3] == [["A", "m", 0, 320, []], ["B", "m", 0, 320, []], ["C", "m", 0, 320, []]]
