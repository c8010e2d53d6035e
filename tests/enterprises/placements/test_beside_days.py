"""Beside the days: who closes what, what leave does to entries, which dates are refused, students who left, insurance, the calendar."""

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

from enterprises.placements import operations, panels, queries
from enterprises.placements.operations._support import BadDay, BadPlacement
from enterprises.placements.types import DayState, EventKind, EventState, Miss, PlacementState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import Refused
from trainhub.ledger import queries as ledger
from trainhub.notifications.models import Notice
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
STARTS = make.TODAY
FRIDAY = STARTS + timedelta(days=4)
NOW = make.at(FRIDAY)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of sixteen weeks that runs since Monday 2 March 2026; it is Friday."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
        return SimpleNamespace(
            key=row.id, row=row, student=student, mentor_person=mentor.person_id, enterprise_id=enterprise.id, university_id=university.id
        )


def report(world: SimpleNamespace, kind: EventKind, since: date, until: date, **more: Any) -> Any:
    return operations.report_event(placement=queries.placement(world.key), kind=kind, since=since, until=until, **{"text": "情况", **more, **WHOLE})


# -- visits and incidents -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [EventKind.VISIT, EventKind.INCIDENT])
def test_only_the_school_closes_what_concerns_the_mentor(world: SimpleNamespace, as_role: AsRole, kind: EventKind) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            key = report(world, kind, STARTS, STARTS).id
        mentor = as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person)
        close, page = f"/placements/events/{key}/close", f"/placements/{world.key}/events"
        assert "办结此项" not in mentor.get(page).text
        assert mentor.post(close, data={"outcome": "没有问题"}).status_code == 403
        school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
        assert "办结此项" in school.get(page).text
        assert school.post(close, data={"outcome": "已整改"}).status_code == 303


SECRET = "带教人说了不该说的话"
"""What a student reports about the very person who guides them."""


def readers(world: SimpleNamespace, as_role: AsRole) -> dict[str, FlaskClient]:
    return {
        "mentor": as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person),
        "enterprise": as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id),
        "student": as_role(Role.STUDENT, organisation_id=world.university_id, person_id=world.student.person_id),
        "school": as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id),
    }


def who_reads(world: SimpleNamespace, browsers: dict[str, FlaskClient], words: str) -> set[str]:
    pages = (f"/placements/{world.key}", f"/placements/{world.key}/events", "/placements/events")
    opened = {name: [browser.get(page) for page in pages if name != "student" or page != pages[2]] for name, browser in browsers.items()}
    assert {
        (name, answer.request.path): answer.status_code for name, answers in opened.items() for answer in answers if answer.status_code != 200
    } == {}
    return {name for name, answers in opened.items() if any(words in answer.text for answer in answers)}


@pytest.mark.parametrize("kind", [EventKind.VISIT, EventKind.INCIDENT])
def test_what_a_student_reports_is_not_read_by_whom_it_may_be_about(world: SimpleNamespace, as_role: AsRole, kind: EventKind) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            key = report(world, kind, STARTS, STARTS, text=SECRET).id
        browsers = readers(world, as_role)
        assert who_reads(world, browsers, SECRET) == {"student", "school"}
        assert browsers["school"].post(f"/placements/events/{key}/close", data={"outcome": "已更换带教人"}).status_code == 303
        assert who_reads(world, browsers, "已更换带教人") == {"student", "school"}
        share = f"/placements/events/{key}/share"
        assert {browsers[name].post(share).status_code for name in ("mentor", "enterprise", "student")} == {403}
        assert [browsers["school"].post(share).status_code for _again in range(2)] == [303, 303]
        assert who_reads(world, browsers, SECRET) == {"mentor", "enterprise", "student", "school"}
        told = db.session.scalars(select(Notice.kind).where(Notice.kind == "placements.event_shared")).all()
        assert len(told) <= 1


def test_who_reported_an_incident_reads_it_and_leave_is_read_by_who_decides(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            report(world, EventKind.ABSENCE, STARTS, STARTS, text=SECRET)
        browsers = readers(world, as_role)
        assert who_reads(world, browsers, SECRET) == {"mentor", "student", "school"}
        day = {"kind": "incident", "since": FRIDAY.isoformat(), "until": "", "text": "机床伤了手指"}
        assert browsers["enterprise"].post(f"/placements/{world.key}/events", data=day).status_code == 303
        assert who_reads(world, browsers, "机床伤了手指") == {"enterprise", "student", "school"}


def test_a_mentor_still_decides_on_leave(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            key = report(world, EventKind.ABSENCE, STARTS, STARTS).id
        mentor = as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person)
        assert "不批准" in mentor.get(f"/placements/{world.key}/events").text
        assert mentor.post(f"/placements/events/{key}/approve").status_code == 303


def test_a_visit_that_is_settled_at_once_says_what_was_found(world: SimpleNamespace) -> None:
    with pytest.raises(BadPlacement) as refused:
        report(world, EventKind.VISIT, STARTS, STARTS, is_settled=True, outcome=" ")
    assert refused.value.field == "outcome"
    assert report(world, EventKind.VISIT, STARTS, STARTS, is_settled=True, outcome="无需整改").state is EventState.CLOSED


# -- dates --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "since", "until", "is_refused"),
    [
        (EventKind.INCIDENT, STARTS - timedelta(days=1), STARTS, True),
        (EventKind.INCIDENT, STARTS, FRIDAY, False),
        (EventKind.INCIDENT, STARTS, FRIDAY + timedelta(days=1), True),
        (EventKind.INCIDENT, date(2020, 1, 1), date(2030, 1, 1), True),
        (EventKind.VISIT, STARTS, FRIDAY, False),
        (EventKind.VISIT, STARTS, date(2099, 1, 1), True),
        (EventKind.ABSENCE, STARTS - timedelta(days=1), STARTS, True),
        (EventKind.ABSENCE, STARTS, date(2026, 6, 21), False),
        (EventKind.ABSENCE, STARTS, date(2026, 6, 22), True),
        (EventKind.INTERRUPTION, STARTS, date(2099, 1, 1), True),
    ],
)
def test_what_is_reported_lies_in_the_placement(world: SimpleNamespace, kind: EventKind, since: date, until: date, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(BadPlacement) as refused:
            report(world, kind, since, until)
        assert refused.value.field in ("since", "until")
    else:
        assert report(world, kind, since, until).since == since


def test_leave_keeps_what_was_sent_back_or_corrected(world: SimpleNamespace) -> None:
    days = [STARTS + timedelta(days=n) for n in range(4)]
    for day in days:
        operations.log_day(placement=world.row, on=day, note="装配", today=FRIDAY, **WHOLE)
    decide = {"placement": world.row, "today": FRIDAY, **WHOLE}
    operations.decide_days(days=days[:1], is_approved=True, **decide)
    operations.decide_days(days=days[1:3], is_approved=False, reason="未到岗", **decide)
    entry = queries.day_entry(world.key, days[0])
    assert entry is not None
    operations.correct_day(entry=entry, placement=world.row, reason="教务抽查", today=FRIDAY, **WHOLE)
    operations.log_day(placement=world.row, on=days[2], note="又写", today=FRIDAY, **WHOLE)  # waits anew
    event = report(world, EventKind.ABSENCE, days[0], days[3])
    operations.decide_absence(event=event, placement=world.row, is_approved=True, **WHOLE)
    kept = [(one.on, one.state, one.reason, one.note) for one in queries.entries_of(world.key)]
    assert kept == [
        (days[0], DayState.REJECTED, "教务抽查", "装配"),
        (days[1], DayState.REJECTED, "未到岗", "装配"),
        (days[2], DayState.REJECTED, "未到岗", "装配"),
    ]


# -- who has left -------------------------------------------------------------------------------------------------------
def test_a_student_earns_nothing_after_leaving_the_school(world: SimpleNamespace) -> None:
    left = STARTS + timedelta(days=1)
    for day in (left, left + timedelta(days=1)):
        operations.log_day(placement=world.row, on=day, today=FRIDAY, **WHOLE)
    world.student.state, world.student.left_on = StudentState.WITHDRAWN, left
    for day, problem in ((left, ""), (left + timedelta(days=1), "left")):
        for act in (
            lambda day=day: operations.log_day(placement=world.row, on=day, today=FRIDAY, **WHOLE),
            lambda day=day: operations.decide_days(placement=world.row, days=[day], is_approved=True, today=FRIDAY, **WHOLE),
        ):
            found = ""
            try:
                act()
            except BadDay as refused:
                found = refused.code
            assert found == problem


# -- insurance ----------------------------------------------------------------------------------------------------------
def test_policies_that_follow_each_other_cover_the_period_together(world: SimpleNamespace) -> None:
    row, middle = world.row, date(2026, 4, 30)
    operations.record_insurance(placement=row, policy_no="2025", since=row.starts_on, until=middle, **WHOLE)
    later = {"placement": row, "policy_no": "2026", "until": row.ends_on, "follows": True, **WHOLE}
    with pytest.raises(BadPlacement) as refused:
        operations.record_insurance(since=middle + timedelta(days=2), **later)
    assert (refused.value.field, row.insurance_no) == ("insured_from", "2025")
    for _time in range(2):
        operations.record_insurance(since=middle + timedelta(days=1), **later)
        assert (row.insurance_no, row.insured_from, row.insured_until) == ("2025、2026", row.starts_on, row.ends_on)
    operations.record_insurance(
        placement=row, policy_no="2024", since=date(2026, 1, 1), until=row.starts_on - timedelta(days=1), follows=True, **WHOLE
    )
    assert (row.insurance_no, row.insured_from, row.insured_until) == ("2025、2026、2024", date(2026, 1, 1), row.ends_on)
    with pytest.raises(BadPlacement):
        operations.record_insurance(placement=row, policy_no="9" * 70, since=row.starts_on, until=row.ends_on, follows=True, **WHOLE)
    operations.record_insurance(placement=row, policy_no="全", since=row.starts_on, until=row.ends_on, **WHOLE)  # corrected
    assert row.insurance_no == "全"


@pytest.mark.parametrize(("since", "until", "is_refused"), [(0, 4, False), (1, 4, True), (0, 3, True)])
def test_a_cover_is_not_taken_from_days_that_count(world: SimpleNamespace, since: int, until: int, is_refused: bool) -> None:
    make.confirmed(world.row, make.weekdays(STARTS, 5))
    before = (world.row.insured_from, world.row.insured_until)
    span = {"since": STARTS + timedelta(days=since), "until": STARTS + timedelta(days=until)}
    if is_refused:
        with pytest.raises(BadPlacement) as refused:
            operations.record_insurance(placement=world.row, policy_no="X", **span, **WHOLE)
        assert (refused.value.code, "1 个" in refused.value.message) == ("days_confirmed", True)
        assert (world.row.insured_from, world.row.insured_until) == before
    else:
        operations.record_insurance(placement=world.row, policy_no="X", **span, **WHOLE)
        assert (world.row.insured_from, world.row.insured_until) == (span["since"], span["until"])


def test_the_page_takes_a_policy_that_follows(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        school, url = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id), f"/placements/{world.key}"
        assert "续保" in school.get(url).text
        data = {"insurance_no": "PICC-2", "insured_from": "2026-06-22", "insured_until": "2026-08-31", "follows": "y"}
        assert school.post(f"{url}/insurance", data=data).status_code == 303
        db.session.expire_all()
        row = queries.placement(world.key)
        assert row is not None
        assert (row.insurance_no, row.insured_until) == ("PICC-1、PICC-2", date(2026, 8, 31))


# -- the calendar -------------------------------------------------------------------------------------------------------
def test_a_calendar_says_nothing_of_why_somebody_was_away(world: SimpleNamespace) -> None:
    event = report(world, EventKind.ABSENCE, FRIDAY, FRIDAY, text="复诊，请勿告知他人")
    operations.decide_absence(event=event, placement=world.row, is_approved=True, **WHOLE)
    report(world, EventKind.VISIT, STARTS, STARTS, text="期中走访")
    visit = report(world, EventKind.VISIT, STARTS, STARTS, text="期中走访")  # the same again is the known one

    def told(person_id: int) -> list[str]:
        return sorted(one.description for one in panels.calendar(person_id, STARTS, FRIDAY) if one.uid.startswith("placement-event"))

    assert (told(world.mentor_person), told(world.student.person_id)) == (["", ""], ["", "期中走访"])
    operations.share_event(event=visit, placement=queries.placement(world.key), **WHOLE)
    assert told(world.mentor_person) == ["", "期中走访"]


@pytest.mark.database
@pytest.mark.parametrize(("day", "problem"), [(8, None), (9, "suspended"), (11, "suspended"), (12, None)])
def test_days_of_a_suspension_earn_nothing_those_before_and_after_do(world: SimpleNamespace, day: int, problem: str | None) -> None:
    """Suspended from Monday 9 March, back on Thursday 12 March: both are dated, whenever the school enters them."""
    entered: dict[str, Any] = {"by": SYSTEM, "now": make.at(date(2026, 3, 20))}
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=date(2026, 3, 9), **entered)
    people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=date(2026, 3, 12), **entered)
    on = date(2026, 3, day)

    def log() -> None:
        operations.log_day(placement=world.row, on=on, today=date(2026, 3, 20), **entered)

    if problem is None:
        log()
    else:
        with pytest.raises(BadDay) as refused:
            log()
        assert refused.value.code == problem


def test_a_suspension_that_goes_on_has_no_end(world: SimpleNamespace) -> None:
    entered: dict[str, Any] = {"by": SYSTEM, "now": make.at(date(2026, 3, 20))}
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=date(2026, 3, 9), **entered)
    people.change_student(student=world.student, state=StudentState.SUSPENDED, **entered)
    assert [(row.since, row.until) for row in people_queries.suspensions_of(world.student.id)] == [(date(2026, 3, 9), None)]
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=date(2026, 3, 10), **entered)
    assert [(row.since, row.until) for row in people_queries.suspensions_of(world.student.id)] == [(date(2026, 3, 10), None)]
    for wrong in (date(2026, 3, 9), date(2026, 3, 10)):
        with pytest.raises(Refused, match="应晚于休学开始"):
            people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=wrong, **entered)
    world.student.state = StudentState.SUSPENDED
    people.change_student(student=world.student, state=StudentState.ENROLLED, **entered)
    assert [(row.since, row.until) for row in people_queries.suspensions_of(world.student.id)] == [(date(2026, 3, 10), date(2026, 3, 19))]
    with pytest.raises(Refused, match="与此前的休学重叠"):
        people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=date(2026, 3, 19), **entered)
    world.student.state = StudentState.ENROLLED


# -- a suspension that is entered after its days were confirmed ---------------------------------------------------------
@pytest.mark.database
def test_days_confirmed_before_a_suspension_was_entered_are_told_and_corrected_at_once(world: SimpleNamespace, as_role: AsRole) -> None:
    """Confirmed Monday to Friday; on Friday the school enters that the student was suspended from Wednesday on, back on Friday."""
    page = f"/placements/students/{world.student.id}/weeks"
    with transaction():
        make.confirmed(world.row, make.weekdays(STARTS, 5))
        identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university_id)
        assert operations.warn_of_days_against(today=FRIDAY, now=NOW) == 0
        people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=STARTS + timedelta(days=2), **WHOLE)
        people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=FRIDAY, **WHOLE)
        for _again in range(2):
            assert operations.warn_of_days_against(today=FRIDAY, now=NOW) == 1
    [told] = db.session.scalars(select(Notice).where(Notice.kind == "placements.days_against"))
    assert (told.values["count"], told.values["first"], told.values["last"], told.url) == (2, "2026-03-04", "2026-03-05", page)
    progress = queries.progress_of_student(world.student.id, on=FRIDAY)
    assert progress is not None
    assert dict(progress.why)[Miss.AGAINST] == 2
    with time_machine.travel(NOW, tick=False):
        head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
        assert "须由学校更正" in head.get(f"/placements/{world.key}/days?week=2026-03-02").text
        assert "全部更正" in head.get(page).text
        for _again in range(2):
            assert head.post(f"{page}/correct", data={"reason": "休学期间"}).status_code == 303
        assert "全部更正" not in head.get(page).text
        assert head.post(f"{page}/correct", data={"reason": " "}).status_code == 422
    db.session.expire_all()
    assert [entry.on.day for entry in queries.entries_of(world.key) if entry.state is DayState.APPROVED] == [2, 3, 6]
    assert ledger.weeks_of(world.student.id).credited_days == 3
    assert operations.warn_of_days_against(today=FRIDAY, now=NOW) == 0


def test_nobody_is_reminded_of_a_week_of_a_suspension_or_after_leaving(world: SimpleNamespace) -> None:
    week = (date(2026, 3, 9), date(2026, 3, 13))

    def lacking(monday: date) -> list[int]:
        return [gap.lacking for gap in queries.gaps_of_week(monday)]

    entered: dict[str, Any] = {"by": SYSTEM, "now": make.at(date(2026, 3, 20))}
    assert lacking(week[0]) == [5]
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=week[1], **entered)
    assert lacking(week[0]) == [4]  # until the day before
    people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=date(2026, 3, 16), **entered)
    assert lacking(week[0]) == [4]
    assert lacking(date(2026, 3, 16)) == [5]
    people.change_student(student=world.student, state=StudentState.WITHDRAWN, left_on=date(2026, 3, 19), left_reason="转学", **entered)
    assert lacking(date(2026, 3, 16)) == [4]
    assert lacking(date(2026, 3, 23)) == []


def test_the_forecast_asks_about_leave_and_suspensions(world: SimpleNamespace) -> None:
    """On Monday 16 March two weeks went by. A week of leave and two days of suspension are not missing, nor are they to come."""

    def found(on: date = date(2026, 3, 16)) -> Any:
        return queries.progress_of_student(world.student.id, on=on)

    before = found()
    assert dict(before.why)[Miss.UNLOGGED] == 10
    event = report(world, EventKind.ABSENCE, STARTS, FRIDAY)
    operations.decide_absence(event=event, placement=world.row, is_approved=True, **WHOLE)
    assert dict(found().why)[Miss.UNLOGGED] == 5
    entered: dict[str, Any] = {"by": SYSTEM, "now": make.at(date(2026, 3, 16))}
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=date(2026, 3, 12), **entered)
    goes_on = found()
    assert (goes_on.to_come, goes_on.still_open) == (0, before.still_open + before.to_come)
    assert dict(goes_on.why).keys() >= {Miss.SUSPENDED}
    assert dict(goes_on.why)[Miss.UNLOGGED] == 3
    people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=date(2026, 3, 18), **entered)
    back = found()
    assert (back.to_come, back.still_open) == (before.to_come - 2, before.still_open)
    assert Miss.SUSPENDED not in dict(back.why)
    assert found(date(2026, 2, 27)).to_come == found(date(2026, 3, 2)).to_come == 80 - 5 - 4


def test_a_day_that_waits_in_a_suspension_is_not_sure(world: SimpleNamespace) -> None:
    """Logged Monday to Friday, waiting; then the school enters that the student was suspended from Wednesday on, or left on Tuesday."""
    for day in make.weekdays(STARTS, 5):
        operations.log_day(placement=world.row, on=day, note="", today=FRIDAY, **WHOLE)

    def to_come() -> int:
        found = queries.progress_of_student(world.student.id, on=FRIDAY + timedelta(days=1))
        assert found is not None
        return found.to_come

    whole = to_come()
    entered: dict[str, Any] = {"by": SYSTEM, "now": NOW}
    people.change_student(student=world.student, state=StudentState.SUSPENDED, state_on=STARTS + timedelta(days=2), **entered)
    people.change_student(student=world.student, state=StudentState.ENROLLED, state_on=FRIDAY + timedelta(days=1), **entered)
    assert to_come() == whole - 3


# -- what is sent again, what is read late --------------------------------------------------------------------------------
def test_a_confirmation_whose_answer_was_lost_is_answered_the_same_when_it_is_sent_again(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            for day in (STARTS, STARTS + timedelta(days=1)):
                operations.log_day(placement=queries.placement(world.key), on=day, today=FRIDAY, by=SYSTEM, now=NOW)
        first, second = queries.entries_of(world.key)
        mentor = as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person)
        sent = {"entry": [str(first.id)]}
        answers = [mentor.post(f"/placements/{world.key}/confirm", data=sent) for _again in range(2)]
        assert [(answer.status_code, answer.location) for answer in answers] == [(303, answers[0].location)] * 2
        assert "没有改动任何一天" not in mentor.get(answers[1].location).text
        more = mentor.post(f"/placements/{world.key}/confirm", data={"entry": [str(first.id), str(second.id)]}, follow_redirects=True)
        assert "没有改动任何一天" in more.text  # one of them was decided in another window: that is told
        assert (
            mentor.post(f"/placements/{world.key}/reject", data=sent | {"reason": "没有来"}, follow_redirects=True).text.count("没有改动任何一天")
            == 1
        )


def test_the_log_of_the_last_week_is_still_to_be_read_when_the_placement_is_finished(world: SimpleNamespace, as_role: AsRole) -> None:
    ends = queries.placement(world.key).ends_on
    with time_machine.travel(make.at(ends), tick=False):
        with transaction():
            placement = queries.placement(world.key)
            written = {"text": "最后一周做完了夹具", "tags": [], "today": ends, "by": SYSTEM, "now": make.at(ends)}
            operations.save_weekly_log(placement=placement, on=ends, **written)
            placement.state = PlacementState.FINISHED
        school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
        assert "最后一周做完了夹具" in school.get("/placements/reviews").text
