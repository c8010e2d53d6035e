"""The daily work: agreement texts, absences, incidents, early ends, changes of base, photos, notes, links, ratings."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.placements import labels, operations, panels, queries, rules
from enterprises.placements.operations._support import BadDay, BadPlacement, NotReady, WrongState
from enterprises.placements.types import (
    AgreementParty,
    DayProblem,
    DayState,
    EventKind,
    EventState,
    NoteSide,
    PlacementState,
    RaterSide,
)
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused, Stale
from trainhub.ledger import queries as ledger
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

NOW, STARTS = make.NOW, make.TODAY
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
THREE = (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of sixteen weeks that has begun on 2 March 2026, with a second position of another enterprise in the same term."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    mentor = make.mentor(enterprise=enterprise)
    position = make.position(enterprise=enterprise, base=base, terms=[term], seats=2)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    other = make.position(enterprise=ground.enterprise(), terms=[term], seats=1)
    placement = make.started(student=student, position=position, term=term, mentor=mentor)
    return SimpleNamespace(
        enterprise=enterprise, base=base, term=term, mentor=mentor, position=position, student=student, other=other, placement=placement, programme=programme
    )  # fmt: skip


def planned(world: SimpleNamespace) -> SimpleNamespace:
    """Another student's placement, complete but for its beginning."""
    row = operations.place_student(
        student=ground.student(world.programme, petoe_since=date(2023, 9, 1)), position=world.position, term=world.term, by=SYSTEM, now=NOW
    )
    return make.ready(row, world.mentor)  # type: ignore[return-value]


def sign(row: object, *parties: AgreementParty, text_no: int | None = None) -> None:
    for party in parties:
        operations.sign_placement(
            placement=row,
            party=party,
            signed_name="签署人",
            signed_on=make.TODAY,
            text_no=text_no,
            by=SYSTEM,
            now=NOW,  # type: ignore[arg-type]
        )


# -- agreement ----------------------------------------------------------------------------------------------------------
def test_a_corrected_text_has_to_be_signed_anew_and_the_old_stays(world: SimpleNamespace) -> None:
    row = planned(world)
    wanted = {"placement": row, "number": 1, "changes": ["岗位名称改为质量工程师"], "reason": "岗位写错", "by": SYSTEM, "now": NOW}
    made = operations.correct_text(**wanted)
    assert (made.number, made.replaces) == (2, 1)
    with pytest.raises(WrongState):
        operations.correct_text(**wanted)
    with pytest.raises(NotReady) as refused:
        operations.start_placement(placement=row, today=world.term.starts_on, by=SYSTEM, now=NOW)
    assert [one["code"] for one in refused.value.details] == ["start.agreement"]
    with pytest.raises(WrongState) as replaced:
        sign(row, AgreementParty.SCHOOL, text_no=1)
    assert replaced.value.code == "text_replaced"
    sign(row, *THREE)
    assert queries.signed_all(row.id) >= set(THREE)
    assert len([one for one in queries.signatures_of(row.id) if one.text_no == 1]) == 4
    assert operations.start_placement(placement=row, today=world.term.starts_on, by=SYSTEM, now=NOW).state is PlacementState.STARTED


def test_an_amendment_lists_changes_and_names_the_original_signers(world: SimpleNamespace) -> None:
    fresh = operations.place_student(student=ground.student(world.programme), position=world.position, term=world.term, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState) as refused:
        operations.amend_agreement(placement=fresh, changes=["延长两周"], reason="", by=SYSTEM, now=NOW)
    assert refused.value.code == "agreement_unsigned"
    make.ready(fresh, world.mentor)
    with pytest.raises(BadPlacement):
        operations.amend_agreement(placement=fresh, changes=[" ", ""], reason="", by=SYSTEM, now=NOW)
    made = operations.amend_agreement(placement=fresh, changes=["延长两周", "补贴由企业发放"], reason="", by=SYSTEM, now=NOW)
    assert operations.amend_agreement(placement=fresh, changes=["延长两周", "补贴由企业发放"], reason="", by=SYSTEM, now=NOW).id == made.id
    assert queries.signed_all(fresh.id) == frozenset()
    sign(fresh, *THREE, text_no=made.number)
    assert queries.signed_all(fresh.id) == frozenset(THREE)


def test_the_guardian_of_a_minor_signs_amendments_too(world: SimpleNamespace) -> None:
    """Until then the same again is the known one; with another reason or file that text is corrected, and nothing is dropped."""
    session().get_one(Person, world.student.person_id).birth_on = STARTS.replace(year=STARTS.year - 17)
    session().flush()
    wanted: dict[str, Any] = {"placement": world.placement, "changes": ["延长两周"], "reason": "项目延期", "by": SYSTEM, "now": NOW}
    made = operations.amend_agreement(**wanted)
    sign(world.placement, *THREE, text_no=made.number)
    assert operations.amend_agreement(**wanted).number == made.number
    for other in ({"reason": "客户要求"}, {"file_id": make.scan()}):
        with pytest.raises(BadPlacement) as refused:
            operations.amend_agreement(**{**wanted, **other})
        assert refused.value.code == "amendment_waits"
    sign(world.placement, AgreementParty.GUARDIAN, text_no=made.number)
    assert operations.amend_agreement(**wanted).number == made.number + 1


def test_a_guardian_who_signed_signs_what_follows(world: SimpleNamespace, as_role: Callable[..., FlaskClient]) -> None:
    """Nobody knows the birth date, and a guardian has signed: page and operation wait for them alike, of a text before that for nobody."""
    session().get_one(Person, world.student.person_id).birth_on = None
    session().flush()
    wanted: dict[str, Any] = {"placement": world.placement, "reason": "项目延期", "by": SYSTEM, "now": NOW}
    first = operations.amend_agreement(changes=["延长两周"], **wanted).number
    sign(world.placement, *THREE, AgreementParty.GUARDIAN, text_no=first)
    second = operations.amend_agreement(changes=["再延长两周"], **wanted).number
    sign(world.placement, *THREE, text_no=second)
    assert operations.amend_agreement(changes=["再延长两周"], **wanted).number == second
    key = world.placement.id
    session().commit()
    page = as_role(Role.SYSTEM_ADMIN).get(f"/placements/{key}/agreement").text
    assert (page.count("已签齐"), page.count("待签署")) == (2, 1)


# -- away, incidents, visits --------------------------------------------------------------------------------------------
def test_an_approved_absence_takes_back_what_waits_and_lets_nothing_be_logged(world: SimpleNamespace) -> None:
    day = world.term.starts_on + timedelta(days=1)
    operations.log_day(placement=world.placement, on=day, today=day, by=SYSTEM, now=NOW)
    wanted = {"placement": world.placement, "kind": EventKind.ABSENCE, "since": day, "until": day, "text": "发烧", "by": SYSTEM, "now": NOW}
    row = operations.report_event(**wanted)
    assert operations.report_event(**wanted).id == row.id
    with pytest.raises(BadPlacement):
        operations.report_event(**{**wanted, "until": day + timedelta(days=1)})
    assert queries.day_entry(world.placement.id, day) is not None
    for _n in range(2):
        operations.decide_absence(event=row, placement=world.placement, is_approved=True, by=SYSTEM, now=NOW)
    assert queries.day_entry(world.placement.id, day) is None
    with pytest.raises(BadDay) as refused:
        operations.log_day(placement=world.placement, on=day, today=day, by=SYSTEM, now=NOW)
    assert refused.value.code == DayProblem.ABSENT
    with pytest.raises(WrongState):
        operations.decide_absence(event=row, placement=world.placement, is_approved=False, reason="晚了", by=SYSTEM, now=NOW)


def test_an_absence_over_confirmed_days_is_refused(world: SimpleNamespace) -> None:
    day = world.term.starts_on
    make.confirmed(world.placement, [day])
    row = operations.report_event(placement=world.placement, kind=EventKind.ABSENCE, since=day, until=day, text="事假", by=SYSTEM, now=NOW)
    with pytest.raises(WrongState) as refused:
        operations.decide_absence(event=row, placement=world.placement, is_approved=True, by=SYSTEM, now=NOW)
    assert refused.value.code == "days_confirmed"
    with pytest.raises(BadPlacement):
        operations.decide_absence(event=row, placement=world.placement, is_approved=False, by=SYSTEM, now=NOW)


def test_an_incident_stays_open_until_something_was_done(world: SimpleNamespace) -> None:
    row = operations.report_event(
        placement=world.placement, kind=EventKind.INCIDENT, since=make.TODAY, until=make.TODAY, text="手指轻微划伤", by=SYSTEM, now=NOW
    )
    with pytest.raises(BadPlacement):
        operations.close_event(event=row, placement=world.placement, outcome="", by=SYSTEM, now=NOW)
    operations.close_event(event=row, placement=world.placement, outcome="已包扎，重新进行安全教育", by=SYSTEM, now=NOW)
    assert row.state is EventState.CLOSED
    with pytest.raises(BadPlacement):
        operations.report_event(
            placement=world.placement, kind=EventKind.INCIDENT, since=make.TODAY + timedelta(days=1), until=make.TODAY + timedelta(days=1), text="明天", by=SYSTEM, now=NOW
        )  # fmt: skip


VISIT = {"kind": EventKind.VISIT, "text": "中期走访", "by": SYSTEM}


def visited(world: SimpleNamespace, *, on: date, **said: Any) -> Any:
    """The school enters a visit of 2 March on a day."""
    return operations.report_event(placement=world.placement, since=STARTS, until=STARTS, now=make.at(on), **{**VISIT, **said})


def test_a_planned_visit_that_is_entered_again_with_what_was_found_is_closed(world: SimpleNamespace) -> None:
    """The same card, filled in on its day: what was found is not dropped behind a page that says it was entered."""
    planned = visited(world, on=STARTS - timedelta(days=3))
    found = visited(world, on=STARTS, outcome="宿舍缺灭火器，已配", is_settled=True)
    assert (found.id, found.state, found.outcome) == (planned.id, EventState.CLOSED, "宿舍缺灭火器，已配")
    assert visited(world, on=STARTS, outcome="宿舍缺灭火器，已配", is_settled=True).id == planned.id  # pressed twice
    for is_settled in (True, False):
        with pytest.raises(BadPlacement) as refused:
            visited(world, on=STARTS, outcome="还缺应急灯", is_settled=is_settled)
        assert refused.value.code == "event_known"
    with pytest.raises(WrongState):
        operations.close_event(event=found, placement=world.placement, outcome="还缺应急灯", by=SYSTEM, now=make.at(STARTS))
    assert found.outcome == "宿舍缺灭火器，已配"


def test_an_outcome_that_an_open_visit_does_not_hold_is_not_dropped(world: SimpleNamespace) -> None:
    visited(world, on=STARTS - timedelta(days=3))
    with pytest.raises(BadPlacement) as refused:
        visited(world, on=STARTS, outcome="待整改：缺灭火器")
    assert (refused.value.code, refused.value.field) == ("event_known", "outcome")


@pytest.mark.parametrize("is_settled", [False, True])
def test_leave_that_was_refused_is_asked_for_again_with_the_same_words(world: SimpleNamespace, is_settled: bool) -> None:
    """And somebody is asked again; the school, too, may enter it."""
    mentor = identity.account(person=session().get_one(Person, world.mentor.person_id))
    day = STARTS + timedelta(days=1)
    wanted: dict[str, Any] = {"placement": world.placement, "kind": EventKind.ABSENCE, "since": day, "until": day, "text": "病假", "by": SYSTEM}
    first = operations.report_event(now=NOW, **wanted)
    operations.decide_absence(event=first, placement=world.placement, is_approved=False, reason="请附病历", by=SYSTEM, now=NOW)
    again = operations.report_event(now=make.at(day), is_settled=is_settled, **wanted)
    state = EventState.APPROVED if is_settled else EventState.OPEN
    assert (again.id != first.id, again.state, first.state) == (True, state, EventState.REFUSED)
    assert operations.report_event(now=make.at(day), is_settled=is_settled, **wanted).id == again.id
    asked = session().scalars(select(Notice.id).where(Notice.account_id == mentor.id, Notice.kind == "placements.absence_asked")).all()
    assert len(asked) == (1 if is_settled else 2)
    if not is_settled:  # what waits is decided where it stands, not entered a second time
        with pytest.raises(BadPlacement):
            operations.report_event(now=make.at(day), is_settled=True, **wanted)


def test_a_planned_visit_is_called_off_with_a_reason(world: SimpleNamespace) -> None:
    student = identity.account(person=session().get_one(Person, world.student.person_id), has_consented=False)
    planned = visited(world, on=STARTS - timedelta(days=3))
    off: dict[str, Any] = {"event": planned, "placement": world.placement, "by": SYSTEM, "now": make.at(STARTS)}
    with pytest.raises(BadPlacement):
        operations.call_off_visit(reason=" ", **off)
    for _time in range(2):
        assert operations.call_off_visit(reason="台风", **off).state is EventState.WITHDRAWN
    told = session().scalars(select(Notice).where(Notice.account_id == student.id, Notice.kind == "placements.visit_called_off")).all()
    assert [row.values["reason"] for row in told] == ["台风"]
    assert [one for one in panels.calendar(world.student.person_id, STARTS, STARTS) if one.uid.startswith("placement-event")] == []
    there = visited(world, on=STARTS, outcome="一切正常", is_settled=True)
    assert there.id != planned.id
    with pytest.raises(WrongState):
        operations.call_off_visit(**{**off, "event": there}, reason="台风")


def test_the_page_promises_no_notice_where_nobody_is_told(world: SimpleNamespace, as_role: Callable[..., FlaskClient]) -> None:
    """A visit of a placement that was taken back is called off as well: its student goes nowhere, and hears nothing."""
    row = planned(world)
    early = make.at(STARTS - timedelta(days=3))
    keys = [operations.report_event(placement=one, since=STARTS, until=STARTS, now=early, **VISIT).id for one in (world.placement, row)]
    operations.withdraw_placement(placement=row, reason="转专业", by=SYSTEM, now=NOW)
    pages = [f"/placements/{one.id}/events" for one in (world.placement, row)]
    session().commit()
    client = as_role(Role.SYSTEM_ADMIN)
    assert ["学生和指导教师会收到通知和理由。" in client.get(page).text for page in pages] == [True, False]
    for key, page, is_told in zip(keys, pages, (True, False), strict=True):
        assert client.post(f"/placements/events/{key}/call-off", data={"reason": "台风"}).status_code == 303
        said = client.get(page).text
        assert ("走访已取消" in said, "走访已取消，学生和指导教师收到通知。" in said) == (True, is_told)


# -- early end and change of base ---------------------------------------------------------------------------------------
def test_an_early_end_keeps_days_and_frees_the_seat(world: SimpleNamespace) -> None:
    days = make.weekdays(world.term.starts_on, 5)
    last = days[-1]
    operations.log_day(placement=world.placement, on=days[0], today=last, by=SYSTEM, now=make.at(last))
    wanted = {"placement": world.placement, "on": last, "reason": "企业搬迁", "today": last, "by": SYSTEM, "now": make.at(last)}
    with pytest.raises(WrongState):
        operations.end_early(**wanted)
    make.confirmed(world.placement, days)
    with pytest.raises(BadPlacement):
        operations.end_early(**{**wanted, "on": days[0]})
    for _n in range(2):
        operations.end_early(**wanted)
    assert (world.placement.state, world.placement.ends_on) == (PlacementState.FINISHED, last)
    assert [row.taken for row in queries.seats_of_position(world.position.id)] == [0]
    assert ledger.weeks_of(world.student.id).credited_days == 5
    again = operations.place_student(student=world.student, position=world.other, term=world.term, by=SYSTEM, now=NOW)
    assert again.id != world.placement.id


def test_a_change_of_base_goes_on_elsewhere_with_its_own_checklist(world: SimpleNamespace) -> None:
    since = world.term.starts_on + timedelta(days=14)
    wanted = {"placement": world.placement, "position": world.other, "term": world.term, "since": since, "reason": "岗位不符", "by": SYSTEM}
    row = operations.change_base(**wanted, today=since, now=make.at(since))
    assert (world.placement.ended_early_on, row.starts_on, row.ends_on) == (since - timedelta(days=1), since, world.term.ends_on)
    assert row.state is PlacementState.PLANNED
    assert [row.taken for row in (*queries.seats_of_position(world.position.id), *queries.seats_of_position(world.other.id))] == [0, 1]
    with pytest.raises(BadPlacement):
        operations.change_base(**{**wanted, "placement": row, "position": world.other}, today=since, now=make.at(since))


def test_a_change_of_base_happens_once_and_leaves_no_gap(world: SimpleNamespace) -> None:
    today = world.term.starts_on + timedelta(days=13)
    wanted = {"placement": world.placement, "position": world.other, "term": world.term, "reason": "岗位不符", "by": SYSTEM, "today": today, "now": make.at(today)}  # fmt: skip
    with pytest.raises(BadPlacement) as refused:
        operations.change_base(since=today + timedelta(days=2), **wanted)
    assert refused.value.field == "since"
    row = operations.change_base(since=today + timedelta(days=1), **wanted)
    assert world.placement.ended_early_on == today
    operations.withdraw_placement(placement=row, reason="企业停产", by=SYSTEM, now=make.at(today))
    for over in (world.placement, row):
        with pytest.raises(WrongState):
            operations.change_base(since=today + timedelta(days=1), **{**wanted, "placement": over, "position": world.position})
    assert [row.taken for row in (*queries.seats_of_position(world.position.id), *queries.seats_of_position(world.other.id))] == [0, 0]


def test_a_day_that_is_logged_today_counts_once_in_the_outlook(world: SimpleNamespace) -> None:
    first, last = world.term.starts_on, world.term.ends_on
    whole = queries.progress_of_student(world.student.id, on=first)
    assert whole is not None
    everything = whole.credited_days + whole.to_come
    operations.log_day(placement=world.placement, on=first, today=first, by=SYSTEM, now=make.at(first))
    for _confirmed in range(2):
        found = queries.progress_of_student(world.student.id, on=first)
        assert found is not None
        assert found.credited_days + found.to_come == everything == 5 * ((last - first).days + 1) // 7
        if not found.credited_days:
            operations.decide_days(placement=world.placement, days=[first], is_approved=True, today=first, by=SYSTEM, now=make.at(first))


def test_days_that_wait_are_given_back_when_a_placement_is_withdrawn(world: SimpleNamespace) -> None:
    first, second = make.weekdays(world.term.starts_on, 2)
    for day in (first, second):
        operations.log_day(placement=world.placement, on=day, today=second, by=SYSTEM, now=make.at(second))
    operations.decide_days(placement=world.placement, days=[first], is_approved=True, today=second, by=SYSTEM, now=make.at(second))
    operations.withdraw_placement(placement=world.placement, reason="企业停产", by=SYSTEM, now=make.at(second))
    assert [(row.state, row.reason) for row in queries.entries_of(world.placement.id)] == [(DayState.APPROVED, ""), (DayState.REJECTED, "企业停产")]
    found = queries.progress_of_student(world.student.id, on=second)
    assert found is not None
    assert (found.credited_days, found.to_come) == (1, 0)


@pytest.mark.parametrize(("days", "may"), [(-8, False), (-7, True), (0, True), (30, True), (31, False)])
def test_when_the_sides_may_rate_each_other(world: SimpleNamespace, days: int, may: bool) -> None:
    today = world.placement.ends_on + timedelta(days=days)
    assert operations.may_be_rated(world.placement, today) is may
    wanted = {"placement": world.placement, "side": RaterSide.STUDENT, "marks": dict.fromkeys(labels.RATING_TOPICS[RaterSide.STUDENT], 4)}
    if may:
        assert operations.rate(**wanted, comment="", today=today, by=SYSTEM, now=make.at(today)).marks
    else:
        with pytest.raises(WrongState):
            operations.rate(**wanted, comment="", today=today, by=SYSTEM, now=make.at(today))


# -- logs ---------------------------------------------------------------------------------------------------------------
def test_photos_are_kept_once_and_only_pictures(world: SimpleNamespace) -> None:
    day = world.term.starts_on
    wanted = {"placement": world.placement, "on": day, "today": day, "by": SYSTEM, "now": NOW}
    row = operations.add_photo(file=io.BytesIO(PNG), name="a.png", **wanted)
    assert operations.add_photo(file=io.BytesIO(PNG), name="b.png", **wanted).id == row.id
    with pytest.raises(Refused):
        operations.add_photo(file=io.BytesIO(b"%PDF-1.4 x"), name="a.pdf", **wanted)
    with pytest.raises(BadDay):
        operations.add_photo(file=io.BytesIO(PNG), name="a.png", **{**wanted, "on": day - timedelta(days=1)})


@pytest.mark.parametrize("side", [NoteSide.MENTOR, NoteSide.SCHOOL])
def test_a_log_that_somebody_commented_is_not_written_anew_under_the_comment(world: SimpleNamespace, side: NoteSide) -> None:
    day = world.term.starts_on
    wanted = {"placement": world.placement, "on": day, "tags": ["ethics"], "today": day, "by": SYSTEM, "now": NOW}
    log = operations.save_weekly_log(text="学会了装夹", **wanted)
    operations.add_note(log=log, placement=world.placement, side=NoteSide.STUDENT, text="补充", by=SYSTEM, now=NOW)
    operations.save_weekly_log(text="学会了装夹与对刀", **wanted)
    operations.add_note(log=log, placement=world.placement, side=side, text="很好", by=SYSTEM, now=NOW)
    with pytest.raises(WrongState) as refused:
        operations.save_weekly_log(text="改写", **wanted)
    assert (refused.value.code, log.text) == ("log_reviewed", "学会了装夹与对刀")


def test_a_reviewed_log_is_corrected_by_a_new_entry(world: SimpleNamespace) -> None:
    day = world.term.starts_on
    wanted = {"placement": world.placement, "on": day, "tags": ["ethics"], "today": day, "by": SYSTEM, "now": NOW}
    log = operations.save_weekly_log(text="学会了装夹", **wanted)
    operations.save_weekly_log(text="学会了装夹与对刀", **wanted)
    for _n in range(2):
        operations.review_week(log=log, placement=world.placement, comment="很好", today=day, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        operations.save_weekly_log(text="改写", **wanted)
    operations.add_note(log=log, placement=world.placement, side=NoteSide.STUDENT, text="对刀是周四学的", by=SYSTEM, now=NOW)
    assert [(note.side, note.text) for note in queries.notes_of([log.id])[log.id]] == [
        (NoteSide.SCHOOL, "很好"),
        (NoteSide.STUDENT, "对刀是周四学的"),
    ]
    assert (log.text, log.reviewed_on) == ("学会了装夹与对刀", day)


def test_a_checked_place_keeps_only_the_distance(world: SimpleNamespace) -> None:
    day = world.term.starts_on
    entry = operations.log_day(placement=world.placement, on=day, today=day, by=SYSTEM, now=NOW)
    where = {"entry": entry, "placement": world.placement, "latitude": 26.08, "longitude": 119.30, "by": SYSTEM, "now": NOW}
    with pytest.raises(BadDay):
        operations.check_place(**where)
    profile = base_queries.profile(world.base.id)
    assert profile is not None
    bases.change_base(profile=profile, latitude_e5=2_608_000, longitude_e5=11_931_000, by=SYSTEM, now=NOW)
    assert 990 < operations.check_place(**where) < 1010
    with pytest.raises(BadDay):
        operations.check_place(**{**where, "latitude": 91.0})


@pytest.mark.parametrize(("other", "metres"), [((26.0, 119.0), 0), ((27.0, 119.0), 111_195), ((-26.0, -61.0), 20_015_087)])
def test_distances(other: tuple[float, float], metres: int) -> None:
    assert abs(rules.distance_m((26.0, 119.0), other) - metres) <= 1


def test_students_are_reminded_of_days_that_are_missing_once(world: SimpleNamespace) -> None:
    monday = world.term.starts_on
    assert operations.remind_students(today=monday + timedelta(days=6), now=NOW) == 0
    assert operations.remind_students(today=monday + timedelta(days=7), now=NOW) == 1
    make.confirmed(world.placement, [monday])
    [gap] = queries.gaps_of_week(monday)
    assert (gap.lacking, gap.logged) == (4, 1)  # one day is no week
    make.confirmed(world.placement, [monday + timedelta(days=n) for n in range(1, 4)])
    assert [one.lacking for one in queries.gaps_of_week(monday)] == [1]
    make.confirmed(world.placement, [monday + timedelta(days=4)])
    assert operations.remind_students(today=monday + timedelta(days=7), now=NOW) == 0


@pytest.mark.parametrize(("is_approved", "lacking"), [(None, 3), (True, 3), (False, 5)])
def test_who_asked_for_leave_is_not_told_to_ask_for_leave(world: SimpleNamespace, is_approved: bool | None, lacking: int) -> None:
    monday = world.term.starts_on
    until = monday + timedelta(days=1)
    event = operations.report_event(placement=world.placement, kind=EventKind.ABSENCE, since=monday, until=until, text="看病", by=SYSTEM, now=NOW)
    if is_approved is not None:
        operations.decide_absence(event=event, placement=world.placement, is_approved=is_approved, reason="请另择时间", by=SYSTEM, now=NOW)
    assert [gap.lacking for gap in queries.gaps_of_week(monday)] == [lacking]


@pytest.mark.parametrize("is_open_ended", [True, False])
@pytest.mark.parametrize("since", [0, 1, 4])
def test_a_request_that_nobody_decides_excuses_two_weeks(world: SimpleNamespace, since: int, is_open_ended: bool) -> None:
    """Else nobody would hear again of days that are lost."""
    monday = world.term.starts_on
    until = monday + timedelta(days=40)
    wanted: dict[str, Any] = {"kind": EventKind.ABSENCE, "since": monday + timedelta(days=since), "until": until, "text": "看病"}
    event = operations.report_event(placement=world.placement, is_open_ended=is_open_ended, by=SYSTEM, now=NOW, **wanted)

    def found() -> list[int]:
        return [sum(gap.lacking for gap in queries.gaps_of_week(monday + timedelta(days=7 * week))) for week in range(3)]

    assert found() == [since, 0, 5]
    operations.decide_absence(event=event, placement=world.placement, is_approved=True, by=SYSTEM, now=NOW)
    assert found() == [since, 0, 0]


@pytest.mark.parametrize(("asked", "lacking"), [(6, 5), (7, 0), (8, 0)])
def test_who_asks_late_for_long_leave_is_not_reminded_of_it_at_once(world: SimpleNamespace, asked: int, lacking: int) -> None:
    """It began weeks ago and was asked for on the last day before the week before last, or in that week."""
    monday = world.term.starts_on
    wanted: dict[str, Any] = {"kind": EventKind.ABSENCE, "since": monday, "until": monday + timedelta(days=40), "text": "住院"}
    operations.report_event(placement=world.placement, by=SYSTEM, now=make.at(monday + timedelta(days=asked)), **wanted)
    assert [gap.lacking for gap in queries.gaps_of_week(monday + timedelta(days=14))] == [one for one in [lacking] if one]


def test_the_last_week_of_a_placement_is_asked_for_as_far_as_it_goes(world: SimpleNamespace) -> None:
    last = world.placement.ends_on = world.term.starts_on + timedelta(days=8)  # a Tuesday
    [gap] = queries.gaps_of_week(last - timedelta(days=1))
    assert (gap.lacking, gap.logged) == (2, 0)
    assert queries.gaps_of_week(last + timedelta(days=6)) == []


# -- links, ratings -----------------------------------------------------------------------------------------------------
def test_a_link_confirms_once_and_expires(world: SimpleNamespace) -> None:
    days = make.weekdays(world.term.starts_on, 3)
    now = make.at(days[-1])
    entries = [operations.log_day(placement=world.placement, on=day, today=days[-1], by=SYSTEM, now=now) for day in days]
    first = operations.make_mentor_link(mentor=world.mentor, by=SYSTEM, now=now)
    token = operations.make_mentor_link(mentor=world.mentor, by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        operations.open_link(first, now=now)
    with pytest.raises(WrongState):
        operations.decide_by_link(token=token, approved=[], rejected={}, now=now)
    with pytest.raises(NotFound):
        operations.open_link(token, now=now + timedelta(days=8))
    assert operations.decide_by_link(token=token, approved=[entries[0].id, entries[1].id], rejected={entries[2].id: "未到岗"}, now=now) == 3
    assert [entry.state for entry in queries.entries_of(world.placement.id)] == [DayState.APPROVED, DayState.APPROVED, DayState.REJECTED]
    assert ledger.weeks_of(world.student.id).credited_days == 2
    with pytest.raises(NotFound):
        operations.decide_by_link(token=token, approved=[entries[2].id], rejected={}, now=now)


def test_a_link_decides_only_what_is_its_mentors(world: SimpleNamespace) -> None:
    entry = operations.log_day(placement=world.placement, on=world.term.starts_on, today=world.term.starts_on, by=SYSTEM, now=NOW)
    token = operations.make_mentor_link(mentor=make.mentor(enterprise=world.enterprise), by=SYSTEM, now=NOW)
    with pytest.raises((WrongState, Stale)):
        operations.decide_by_link(token=token, approved=[entry.id], rejected={}, now=NOW)


def test_ratings_come_from_the_last_week_on_and_stop_a_month_after(world: SimpleNamespace) -> None:
    last = world.term.ends_on
    marks = {"work": 5, "guidance": 4, "safety": 5, "life": 3}
    wanted = {"placement": world.placement, "side": RaterSide.STUDENT, "comment": "", "by": SYSTEM, "now": NOW}
    for day in (last - timedelta(days=8), last + timedelta(days=31)):
        with pytest.raises(WrongState):
            operations.rate(marks=marks, today=day, **wanted)
    for bad in ({}, {**marks, "life": 6}, {"work": 5}):
        with pytest.raises(BadPlacement):
            operations.rate(marks=bad, today=last, **wanted)
    operations.rate(marks=marks, today=last - timedelta(days=7), **wanted)
    operations.rate(marks={**marks, "life": 4}, today=last + timedelta(days=30), **wanted)
    assert queries.ratings_of(world.placement.id)[RaterSide.STUDENT].marks["life"] == 4
