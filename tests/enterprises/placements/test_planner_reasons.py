"""What is said of a plan is true: what binds is named, seats are counted as people count them, proofs say under which premises."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from enterprises.placements.planner.plan import solve
from enterprises.placements.planner.telling import proof, told
from enterprises.placements.planner.types import Case, Options, Post, Pupil, Slot
from enterprises.placements.types import Aim
from trainhub.kernel.i18n import in_language

SLOTS = (Slot("t", 320, "秋季"),)
PUPILS = tuple(Pupil(f"s{n}", "080901") for n in range(3))


def why(case: Case) -> dict[str, object]:
    return solve(case).unplaced[0].why


def test_when_mentors_bind_the_seats_are_told_as_they_are_offered(session: Session) -> None:
    case = Case(SLOTS, (Post("p", "e", name="甲公司 · 岗位"),), {("p", "t"): 20}, PUPILS, mentors={"e": 1}, called={"e": "甲公司"})
    found = why(case)
    assert (found["cause"], found["seats"], found["room"], found["missing"]) == ("room_short", 20, 1, 2)
    text = told(found)
    assert ("20 个席位" in text, "1 个席位" in text.replace("20 个席位", ""), "甲公司的指导教师" in text, "1 人" in text, "还缺 2 个" in text) == (
        True, False, True, True, True,
    )  # fmt: skip
    with in_language("en"):
        assert "20 seats" in told(found)
        assert "mentors of 甲公司" in told(found)


def test_when_the_room_of_a_base_binds_the_base_is_named() -> None:
    case = Case(
        SLOTS, (Post("p", "e", base="b"), Post("q", "f", base="b")), {("p", "t"): 5, ("q", "t"): 4}, PUPILS, base_room={("b", "t"): 2}, called={"b": "乙基地"}
    )  # fmt: skip
    found = why(case)
    assert (found["cause"], found["seats"], found["room"], found["missing"]) == ("room_short", 9, 2, 1)
    assert "乙基地的容量" in told(found)


def test_without_a_name_the_id_is_told() -> None:
    assert "e1" in told(why(Case(SLOTS, (Post("p", "e1"),), {("p", "t"): 2}, PUPILS, mentors={"e1": 1})))


@pytest.mark.parametrize(("seats", "mentors", "cause"), [(2, None, "seats_short"), (2, 2, "seats_short"), (2, 1, "room_short")])
def test_what_binds_first_is_the_cause(seats: int, mentors: int | None, cause: str) -> None:
    case = Case(SLOTS, (Post("p", "e"),), {("p", "t"): seats}, PUPILS, mentors=None if mentors is None else {"e": mentors})
    assert why(case)["cause"] == cause


@pytest.mark.parametrize("mentors", [None, 2])
def test_seats_held_by_fixed_rows_are_counted(mentors: int | None) -> None:
    case = Case(SLOTS, (Post("p", "e"),), {("p", "t"): 2}, PUPILS, fixed=(("s0", "t", "p"),), mentors=None if mentors is None else {"e": mentors})
    found = why(case)
    assert (found["cause"], found["seats"], found["missing"]) == ("seats_short", 2, 1)
    assert "2 个席位" in told(found)
    short = why(replace(case, seats={("p", "t"): 9}, mentors={"e": 2}))
    assert (short["cause"], short["seats"], short["room"]) == ("room_short", 9, 2)


def test_a_shared_base_whose_seats_were_shared_out_beforehand_is_named() -> None:
    posts = (Post("p1", "e1", frozenset("a"), base="b"), Post("p2", "e2", frozenset("c"), base="b"), Post("p3", "e1", frozenset("x")))
    seats = {("p1", "t"): 3, ("p2", "t"): 3, ("p3", "t"): 2}
    pupils = (Pupil("s1", "a"), Pupil("s2", "a"), Pupil("s3", "a"))
    case = Case(SLOTS, posts, seats, pupils, {"s1": {"p1": 1}}, mentors={"e1": 9, "e2": 9}, base_room={("b", "t"): 1}, called={"b": "联合基地"})
    found = why(case)
    assert (found["cause"], found["seats"], found["room"]) == ("room_short", 3, 1)
    assert "联合基地的容量" in told(found)


def test_a_proof_says_for_whom_wishes_are_met_best() -> None:
    """Order and lottery chose who; with others the cost could be less."""
    figures = {"reached": 2, "reached_bound": 2, "optimal": True, "rank_cost": 0, "rank_cost_bound": 0, "changed": 0}
    for aim in Aim:
        plan, repair = proof(figures, aim)[2], proof(figures, aim, is_repair=True)[2]
        assert ("按优先次序和抽签" in plan, "改动最少" in plan) == (True, False)
        assert ("按优先次序和抽签" in repair, "改动最少" in repair) == (False, True)
        assert ("先安排一个学期" in plan) == (aim is Aim.EVERYONE)


def test_the_premise_is_true_another_choice_of_who_can_be_cheaper() -> None:
    """One seat, two alike: one wished for it. Whoever draws first has it; the proof holds under that premise alone."""
    case = Case(SLOTS, (Post("p", "e"),), {("p", "t"): 1}, PUPILS[:2], {"s0": {"p": 1}})
    costs = {solve(case, seed=seed, options=Options()).figures["rank_cost"] for seed in range(8)}
    assert costs == {0, 15}
