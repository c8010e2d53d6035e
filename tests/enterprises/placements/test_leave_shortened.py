"""Leave and interruptions that end sooner, were granted by mistake, or whose end nobody knows yet: no day really worked is lost."""

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
from enterprises.placements.operations._support import BadDay, BadPlacement, WrongState
from enterprises.placements.types import DayState, EventKind, EventState, Miss
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.people import queries as people

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY
TODAY = STARTS + timedelta(days=11)
NOW = make.at(TODAY)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}


def day(n: int) -> date:
    """The n-th of March; the placement begins on the second."""
    return date(2026, 3, n)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of sixteen weeks that runs since Monday 2 March 2026; it is Friday of the second week. Student and mentor have accounts."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        for person_id in (student.person_id, mentor.person_id):
            identity.account(person=people.person(person_id))
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
        return SimpleNamespace(
            key=row.id,
            row=row,
            student=student,
            student_person=student.person_id,
            mentor_person=mentor.person_id,
            enterprise_id=enterprise.id,
            university_id=university.id,
        )


def report(world: SimpleNamespace, since: date, until: date, kind: EventKind = EventKind.ABSENCE, **more: Any) -> Any:
    return operations.report_event(placement=queries.placement(world.key), kind=kind, since=since, until=until, **{"text": "发烧", **more, **WHOLE})


def granted(world: SimpleNamespace, since: date, until: date, **more: Any) -> Any:
    return report(world, since, until, is_settled=True, **more)


def log(world: SimpleNamespace, *days: date, note: str = "装配") -> None:
    for one in days:
        operations.log_day(placement=queries.placement(world.key), on=one, note=note, today=TODAY, **WHOLE)


def told(person_id: int, kind: str) -> int:
    account_id = identities.accounts_of_persons([person_id])[person_id]
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == account_id)).all())


def test_the_days_after_an_earlier_return_can_be_logged(world: SimpleNamespace) -> None:
    event = granted(world, day(2), day(11))
    assert told(world.student_person, "placements.leave_entered") == told(world.mentor_person, "placements.leave_entered") == 1
    before = dict(queries.progress_of_student(world.student.id, on=day(16)).why)[Miss.UNLOGGED]
    with pytest.raises(BadDay):
        log(world, day(5))
    for _again in range(2):
        with transaction():
            operations.end_leave(event=event, placement=world.row, last=day(4), reason="提前返岗", **WHOLE)
    assert (event.state, event.until, event.granted_until) == (EventState.APPROVED, day(4), day(11))
    assert dict(queries.progress_of_student(world.student.id, on=day(16)).why)[Miss.UNLOGGED] == before + 5  # 5, 6, 9, 10, 11 March
    log(world, day(5))
    with pytest.raises(BadDay):
        log(world, day(4))
    assert (told(world.student_person, "placements.leave_changed"), told(world.mentor_person, "placements.leave_changed")) == (1, 1)
    kept = db.session.scalars(select(AuditEvent).where(AuditEvent.did == "placements.event.shortened")).all()
    assert [(row.data["was_until"], row.data["until"], row.data["reason"]) for row in kept] == [("2026-03-11", "2026-03-04", "提前返岗")]


def test_days_that_waited_when_leave_was_granted_wait_again_when_it_is_withdrawn(world: SimpleNamespace) -> None:
    log(world, day(2), day(3))
    log(world, day(4))
    operations.decide_days(placement=world.row, days=[day(4)], is_approved=False, reason="未到岗", today=TODAY, **WHOLE)
    log(world, day(4), note="又写")
    event = granted(world, day(2), day(6))
    assert [entry.on for entry in queries.entries_of(world.key) if entry.state is DayState.PENDING] == []
    operations.end_leave(event=event, placement=world.row, last=None, reason="登记到了别人名下", **WHOLE)
    found = [(entry.on, entry.state, entry.note, len(entry.earlier or [])) for entry in queries.entries_of(world.key)]
    assert found == [
        (day(2), DayState.PENDING, "装配", 0),
        (day(3), DayState.PENDING, "装配", 0),
        (day(4), DayState.PENDING, "又写", 1),
    ]
    assert (event.state, event.set_aside) == (EventState.WITHDRAWN, None)
    assert operations.decide_days(placement=world.row, days=[day(2), day(3), day(4)], is_approved=True, today=TODAY, **WHOLE) == 3
    granted(world, day(5), day(6))  # the span is free again


def test_only_the_days_behind_the_new_end_come_back(world: SimpleNamespace) -> None:
    log(world, day(2), day(3), day(4))
    event = granted(world, day(2), day(6))
    operations.end_leave(event=event, placement=world.row, last=day(3), reason="提前返岗", **WHOLE)
    assert [entry.on for entry in queries.entries_of(world.key)] == [day(4)]
    operations.end_leave(event=event, placement=world.row, last=day(2), reason="再提前一天", **WHOLE)
    assert [entry.on for entry in queries.entries_of(world.key)] == [day(3), day(4)]
    assert event.granted_until == day(6)  # the first span stays on record


def test_days_behind_an_early_end_stay_aside_until_the_placement_is_opened_again(world: SimpleNamespace) -> None:
    log(world, day(5), day(6), day(9))
    event = granted(world, day(5), day(11))
    operations.end_early(placement=world.row, on=day(5), reason="企业停产", today=TODAY, **WHOLE)
    operations.end_leave(event=event, placement=world.row, last=None, reason="请假登错", **WHOLE)
    assert [(entry.on, entry.state) for entry in queries.entries_of(world.key)] == [(day(5), DayState.PENDING)]
    assert [one["on"] for one in event.set_aside] == ["2026-03-06", "2026-03-09"]
    with transaction():
        operations.reopen_placement(placement=world.row, reason="日期录错", today=TODAY, **WHOLE)
    assert [(entry.on, entry.state) for entry in queries.entries_of(world.key)] == [(day(n), DayState.PENDING) for n in (5, 6, 9)]
    assert event.set_aside is None


def test_days_of_a_placement_that_was_withdrawn_stay_aside(world: SimpleNamespace) -> None:
    log(world, day(5), day(6))
    event = granted(world, day(5), day(11))
    operations.withdraw_placement(placement=world.row, reason="企业停产", **WHOLE)
    operations.end_leave(event=event, placement=world.row, last=day(5), reason="提前返岗", **WHOLE)
    assert (queries.pending_count(world.key), len(event.set_aside)) == (0, 2)


@pytest.mark.parametrize(
    ("last", "reason", "field"), [(day(6), "理由", "last"), (day(7), "理由", "last"), (day(1), "理由", "last"), (day(3), " ", "reason")]
)
def test_an_end_lies_inside_the_leave_and_has_a_reason(world: SimpleNamespace, last: date, reason: str, field: str) -> None:
    event = granted(world, day(2), day(6))
    with pytest.raises(BadPlacement) as refused:
        operations.end_leave(event=event, placement=world.row, last=last, reason=reason, **WHOLE)
    assert refused.value.field == field


def test_an_interruption_without_a_known_end_lasts_until_it_is_ended(world: SimpleNamespace) -> None:
    event = granted(world, day(4), day(4), kind=EventKind.INTERRUPTION, is_open_ended=True)
    assert (event.is_open_ended, event.until) == (True, world.row.ends_on)
    with pytest.raises(BadDay):
        log(world, day(12))
    operations.end_leave(event=event, placement=world.row, last=day(11), reason="复工", **WHOLE)
    assert (event.is_open_ended, event.until, event.granted_until) == (False, day(11), None)
    log(world, day(12))
    again = granted(world, day(13), day(13), kind=EventKind.INTERRUPTION, is_open_ended=True)
    operations.end_leave(event=again, placement=world.row, last=world.row.ends_on, reason="直到结束", **WHOLE)
    assert (again.is_open_ended, again.until) == (False, world.row.ends_on)


def test_a_student_takes_back_a_request_that_waits(world: SimpleNamespace) -> None:
    event = report(world, day(10), day(11))
    for _again in range(2):
        operations.take_back_request(event=event, placement=world.row, **WHOLE)
    assert event.state is EventState.WITHDRAWN
    assert told(world.mentor_person, "placements.leave_taken_back") == 1
    with pytest.raises(WrongState):
        operations.decide_absence(event=event, placement=world.row, is_approved=True, **WHOLE)
    log(world, day(10))
    asked = report(world, day(11), day(11))
    operations.decide_absence(event=asked, placement=world.row, is_approved=True, **WHOLE)
    with pytest.raises(WrongState):
        operations.take_back_request(event=asked, placement=world.row, **WHOLE)
    assert report(world, day(10), day(11), text="又一次", kind=EventKind.INCIDENT).state is EventState.OPEN


def test_the_same_request_may_be_sent_anew_after_it_was_taken_back(world: SimpleNamespace) -> None:
    first = report(world, day(10), day(11))
    operations.take_back_request(event=first, placement=world.row, **WHOLE)
    assert report(world, day(10), day(11)).id != first.id


def test_only_leave_that_was_granted_is_ended(world: SimpleNamespace) -> None:
    for event in (report(world, day(10), day(11)), report(world, day(3), day(3), kind=EventKind.INCIDENT)):
        with pytest.raises(WrongState):
            operations.end_leave(event=event, placement=world.row, last=None, reason="理由", **WHOLE)


def test_the_page_shortens_withdraws_and_takes_back(world: SimpleNamespace, as_role: AsRole) -> None:
    page = f"/placements/{world.key}/events"
    with time_machine.travel(NOW, tick=False):
        with transaction():
            long, wrong, asked = granted(world, day(2), day(6)).id, granted(world, day(9), day(10)).id, report(world, day(13), day(13)).id
        school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
        mentor = as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person)
        student = as_role(Role.STUDENT, organisation_id=world.university_id, person_id=world.student_person)
        host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
        assert ("撤回申请" in student.get(page).text, "提前结束请假" in student.get(page).text) == (True, False)
        assert "提前结束请假" in mentor.get(page).text
        shorten, revoke, cancel = (f"/placements/events/{key}/{verb}" for key, verb in ((long, "shorten"), (wrong, "revoke"), (asked, "cancel")))
        for one in (student, host):
            assert one.post(shorten, data={"last": "2026-03-03", "reason": "返岗"}).status_code == 403
            assert one.post(revoke, data={"reason": "误登"}).status_code == 403
        assert mentor.post(cancel).status_code == 403
        assert mentor.post(shorten, data={"last": "2026-03-03", "reason": "返岗"}).status_code == 303
        assert school.post(revoke, data={"reason": "登记错人"}).status_code == 303
        assert [student.post(cancel).status_code for _again in range(2)] == [303, 303]
        shown = school.get(page).text
        assert ("登记错人" in shown, "原至 2026-03-06" in shown, "已撤回" in shown) == (True, True, True)
        open_end = {"kind": "interruption", "since": "2026-03-12", "until": "", "text": "停产", "is_open_ended": "y"}
        assert school.post(page, data=open_end).status_code == 303
        assert "尚未结束" in school.get(page).text
        assert "尚未结束" in school.get("/placements/events").text
