"""What was ended too soon is opened again by the school; what ran, was graded and is withdrawn keeps what it brought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement, NoSeat, WrongState
from enterprises.placements.types import PlacementState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.certificates import queries as certificates
from trainhub.certificates.types import State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as floor
from trainhub.ledger import queries as ledger
from trainhub.ledger.holidays import operations as holidays
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.types import HolidayKind, Source

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY


def whole(day: date) -> dict[str, Any]:
    return {"by": SYSTEM, "now": make.at(day)}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of four weeks at an internet enterprise that runs since 2 March 2026; ten days are confirmed, it is graded in its last week."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise, second = ground.university(), ground.enterprise(region_code="350102"), ground.enterprise()
        enterprise.is_internet_enterprise = True
        programme, term = ground.programme(university), make.term(university=university, weeks=4)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=1)
        other = make.position(enterprise=second, terms=[term])
        row = make.started(student=student, position=position, term=term, mentor=mentor)
        make.confirmed(row, make.weekdays(STARTS, 10))
        operations.grade_placement(placement=row, score_x10=900, comment="好", today=row.ends_on, **whole(row.ends_on))
        return SimpleNamespace(
            row=row, key=row.id, last=row.ends_on, student=student, term=term, position=position, other=other, mentor=mentor,
            second=make.mentor(enterprise=second), enterprise_id=enterprise.id, university_id=university.id, programme=programme,
        )  # fmt: skip


def stands(world: SimpleNamespace) -> tuple[State, str, str] | None:
    found = certificates.by_asked_key(operations.asked_key(queries.placement(world.key)))
    return (found.state, found.facts["weeks"], found.facts["ends_on"]) if found is not None else None


def milestone(world: SimpleNamespace) -> Any:
    return ledger.live_milestone(world.student.person_id, Source.PLACEMENT, f"placement:{world.key}")


def trainings(session: Session, world: SimpleNamespace) -> int:
    return session.scalar(select(func.count(TrainingRecord.id)).where(TrainingRecord.source_id == world.key)) or 0


# -- withdrawn after it was graded --------------------------------------------------------------------------------------
def test_what_was_graded_and_is_withdrawn_keeps_milestone_training_and_certificate(world: SimpleNamespace, session: Session) -> None:
    operations.withdraw_placement(placement=world.row, reason="企业停产", **whole(world.last))
    assert milestone(world).score_x10 == 900
    assert stands(world) == (State.ISSUED, "2", make.weekdays(STARTS, 10)[-1].isoformat())
    assert trainings(session, world) == 1


def test_what_never_began_and_is_withdrawn_brings_nothing(world: SimpleNamespace) -> None:
    student = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    row = operations.place_student(student=student, position=world.other, term=world.term, **whole(STARTS))
    operations.withdraw_placement(placement=row, reason="学生退出", **whole(STARTS))
    assert ledger.live_milestone(student.person_id, Source.PLACEMENT, f"placement:{row.id}") is None


# -- opened again -------------------------------------------------------------------------------------------------------
def finish(world: SimpleNamespace, plus: int = 1, **more: Any) -> Any:
    on = world.last + timedelta(days=plus)
    return operations.finish_placement(placement=world.row, today=on, **whole(on), **more)


def test_the_last_friday_is_logged_after_the_school_opened_it_again(world: SimpleNamespace, session: Session) -> None:
    finish(world)
    assert stands(world) == (State.ISSUED, "2", world.last.isoformat())
    friday, on = world.last - timedelta(days=2), world.last + timedelta(days=2)
    for _again in range(2):
        operations.reopen_placement(placement=world.row, reason="最后一周尚未登记", today=on, **whole(on))
    assert (world.row.state, world.row.finished_on, world.row.mentor_score_x10) == (PlacementState.STARTED, None, 900)
    operations.log_day(placement=world.row, on=friday, today=on, **whole(on))
    operations.decide_days(placement=world.row, days=[friday], is_approved=True, today=on, **whole(on))
    finish(world, 3)
    assert stands(world) == (State.ISSUED, "2.2", world.last.isoformat())
    hours = session.scalars(select(TrainingRecord.hours_x10).where(TrainingRecord.source_id == world.key).order_by(TrainingRecord.id)).all()
    assert hours[-1] == 11 * 8 * 10


def reopened(world: SimpleNamespace) -> Any:
    """Finished with two weeks, and opened again the day after."""
    finish(world)
    on = world.last + timedelta(days=2)
    return operations.reopen_placement(placement=world.row, reason="核对", today=on, **whole(on))


def correct(world: SimpleNamespace, *days: date) -> None:
    on = world.last + timedelta(days=2)
    for one in days:
        entry = queries.day_entry(world.key, one)
        assert operations.correct_day(entry=entry, placement=world.row, reason="登记有误", today=on, **whole(on))


def hours(session: Session, world: SimpleNamespace) -> list[int]:
    """The hours of the trainings that count for the goal."""
    cancelled = select(RecordCancellation.record_id)
    statement = select(TrainingRecord.hours_x10).where(TrainingRecord.source_id == world.key, TrainingRecord.id.not_in(cancelled))
    return list(session.scalars(statement))


def test_certificate_and_training_of_one_opened_again_follow_the_days_at_once(world: SimpleNamespace, session: Session) -> None:
    reopened(world)
    correct(world, STARTS)
    assert stands(world) == (State.ISSUED, "1.8", world.last.isoformat())
    assert hours(session, world) == [9 * 8 * 10]


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_nothing_stands_for_one_opened_again_whose_days_are_all_gone(world: SimpleNamespace, session: Session, is_withdrawn: bool) -> None:
    reopened(world)
    correct(world, *make.weekdays(STARTS, 10))
    assert (stands(world)[0], hours(session, world)) == (State.REVOKED, [])
    if is_withdrawn:
        operations.withdraw_placement(placement=world.row, reason="没有到岗", **whole(world.last + timedelta(days=2)))
    else:
        finish(world, 3)
    assert (stands(world)[0], hours(session, world)) == (State.REVOKED, [])


def test_the_end_itself_revokes_a_certificate_that_no_day_is_left_for(world: SimpleNamespace) -> None:
    """Days may go without a word to the placement (a merge of students, a ledger put right): its end looks again."""
    reopened(world)
    on = world.last + timedelta(days=2)
    for one in make.weekdays(STARTS, 10):
        floor.withdraw_day(student_id=world.student.id, enterprise_id=world.enterprise_id, day=one, reason="更正", **whole(on))
    assert stands(world)[0] is State.ISSUED
    finish(world, 3)
    assert stands(world)[0] is State.REVOKED


def test_a_holiday_entered_while_it_is_open_again_reaches_its_certificate(world: SimpleNamespace) -> None:
    reopened(world)
    on = world.last + timedelta(days=2)
    floor.withdraw_day(student_id=world.student.id, enterprise_id=world.enterprise_id, day=STARTS, reason="更正", **whole(on))
    off = STARTS + timedelta(days=2)
    holidays.enter(since=off, until=off, kind=HolidayKind.OFF, name="节日", document="通知", by=SYSTEM, now=make.at(on))
    assert operations.rejudge_weeks(today=on, **whole(on))["certificates"] == 1
    assert stands(world)[1] == "1.8"


def test_a_mark_behind_a_milestone_stays_when_it_is_opened_again(world: SimpleNamespace) -> None:
    finish(world)
    on = world.last + timedelta(days=2)
    operations.reopen_placement(placement=world.row, reason="补登", today=on, **whole(on))
    assert not operations.may_be_graded(world.row)
    with pytest.raises(WrongState):
        operations.grade_placement(placement=world.row, score_x10=100, comment="", today=on, **whole(on))


def test_an_early_end_on_a_wrong_day_is_taken_back_with_its_seat(world: SimpleNamespace) -> None:
    wrong, on = world.last - timedelta(days=9), world.last - timedelta(days=1)
    operations.end_early(placement=world.row, on=wrong, reason="录错", today=on, **whole(on))
    assert stands(world)[2] == wrong.isoformat()
    assert queries.seats_of(world.position.id, world.term.id).taken == 0
    operations.reopen_placement(placement=world.row, reason="日期录错", today=on, **whole(on))
    assert (world.row.ends_on, world.row.ended_early_on, queries.seats_of(world.position.id, world.term.id).taken) == (world.last, None, 1)
    finish(world)
    assert stands(world) == (State.ISSUED, "2", world.last.isoformat())


def test_it_is_not_opened_again_where_seat_or_student_are_taken(world: SimpleNamespace) -> None:
    wrong, on = world.last - timedelta(days=9), world.last - timedelta(days=8)
    operations.end_early(placement=world.row, on=wrong, reason="录错", today=on, **whole(on))
    again: dict[str, Any] = {"placement": world.row, "today": on, **whole(on)}
    somebody = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    theirs = operations.place_student(student=somebody, position=world.position, term=world.term, **whole(on))
    with pytest.raises(NoSeat):
        operations.reopen_placement(reason="日期录错", **again)
    operations.withdraw_placement(placement=theirs, reason="退出", **whole(on))
    operations.place_student(student=world.student, position=world.other, term=world.term, **whole(on))
    with pytest.raises(WrongState):
        operations.reopen_placement(reason="日期录错", **again)


@pytest.mark.parametrize("is_early", [True, False])
def test_beside_a_second_placement_that_is_over_it_lasts_until_the_day_before(world: SimpleNamespace, is_early: bool) -> None:
    """A change of base, then an early end there: neither withdrawing nor ending the second one is possible any more."""
    on, since = world.last - timedelta(days=5), world.last - timedelta(days=8)
    operations.end_early(placement=world.row, on=since - timedelta(days=3), reason="录错", today=on, **whole(on))
    second = operations.place_student(student=world.student, position=world.other, term=world.term, **whole(on))
    second.starts_on, second.ends_on, second.state = since, since + timedelta(days=2), PlacementState.FINISHED
    if not is_early:
        with pytest.raises(WrongState) as refused:
            operations.reopen_placement(placement=world.row, reason="日期录错", today=on, **whole(on))
        assert "重新打开那项" in refused.value.message
        return
    second.ended_early_on = second.ends_on
    operations.reopen_placement(placement=world.row, reason="日期录错", today=on, **whole(on))
    assert (world.row.state, world.row.ends_on) == (PlacementState.STARTED, since - timedelta(days=1))
    assert queries.seats_of(world.position.id, world.term.id).taken == 1
    with pytest.raises(WrongState):  # the first one goes on: one after the other
        operations.reopen_placement(placement=second, reason="日期录错", today=on, **whole(on))


@pytest.mark.parametrize("is_finished", [True, False])
def test_only_what_is_over_is_opened_again_and_with_a_reason(world: SimpleNamespace, is_finished: bool) -> None:
    on = world.last + timedelta(days=1)
    if is_finished:
        finish(world)
        with pytest.raises(BadPlacement):
            operations.reopen_placement(placement=world.row, reason=" ", today=on, **whole(on))
    else:
        operations.withdraw_placement(placement=world.row, reason="企业停产", **whole(on))
        with pytest.raises(WrongState):
            operations.reopen_placement(placement=world.row, reason="误撤", today=on, **whole(on))


# -- who ends first -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("plus", "is_refused"), [(1, True), (7, True), (8, False)])
def test_an_enterprise_alone_waits_until_the_last_days_are_due(world: SimpleNamespace, plus: int, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(WrongState) as refused:
            finish(world, plus, by_host=True)
        assert "10" in refused.value.message  # days nobody logged
    else:
        assert finish(world, plus, by_host=True).state is PlacementState.FINISHED


def test_an_enterprise_ends_it_at_once_when_nothing_is_unlogged(world: SimpleNamespace) -> None:
    make.confirmed(world.row, make.weekdays(STARTS, 20)[10:])
    assert finish(world, 1, by_host=True).state is PlacementState.FINISHED


def test_the_pages_offer_it_to_the_school_alone(world: SimpleNamespace, as_role: AsRole) -> None:
    page = f"/placements/{world.key}"
    with time_machine.travel(make.at(world.last + timedelta(days=1)), tick=False):
        school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
        host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
        assert f'action="{page}/finish"' not in host.get(page).text
        assert "没有登记" in host.post(f"{page}/finish", follow_redirects=True).text
        assert school.post(f"{page}/finish").status_code == 303
        assert ("重新打开" in school.get(page).text, "重新打开" in host.get(page).text) == (True, False)
        assert host.post(f"{page}/reopen", data={"reason": "补登"}).status_code == 403
        assert school.post(f"{page}/reopen", data={"reason": "补登"}).status_code == 303
        assert f'action="{page}/finish"' in school.get(page).text
