"""Days that wait are not lost beside a box that is not there, nor those of the last day; leave is decided like days are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors import operations as mentors
from enterprises.mentors import queries as mentor_queries
from enterprises.placements import operations, queries, rules
from enterprises.placements.operations._support import BadDay, WrongState
from enterprises.placements.types import DayState, EventKind, EventState, PlacementState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, transaction
from trainhub.organisations import queries as organisations

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY
WEEK = rules.week_of(STARTS)
FRIDAY = WEEK[4]
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.at(FRIDAY)}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of four weeks that runs since Monday 2 March 2026."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university, weeks=4)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        base = ground.base(enterprise)
        make.opened_base(base=base, latitude_e5=2_608_000, longitude_e5=11_931_000)
        row = make.started(student=student, position=make.position(enterprise=enterprise, base=base, terms=[term]), term=term, mentor=mentor)
        return SimpleNamespace(
            base_id=base.id, term_id=term.id,
            key=row.id, student_id=student.id, person_id=student.person_id, programme_id=programme.id, enterprise_id=enterprise.id,
            mentor_id=mentor.id, mentor_person=mentor.person_id, last=row.ends_on,
        )  # fmt: skip


def running(world: SimpleNamespace) -> Any:
    return queries.placement(world.key)


def kept(world: SimpleNamespace) -> list[tuple[int, str, str]]:
    """Weekday, note and state of what is logged in the first week."""
    db.session.expire_all()
    return [(entry.on.isoweekday(), entry.note, entry.state.value) for entry in queries.entries_between(world.key, WEEK[0], WEEK[-1])]


# -- a day without a box ------------------------------------------------------------------------------------------------
def test_a_waiting_day_that_cannot_be_ticked_any_more_is_not_taken_back(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        with transaction():
            operations.log_week(
                placement=running(world), days={WEEK[0]: "调试", WEEK[3]: "写报告", WEEK[4]: "复盘"}, week=WEEK, today=FRIDAY, **WHOLE
            )
            # A policy that was mistyped: it ends on Wednesday.
            operations.record_insurance(placement=running(world), policy_no="PICC-2", since=STARTS, until=WEEK[2], **WHOLE)
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        url = f"/placements/{world.key}/days?week={WEEK[0]}"
        page = student.get(url).text
        assert [f'name="day_{WEEK[n]}"' in page for n in (0, 3, 4)] == [True, False, False]
        shown = {f"shown_{day}": str(next((e.version for e in queries.entries_between(world.key, day, day)), 0)) for day in WEEK}
        assert student.post(url, data={**shown, f"day_{WEEK[0]}": "1", f"note_{WEEK[0]}": "调试相机"}).status_code == 303
        assert kept(world) == [(1, "调试相机", "pending"), (4, "写报告", "pending"), (5, "复盘", "pending")]


def test_a_day_that_can_be_ticked_is_taken_back(world: SimpleNamespace) -> None:
    operations.log_week(placement=running(world), days={WEEK[0]: "a", WEEK[1]: "b"}, week=WEEK, today=FRIDAY, **WHOLE)
    assert operations.log_week(placement=running(world), days={WEEK[0]: "a"}, week=WEEK, today=FRIDAY, **WHOLE) == (0, 1)
    assert kept(world) == [(1, "a", "pending")]


# -- the last day -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("plus", "is_refused"), [(-1, True), (0, True), (1, False)])
def test_a_placement_is_ended_the_day_after_its_last(world: SimpleNamespace, plus: int, is_refused: bool) -> None:
    on = world.last + timedelta(days=plus)
    make.confirmed(running(world), [STARTS])
    operations.grade_placement(placement=running(world), score_x10=900, comment="", today=world.last, by=SYSTEM, now=make.at(world.last))
    end: dict[str, Any] = {"placement": running(world), "today": on, "by": SYSTEM, "now": make.at(on)}
    if is_refused:
        with pytest.raises(WrongState):
            operations.finish_placement(**end)
        assert running(world).state is PlacementState.STARTED
    else:
        assert operations.finish_placement(**end).state is PlacementState.FINISHED


def test_the_button_says_how_many_days_nobody_logged(world: SimpleNamespace, as_role: AsRole) -> None:
    """Of twenty working days one is leave, one confirmed, one sent back and one waits."""
    days = make.weekdays(STARTS, 20)
    with time_machine.travel(make.at(world.last), tick=False), transaction():
        operations.report_event(
            placement=running(world),
            kind=EventKind.ABSENCE,
            since=days[9],
            until=days[9],
            text="看病",
            is_settled=True,
            by=SYSTEM,
            now=make.at(FRIDAY),
        )
        make.confirmed(running(world), [days[0]])
        for n in (1, 2):
            operations.log_day(placement=running(world), on=days[n], today=FRIDAY, **WHOLE)
        operations.decide_days(placement=running(world), days=[days[2]], is_approved=False, reason="未到岗", today=FRIDAY, **WHOLE)
    host = None
    for plus, has_button, is_told in ((0, False, False), (1, False, True), (7, False, True), (8, True, True)):
        with time_machine.travel(make.at(world.last + timedelta(days=plus)), tick=False):
            host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
            page = host.get(f"/placements/{world.key}").text
            assert (f'action="/placements/{world.key}/finish"' in page, "还有 17 个工作日没有登记" in page) == (has_button, is_told)


# -- leave --------------------------------------------------------------------------------------------------------------
def asked(world: SimpleNamespace) -> Any:
    return operations.report_event(placement=running(world), kind=EventKind.ABSENCE, since=FRIDAY, until=FRIDAY, text="看病", **WHOLE)


@pytest.mark.parametrize(("until", "is_refused"), [(WEEK[3], True), (FRIDAY, False), (None, False)])
def test_a_mentor_who_has_left_grants_no_leave(world: SimpleNamespace, until: date | None, is_refused: bool) -> None:
    event, guide = asked(world), mentor_queries.by_id(world.mentor_id)
    assert guide is not None
    mentors.change_mentor(mentor=guide, until=until, **WHOLE)
    by = Identity(account_id=None, person_id=world.mentor_person, name="导师")
    decide: dict[str, Any] = {"event": event, "placement": running(world), "is_approved": True, "now": make.at(FRIDAY)}
    if not is_refused:
        assert operations.decide_absence(by=by, **decide).state is EventState.APPROVED
        return
    with pytest.raises(WrongState) as refused:
        operations.decide_absence(by=by, **decide)
    assert (refused.value.code, event.state) == ("office_over", EventState.OPEN)
    assert operations.decide_absence(by=SYSTEM, **decide).state is EventState.APPROVED  # the school may


def test_a_day_of_leave_is_not_confirmed(world: SimpleNamespace) -> None:
    event = asked(world)
    operations.log_week(placement=running(world), days={WEEK[3]: "a", FRIDAY: "b"}, week=WEEK, today=FRIDAY, **WHOLE)
    event.state = EventState.APPROVED  # as two requests at once left it before they queued up
    db.session.flush()
    with pytest.raises(BadDay) as refused:
        operations.decide_days(placement=running(world), days=[WEEK[3], FRIDAY], is_approved=True, today=FRIDAY, **WHOLE)
    assert (refused.value.code, kept(world)[1][2]) == ("absent", DayState.PENDING)
    assert operations.decide_days(placement=running(world), days=[FRIDAY], is_approved=False, reason="当天请假", today=FRIDAY, **WHOLE) == 1


# -- the check of the place ---------------------------------------------------------------------------------------------
def sent(world: SimpleNamespace, student: FlaskClient, latitude: str, note: str) -> Any:
    here = {"place_agreed": "1", "latitude": latitude, "longitude": "119.30"}
    return student.post(f"/placements/{world.key}/days?week={WEEK[0]}", data={f"day_{FRIDAY}": "1", f"note_{FRIDAY}": note, **here})


def distance(world: SimpleNamespace) -> int | None:
    db.session.expire_all()
    entry = queries.day_entry(world.key, FRIDAY)
    assert entry is not None
    return entry.place_distance_m


@pytest.mark.parametrize("latitude", ["91", "nan", "inf", "x", ""])
def test_what_is_no_place_does_not_cost_the_week(world: SimpleNamespace, as_role: AsRole, latitude: str) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        assert sent(world, student, latitude, "装配").status_code == 303
        assert (kept(world), distance(world)) == ([(5, "装配", "pending")], None)
        assert "没有取得有效的位置" in student.get(f"/placements/{world.key}/days?week={WEEK[0]}").text


def test_the_place_of_a_confirmed_day_stays_what_the_mentor_saw(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        assert sent(world, student, "26.08", "装配").status_code == 303
        seen = distance(world)
        assert seen is not None
        assert 990 < seen < 1010
        with transaction():
            operations.decide_days(placement=running(world), days=[FRIDAY], is_approved=True, today=FRIDAY, **WHOLE)
        assert sent(world, student, "27.5", "装配").status_code == 303
        assert distance(world) == seen
        entry = queries.day_entry(world.key, FRIDAY)
        assert entry is not None
        with pytest.raises(WrongState) as refused:
            operations.check_place(entry=entry, placement=running(world), latitude=27.5, longitude=119.3, **WHOLE)
        assert refused.value.code == "day_confirmed"


# -- one day, two placements at one enterprise --------------------------------------------------------------------------
def test_a_day_is_confirmed_once_at_an_enterprise(world: SimpleNamespace) -> None:
    """Moved to another post of the enterprise on the first day: correcting one entry would take the other's credit."""
    make.confirmed(running(world), [STARTS])
    term, enterprise = queries.term(world.term_id), organisations.by_id(world.enterprise_id)
    assert term is not None
    assert enterprise is not None
    other = make.position(enterprise=enterprise, base=organisations.by_id(world.base_id), terms=[term])
    moved = operations.change_base(
        placement=running(world), position=other, term=term, since=STARTS, reason="岗位不符", today=STARTS, by=SYSTEM, now=make.at(STARTS)
    )
    guide = mentor_queries.by_id(world.mentor_id)
    assert guide is not None
    make.ready(moved, guide)
    operations.start_placement(placement=moved, today=STARTS, by=SYSTEM, now=make.at(STARTS))
    for day in WEEK[:2]:
        operations.log_day(placement=moved, on=day, today=FRIDAY, **WHOLE)
    with pytest.raises(BadDay) as refused:
        operations.decide_days(placement=moved, days=[WEEK[0], WEEK[1]], is_approved=True, today=FRIDAY, **WHOLE)
    assert (refused.value.code, "2026-03-02" in refused.value.message) == ("confirmed_before", True)


# -- what waits of a placement that was withdrawn -----------------------------------------------------------------------
def test_a_day_that_waits_again_after_a_withdrawal_is_listed(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        with transaction():
            make.confirmed(running(world), WEEK[:2])
            operations.log_day(placement=running(world), on=WEEK[2], today=FRIDAY, **WHOLE)
            operations.withdraw_placement(placement=running(world), reason="企业停产", **WHOLE)
            entry = queries.day_entry(world.key, WEEK[1])
            assert entry is not None
            operations.correct_day(entry=entry, placement=running(world), reason="误操作", today=FRIDAY, **WHOLE)
            operations.log_day(placement=running(world), on=WEEK[1], today=FRIDAY, note="补登", **WHOLE)
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        page = student.get("/placements/mine/weeks").text
        assert [f"week={day}" in page.split("尚未计入")[-1] for day in WEEK[:3]] == [False, True, False]
