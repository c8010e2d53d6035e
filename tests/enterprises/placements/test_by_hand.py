"""A head places one student by hand: who may, at which positions and terms, what is refused, and that a term given up can be given again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases.models import BaseProfile
from enterprises.placements import labels, operations, queries
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import PlacementState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.i18n import in_language
from trainhub.people.types import StudentState

NOW = make.NOW
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A school with a term and a position of one seat at a base for two, another school with its own term at the same position, two students."""
    with transaction():
        university, other, enterprise = ground.university(), ground.university(), ground.enterprise()
        programme, foreign = ground.programme(university), ground.programme(other)
        base = ground.base(enterprise)
        make.opened_base(base=base, capacity_per_term=40)
        term = make.term(university=university, starts_on=date(2026, 9, 7))
        theirs = make.term(university=other, starts_on=date(2026, 9, 7))
        position = make.position(enterprise=enterprise, base=base, terms=[term, theirs], seats=1, title="前端开发")
        wide = make.position(enterprise=enterprise, base=base, terms=[term], seats=5, title="测试")
        narrow = make.position(enterprise=enterprise, terms=[term], seats=5, title="护理", majors=["620201"])
        students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2)]
        stranger = ground.student(foreign, petoe_since=date(2023, 9, 1))
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        return SimpleNamespace(
            programme_id=programme.id, university_id=university.id, foreign_id=foreign.id, enterprise_id=enterprise.id, term_id=term.id,
            theirs_id=theirs.id, position_id=position.id, wide_id=wide.id, narrow_id=narrow.id, round_id=round.id,
            students=[one.id for one in students], persons=[one.person_id for one in students], stranger_id=stranger.id,
        )  # fmt: skip


def page_of(student_id: int) -> str:
    return f"/placements/students/{student_id}/place"


def sent(world: SimpleNamespace, **other: Any) -> dict[str, Any]:
    return {"term_id": world.term_id, "position_id": world.position_id, "reason": "开学后才转入本专业", **other}


@pytest.fixture
def head(world: SimpleNamespace, as_role: AsRole) -> FlaskClient:
    return as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)


def live(student_id: int) -> list[Any]:
    return queries.live_of_student(student_id)


def test_a_head_gives_a_free_seat_and_everybody_reads_why(world: SimpleNamespace, head: FlaskClient, as_role: AsRole) -> None:
    one = world.students[0]
    page = head.get(page_of(one)).get_data(as_text=True)
    assert "前端开发" in page
    assert "护理" not in page  # its major is another
    answer = head.post(page_of(one), data=sent(world))
    assert answer.status_code == 303
    (row,) = live(one)
    assert (row.position_id, row.term_id, row.is_by_hand, row.state) == (world.position_id, world.term_id, True, PlacementState.PLANNED)
    assert answer.location.endswith(f"/placements/{row.id}")
    assert "由学校直接安排：开学后才转入本专业" in head.get(f"/placements/{row.id}").get_data(as_text=True)
    with in_language("en"):
        assert labels.EXPLAINED.told(row.explanation) == "Placed directly by the school: 开学后才转入本专业"
    mine = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.persons[0])
    assert "前端开发" in mine.get("/placements/mine").get_data(as_text=True)
    assert head.post(page_of(one), data=sent(world)).status_code == 303  # again: the known one
    assert [found.id for found in live(one)] == [row.id]
    assert queries.seats_by_position({world.position_id}, [world.term_id])[world.position_id] == [(world.term_id, 1, 1)]


def test_only_who_arranges_for_the_student(world: SimpleNamespace, as_role: AsRole) -> None:
    one = world.students[0]
    for role, where in (
        (Role.STUDENT, {"programme_id": world.programme_id, "person_id": world.persons[0]}),
        (Role.ENTERPRISE_COORDINATOR, {"organisation_id": world.enterprise_id}),
        (Role.PROGRAMME_ADMIN, {"programme_id": world.foreign_id}),
        (Role.SCHOOL_SUPERVISOR, {"programme_id": world.programme_id}),
    ):
        client = as_role(role, **where)
        assert client.get(page_of(one)).status_code in (401, 403, 404)
        assert client.post(page_of(one), data=sent(world)).status_code in (401, 403, 404)
    assert live(one) == []
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id).get(page_of(one)).status_code == 200


def test_another_schools_term_and_a_position_of_another_major_are_refused(world: SimpleNamespace, head: FlaskClient) -> None:
    one = world.students[0]
    assert head.post(page_of(one), data=sent(world, term_id=world.theirs_id)).status_code == 422
    assert head.post(page_of(one), data=sent(world, position_id=world.narrow_id)).status_code == 422
    assert head.post(page_of(one), data=sent(world, reason=" ")).status_code == 422
    student, position, term = queries.student(one), queries.position(world.position_id), queries.term(world.theirs_id)
    assert position is not None and term is not None  # noqa: PT018
    with pytest.raises(BadPlacement) as refused:
        operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=NOW)
    assert refused.value.code == "foreign_term"
    assert live(one) == []


def test_no_seat_no_room_and_who_has_left_are_told_on_the_page(world: SimpleNamespace, head: FlaskClient) -> None:
    first, second = world.students
    assert head.post(page_of(first), data=sent(world)).status_code == 303
    with transaction():
        profile = db.session.scalars(select(BaseProfile)).one()
        profile.capacity_per_term = 1  # as a base that says so later
    full = head.post(page_of(second), data=sent(world, position_id=world.wide_id))
    assert full.status_code == 422
    assert "基地同一时期最多接收 1 人" in full.get_data(as_text=True)
    with transaction():
        term, other = queries.term(world.term_id), queries.position(world.position_id)
        assert term is not None and other is not None  # noqa: PT018
        operations.withdraw_placement(placement=live(first)[0], reason="换人", by=SYSTEM, now=NOW)
    assert head.post(page_of(first), data=sent(world, position_id=world.wide_id)).status_code == 303
    taken = head.post(page_of(first), data=sent(world))
    assert taken.status_code == 422
    assert "已有安排" in taken.get_data(as_text=True)
    with transaction():
        queries.student(second).state = StudentState.SUSPENDED
    away = head.post(page_of(second), data=sent(world))
    assert away.status_code == 422
    assert "不在读" in away.get_data(as_text=True)
    assert live(second) == []


def test_a_seat_that_another_took_is_told(world: SimpleNamespace, head: FlaskClient) -> None:
    """The base has room, the position none."""
    first, second = world.students
    with transaction():
        loose = queries.position(world.narrow_id)
        assert loose is not None
        loose.majors = []
        loose.title = "运维"
        for row in queries.seats_of_position(loose.id):
            row.seats = 1
    assert head.post(page_of(first), data=sent(world, position_id=world.narrow_id)).status_code == 303
    full = head.post(page_of(second), data=sent(world, position_id=world.narrow_id))
    assert full.status_code == 422
    assert "已没有空余席位" in full.get_data(as_text=True)


def test_a_term_given_up_is_given_again_by_hand(world: SimpleNamespace, head: FlaskClient) -> None:
    one = world.students[0]
    assert head.post(page_of(one), data=sent(world)).status_code == 303
    with transaction():
        operations.decline_placement(placement=live(one)[0], reason="误操作", by=SYSTEM, now=NOW)
    assert live(one) == []
    assert head.post(page_of(one), data=sent(world, reason="学生误退，重新安排")).status_code == 303
    assert [row.position_id for row in live(one)] == [world.position_id]


def test_in_a_term_that_runs_it_begins_today_and_a_term_that_is_over_is_not_offered(
    world: SimpleNamespace, head: FlaskClient, as_role: AsRole
) -> None:
    one = world.students[0]
    term = queries.term(world.term_id)
    assert term is not None
    starts, ends = term.starts_on, term.ends_on
    with time_machine.travel(make.at(starts + timedelta(days=10)), tick=False):
        late = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert late.post(page_of(one), data=sent(world)).status_code == 303
        assert live(one)[0].starts_on == starts + timedelta(days=10)
    with time_machine.travel(make.at(ends + timedelta(days=1)), tick=False):
        after = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        page = after.get(page_of(world.students[1]))
        assert page.status_code == 200
        assert "学校没有尚未结束的实习学期" in page.get_data(as_text=True)


def test_the_way_there_from_the_student_and_from_the_round(world: SimpleNamespace, head: FlaskClient) -> None:
    one = world.students[0]
    assert page_of(one) in head.get(f"/placements/students/{one}/weeks").get_data(as_text=True)
    with transaction():
        round = queries.round_(world.round_id)
        assert round is not None
        after = make.at(round.closes_on + timedelta(days=1))
        operations.plan_round(round=round, by=SYSTEM, now=after)
        operations.publish_round(round=round, by=SYSTEM, now=after)
    page = head.get(f"/placements/rounds/{world.round_id}").get_data(as_text=True)
    assert 'action="/placements/place"' in page
    assert f'value="{one}"' in page
    answer = head.get(f"/placements/place?student={one}")
    assert (answer.status_code, answer.location) == (303, page_of(one))
    assert head.get("/placements/place?student=").status_code == 404
    assert head.get("/placements/place?student=x").status_code == 404
