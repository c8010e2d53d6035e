"""Who goes first in a round: those who handed in wishes, where the round says so; a published order before the lottery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.own import placement_queries as own
from enterprises.placements import operations, planning, queries
from enterprises.placements.models import Round
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import PlanKind, PlanSettings
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import transaction
from trainhub.people import queries as persons

NOW = make.NOW
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Three students, one term of 32 weeks that has not begun, one position of one seat; the second has ranked it."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
        make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=1)
        students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(3)]
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=round, student=students[1], position_ids=[position.id], by=SYSTEM, now=NOW)
        readers = {"head": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)}
        for at, one in enumerate(students):
            readers[str(at)] = identity.account(person=persons.person(one.person_id), roles=(Role.STUDENT,), programme_id=programme.id)
        return SimpleNamespace(
            readers=readers, programme_id=programme.id, students=[one.id for one in students], persons=[one.person_id for one in students],
            numbers=[one.student_no for one in students], round_id=round.id, after=make.at(round.closes_on + timedelta(days=1)),
        )  # fmt: skip


def the_round(world: SimpleNamespace) -> Round:
    row = queries.round_(world.round_id)
    assert row is not None
    return row


def placed(world: SimpleNamespace, seed: int, **changes: Any) -> list[int]:
    """Who gets the seat with a seed and settings."""
    round = the_round(world)
    operations.change_round(round=round, seed=seed, by=SYSTEM, now=NOW, **changes)
    operations.plan_round(round=round, by=SYSTEM, now=world.after)
    assert round.plan is not None
    return [row[0] for row in round.plan["assignments"]]


def test_the_seat_of_who_asked_for_it_in_both_modes(world: SimpleNamespace) -> None:
    assert {tuple(placed(world, seed)) for seed in range(1, 9)} != {(world.students[1],)}
    assert {tuple(placed(world, seed, is_wishes_first=True)) for seed in range(1, 9)} == {(world.students[1],)}
    round = the_round(world)
    assert round.plan is not None
    assert round.plan["summary"]["reached_together"] == 1
    assert operations.publish_round(round=round, by=SYSTEM, now=world.after) == 1
    assert PlanSettings.of(round.plan["settings"]).is_wishes_first


def test_a_published_order_goes_before_the_lottery(world: SimpleNamespace) -> None:
    order = {world.numbers[2]: 1, world.numbers[0]: 2}
    assert {tuple(placed(world, seed, priority_rule="退役复学学生优先", priorities=order)) for seed in range(1, 7)} == {(world.students[2],)}
    assert queries.priority_lines(world.round_id) == f"{world.numbers[2]} 1\n{world.numbers[0]} 2"
    # Who took part goes before the order.
    assert placed(world, 1, is_wishes_first=True) == [world.students[1]]
    assert placed(world, 1, is_wishes_first=False) == [world.students[2]]
    before = planning.hash_of(planning.problem_of(the_round(world), today=world.after.date()))
    operations.change_round(round=the_round(world), priorities={}, by=SYSTEM, now=NOW)
    assert queries.priorities_of(world.round_id) == {}
    assert planning.hash_of(planning.problem_of(the_round(world), today=world.after.date())) != before


@pytest.mark.parametrize(
    ("rule", "order", "field"),
    [
        ("", {"own": 1}, "priority_rule"),
        ("依据", {"own": 0}, "priorities"),
        ("依据", {"own": 10}, "priorities"),
        ("依据", {"X-404": 1}, "priorities"),
    ],
)
def test_an_order_that_cannot_be_is_refused(world: SimpleNamespace, rule: str, order: dict[str, int], field: str) -> None:
    wanted = {world.numbers[0] if number == "own" else number: rank for number, rank in order.items()}
    with pytest.raises(BadPlacement) as refused:
        operations.change_round(round=the_round(world), priority_rule=rule, priorities=wanted, by=SYSTEM, now=NOW)
    assert refused.value.field == field
    assert queries.priorities_of(world.round_id) == {}


@pytest.mark.parametrize("rank", [1, 9])
def test_the_first_and_the_last_class_are_kept(world: SimpleNamespace, rank: int) -> None:
    operations.change_round(round=the_round(world), priority_rule="依据", priorities={world.numbers[0]: rank}, by=SYSTEM, now=NOW)
    assert queries.priorities_of(world.round_id) == {world.students[0]: rank}
    assert own.priorities(world.persons[0]).statement.column_descriptions


@pytest.fixture
def people(world: SimpleNamespace, app: Flask) -> dict[str, FlaskClient]:
    return {name: identity.sign_in(app, account) for name, account in world.readers.items()}


def edited(world: SimpleNamespace, people: dict[str, FlaskClient], **fields: str) -> Any:
    round = the_round(world)
    known = {"title": round.title, "opens_on": str(round.opens_on), "closes_on": str(round.closes_on), "max_preferences": "5", "seed": "1"}
    facts = {**known, "aim": "complete", "same_enterprise": "0", "is_mentor_bound": "y", "version": str(round.version), **fields}
    return people["head"].post(f"/placements/rounds/{world.round_id}/edit", data=facts)


def test_the_pages_say_who_goes_first(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    url = f"/placements/rounds/{world.round_id}"
    before = people["0"].get(f"{url}/preferences").text
    assert "先安排填报了志愿的学生" not in before
    assert "优先次序" not in before
    order = f"{world.numbers[2]}\n\n{world.numbers[0]}，2"
    assert edited(world, people, is_wishes_first="y", priority_rule="退役复学学生优先", priorities=order).status_code == 303
    assert queries.priorities_of(world.round_id) == {world.students[2]: 1, world.students[0]: 2}
    seen = {at: people[at].get(f"{url}/preferences").text for at in "012"}
    assert all("先安排填报了志愿的学生" in text and "退役复学学生优先" in text for text in seen.values())
    assert ["你在第 2 级" in seen["0"], "你不在优先名单上" in seen["1"], "你在第 1 级" in seen["2"]] == [True] * 3
    page = people["head"].get(url).text
    assert "退役复学学生优先" in page
    assert f"{world.numbers[2]} 1" in people["head"].get(f"{url}/edit").text
    with transaction():
        operations.plan_round(round=the_round(world), by=SYSTEM, now=world.after)
    page = people["head"].get(url).text
    assert "这样安排 1 人达到周数；不分先后时可达到 1 人。" in page
    assert "本轮先安排填报了志愿的学生，该生没有填报。" in page
    with transaction():
        operations.publish_round(round=the_round(world), by=SYSTEM, now=world.after)
    for at, words in (("0", "你在第 2 级"), ("1", "你不在优先名单上")):
        result = people[at].get(f"{url}/result").text
        assert words in result
        assert "填报了志愿的学生先安排" in result


def test_after_a_repair_the_page_names_fewest_changes_and_not_the_order(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    url = f"/placements/rounds/{world.round_id}"
    assert edited(world, people, priority_rule="退役复学学生优先", priorities=world.numbers[2], same_enterprise="2").status_code == 303
    with transaction():
        operations.plan_round(round=the_round(world), by=SYSTEM, now=world.after)
        operations.publish_round(round=the_round(world), by=SYSTEM, now=world.after)
    text = people["0"].get(f"{url}/result").text
    assert "让公布的优先次序在前的更多" in text
    assert "再使这样确定的学生志愿合计最靠前" in text
    assert "相当于志愿提前 2 位" in text
    with transaction():
        round = the_round(world)
        problem = planning.problem_of(round, today=local(world.after).date(), kind=PlanKind.REPAIR)
        plan = operations.keep_plan(round=round, data=planning.compute(problem, now=world.after, time_limit=30.0), by=SYSTEM, now=world.after)
        operations.publish_repair(plan=plan, round=round, by=SYSTEM, now=world.after)
    text = people["0"].get(f"{url}/result").text
    assert "安排经过修补" in text
    assert "对原有安排的改动最少" in text
    assert "你不在优先名单上" not in text
    assert "先按优先次序、再按抽签" not in text


@pytest.mark.parametrize("line", ["{0} 12", "{0} x", "{0} 1 2", "{0}\n{0} 2", "404", "{0} 0", "{0} ²"])
def test_a_line_that_is_no_entry_is_named(world: SimpleNamespace, people: dict[str, FlaskClient], line: str) -> None:
    answer = edited(world, people, priority_rule="依据", priorities=line.format(world.numbers[0]))
    assert answer.status_code == 422
    assert "优先" in answer.text or "学号" in answer.text
    assert queries.priorities_of(world.round_id) == {}


def test_the_switch_is_tried_out_before_it_is_taken(world: SimpleNamespace, people: dict[str, FlaskClient]) -> None:
    with transaction():
        operations.close_round(round=the_round(world), by=SYSTEM, now=world.after)
    url = f"/placements/rounds/{world.round_id}/what-if"
    asked = {"aim": "complete", "same_enterprise": "0", "is_mentor_bound": "1"}
    assert people["head"].post(url, data=asked).status_code == 422  # as it is set
    assert people["head"].post(url, data={**asked, "is_wishes_first": "1"}).status_code == 303
    job = queries.last_plan_job(world.round_id)
    assert job is not None
    assert PlanSettings.of(job.args["settings"]).is_wishes_first
    with transaction():
        problem = planning.problem_of(the_round(world), today=world.after.date(), settings=PlanSettings.of(job.args["settings"]))
        kept = operations.keep_plan(
            round=the_round(world), data=planning.compute(problem, now=world.after, time_limit=20.0), by=SYSTEM, now=world.after
        )
        operations.adopt_plan(plan=kept, round=the_round(world), by=SYSTEM, now=world.after)
    assert the_round(world).is_wishes_first
