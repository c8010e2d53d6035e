"""What nobody would read otherwise is told to the heads and stands among their tasks: leave without a mentor who could decide, own places of
students, placements of who left the school."""

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

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import EventKind, WithdrawalSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY
FRIDAY = STARTS + timedelta(days=4)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.at(FRIDAY)}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs since Monday 2 March 2026, its mentor without an account; head and enterprise have one. It is Friday."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student, free = (ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2))
        mentor = make.mentor(enterprise=enterprise)
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
        return SimpleNamespace(
            row=row, key=row.id, student=student, free=free, term=term, mentor=mentor, head_id=head.id, host_id=host.id, programme_id=programme.id,
            enterprise_id=enterprise.id,
        )  # fmt: skip


def told(kind: str, account_id: int) -> int:
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == account_id)).all())


def ask(world: SimpleNamespace, kind: EventKind = EventKind.ABSENCE) -> Any:
    return operations.report_event(placement=queries.placement(world.key), kind=kind, since=FRIDAY, until=FRIDAY, text="看病", **WHOLE)


@pytest.mark.parametrize(("has_account", "is_named", "count"), [(False, True, 1), (True, True, 0), (False, False, 1)])
def test_leave_that_no_mentor_can_read_is_told_to_the_heads(world: SimpleNamespace, has_account: bool, is_named: bool, count: int) -> None:
    if has_account:
        identity.account(person=people_queries.person(world.mentor.person_id))
    if not is_named:
        world.row.mentor_id = None
    ask(world)
    assert told("placements.absence_asked", world.head_id) == count


def test_what_is_open_is_a_task_of_the_heads(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert "处理请假与记事" not in head.get("/").text
        with transaction():
            event = ask(world)
        assert "处理请假与记事" in head.get("/").text
        with transaction():
            operations.decide_absence(event=event, placement=queries.placement(world.key), is_approved=True, **WHOLE)
        assert "处理请假与记事" not in head.get("/").text
        with transaction():
            ask(world, EventKind.INCIDENT)
        assert "处理请假与记事" in head.get("/").text


def test_a_place_that_a_student_found_is_told_and_stands_among_the_tasks(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert "审核自主联系的实习" not in head.get("/").text
        with transaction():
            found = [
                operations.propose_self_found(student=world.free, term=world.term, enterprise_name="某厂", title="装配", **WHOLE) for _n in range(2)
            ]
        assert (found[0].id, told("placements.self_found_proposed", world.head_id)) == (found[1].id, 1)
        assert "审核自主联系的实习" in head.get("/").text
        with transaction():
            operations.return_self_found(row=found[0], reason="请补充证明", **WHOLE)
        assert "审核自主联系的实习" not in head.get("/").text


def test_a_second_place_of_a_term_is_not_said_to_be_handed_in(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.free.person_id)
        sent = {"term_id": world.term.id, "enterprise_name": "某厂", "title": "装配", "text": "与专业一致"}
        pages = [
            student.post("/placements/self-found", data={**sent, "submission_key": key, **more}, follow_redirects=True)
            for key, more in (("a" * 32, {}), ("b" * 32, {}), ("c" * 32, {"enterprise_name": "另一家厂"}))
        ]
        assert [(page.status_code, "已提交学校审核。" in page.text, "请先撤回那一项" in page.text) for page in pages] == [
            (200, True, False), (200, True, False), (422, False, True),
        ]  # fmt: skip
        assert [row.enterprise_name for row in queries.self_found_of(world.free.id)] == ["某厂"]


@pytest.mark.parametrize("state", [StudentState.WITHDRAWN, StudentState.SUSPENDED])
def test_placements_of_who_left_stand_on_the_round_and_among_the_tasks(world: SimpleNamespace, as_role: AsRole, state: StudentState) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        assert "处理不在读学生的实习安排" not in head.get("/").text
        with transaction():
            day = {"left_on": FRIDAY, "left_reason": "本人申请"} if state is StudentState.WITHDRAWN else {"state_on": FRIDAY}
            people.change_student(student=people_queries.student(world.student.id), state=state, **day, **WHOLE)
        page = head.get("/").text
        assert "处理不在读学生的实习安排" in page
        listed = head.get("/placements/?state=absent").text
        assert people_queries.person(world.student.person_id).name in listed
        with transaction():
            operations.withdraw_placement(placement=queries.placement(world.key), reason="学生离校", side=WithdrawalSide.SCHOOL, **WHOLE)
        assert "处理不在读学生的实习安排" not in head.get("/").text


@pytest.mark.parametrize("state", [StudentState.WITHDRAWN, StudentState.SUSPENDED, StudentState.ENROLLED])
def test_nothing_begins_for_who_is_not_at_school(world: SimpleNamespace, state: StudentState) -> None:
    row = operations.place_student(student=world.free, position=queries.position(world.row.position_id), term=world.term, **WHOLE)
    row.starts_on = STARTS
    make.ready(row, world.mentor)
    world.free.state = state
    if state is StudentState.ENROLLED:
        assert operations.start_placement(placement=row, today=FRIDAY, **WHOLE).started_on == FRIDAY
        return
    with pytest.raises(WrongState) as refused:
        operations.start_placement(placement=row, today=FRIDAY, **WHOLE)
    assert refused.value.code == "not_enrolled"
