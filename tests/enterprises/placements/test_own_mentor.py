"""Nobody answers for an enterprise about themselves: who mentors a student is another human, and not the school's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors import operations as mentors
from enterprises.placements import operations, queries
from enterprises.placements.checklist import checklist
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.queries.waiting import left_undone
from enterprises.placements.types import EventKind, EventState, NoteSide, RaterSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, transaction
from trainhub.ledger import queries as ledger
from trainhub.ledger.types import Source
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY
FRIDAY = date(2026, 3, 6)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs, with a mentor who is somebody else."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
    return SimpleNamespace(university=university, enterprise=enterprise, programme=programme, student=student, mentor=mentor, row=row)


def person_of(world: SimpleNamespace) -> Person:
    return db.session.get_one(Person, world.student.person_id)


def himself(world: SimpleNamespace) -> Identity:
    """The student, signed in."""
    return Identity(account_id=None, person_id=world.student.person_id, name="学生本人")


def his_own(world: SimpleNamespace) -> None:
    """What was entered before anybody asked: the student's mentor is the student."""
    world.row.mentor_id = make.mentor(enterprise=world.enterprise, person=person_of(world)).id
    db.session.flush()


def test_nobody_is_their_own_mentor(world: SimpleNamespace) -> None:
    same = make.mentor(enterprise=world.enterprise, person=person_of(world))
    with pytest.raises(BadPlacement) as refused:
        operations.assign_mentor(placement=world.row, mentor=same, **WHOLE)
    assert (refused.value.code, refused.value.field, world.row.mentor_id) == ("own_mentor", "mentor_id", world.mentor.id)


def test_nor_under_another_number(world: SimpleNamespace) -> None:
    """Two rows of one human, put together."""
    other = ground.person()
    twin = make.mentor(enterprise=world.enterprise, person=other)
    other.merged_into_id = world.student.person_id
    db.session.flush()
    with pytest.raises(BadPlacement) as refused:
        operations.assign_mentor(placement=world.row, mentor=twin, **WHOLE)
    assert refused.value.code == "own_mentor"


@pytest.mark.parametrize(
    ("role", "is_refused"), [(Role.PROGRAMME_ADMIN, True), (Role.UNIVERSITY_ADMIN, True), (Role.SCHOOL_SUPERVISOR, True), (Role.MENTOR, False)]
)
def test_the_school_of_the_student_does_not_answer_for_the_enterprise(world: SimpleNamespace, role: Role, is_refused: bool) -> None:
    person = ground.person()
    scope: dict[str, int] = {
        Role.UNIVERSITY_ADMIN: {"organisation_id": world.university.id},
        Role.MENTOR: {"organisation_id": world.enterprise.id},
    }.get(role, {"programme_id": world.programme.id})
    identity.account(person=person, roles=(role,), **scope)
    mentor = make.mentor(enterprise=world.enterprise, person=person)
    if not is_refused:
        assert operations.assign_mentor(placement=world.row, mentor=mentor, **WHOLE).mentor_id == mentor.id
        return
    with pytest.raises(BadPlacement) as refused:
        operations.assign_mentor(placement=world.row, mentor=mentor, **WHOLE)
    assert refused.value.code == "both_sides"


def test_the_head_of_another_programme_may_guide(world: SimpleNamespace) -> None:
    person = ground.person()
    identity.account(person=person, roles=(Role.PROGRAMME_ADMIN,), programme_id=ground.programme(world.university).id)
    mentor = make.mentor(enterprise=world.enterprise, person=person)
    assert operations.assign_mentor(placement=world.row, mentor=mentor, **WHOLE).mentor_id == mentor.id


def test_who_is_their_own_mentor_already_confirms_nothing(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        with transaction():
            his_own(world)
            operations.log_day(placement=world.row, on=STARTS, today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
            key, student_id = world.row.id, world.student.id
        student = as_role(Role.STUDENT, programme_id=world.programme.id, person_id=world.student.person_id)
        entry = queries.day_entry(key, STARTS)
        assert entry is not None
        answer = student.post(f"/placements/{key}/confirm", data={"entry": str(entry.id)})
        assert answer.status_code in (403, 422)
        db.session.expire_all()
        assert ledger.weeks_of(student_id).credited_days == 0


def test_nor_grades_nor_grants_leave_nor_speaks_for_the_enterprise(world: SimpleNamespace) -> None:
    his_own(world)
    last, by = world.row.ends_on, himself(world)
    with pytest.raises(WrongState) as refused:
        operations.grade_placement(placement=world.row, score_x10=1000, comment="", today=last, by=by, now=make.at(last))
    assert refused.value.code == "own_mentor"
    event = operations.report_event(
        placement=world.row, kind=EventKind.ABSENCE, since=FRIDAY, until=FRIDAY, text="看病", by=SYSTEM, now=make.at(STARTS)
    )
    with pytest.raises(WrongState) as refused:
        operations.decide_absence(event=event, placement=world.row, is_approved=True, by=by, now=make.at(STARTS))
    assert (refused.value.code, event.state) == ("own_mentor", EventState.OPEN)
    marks = dict.fromkeys(("attitude", "skill", "discipline", "teamwork"), 5)
    with pytest.raises(WrongState) as refused:
        operations.rate(placement=world.row, side=RaterSide.ENTERPRISE, marks=marks, comment="", today=last, by=by, now=make.at(last))
    assert refused.value.code == "own_mentor"
    log = operations.save_weekly_log(placement=world.row, on=STARTS, text="装配", tags=[], today=FRIDAY, by=by, now=make.at(FRIDAY))
    with pytest.raises(WrongState):
        operations.add_note(log=log, placement=world.row, side=NoteSide.MENTOR, text="很好", by=by, now=make.at(FRIDAY))
    assert operations.add_note(log=log, placement=world.row, side=NoteSide.STUDENT, text="更正", by=by, now=make.at(FRIDAY)).text == "更正"


def test_a_start_asks_for_a_mentor_who_is_somebody_else(world: SimpleNamespace) -> None:
    met = {one.code: one.met for one in checklist(world.row, today=STARTS)}
    his_own(world)
    now = {one.code: one.met for one in checklist(world.row, today=STARTS)}
    assert (met["start.mentor"], now["start.mentor"]) == (True, False)


# -- whose office is over, and who was hired since ----------------------------------------------------------------------
@pytest.mark.parametrize(("on", "code"), [(date(2026, 3, 31), "office_to_come"), (date(2026, 4, 1), ""), (date(2026, 4, 2), "")])
def test_who_was_hired_after_the_start_takes_over(world: SimpleNamespace, on: date, code: str) -> None:
    later = make.mentor(enterprise=world.enterprise, since=date(2026, 4, 1))
    assert assigned(world, later, on) == code


@pytest.mark.parametrize(("on", "code"), [(date(2026, 3, 31), ""), (date(2026, 4, 1), ""), (date(2026, 4, 2), "office_over")])
def test_who_has_left_since_the_start_is_named_no_more(world: SimpleNamespace, on: date, code: str) -> None:
    left = make.mentor(enterprise=world.enterprise, until=date(2026, 4, 1))
    assert assigned(world, left, on) == code


def assigned(world: SimpleNamespace, mentor: Any, on: date) -> str:
    """Why a mentor is not named on a day."""
    try:
        operations.assign_mentor(placement=world.row, mentor=mentor, by=SYSTEM, now=make.at(on))
    except BadPlacement as refused:
        return refused.code
    return ""


def test_the_page_offers_who_is_there_today(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        left = make.mentor(enterprise=world.enterprise, person=ground.person(name="已离任"), until=date(2026, 4, 1)).id
        hired = make.mentor(enterprise=world.enterprise, person=ground.person(name="新受聘"), since=date(2026, 4, 1)).id
        key = world.row.id
    with time_machine.travel(make.at(date(2026, 4, 2)), tick=False):
        host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
        page = host.get(f"/placements/{key}").text
        assert (f'value="{hired}"' in page, f'value="{left}"' in page) == (True, False)
        assert host.post(f"/placements/{key}/mentor", data={"mentor_id": hired}).status_code == 303
        db.session.expire_all()
        row = queries.placement(key)
        assert row is not None
        assert row.mentor_id == hired
        assert host.post(f"/placements/{key}/mentor", data={"mentor_id": left}).status_code == 422


# -- after the end -------------------------------------------------------------------------------------------------------
THERE = make.weekdays(STARTS, 5)
AFTER = date(2026, 3, 16)


def end_early(world: SimpleNamespace) -> None:
    operations.end_early(placement=world.row, on=THERE[-1], reason="导师离职", today=THERE[-1], by=SYSTEM, now=make.at(THERE[-1]))


def withdraw(world: SimpleNamespace) -> None:
    operations.withdraw_placement(placement=world.row, reason="导师离职", by=SYSTEM, now=make.at(THERE[-1]))


def resign(world: SimpleNamespace) -> None:
    mentors.change_mentor(mentor=world.mentor, until=THERE[-1], by=SYSTEM, now=make.at(THERE[-1]))


def stand_back(world: SimpleNamespace) -> None:
    mentors.declare_conflict(mentor=world.mentor, student=world.student, reason="合伙", by=SYSTEM, now=make.at(THERE[-1]))


def grade(world: SimpleNamespace) -> None:
    operations.grade_placement(placement=world.row, score_x10=850, comment="认真", today=AFTER, by=SYSTEM, now=make.at(AFTER))


def entry(world: SimpleNamespace, on: date) -> Any:
    found = queries.day_entry(world.row.id, on)
    assert found is not None
    return found


@pytest.mark.parametrize("end", [end_early, withdraw])
@pytest.mark.parametrize("go", [resign, stand_back])
def test_another_gives_the_mark_of_what_is_over_and_whose_mentor_is_gone(
    world: SimpleNamespace, end: Callable[[SimpleNamespace], None], go: Callable[[SimpleNamespace], None]
) -> None:
    make.confirmed(world.row, THERE)
    go(world)
    end(world)
    assert operations.certificate_of(world.row) is None
    other = make.mentor(enterprise=world.enterprise, since=AFTER, load_limit=0)  # what is over takes no room
    assert assigned(world, other, AFTER) == ""
    grade(world)
    assert ledger.live_milestone(world.student.person_id, Source.PLACEMENT, f"placement:{world.row.id}") is not None
    assert operations.certificate_of(world.row) is not None
    with pytest.raises(WrongState):  # nothing is left to do
        assigned(world, make.mentor(enterprise=world.enterprise), AFTER)


@pytest.mark.parametrize("end", [end_early, withdraw])
def test_who_declares_a_conflict_after_the_end_does_not_grade_any_more(world: SimpleNamespace, end: Callable[[SimpleNamespace], None]) -> None:
    """School and enterprise name another, as they would have before the end."""
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    make.confirmed(world.row, THERE)
    end(world)
    stand_back(world)
    assert (world.row.mentor_id, told_of_conflict(head.id)) == (None, 1)
    assert assigned(world, world.mentor, AFTER) == "conflict"
    assert assigned(world, make.mentor(enterprise=world.enterprise), AFTER) == ""
    grade(world)


def test_a_conflict_of_what_is_over_and_graded_stays_with_whom_it_was(world: SimpleNamespace) -> None:
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    make.confirmed(world.row, THERE)
    end_early(world)
    grade(world)
    stand_back(world)
    assert (world.row.mentor_id, told_of_conflict(head.id)) == (world.mentor.id, 0)


def entered_anew(world: SimpleNamespace) -> None:
    """Corrected by the school after the mark, and logged again: it waits for a mentor."""
    operations.correct_day(entry=entry(world, THERE[0]), placement=world.row, reason="误录", today=AFTER, by=SYSTEM, now=make.at(AFTER))
    operations.log_day(placement=world.row, on=THERE[0], today=AFTER, by=SYSTEM, now=make.at(AFTER))


def entered_anew_with_its_week(world: SimpleNamespace) -> None:
    operations.correct_day(entry=entry(world, THERE[0]), placement=world.row, reason="误录", today=AFTER, by=SYSTEM, now=make.at(AFTER))
    days = dict.fromkeys(THERE, "")
    operations.log_week(placement=world.row, days=days, week=THERE, today=AFTER, by=SYSTEM, now=make.at(AFTER))


def opened_again(world: SimpleNamespace) -> None:
    operations.reopen_placement(placement=world.row, reason="补登", today=AFTER, by=SYSTEM, now=make.at(AFTER))


@pytest.mark.parametrize("again", [entered_anew, entered_anew_with_its_week, opened_again])
def test_who_declared_a_conflict_after_the_mark_confirms_nothing_that_comes_later(
    world: SimpleNamespace, again: Callable[[SimpleNamespace], None]
) -> None:
    """The mark stays; another takes over what waits, and school and enterprise are told to name one."""
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    make.confirmed(world.row, THERE)
    end_early(world)
    grade(world)
    stand_back(world)
    again(world)
    assert (world.row.mentor_id, world.row.mentor_score_x10, told_of_conflict(head.id)) == (None, 850, 1)
    assert assigned(world, world.mentor, AFTER) == "conflict"
    assert assigned(world, make.mentor(enterprise=world.enterprise, since=AFTER), AFTER) == ""
    if again is opened_again:
        return
    decided = operations.decide_days(placement=world.row, days=[THERE[0]], is_approved=True, today=AFTER, by=SYSTEM, now=make.at(AFTER))
    assert (decided, ledger.weeks_of(world.student.id).credited_days) == (1, 5)


def test_a_conflict_stops_decisions_whoever_left_the_mentor_there(world: SimpleNamespace) -> None:
    """Days that wait from before anybody asked: refused with what to do, and another may be named."""
    operations.log_day(placement=world.row, on=STARTS, today=STARTS, by=SYSTEM, now=make.at(STARTS))
    stand_back(world)
    world.row.mentor_id = world.mentor.id
    wanted: dict[str, Any] = {"placement": world.row, "today": STARTS, "by": SYSTEM, "now": make.at(STARTS)}
    attempts: list[Callable[[], Any]] = [
        lambda: operations.decide_days(days=[STARTS], is_approved=True, **wanted),
        lambda: operations.decide_days(days=[STARTS], is_approved=False, reason="不实", **wanted),
        lambda: operations.grade_placement(score_x10=900, comment="", **{**wanted, "today": world.row.ends_on}),
    ]
    for attempt in attempts:
        with pytest.raises(WrongState) as refused:
            attempt()
        assert refused.value.code == "conflict"
    leave = operations.report_event(
        placement=world.row, kind=EventKind.ABSENCE, since=FRIDAY, until=FRIDAY, text="复诊", by=himself(world), now=make.at(STARTS)
    )
    guide = Identity(account_id=None, person_id=world.mentor.person_id, name="须回避")
    with pytest.raises(WrongState) as refused:
        operations.decide_absence(event=leave, placement=world.row, is_approved=True, by=guide, now=make.at(STARTS))
    assert refused.value.code == "conflict"
    assert assigned(world, make.mentor(enterprise=world.enterprise), STARTS) == ""
    assert operations.decide_days(days=[STARTS], is_approved=True, **wanted) == 1


def told_of_conflict(account_id: int) -> int:
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == "placements.mentor_conflict", Notice.account_id == account_id)).all())


@pytest.mark.parametrize("has_day", [True, False])
def test_who_confirms_a_late_day_without_an_account_gets_a_link_from_the_page(world: SimpleNamespace, as_role: AsRole, has_day: bool) -> None:
    with transaction():
        make.confirmed(world.row, THERE)
        end_early(world)
        grade(world)
        if has_day:
            entered_anew(world)
        key = world.row.id
    with time_machine.travel(make.at(AFTER), tick=False):
        page = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme.id).get(f"/placements/{key}").text
    assert ('id="mentor-link"' in page) is has_day


def test_nobody_is_asked_for_the_mark_of_what_was_withdrawn_with_no_day(world: SimpleNamespace) -> None:
    withdraw(world)
    assert queries.marks_waited_for(AFTER, today=AFTER) == []
    assert queries.gradable_of_mentor(world.mentor.id, ends_by=AFTER) == []


@pytest.mark.parametrize("go", [resign, stand_back])
@pytest.mark.parametrize("end", [end_early, withdraw])
def test_what_is_over_and_waits_for_another_mentor_is_in_the_lists_and_reminded_each_week(
    world: SimpleNamespace, app: Flask, end: Callable[[SimpleNamespace], None], go: Callable[[SimpleNamespace], None]
) -> None:
    with transaction():
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
        host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id)
        accounts = {"head": head.id, "host": host.id}
        make.confirmed(world.row, THERE)
        go(world)
        end(world)
        key = world.row.id

    def listed(reader: FlaskClient, query: str) -> bool:
        return f'href="/placements/{key}"' in reader.get(f"/placements/?{query}").text

    def reminded(on: date) -> list[str]:
        with transaction():
            operations.remind_of_undone(today=on, now=make.at(on))
        found = db.session.scalars(select(Notice.account_id).where(Notice.kind == "placements.undone")).all()
        return sorted(name for name, account in accounts.items() for _n in range(list(found).count(account)))

    def todo(reader: FlaskClient) -> bool:
        return "/placements/?state=undone" in reader.get("/").text

    has_none = go is stand_back
    with time_machine.travel(make.at(AFTER), tick=False):
        for_head, for_host = identity.sign_in(app, head), identity.sign_in(app, host)
        assert [listed(for_head, "state=undone"), listed(for_host, "state=undone")] == [True, True]
        assert listed(for_host, "no_mentor=1") is has_none
        assert ("/placements/?no_mentor=1" in for_host.get("/").text) is has_none
        assert todo(for_head)
        assert [reminded(AFTER), reminded(AFTER), reminded(AFTER + timedelta(days=7))] == [*[["head", "host"]] * 2, ["head", "head", "host", "host"]]
        with transaction():
            row = queries.placement(key)
            assert row is not None
            other = make.mentor(enterprise=world.enterprise, since=AFTER)
            operations.assign_mentor(placement=row, mentor=other, by=SYSTEM, now=make.at(AFTER))
        assert not listed(for_head, "state=undone")
        assert not todo(for_head)
        assert len(reminded(AFTER + timedelta(days=14))) == 4


def test_what_needs_no_mentor_any_more_asks_for_none(world: SimpleNamespace, as_role: AsRole) -> None:
    """Graded with nothing waiting, or withdrawn with no day to certify."""
    with transaction():
        withdraw(world)
        stand_back(world)
        key = world.row.id
    assert [row.placement.id for row in left_undone(AFTER)] == []
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
    assert f'href="/placements/{key}"' not in host.get("/placements/?no_mentor=1").text


@pytest.mark.parametrize(("on", "count"), [(-1, 1), (0, 1), (1, 0)])
def test_who_is_in_office_no_more_is_not_asked_for_days(world: SimpleNamespace, on: int, count: int) -> None:
    """Nobody may confirm them any more; school and enterprise name another."""
    gone = identity.account(person=db.session.get_one(Person, world.mentor.person_id))
    operations.log_day(placement=world.row, on=STARTS, today=STARTS, by=SYSTEM, now=make.at(STARTS))
    until = date(2026, 3, 31)
    mentors.change_mentor(mentor=world.mentor, until=until, by=SYSTEM, now=make.at(STARTS))
    day = until + timedelta(days=on)
    assert operations.remind_mentors(today=day, now=make.at(day)) == count
    told = db.session.scalars(select(Notice.id).where(Notice.kind == "placements.confirm_due", Notice.account_id == gone.id)).all()
    assert len(told) == count


def test_another_confirms_the_day_that_was_entered_anew_after_the_end(world: SimpleNamespace) -> None:
    make.confirmed(world.row, THERE)
    resign(world)
    end_early(world)
    other = make.mentor(enterprise=world.enterprise)
    assigned(world, other, AFTER)
    grade(world)
    operations.correct_day(entry=entry(world, THERE[0]), placement=world.row, reason="误录", today=AFTER, by=SYSTEM, now=make.at(AFTER))
    operations.log_day(placement=world.row, on=THERE[0], today=AFTER, by=SYSTEM, now=make.at(AFTER))
    mentors.change_mentor(mentor=other, until=AFTER, by=SYSTEM, now=make.at(AFTER))
    later = date(2026, 3, 17)
    wanted: dict[str, Any] = {"placement": world.row, "days": [THERE[0]], "is_approved": True, "today": later, "by": SYSTEM, "now": make.at(later)}
    with pytest.raises(WrongState) as refused:
        operations.decide_days(**wanted)
    assert refused.value.code == "office_over"
    assert assigned(world, make.mentor(enterprise=world.enterprise), later) == ""
    operations.decide_days(**wanted)
    assert ledger.weeks_of(world.student.id).credited_days == 5


def test_school_and_enterprise_hear_once_of_what_a_mentor_left_undone(world: SimpleNamespace) -> None:
    """Who is gone is not asked for the mark any more; who takes over is."""
    accounts = {
        "gone": identity.account(person=db.session.get_one(Person, world.mentor.person_id)),
        "head": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id),
        "host": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id),
    }
    make.confirmed(world.row, THERE)
    resign(world)
    end_early(world)

    def told(kind: str) -> list[str]:
        found = db.session.scalars(select(Notice.account_id).where(Notice.kind == kind)).all()
        return sorted(name for name, account in accounts.items() for _n in range(found.count(account.id)))

    def remind(on: date) -> None:
        operations.remind_mentors(today=on, now=make.at(on))
        operations.warn_of_leaving_mentors(today=on, now=make.at(on))

    remind(THERE[-1])  # the last day in office
    assert (told("placements.grade_due"), told("placements.mentor_leaves")) == (["gone"], [])
    for on in (AFTER, date(2026, 3, 24)):
        remind(on)
        assert (told("placements.grade_due"), told("placements.mentor_leaves")) == (["gone"], ["head", "host"])
    other = make.mentor(enterprise=world.enterprise)
    accounts["other"] = identity.account(person=db.session.get_one(Person, other.person_id))
    assigned(world, other, date(2026, 3, 24))
    remind(date(2026, 3, 24))
    assert told("placements.grade_due") == ["gone", "other"]


@pytest.mark.parametrize("office", [-1, 0, 1])
def test_they_hear_too_when_the_last_day_has_passed_and_nobody_could_finish_it_without_a_mark(world: SimpleNamespace, office: int) -> None:
    """The mentor left a day before, on, or a day after the last day, and gave no mark: the placement still runs."""
    identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    last = world.row.ends_on
    mentors.change_mentor(mentor=world.mentor, until=last + timedelta(days=office), by=SYSTEM, now=make.at(last))

    def said() -> list[bool]:
        rows = db.session.scalars(select(Notice).where(Notice.kind == "placements.mentor_leaves").order_by(Notice.id))
        return ["还没有成绩" in row.message for row in rows]

    day = last + timedelta(days=max(office, 0))  # both the placement and the office last until then, or one is over
    operations.warn_of_leaving_mentors(today=day, now=make.at(day))
    before = [False] if office < 0 else []  # the office ends first: that was told, and is told once
    assert said() == before
    for _time in range(2):
        day += timedelta(days=1)
        operations.warn_of_leaving_mentors(today=day, now=make.at(day))
        assert said() == [*before, True]


@pytest.mark.parametrize(("days", "count"), [(THERE, 1), ([], 0)])
def test_of_what_was_withdrawn_no_last_day_is_named_that_was_none(world: SimpleNamespace, days: list[date], count: int) -> None:
    """And where no day was confirmed there is nothing to certify, so that nobody is asked for a mark."""
    identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    if days:
        make.confirmed(world.row, days)
    resign(world)
    withdraw(world)
    operations.warn_of_leaving_mentors(today=AFTER, now=make.at(AFTER))
    rows = db.session.scalars(select(Notice).where(Notice.kind == "placements.mentor_leaves")).all()
    assert (len(rows), [row for row in rows if world.row.ends_on.isoformat() in row.values.values()]) == (count, [])


@pytest.mark.parametrize(("after", "code"), [(0, "mentor_full"), (1, ""), (2, "")])
def test_what_waits_for_a_mark_only_takes_no_room(world: SimpleNamespace, after: int, code: str) -> None:
    """The last day has passed, and without a mark nobody can finish it: a mentor who has no room left can still give one."""
    on = world.row.ends_on + timedelta(days=after)
    assert assigned(world, make.mentor(enterprise=world.enterprise, load_limit=0), on) == code


def test_one_that_never_began_takes_no_mentor_once_it_is_withdrawn(world: SimpleNamespace) -> None:
    world.row.started_on = None
    withdraw(world)
    with pytest.raises(WrongState):
        assigned(world, make.mentor(enterprise=world.enterprise), AFTER)


def test_the_page_of_what_is_over_offers_another_until_it_is_graded(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        make.confirmed(world.row, THERE)
        resign(world)
        end_early(world)
        other = make.mentor(enterprise=world.enterprise).id
        key = world.row.id
    with time_machine.travel(make.at(AFTER), tick=False):
        host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
        form = f'action="/placements/{key}/mentor"'
        assert form in host.get(f"/placements/{key}").text
        assert host.post(f"/placements/{key}/mentor", data={"mentor_id": other}).status_code == 303
        with transaction():
            grade(SimpleNamespace(row=queries.placement(key)))
        assert form not in host.get(f"/placements/{key}").text
