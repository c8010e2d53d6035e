"""Leave whose end nobody knows yet: what is said of it, and who is asked whether it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import labels, operations, panels, queries
from enterprises.placements.types import DayProblem, EventKind, EventState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.people import queries as people
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
SINCE = date(2026, 3, 4)
NOW = make.at(SINCE)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs since 2 March 2026 for sixteen weeks; student, mentor and head have accounts."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student, mentor = ground.student(programme, petoe_since=date(2023, 9, 1)), make.mentor(enterprise=enterprise)
        for person_id in (student.person_id, mentor.person_id):
            identity.account(person=people.person(person_id))
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
    accounts = identities.accounts_of_persons([student.person_id, mentor.person_id])
    return SimpleNamespace(
        key=row.id,
        row=row,
        mentor=mentor,
        student_person=student.person_id,
        programme_id=programme.id,
        student=accounts[student.person_id],
        guide=accounts[mentor.person_id],
        head=head.id,
    )


def report(world: SimpleNamespace, **more: Any) -> Any:
    given: dict[str, Any] = {"kind": EventKind.INTERRUPTION, "since": SINCE, "until": SINCE, "text": "停产", "is_open_ended": True, **more}
    return operations.report_event(placement=queries.placement(world.key), by=SYSTEM, now=NOW, **given)


def said(account_id: int, kind: str = "") -> list[str]:
    rows = db.session.scalars(
        select(Notice).where(Notice.account_id == account_id, Notice.kind.startswith(kind or "placements.")).order_by(Notice.id)
    )
    return [text_of(row.message, row.values) for row in rows]


def remind(on: date) -> int:
    with transaction():
        return operations.remind_of_open_leave(today=on, now=make.at(on))


def test_nobody_reads_an_end_that_nobody_knows(world: SimpleNamespace) -> None:
    ends = world.row.ends_on.isoformat()
    event = report(world)
    assert said(world.guide, "placements.absence_asked") == ["有学生请假（2026-03-04 起，尚不知何时结束），请处理。"]
    operations.decide_absence(event=event, placement=world.row, is_approved=True, by=SYSTEM, now=NOW)
    [told] = said(world.student, "placements.absence_decided")
    assert told == "请假（2026-03-04 起，结束日期待定）已批准。恢复到岗后请告知企业指导教师或学校，登记最后一天。"
    assert ends not in "".join([*said(world.guide), *said(world.student), *said(world.head)])


def test_nor_of_one_that_is_refused_or_taken_back(world: SimpleNamespace) -> None:
    operations.decide_absence(event=report(world), placement=world.row, is_approved=False, reason="可以远程", by=SYSTEM, now=NOW)
    operations.take_back_request(event=report(world, text="另一次"), placement=world.row, by=SYSTEM, now=NOW)
    assert said(world.student, "placements.absence_decided") == ["请假（2026-03-04 起，结束日期待定）未批准，理由：可以远程"]
    assert said(world.guide, "placements.leave_taken_back") == ["学生撤回了请假申请（2026-03-04 起，结束日期待定），不需要处理。"]


def test_who_learns_that_the_school_entered_it_knows_what_is_still_to_say(world: SimpleNamespace) -> None:
    report(world, is_settled=True)
    wanted = "学校登记了 2026-03-04 起的请假或中断，结束日期待定；恢复到岗后请登记最后一天或告知学校。有误请告知学校。"
    assert said(world.student, "placements.leave_entered") == said(world.guide, "placements.leave_entered") == [wanted]


@pytest.mark.parametrize(("days", "asked"), [(6, 0), (7, 1), (8, 1)])
def test_a_week_after_it_began_everybody_is_asked_whether_it_is_over(world: SimpleNamespace, days: int, asked: int) -> None:
    report(world, is_settled=True)
    on = SINCE + timedelta(days=days)
    assert remind(on) == remind(on) == asked
    for account_id in (world.student, world.guide, world.head):
        assert len(said(account_id, "placements.leave_open")) == asked
    if asked:
        assert said(world.student, "placements.leave_open") == [
            f"2026-03-04 起的请假或中断已持续 {days} 天，还没有登记结束。已恢复到岗的，请告知企业指导教师或学校登记最后一天，之后的日子才能登记。"
        ]
        assert "结束了吗？已恢复到岗的，请登记最后一天" in said(world.guide, "placements.leave_open")[0]


@pytest.mark.parametrize("state", [StudentState.SUSPENDED, StudentState.WITHDRAWN])
def test_nobody_is_asked_of_who_is_not_at_school(world: SimpleNamespace, state: StudentState) -> None:
    report(world, is_settled=True)
    people.student(world.row.student_id).state = state
    assert remind(SINCE + timedelta(days=7)) == 0
    assert said(world.head, "placements.leave_open") == []


def test_student_and_mentor_are_asked_each_week_and_the_school_each_month(world: SimpleNamespace) -> None:
    report(world, is_settled=True)
    for on in (date(2026, 3, 11), date(2026, 3, 13), date(2026, 3, 16), date(2026, 3, 30), date(2026, 4, 1)):
        remind(on)
    counts = [len(said(account_id, "placements.leave_open")) for account_id in (world.student, world.guide, world.head)]
    assert counts == [3, 3, 2]  # 11 and 16 March, 30 March; for the school March and April


def test_where_no_mentor_can_read_it_the_school_is_asked_each_week(world: SimpleNamespace) -> None:
    world.mentor.until = date(2026, 3, 5)
    report(world, is_settled=True)
    for on in (date(2026, 3, 11), date(2026, 3, 16)):
        remind(on)
    assert [len(said(account_id, "placements.leave_open")) for account_id in (world.guide, world.head)] == [0, 2]


@pytest.mark.parametrize("what", ["asked", "ended", "withdrawn", "known", "over"])
def test_nobody_is_asked_of_what_is_not_open(world: SimpleNamespace, what: str) -> None:
    event = report(world, is_settled=what != "asked", is_open_ended=what != "known", until=date(2026, 4, 1))
    if what == "ended":
        operations.end_leave(event=event, placement=world.row, last=date(2026, 3, 6), reason="返岗", by=SYSTEM, now=NOW)
    elif what == "withdrawn":
        operations.end_leave(event=event, placement=world.row, last=None, reason="登错", by=SYSTEM, now=NOW)
    elif what == "over":
        operations.end_early(
            placement=world.row, on=date(2026, 3, 9), reason="停产", today=date(2026, 3, 9), by=SYSTEM, now=make.at(date(2026, 3, 9))
        )
    assert remind(date(2026, 3, 20)) == 0


def test_the_pages_and_the_calendar_say_that_no_end_is_known(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        assert report(world, is_settled=True).state is EventState.APPROVED
    with time_machine.travel(datetime.combine(SINCE, NOW.timetz()), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.student_person)
        assert "恢复到岗后，请告知企业指导教师或学校登记最后一天" in student.get(f"/placements/{world.key}/events").text
    [one] = [row for row in panels.calendar(world.student_person, SINCE, SINCE) if row.uid.startswith("placement-event")]
    assert "结束日期待定" in one.summary
    assert "登记最后一天" in str(labels.DAY_PROBLEMS[DayProblem.ABSENT])


def test_what_outlasts_a_placement_is_over_with_it(world: SimpleNamespace, as_role: AsRole) -> None:
    on = date(2026, 3, 9)
    with transaction():
        report(world, is_settled=True)
        operations.end_early(placement=world.row, on=on, reason="停产", today=on, by=SYSTEM, now=make.at(on))
    with time_machine.travel(make.at(on), tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
        for url in (f"/placements/{world.key}/events", f"/placements/{world.key}", "/placements/events"):
            assert "尚未结束" not in head.get(url).text
            assert "到实习结束" in head.get(url).text
