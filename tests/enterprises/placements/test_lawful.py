"""The rules for placements in China, at, below and above; offers, allocation, the plan at publishing, conflicts, interest, T1 and T4."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.operations import BadBase
from enterprises.bases.types import Conclusion, InspectionKind, Refusal
from enterprises.mentors import operations as mentors
from enterprises.mentors.operations import BadMentor
from enterprises.mentors.types import AppraisalGrade
from enterprises.placements import lawful, operations, queries, rules
from enterprises.placements.models import Position
from enterprises.placements.operations._support import BadPlacement, NotReady, WrongState
from enterprises.placements.types import Bar, LawFacts, Light, PlanSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db
from trainhub.notifications.models import Notice
from trainhub.people import operations as people
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.policy.findings import Status

NOW = make.NOW
STARTS = date(2026, 3, 2)


def post(**fields: object) -> Position:
    return Position(**{"hours_per_day": 8, "is_night_shift": False, **fields})


@pytest.mark.parametrize(
    ("facts", "position", "bars"),
    [
        (LawFacts(True, date(2008, 1, 1), date(2024, 9, 1)), {}, ()),
        (LawFacts(True, date(2008, 1, 1), date(2025, 9, 1)), {}, (Bar.FIRST_YEAR,)),
        (LawFacts(True, date(2008, 1, 1), date(2025, 3, 1)), {}, ()),
        (LawFacts(True, date(2010, 3, 2), date(2024, 9, 1)), {}, ()),
        (LawFacts(True, date(2010, 3, 3), date(2024, 9, 1)), {}, (Bar.UNDER_AGE,)),
        (LawFacts(True, None, date(2024, 9, 1)), {"hours_per_day": 9}, (Bar.HOURS,)),
        (LawFacts(True, None, date(2024, 9, 1)), {"is_night_shift": True}, (Bar.NIGHT,)),
        (LawFacts(False, date(2012, 1, 1), date(2025, 9, 1)), {"hours_per_day": 12, "is_night_shift": True}, ()),
    ],
)
def test_what_bars_a_student(facts: LawFacts, position: dict[str, object], bars: tuple[Bar, ...]) -> None:
    assert lawful.bars_of(facts, post(**position), STARTS) == bars
    assert lawful.bars_of(facts, post(**position), date(2021, 12, 31)) == ()


@pytest.mark.parametrize(
    ("seats", "staff", "status"), [(10, 100, Status.MET), (11, 100, Status.NOT_MET), (9, 100, Status.MET), (5, None, Status.NO_DATA)]
)
def test_the_share_of_the_staff(seats: int, staff: int | None, status: Status) -> None:
    found = rules.judge_share("offer.unit_share", seats, staff, parameter=book().at("cn.voc.unit_share_percent_max", on=STARTS))
    assert found.status is status


@pytest.mark.parametrize(("hours", "met"), [(7, True), (8, True), (9, False)])
def test_hours_and_nights(hours: int, met: bool) -> None:
    assert rules.judge_hours(hours, parameter=book().at("cn.voc.hours_per_day", on=STARTS)).met is met
    assert rules.judge_night(not met, parameter=book().at("cn.voc.night_shift_allowed", on=STARTS)).met is met


@pytest.fixture
@remembered
def world(session: Session) -> dict[str, object]:
    """A university, an enterprise with an inspected base, a mentor, a term."""
    university, enterprise = ground.university(), ground.enterprise()
    base = ground.base(enterprise)
    make.opened_base(base=base)
    return {
        "university": university,
        "enterprise": enterprise,
        "base": base,
        "programme": ground.programme(university),
        "term": make.term(university=university),
        "mentor": make.mentor(enterprise=enterprise),
    }


def test_a_forbidden_venue_is_refused_at_the_offer(world: dict) -> None:  # type: ignore[type-arg]
    row = make.position(enterprise=world["enterprise"], terms=[world["term"]], is_approved=False, title="某 KTV 音响工程师")
    with pytest.raises(BadPlacement) as refused:
        operations.submit_position(position=row, by=SYSTEM, now=NOW)
    assert refused.value.code == "forbidden_venue"


def test_an_enterprise_that_said_no_offers_nothing_that_year(world: dict) -> None:  # type: ignore[type-arg]
    enterprise = world["enterprise"]
    with pytest.raises(BadBase):
        bases.state_interest(enterprise=enterprise, year=2026, is_interested=False, by=SYSTEM, now=NOW)
    bases.state_interest(enterprise=enterprise, year=2026, is_interested=False, reasons=[Refusal.COST], by=SYSTEM, now=NOW)
    row = make.position(enterprise=enterprise, terms=[world["term"]], is_approved=False)
    with pytest.raises(WrongState) as refused:
        operations.submit_position(position=row, by=SYSTEM, now=NOW)
    assert refused.value.code == "not_interested"
    bases.state_interest(enterprise=enterprise, year=2026, is_interested=True, seats=4, by=SYSTEM, now=NOW)
    operations.submit_position(position=row, by=SYSTEM, now=NOW)
    known = base_queries.interest(enterprise.id, 2026)
    assert known is not None
    assert (known.is_interested, known.reasons, known.seats) == (True, [], 4)


def test_nobody_starts_at_a_base_that_failed_its_inspection(world: dict) -> None:  # type: ignore[type-arg]
    position = make.position(enterprise=world["enterprise"], base=world["base"], terms=[world["term"]])
    row = operations.place_student(
        student=ground.student(world["programme"], petoe_since=date(2023, 9, 1)), position=position, term=world["term"], by=SYSTEM, now=NOW
    )
    make.ready(row, world["mentor"])
    bases.record_inspection(
        base=world["base"], kind=InspectionKind.ON_SITE, on=date(2026, 2, 1), inspectors="安全处", conclusion=Conclusion.FAILED, by=SYSTEM, now=NOW
    )
    with pytest.raises(NotReady) as refused:
        operations.start_placement(placement=row, today=STARTS, by=SYSTEM, now=NOW)
    assert [one["code"] for one in refused.value.details] == ["start.inspection"]


def test_findings_of_an_inspection_are_closed_once_with_a_measure(world: dict) -> None:  # type: ignore[type-arg]
    wanted = {"base": world["base"], "kind": InspectionKind.SAFETY, "on": date(2026, 2, 1), "inspectors": "安全处", "by": SYSTEM, "now": NOW}
    with pytest.raises(BadBase):
        bases.record_inspection(conclusion=Conclusion.CONDITIONAL, **wanted)
    row = bases.record_inspection(conclusion=Conclusion.CONDITIONAL, findings=["缺防护罩", " "], **wanted)
    assert bases.record_inspection(conclusion=Conclusion.CONDITIONAL, findings=["缺防护罩"], **wanted).id == row.id
    [found] = base_queries.findings_of(world["base"].id)[row.id]
    with pytest.raises(BadBase):
        bases.close_finding(finding=found, base=world["base"], measure=" ", on=STARTS, by=SYSTEM, now=NOW)
    for day in (STARTS, STARTS + timedelta(days=9)):
        bases.close_finding(finding=found, base=world["base"], measure="已加装", on=day, by=SYSTEM, now=NOW)
    assert (found.closed_on, found.measure) == (STARTS, "已加装")


@pytest.mark.parametrize("other", [{"findings": ["通道堵塞"]}, {"text": "二号车间"}, {"due_on": date(2026, 4, 1)}, {"file_id": 0}])
def test_what_else_was_found_the_same_day_is_one_more_entry(world: dict, other: dict[str, Any]) -> None:  # type: ignore[type-arg]
    """Not dropped behind a page that says it was recorded."""
    keeper = identity.account(roles=(Role.CENTRE_LEADER,), organisation_id=world["base"].id)
    wanted: dict[str, Any] = {"base": world["base"], "kind": InspectionKind.SAFETY, "on": date(2026, 2, 1), "inspectors": "安全处", "by": SYSTEM}
    wanted |= {"conclusion": Conclusion.CONDITIONAL, "findings": ["缺防护罩"], "now": NOW}
    row = bases.record_inspection(**wanted)
    changed = {**wanted, **({"file_id": make.scan()} if "file_id" in other else other)}
    more = bases.record_inspection(**changed)
    assert more.id != row.id
    assert [(one.text, one.closed_on) for one in base_queries.findings_of(world["base"].id)[more.id]] == [(changed["findings"][0], None)]
    again = {**changed, **({"file_id": make.scan()} if "file_id" in other else {})}  # sent twice: the same content under another number
    assert bases.record_inspection(**again).id == more.id
    told = db.session.scalars(select(Notice.id).where(Notice.kind == "bases.inspected", Notice.account_id == keeper.id)).all()
    assert len(told) == 2


def test_a_mentor_does_not_guide_a_relative(world: dict) -> None:  # type: ignore[type-arg]
    student = ground.student(world["programme"])
    mentors.declare_conflict(mentor=world["mentor"], student=student, reason="父子", by=SYSTEM, now=NOW)
    row = operations.place_student(
        student=student, position=make.position(enterprise=world["enterprise"], terms=[world["term"]]), term=world["term"], by=SYSTEM, now=NOW
    )
    with pytest.raises(BadPlacement) as refused:
        operations.assign_mentor(placement=row, mentor=world["mentor"], by=SYSTEM, now=NOW)
    assert refused.value.code == "conflict"
    later = make.mentor(enterprise=world["enterprise"])
    operations.assign_mentor(placement=row, mentor=later, by=SYSTEM, now=NOW)
    mentors.declare_conflict(mentor=later, student=student, reason="合伙", by=SYSTEM, now=NOW)  # of one who guides them: the guidance ends
    assert row.mentor_id is None
    with pytest.raises(BadMentor):
        mentors.appraise_mentor(mentor=world["mentor"], year=2027, grade=AppraisalGrade.GOOD, text="", by=SYSTEM, now=NOW)
    assert mentors.appraise_mentor(mentor=world["mentor"], year=2026, grade=AppraisalGrade.GOOD, text="", by=SYSTEM, now=NOW).year == 2026


@pytest.mark.parametrize(
    ("items", "code"), [([(320, True)], None), ([(319, True)], "plan_too_short"), ([(300, True), (20, False)], "plan_elsewhere"), ([], None)]
)
def test_a_version_is_published_only_with_a_whole_enterprise_plan(world: dict, items: list[tuple[int, bool]], code: str | None) -> None:  # type: ignore[type-arg]
    version = ground.version(world["programme"])
    for number, (weeks, is_there) in enumerate(items):
        operations.add_plan_item(version=version, title=f"环节{number}", weeks_x10=weeks, is_at_enterprise=is_there, by=SYSTEM, now=NOW)
    if code is None:
        if items:
            make.signed_plan(version, *PlanSide)
        operations.check_plan(version, make.TODAY)
        return
    with pytest.raises(BadPlacement) as refused:
        operations.check_plan(version, make.TODAY)
    assert refused.value.code == code


def test_tables_1_and_4_count_only_confirmed_days(world: dict) -> None:  # type: ignore[type-arg]
    position = make.position(enterprise=world["enterprise"], base=world["base"], terms=[world["term"]])
    student = ground.student(world["programme"], petoe_since=date(2023, 9, 1))
    row = make.started(student=student, position=position, term=world["term"], mentor=world["mentor"])
    make.confirmed(row, make.weekdays(STARTS, 12))
    operations.log_day(placement=row, on=STARTS + timedelta(days=16), today=STARTS + timedelta(days=20), by=SYSTEM, now=NOW)
    [line] = [one for one in queries.table_1(SYSTEM, since=date(2023, 9, 1), on=date(2026, 6, 1)) if one["student_no"] == student.student_no]
    assert (line["weeks"], line["weeks_sum"], line["is_petoe"], line["school_year"]) == (2.4, 2.4, True, "2025-2026")
    [base] = [one for one in queries.table_4(SYSTEM, since=date(2023, 9, 1), on=date(2026, 6, 1)) if one["base"].id == world["base"].id]
    assert (base["students"], base["capacity"], base["agreement"]) == (1, 40, (date(2024, 1, 1), date(2028, 12, 31)))


def test_who_graduated_stays_in_the_cohort_that_is_judged(world: dict) -> None:  # type: ignore[type-arg]
    position = make.position(enterprise=world["enterprise"], base=world["base"], terms=[world["term"]], seats=3)
    graduate, dropout, ordinary = (
        ground.student(world["programme"], petoe_since=date(2023, 9, 1)),
        ground.student(world["programme"], petoe_since=date(2023, 9, 1)),
        ground.student(world["programme"]),
    )
    for one in (graduate, dropout, ordinary):
        row = make.started(student=one, position=position, term=world["term"], mentor=world["mentor"])
        make.confirmed(row, make.weekdays(STARTS, 5))
    people.end_petoe(student=dropout, until=date(2026, 3, 31), reason="本人申请", by=SYSTEM, now=NOW)
    left, on = date(2026, 6, 30), date(2026, 11, 28)
    for one in (graduate, dropout, ordinary):
        people.change_student(student=one, state=StudentState.GRADUATED, left_on=left, by=SYSTEM, now=NOW)
    found = {one["student_no"]: one["is_petoe"] for one in queries.table_1(SYSTEM, since=date(2023, 9, 1), on=on)}
    assert found == {graduate.student_no: True, dropout.student_no: False, ordinary.student_no: False}
    assert next(iter(found)) == graduate.student_no  # the block of the plan comes first
    everybody = {"programme_id": world["programme"].id}
    assert queries.whole_progress(queries.progress_rows(SYSTEM, on=on, **everybody), on=on) == []  # nobody of them has weeks to find
    [line] = queries.whole_progress(queries.progress_rows(SYSTEM, on=on, cohort_year=2023, **everybody), on=on)
    assert (line.student_id, line.credited_days, line.to_come, line.still_open, line.light) == (graduate.id, 5, 0, 0, Light.RED)
    day_before = queries.whole_progress(queries.progress_rows(SYSTEM, on=left, cohort_year=2023, **everybody), on=left)
    assert [one.student_id for one in day_before] == [graduate.id]


@pytest.mark.parametrize(("code", "city"), [("350104", "350100"), ("350128", "350128"), (None, ""), ("350203", "350200")])
def test_the_city_of_a_county(code: str | None, city: str) -> None:
    assert rules.city_of(code) == city


def test_days_on_a_scale() -> None:
    at = rules.scale(date(2026, 1, 1), date(2026, 12, 31), left=100, right=465)
    assert [at(day) for day in (date(2025, 6, 1), date(2026, 1, 1), date(2026, 1, 11), date(2027, 6, 1))] == [100, 100, 110, 465]
    assert rules.months_of(date(2026, 11, 15), date(2027, 2, 1)) == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert [rules.shade(value, 10) for value in (0, 1, 5, 10)] == [0, 1, 3, 5]
