"""Rooms, people, rubrics and topics that two plan at the same moment: the second sees what the first has done, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, DefenceGroup, Rubric, Topic
from enterprises.capstones.types import Side, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, ProgrammeVersion

pytestmark = pytest.mark.database
TIMES = {"today": TODAY, "now": NOW}
SCHOOL = SupervisorRole.SCHOOL


def _form(cohort_id: int, people: list[int], room: str) -> Callable[[], object]:
    def act() -> object:
        chair, *members, secretary = [session().get_one(Person, key) for key in people]
        return operations.form_group(
            cohort=session().get_one(Cohort, cohort_id), name=f"组{people[0]}", room=room, on=TODAY, starts_minute=540, minutes_each=30,
            chair=chair, members=members, secretary=secretary, by=SYSTEM, now=NOW,
        )  # fmt: skip

    return act


@pytest.mark.parametrize("shared", ["room", "person"])
def test_two_heads_do_not_plan_one_room_or_person_at_once(committed: Flask, shared: str) -> None:
    with committed.app_context(), transaction():
        first = make.case()
        programme = ground.programme(session().get_one(Organisation, first.student.university_id)) if shared == "room" else None
        second = make.case(programme=programme)
        cohorts = [found.student.cohort_id for found in (first, second)]
        people = [make.signer().id for _n in range(8)]
    one, other = people[:4], people[4:]
    rooms = ("A1", "a 1")
    if shared == "person":
        other[1], rooms = one[0], ("A1", "B1")
    acts = [_form(key, who, room) for key, who, room in zip(cohorts, (one, other), rooms, strict=True)]
    assert together(committed, *acts) == ["", "clash"]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(DefenceGroup)) == 1


def _group(found: make.Case, chair: Person) -> int:
    cohort = session().get_one(Cohort, found.student.cohort_id)
    return operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=chair,
        members=[ground.person(), ground.person()], secretary=make.signer(), by=SYSTEM, now=NOW,
    ).id  # fmt: skip


def test_no_place_is_given_to_who_ends_or_gets_a_supervisor_of_the_panel_meanwhile(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found, gone = make.case(), make.case()
        for one in (found, gone):
            make.submit(one)
        chair = ground.person()
        ground.teacher(of=found.programme, who=chair)
        _group(found, chair)
        _group(gone, ground.person())
        keys, cohorts, person_id = [one.capstone.id for one in (found, gone)], [one.student.cohort_id for one in (found, gone)], chair.id

    def timetable(number: int) -> Callable[[], object]:
        return lambda: operations.timetable(cohort=session().get_one(Cohort, cohorts[number]), by=SYSTEM, **TIMES)

    def supervise() -> object:
        capstone, person = session().get_one(Capstone, keys[0]), session().get_one(Person, person_id)
        return operations.assign_supervisor(capstone=capstone, role=SCHOOL, person=person, reason="更换", by=SYSTEM, **TIMES)

    def withdraw() -> object:
        return operations.withdraw(capstone=session().get_one(Capstone, keys[1]), reason="退学", by=SYSTEM, **TIMES)

    assert together(committed, supervise, timetable(0)) == ["", ""]
    assert together(committed, withdraw, timetable(1)) == ["", ""]
    with committed.app_context():
        assert [queries.slots_of(key) for key in keys] == [[], []]


def test_a_rubric_that_is_adopted_twice_at_once_is_one_edition(committed: Flask) -> None:
    with committed.app_context(), transaction():
        version = ground.version()
        key, number = version.id, queries.points_of(version.id)[0][2].number
    items = [{"code": "item0", "label": "全部", "hint": "", "weight": 100, "points": [number]}]
    weights = {"school": 50, "enterprise": 50, "review": 0, "defence": 0}

    def adopt(label: str) -> Callable[[], object]:
        mine = [items[0] | {"label": label}]
        return lambda: operations.adopt_rubric(
            version=session().get_one(ProgrammeVersion, key), items=mine, weights=weights, opened_at=0, by=SYSTEM, now=NOW
        )

    assert together(committed, adopt("全部"), adopt("全部")) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Rubric).where(Rubric.version_id == key)) == 1
    assert together(committed, adopt("甲"), adopt("乙")) == ["stale", "stale"]


def test_a_topic_that_is_proposed_twice_at_once_is_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        enterprise_id, programme_id = ground.enterprise().id, ground.programme().id

    def propose(problem: str, title: str = "节拍优化") -> Callable[[], object]:
        return lambda: operations.propose_topic(
            enterprise=session().get_one(Organisation, enterprise_id), programme_id=programme_id, title=title, problem=problem,
            proposing_side=Side.ENTERPRISE, by=SYSTEM, **TIMES,
        )  # fmt: skip

    assert together(committed, propose("超出 20 秒"), propose("超出 20 秒")) == ["", ""]
    assert together(committed, propose("甲", "工装设计"), propose("乙", "工装设计")) == ["", "same_title"]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Topic)) == 2
