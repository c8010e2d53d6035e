"""What gates an offer, a start, a publication; papers, links that are sent, planned visits, plans that are forgotten."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import history
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.operations import BadBase
from enterprises.bases.types import BaseLevel, Conclusion, InspectionKind
from enterprises.mentors.address_queries import digest_of
from enterprises.mentors.models import MentorAddress
from enterprises.placements import lawful, operations, panels, planning, queries, rules
from enterprises.placements.checklist import checklist
from enterprises.placements.models import Position
from enterprises.placements.operations._support import BadPlacement, NoSeat, NotReady, WrongState
from enterprises.placements.planner.telling import told
from enterprises.placements.types import Bar, EventKind, EventState, LawFacts, PaperKind, PlanKind, PlanSide, WhatIf
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import HostSide
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.programmes import operations as programmes
from trainhub.programmes.types import DegreeLevel, VersionState

NOW = make.NOW
STARTS = date(2026, 3, 2)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
VOCATIONAL = LawFacts(True, date(2005, 1, 1), date(2024, 9, 1))
OTHER = LawFacts(False, date(2005, 1, 1), date(2024, 9, 1), is_woman=True)


def post(**fields: object) -> Position:
    return Position(**{"hours_per_day": 8, "is_night_shift": False, **fields})


@pytest.mark.parametrize(
    ("facts", "position", "bars"),
    [
        (LawFacts(True, date(2005, 1, 1), date(2024, 9, 1), is_woman=True), {"is_unfit_for_women": True}, (Bar.WOMEN_POST,)),
        (VOCATIONAL, {"is_unfit_for_women": True}, ()),
        (LawFacts(True, date(2008, 3, 3), date(2024, 9, 1)), {"is_unfit_for_minors": True}, (Bar.MINOR_POST,)),
        (LawFacts(True, date(2008, 3, 2), date(2024, 9, 1)), {"is_unfit_for_minors": True}, ()),
        (VOCATIONAL, {"is_hard_labour": True}, (Bar.HARD_LABOUR,)),
        (OTHER, {"is_hard_labour": True, "is_unfit_for_women": True, "is_unfit_for_minors": True}, ()),
        (VOCATIONAL, {"is_through_agency": True, "takes_fees": True}, (Bar.AGENCY, Bar.FEES)),
        (OTHER, {"is_through_agency": True, "takes_fees": True}, (Bar.AGENCY, Bar.FEES)),
        (OTHER, {"title": "网吧管理员"}, (Bar.VENUE,)),
    ],
)
def test_posts_that_are_forbidden_to_some_or_all(facts: LawFacts, position: dict[str, object], bars: tuple[Bar, ...]) -> None:
    assert lawful.bars_of(facts, post(**position), STARTS) == bars
    assert lawful.bars_of(facts, post(**position), date(2019, 1, 1)) == ()


@pytest.mark.parametrize(
    ("paid", "usual", "status"),
    [(8000, 10_000, Status.MET), (7999, 10_000, Status.NOT_MET), (None, 10_000, Status.NO_DATA), (1, None, Status.NO_DATA)],
)
def test_pay_is_eight_tenths_of_the_same_post(paid: int | None, usual: int | None, status: Status) -> None:
    assert rules.judge_pay(paid, usual, parameter=book().at("cn.voc.pay_percent_min", on=STARTS)).status is status


@pytest.mark.parametrize(
    ("spans", "met"),
    [
        ([(date(2026, 1, 1), date(2026, 6, 21))], True),
        ([(date(2026, 1, 1), date(2026, 6, 20))], False),
        ([(date(2026, 1, 1), date(2026, 4, 30)), (date(2026, 5, 1), date(2027, 1, 1))], True),
        ([(date(2026, 1, 1), date(2026, 4, 29)), (date(2026, 5, 1), date(2027, 1, 1))], False),
        ([], False),
    ],
)
def test_agreements_cover_the_whole_placement(spans: list[tuple[date, date]], met: bool) -> None:
    parameter = book().at("cn.ug.agreement_required", on=STARTS)
    assert rules.judge_cooperation(spans, (STARTS, date(2026, 6, 21)), parameter=parameter).met is met


def test_the_fullest_day_of_a_base() -> None:
    rows = [(date(2026, 1, 1), date(2026, 3, 31), 5), (date(2026, 3, 1), date(2026, 6, 30), 4), (date(2026, 7, 1), date(2026, 8, 1), 20)]
    own = [(date(2026, 1, 1), date(2026, 6, 30))]
    assert rules.fullest(rows, own, lambda _day: 8) == (9, 8)
    assert rules.fullest(rows, own, lambda day: 4 if day.month == 1 else 8) == (5, 4)
    assert rules.fullest(rows, own, lambda _day: None) == (0, None)
    # From May on it takes three: of that day alone nothing begins.
    assert rules.fullest(rows, own, lambda day: 3 if day >= date(2026, 5, 1) else 8) == (9, 8)
    assert rules.fullest(rows, [(date(2026, 5, 1), date(2026, 6, 30))], lambda _day: 3, changes=[date(2026, 5, 1)]) == (4, 3)
    assert rules.fullest(rows, own, lambda day: 1 if day >= date(2026, 5, 1) else 8, changes=[date(2026, 5, 1)]) == (4, 1)
    assert rules.fullest([], own, lambda _day: 3, changes=[date(2026, 5, 1)]) == (0, None)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A 卓越 programme with a placement that is complete but for its beginning, at a base for ten."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university, is_petoe=True)
    base = ground.base(enterprise)
    make.opened_base(base=base, capacity_per_term=10)
    term = make.term(university=university)
    mentor = make.mentor(enterprise=enterprise, person=ground.person(email="mentor@example.org"))
    position = make.position(enterprise=enterprise, base=base, terms=[term], seats=6)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    row = operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=NOW)
    make.ready(row, mentor)
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, base=base, term=term, mentor=mentor, position=position, student=student, row=row
    )  # fmt: skip


def start(world: SimpleNamespace) -> list[str]:
    """What is missing at the start, by code; nothing: it has begun."""
    try:
        operations.start_placement(placement=world.row, today=STARTS, by=SYSTEM, now=NOW)
    except NotReady as refused:
        return [one["code"] for one in refused.details]
    return []


# -- offers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("field", "code"), [("is_through_agency", "through_agency"), ("takes_fees", "takes_fees")])
def test_agencies_and_fees_are_refused_at_the_offer_and_when_changed_later(world: SimpleNamespace, field: str, code: str) -> None:
    operations.change_position(position=world.position, **{field: True}, by=SYSTEM, now=NOW)
    assert world.position.state == "submitted"
    with pytest.raises(BadPlacement) as refused:
        operations.approve_position(position=world.position, by=SYSTEM, now=NOW)
    assert refused.value.code == code
    assert start(world) == [{"is_through_agency": "agency", "takes_fees": "fees"}[field]]


def test_an_enterprise_says_that_it_takes_students_before_it_offers(world: SimpleNamespace) -> None:
    row = operations.offer_position(enterprise=ground.enterprise(), title="测试岗位", by=SYSTEM, now=NOW)
    operations.set_seats(position=row, term=world.term, seats=1, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState) as refused:
        operations.submit_position(position=row, by=SYSTEM, now=NOW)
    assert refused.value.code == "no_interest_stated"
    assert operations.submit_position(position=row, by=SYSTEM, now=NOW, is_found_by_student=True).state == "submitted"


def test_more_seats_of_an_offer_need_the_word_for_their_year(world: SimpleNamespace) -> None:
    next_year = make.term(university=world.university, starts_on=date(2027, 3, 1))
    operations.set_seats(position=world.position, term=world.term, seats=5, by=SYSTEM, now=NOW)  # fewer: nothing is asked
    wanted = {"position": world.position, "term": next_year, "by": SYSTEM, "now": NOW}
    with pytest.raises(WrongState) as refused:
        operations.set_seats(seats=2, **wanted)
    assert refused.value.code == "no_interest_stated"
    assert queries.seats_of(world.position.id, next_year.id) is None
    bases.state_interest(enterprise=world.enterprise, year=2027, is_interested=True, by=SYSTEM, now=NOW)
    assert operations.set_seats(seats=2, **wanted).seats == 2


def test_the_share_of_the_unit_counts_all_its_posts(world: SimpleNamespace) -> None:
    other = make.position(enterprise=world.enterprise, terms=[world.term], seats=5)
    for row in (world.position, other):
        operations.change_position(position=row, unit_staff=100, post_staff=100, by=SYSTEM, now=NOW)
        operations.approve_position(position=row, by=SYSTEM, now=NOW)
    found = {one.code: (one.met, one.found) for one in lawful.judge_offer(other, on=STARTS)}
    assert (found["offer.unit_share"], found["offer.post_share"]) == ((False, "11.0"), (True, "5.0"))
    operations.set_seats(position=other, term=world.term, seats=4, by=SYSTEM, now=NOW)
    assert {one.code: one.found for one in lawful.judge_offer(world.position, on=STARTS)}["offer.unit_share"] == "10.0"


def test_a_base_offers_no_more_seats_than_it_can_take(world: SimpleNamespace) -> None:
    more = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], seats=5, is_approved=False)
    with pytest.raises(BadPlacement) as refused:
        operations.submit_position(position=more, by=SYSTEM, now=NOW)
    assert refused.value.code == "over_capacity"
    span: dict[str, Any] = {"base": world.base, "title": "本学期", "since": STARTS, "until": world.term.ends_on, "by": SYSTEM, "now": NOW}
    period = bases.set_period(capacity=11, facilities="新增 B 座车间", **span)
    assert bases.set_period(capacity=11, **span).id == period.id
    with pytest.raises(BadBase):
        bases.set_period(**{**span, "since": STARTS + timedelta(days=1), "capacity": 3})
    operations.submit_position(position=more, by=SYSTEM, now=NOW)
    operations.approve_position(position=more, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.set_seats(position=more, term=world.term, seats=6, by=SYSTEM, now=NOW)


def test_nobody_is_placed_beyond_what_a_base_says_later(world: SimpleNamespace) -> None:
    span: dict[str, Any] = {"base": world.base, "title": "本学期", "since": STARTS, "until": world.term.ends_on, "by": SYSTEM, "now": NOW}
    period = bases.set_period(capacity=2, **span)  # six seats are approved, one is taken
    one, other = (ground.student(world.programme, petoe_since=date(2023, 9, 1)) for _n in range(2))
    wanted = {"position": world.position, "term": world.term, "by": SYSTEM, "now": NOW}
    operations.place_student(student=one, **wanted)
    with pytest.raises(NoSeat) as refused:
        operations.place_student(student=other, **wanted)
    assert refused.value.code == "over_capacity"
    round = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[world.term])
    after = make.at(round.closes_on + timedelta(days=1))
    operations.plan_round(round=round, by=SYSTEM, now=after)
    assert all(is_there for *_row, is_there in round.plan["assignments"])  # the base is full: nobody comes new
    bases.set_period(period=period, version=period.version, capacity=3, **span)
    with pytest.raises(WrongState):  # what the base takes is part of what was computed
        operations.publish_round(round=round, by=SYSTEM, now=after)
    operations.plan_round(round=round, by=SYSTEM, now=after)
    assert operations.publish_round(round=round, by=SYSTEM, now=after) == 1


@pytest.mark.parametrize(
    ("places", "wished", "last", "kept"),
    [
        (6, {}, (), {1: 3, 2: 2}),
        (5, {}, (), {1: 3, 2: 2}),
        (4, {}, (), {1: 2, 2: 2}),
        (2, {2: 1}, (), {1: 1, 2: 1}),
        (3, {2: 9}, (), {1: 1, 2: 2}),
        (3, {2: 9}, (2,), {1: 3, 2: 0}),
        (0, {1: 5}, (), {1: 0, 2: 0}),
    ],
)
def test_seats_beyond_what_a_base_takes_go_to_wishes_first(places: int, wished: dict[int, int], last: tuple[int, ...], kept: dict[int, int]) -> None:
    assert rules.share_out(places, {1: 3, 2: 2}, wished, last=last) == kept


@pytest.mark.parametrize(("since", "until", "has_room"), [(30, 400, False), (30, 40, False), (-30, -1, True), (400, 430, True), (-30, 0, False)])
def test_what_a_base_says_of_a_part_of_the_term_is_asked(world: SimpleNamespace, since: int, until: int, has_room: bool) -> None:
    """Usually ten, in some span one; one is there already. Days after the first of the term."""
    span = {"since": STARTS + timedelta(days=since), "until": STARTS + timedelta(days=until)}
    bases.set_period(base=world.base, title="检修", capacity=1, **span, by=SYSTEM, now=NOW)
    programme = ground.programme(world.university, is_petoe=True)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    finding = lawful.judge_capacity(world.position, on=STARTS)
    assert (finding.met, finding.found) == ((True, 6) if has_room else (False, 6))
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[world.term])
    [(_base, room)] = (planning.problem_of(round, today=round.closes_on).case.base_room or {}).items()
    assert room == (9 if has_room else 0)
    wanted = {"student": student, "position": world.position, "term": world.term, "by": SYSTEM, "now": NOW}
    if has_room:
        assert operations.place_student(**wanted).base_id == world.base.id
        return
    with pytest.raises(NoSeat) as refused:
        operations.place_student(**wanted)
    assert refused.value.code == "over_capacity"


@pytest.mark.parametrize(("capacity", "planned"), [(2, 1), (3, 2), (5, 4), (6, 4)])
def test_a_plan_keeps_to_the_capacity_of_a_base_over_all_its_positions(world: SimpleNamespace, capacity: int, planned: int) -> None:
    more = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term], seats=4)  # six and four seats; one is taken
    bases.set_period(base=world.base, title="本学期", since=STARTS, until=world.term.ends_on, capacity=capacity, by=SYSTEM, now=NOW)
    other = ground.programme(world.university, is_petoe=True)
    students = [ground.student(other, petoe_since=date(2023, 9, 1)) for _n in range(4)]
    round = make.round(programme=other, cohort=ground.cohort(other), terms=[world.term])
    for student in students:
        operations.save_preferences(round=round, student=student, position_ids=[more.id], by=SYSTEM, now=make.at(round.opens_on))
    after = make.at(round.closes_on + timedelta(days=1))
    operations.plan_round(round=round, by=SYSTEM, now=after)
    assert [row[2] for row in round.plan["assignments"]] == [more.id] * planned  # nobody has to take the other position first
    more_there = planning.problem_of(round, today=after.date(), what_ifs=[WhatIf(position_id=more.id, term_id=world.term.id, seats=1)])
    [(_base, room)] = (more_there.case.base_room or {}).items()
    assert room == capacity  # a seat that is tried out comes with its room; one place was taken


def test_a_base_across_enterprises_that_also_offer_elsewhere_is_shared_out_before(world: SimpleNamespace) -> None:
    other = ground.enterprise()
    make.mentor(enterprise=other)
    organisations.add_host(base=world.base, organisation=other, side=HostSide.ENTERPRISE, is_lead=False, by=SYSTEM, now=NOW)
    make.position(enterprise=other, base=world.base, terms=[world.term], seats=4)
    make.position(enterprise=other, terms=[world.term], seats=1)
    bases.set_period(base=world.base, title="本学期", since=STARTS, until=world.term.ends_on, capacity=3, by=SYSTEM, now=NOW)
    programme = ground.programme(world.university, is_petoe=True)
    for _n in range(6):
        ground.student(programme, petoe_since=date(2023, 9, 1))
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[world.term])
    problem = planning.problem_of(round, today=round.closes_on)
    base = {post.id: post.base_id for post in queries.planning_facts(round, today=round.closes_on).positions}
    assert list((problem.case.base_room or {}).values()) == [2]  # of three one is taken
    plan = planning.compute(problem, now=NOW, time_limit=20.0)
    assert sum(base[post] == world.base.id for _student, _term, post, *_rest in plan["assignments"]) <= 2
    summary = plan["summary"]
    assert (summary["reached"], summary["shared_bases"]) == (0, [planning.key(world.base.id)])
    assert (summary["reached_bound"], summary["optimal"]) == (0, True)  # the term is too short for anybody
    free = planning.problem_of(round, today=round.closes_on, settings=replace(problem.settings, is_mentor_bound=False))
    assert list((free.case.base_room or {}).values()) == [2]


def test_a_plan_leaves_out_posts_that_are_unfit_for_a_student(session: Session) -> None:
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university, degree_level=DegreeLevel.VOCATIONAL, study_years=3)
    term = make.term(university=university)
    make.mentor(enterprise=enterprise)
    unfit = make.position(enterprise=enterprise, terms=[term], seats=2, title="炉前操作")
    operations.change_position(position=unfit, is_unfit_for_women=True, by=SYSTEM, now=NOW)
    operations.approve_position(position=unfit, by=SYSTEM, now=NOW)
    people = {number: ground.person(id_number=ground.resident_id(date(2004, 5, 1), order=number)) for number in (101, 102)}
    students = {number: ground.student(programme, who=who, petoe_since=date(2023, 9, 1)) for number, who in people.items()}
    round = make.round(
        programme=programme, cohort=ground.cohort(programme), terms=[term], opens_on=date(2026, 2, 1), closes_on=date(2026, 2, 10), is_open=False
    )
    problem = planning.problem_of(round, today=round.closes_on)
    plan = planning.compute(problem, now=NOW, time_limit=20.0)
    [assigned] = plan["assignments"]
    below = next(row for row in plan["unplaced"] if row[0] != assigned[0])  # sixteen weeks are too few for both
    women = {key: one.is_woman for key, one in queries.law_facts([one.id for one in students.values()]).items()}
    assert (women[assigned[0]], women[below[0]]) == (False, True)
    assert below[3] == "no_eligible_position"
    code = programme.major_code
    assert below[4]["major"] == f"{code}#woman"  # a value, not words of the language in which the job ran
    with in_language("en"):
        assert f"{code} (women)" in told(below[4])
    assert f"{code}（女生）" in told(below[4])
    choices = {key: lawful.choices(round, one) for key, one in students.items()}
    assert {number: [bar for one in found for bar in one.bars] for number, found in choices.items()} == {
        number: ([Bar.WOMEN_POST] if women[students[number].id] else []) for number in students
    }


# -- the start ----------------------------------------------------------------------------------------------------------
def test_nobody_starts_at_a_base_without_agreement_for_the_whole_term(world: SimpleNamespace) -> None:
    for agreement in base_queries.agreements_of(world.base.id):
        agreement.until = world.term.ends_on - timedelta(days=1)
    assert start(world) == ["start.base_agreement"]
    bases.sign_agreement(
        base=world.base, title="续签", signed_on=STARTS, since=world.term.ends_on, until=date(2030, 1, 1), topics=[], by=SYSTEM, now=NOW
    )  # fmt: skip
    assert start(world) == []


@pytest.mark.parametrize("state", [StudentState.SUSPENDED, StudentState.WITHDRAWN])
def test_the_checklist_says_before_the_start_that_somebody_is_not_enrolled(world: SimpleNamespace, state: StudentState) -> None:
    assert [one.code for one in checklist(world.row, today=STARTS) if not one.met] == []
    world.student.state = state
    assert [one.code for one in checklist(world.row, today=STARTS) if not one.met] == ["start.enrolled"]
    with pytest.raises(WrongState) as refused:
        start(world)
    assert refused.value.code == "not_enrolled"


def test_the_agreement_of_another_school_opens_no_start(world: SimpleNamespace) -> None:
    """高校应当与实习单位签订合作协议: each school its own, also one that sends students to a base it does not build. One that names no school counts."""
    other = ground.university()
    base_term = {"base": world.base, "signed_on": STARTS, "since": STARTS, "until": world.term.ends_on, "topics": [], "by": SYSTEM, "now": NOW}
    organisations.add_host(base=world.base, organisation=other, side=HostSide.SCHOOL, is_lead=False, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    for agreement in base_queries.agreements_of(world.base.id):
        assert agreement.university_id is None
        agreement.university_id = other.id
    assert start(world) == ["start.base_agreement"]
    with pytest.raises(bases.BadBase):
        bases.sign_agreement(title="无关学校", university_id=ground.university().id, **base_term)
    assert bases.sign_agreement(title="本校协议", university_id=world.university.id, **base_term).university_id == world.university.id
    assert start(world) == []


def test_the_paper_of_one_school_at_an_enterprise_is_no_other_schools(world: SimpleNamespace) -> None:
    enterprise = ground.enterprise()
    position = make.position(enterprise=enterprise, terms=[world.term], seats=1)
    student = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    world.row = operations.place_student(student=student, position=position, term=world.term, by=SYSTEM, now=NOW)
    make.ready(world.row, make.mentor(enterprise=enterprise, person=ground.person()))
    for row in base_queries.agreements_of(enterprise.id):
        row.university_id = ground.university().id
    assert start(world) == ["start.unit_agreement"]
    for row in base_queries.agreements_of(enterprise.id):
        row.university_id = world.university.id
    assert start(world) == []


def test_a_post_at_no_base_asks_its_enterprise_for_inspection_and_agreement(world: SimpleNamespace) -> None:
    enterprise = ground.enterprise()
    position = make.position(enterprise=enterprise, terms=[world.term], seats=1)
    student = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    world.row = operations.place_student(student=student, position=position, term=world.term, by=SYSTEM, now=NOW)
    make.ready(world.row, make.mentor(enterprise=enterprise, person=ground.person()))
    last, unit = world.term.ends_on, {"base": enterprise, "by": SYSTEM, "now": NOW}
    for row in base_queries.agreements_of(enterprise.id):
        row.until = last - timedelta(days=1)
    inspected = {"kind": InspectionKind.ON_SITE, "inspectors": "教务处", **unit}
    bases.record_inspection(on=STARTS - timedelta(days=5), conclusion=Conclusion.FAILED, **inspected)
    assert start(world) == ["start.inspection", "start.unit_agreement"]
    bases.record_inspection(on=STARTS - timedelta(days=4), conclusion=Conclusion.PASSED, **inspected)
    assert start(world) == ["start.unit_agreement"]
    bases.sign_agreement(title="续签", signed_on=STARTS, since=last, until=last, topics=[], **unit)
    assert start(world) == []


def test_an_inspection_is_good_for_a_year(world: SimpleNamespace) -> None:
    for row in base_queries.inspections_of(world.base.id):
        row.on = min(row.on, date(2025, 3, 1))
    assert start(world) == ["start.inspection"]
    assert bases.remind_of_inspections(today=STARTS, now=NOW) == 1
    bases.record_inspection(
        base=world.base, kind=InspectionKind.ON_SITE, on=STARTS, inspectors="教务处", conclusion=Conclusion.CONDITIONAL,
        findings=["通道堆物"], due_on=STARTS + timedelta(days=5), by=SYSTEM, now=NOW,
    )  # fmt: skip
    assert bases.remind_of_inspections(today=STARTS + timedelta(days=5), now=NOW) == 0
    assert bases.remind_of_inspections(today=STARTS + timedelta(days=6), now=NOW) == 1
    assert start(world) == []


def test_the_price_of_the_insurance_is_not_charged(world: SimpleNamespace) -> None:
    with pytest.raises(BadPlacement) as refused:
        operations.record_insurance(
            placement=world.row, policy_no="P-2", since=STARTS, until=world.term.ends_on, is_charged=True, by=SYSTEM, now=NOW
        )  # fmt: skip
    assert (refused.value.code, world.row.insurance_no) == ("insurance_charged", "PICC-1")


def test_a_vocational_student_needs_a_consent(session: Session) -> None:
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university, degree_level=DegreeLevel.VOCATIONAL, study_years=3)
    term = make.term(university=university)
    position = make.position(enterprise=enterprise, terms=[term])
    row = operations.place_student(student=ground.student(programme), position=position, term=term, by=SYSTEM, now=NOW)
    make.ready(row, make.mentor(enterprise=enterprise))
    for signature in queries.signatures_of(row.id):
        if signature.party == "guardian":
            session.delete(signature)
    session.flush()
    world = SimpleNamespace(row=row)
    assert start(world) == ["start.consent"]
    wanted = {"placement": row, "kind": PaperKind.CONSENT, "by": SYSTEM, "now": NOW}
    papers = [
        operations.add_paper(file=files.keep(io.BytesIO(PDF), name=name, kind="placement_paper", by=SYSTEM, now=NOW), **wanted)
        for name in ("同意书.pdf", "同意书副本.pdf")
    ]
    assert papers[0].id == papers[1].id
    [(_row, kept)] = queries.papers_with_files(row.id)
    assert len(kept.sha256) == 64
    assert start(world) == []


# -- the plan of a version ----------------------------------------------------------------------------------------------
def test_a_plan_holds_when_signed_published_and_afterwards(world: SimpleNamespace) -> None:
    version = ground.version(world.programme, is_published=False)
    with pytest.raises(BadPlacement) as refused:
        operations.check_plan(version, make.TODAY)
    assert refused.value.code == "no_plan"
    first = operations.add_plan_item(version=version, title="认识实习", weeks_x10=300, assessment="报告", by=SYSTEM, now=NOW)
    signing: dict[str, Any] = {"version": version, "signed_name": "签署人", "signed_on": STARTS, "by": SYSTEM, "now": NOW}
    with pytest.raises(BadPlacement) as refused:
        operations.sign_plan(**signing)
    assert refused.value.code == "plan_too_short"
    second = operations.add_plan_item(version=version, title="岗位实习", weeks_x10=20, assessment="答辩", by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement) as refused:
        programmes.publish_version(version=version, today=make.TODAY, by=SYSTEM, now=NOW)
    assert refused.value.code == "plan_unsigned"
    version.state = VersionState.PUBLISHED  # as it was before signatures were asked for
    with pytest.raises(BadPlacement):
        operations.change_plan_item(item=second, is_at_enterprise=False, by=SYSTEM, now=NOW)
    second.is_at_enterprise = True
    with pytest.raises(BadPlacement):
        operations.change_plan_item(item=first, weeks_x10=299, by=SYSTEM, now=NOW)
    first.weeks_x10 = 300
    assert operations.change_plan_item(item=first, weeks_x10=310, by=SYSTEM, now=NOW)
    assert operations.sign_plan(**signing).side is PlanSide.SCHOOL


# -- links, visits, plans -----------------------------------------------------------------------------------------------
def test_a_mentor_without_account_is_sent_a_link_once_a_week(world: SimpleNamespace) -> None:
    assert start(world) == []
    session().add(MentorAddress(person_id=world.mentor.person_id, digest=digest_of("mentor@example.org"), how="当面", vouched_at=NOW))
    days = make.weekdays(STARTS, 5)
    for day in days:
        operations.log_day(placement=world.row, on=day, today=days[-1], by=SYSTEM, now=make.at(days[-1]))
    sent: list[tuple[str, str]] = []
    known = dict(current_app.extensions.get("trainhub.channels", {}))
    try:
        delivery.register_channel(current_app, Channel.EMAIL, lambda to, subject, text, now: sent.append((to, text)))
        due = days[-1] + timedelta(days=20)
        for day in (due, due + timedelta(days=1), due + timedelta(days=7)):
            operations.remind_mentors(today=day, now=make.at(day))
    finally:
        current_app.extensions["trainhub.channels"] = known
    assert [to for to, _text in sent] == ["mentor@example.org"] * 2
    token = sent[-1][1].split("/placements/c/")[1].split()[0]
    now = make.at(due + timedelta(days=8))
    waiting = [entry.id for _row, entry in queries.pending_for_mentor([world.mentor.id])]
    log = operations.save_weekly_log(placement=world.row, on=STARTS, text="学会标定", tags=[], today=days[-1], by=SYSTEM, now=now)
    comments = {log.id: "图上标出误差。", 999_999: "别人的", 0: " "}
    assert operations.decide_by_link(token=token, approved=waiting, rejected={}, comments=comments, now=now) == 5
    assert [note.text for note in queries.notes_of([log.id])[log.id]] == ["图上标出误差。"]


def test_a_link_that_only_went_to_the_log_was_not_sent(world: SimpleNamespace) -> None:
    """In demo mode nothing reaches a phone: nobody is told that it did, and whoever made the link sees it."""
    known = dict(current_app.extensions.get("trainhub.channels", {}))
    try:
        delivery.register_channel(current_app, Channel.EMAIL, delivery.log_adapter)
        token = operations.make_mentor_link(mentor=world.mentor, by=SYSTEM, now=NOW)
        assert operations.send_link(mentor=world.mentor, token=token, days=1, now=NOW) is None
        delivery.register_channel(current_app, Channel.EMAIL, lambda to, subject, text, now: None)
        assert operations.send_link(mentor=world.mentor, token=token, days=1, now=NOW) is Channel.EMAIL
    finally:
        current_app.extensions["trainhub.channels"] = known


def test_a_planned_visit_stands_in_the_calendar_and_is_closed_when_it_was(world: SimpleNamespace) -> None:
    day = STARTS + timedelta(days=10)
    wanted: dict[str, Any] = {
        "placement": world.row,
        "kind": EventKind.VISIT,
        "since": day,
        "until": day,
        "text": "期中走访",
        "by": SYSTEM,
        "now": NOW,
    }
    row = operations.report_event(is_settled=True, **wanted)
    assert (operations.report_event(**wanted).id, row.state) == (row.id, EventState.OPEN)
    with pytest.raises(WrongState):
        operations.close_event(event=row, placement=world.row, outcome="一切正常", by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.report_event(**{**wanted, "since": world.term.ends_on + timedelta(days=1), "until": world.term.ends_on + timedelta(days=1)})
    operations.report_event(
        placement=world.row, kind=EventKind.ABSENCE, since=STARTS, until=STARTS, text="体检", is_settled=True, by=SYSTEM, now=NOW
    )  # fmt: skip
    for person_id in (world.student.person_id, world.mentor.person_id):
        found = [(one.starts, one.ends) for one in panels.calendar(person_id, STARTS, world.term.ends_on) if one.uid.startswith("placement-event")]
        assert found == [(STARTS, STARTS), (day, day)]
    operations.close_event(event=row, placement=world.row, outcome="一切正常", by=SYSTEM, now=make.at(day))
    assert row.state is EventState.CLOSED


def test_a_round_may_ask_for_one_enterprise_and_says_what_that_costs(session: Session) -> None:
    university, programme = (at := ground.university()), ground.programme(at)
    terms = [make.term(university=university, starts_on=STARTS), make.term(university=university, starts_on=STARTS + timedelta(days=112))]
    for term in terms:  # each enterprise has a seat in one of the two terms that 32 weeks need
        enterprise = ground.enterprise()
        make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=1)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=terms)
    now = make.at(round.opens_on)
    operations.save_preferences(round=round, student=student, position_ids=[position.id], by=SYSTEM, now=now)
    assert [(one.id, people) for one, people in queries.rankers_of(position.id)] == [(round.id, [student.person_id])]
    operations.close_round(round=round, by=SYSTEM, now=now)
    assert operations.plan_round(round=round, by=SYSTEM, now=now)["reached"] == 1
    operations.change_round(round=round, is_one_enterprise=True, by=SYSTEM, now=now)
    summary = operations.plan_round(round=round, by=SYSTEM, now=now)
    assert (summary["reached"], summary["reached_anywhere"]) == (0, 1)
    assert round.plan is not None
    [below] = round.plan["unplaced"]
    assert below[4] == {"cause": "no_enterprise_for_all_terms"}
    operations.publish_round(round=round, by=SYSTEM, now=now)


def test_old_trials_of_a_round_are_forgotten(world: SimpleNamespace) -> None:
    term = make.term(university=world.university, starts_on=world.term.ends_on + timedelta(days=1))
    position = make.position(enterprise=world.enterprise, terms=[term], seats=1)
    round = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[term])
    operations.close_round(round=round, by=SYSTEM, now=NOW)
    operations.plan_round(round=round, by=SYSTEM, now=NOW)
    problem = planning.problem_of(
        round, today=make.TODAY, kind=PlanKind.WHAT_IF, what_ifs=(WhatIf(position_id=position.id, term_id=term.id, seats=1),)
    )
    data = planning.compute(problem, now=NOW, time_limit=20.0)
    most = int(book().at("own.placement.plans_kept", on=STARTS).number)
    for _n in range(most + 3):
        operations.keep_plan(round=round, data=data, by=SYSTEM, now=NOW)
    numbers = [plan.number for plan in queries.plans_of(round.id)]
    assert numbers == [*range(most + 4, 4, -1), 1]  # the adopted one stays


def test_what_was_published_is_never_forgotten(world: SimpleNamespace) -> None:
    """What each student was told stands on it, and repairs that were in force are part of it."""
    term = make.term(university=world.university, starts_on=world.term.ends_on + timedelta(days=1))
    make.position(enterprise=world.enterprise, terms=[term], seats=1)
    round = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[term])
    operations.close_round(round=round, by=SYSTEM, now=NOW)
    operations.plan_round(round=round, by=SYSTEM, now=NOW)
    operations.publish_round(round=round, by=SYSTEM, now=NOW)

    def repair() -> Any:
        data = planning.compute(planning.problem_of(round, today=make.TODAY, kind=PlanKind.REPAIR), now=NOW, time_limit=20.0)
        return operations.keep_plan(round=round, data=data, by=SYSTEM, now=NOW)

    first, second = repair(), repair()
    for plan in (first, second):
        operations.publish_repair(plan=plan, round=round, by=SYSTEM, now=NOW)
    most = int(book().at("own.placement.plans_kept", on=STARTS).number)
    for _n in range(most + 3):
        last = repair()
    numbers = [plan.number for plan in queries.plans_of(round.id)]
    assert numbers == [*range(last.number, last.number - most, -1), 3, 2, 1]


def test_nothing_is_forgotten_of_a_round_that_did_not_note_what_it_published(world: SimpleNamespace) -> None:
    term = make.term(university=world.university, starts_on=world.term.ends_on + timedelta(days=1))
    make.position(enterprise=world.enterprise, terms=[term], seats=1)
    round = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[term])
    operations.close_round(round=round, by=SYSTEM, now=NOW)
    operations.plan_round(round=round, by=SYSTEM, now=NOW)
    operations.publish_round(round=round, by=SYSTEM, now=NOW)
    assert round.plan is not None
    round.plan = {name: value for name, value in round.plan.items() if name not in ("published", "plan_id")}  # as a repair of before left it
    for _n in range(int(book().at("own.placement.plans_kept", on=STARTS).number) + 3):
        data = planning.compute(planning.problem_of(round, today=make.TODAY, kind=PlanKind.REPAIR), now=NOW, time_limit=20.0)
        operations.keep_plan(round=round, data=data, by=SYSTEM, now=NOW)
    assert 1 in [plan.number for plan in queries.plans_of(round.id)]
    operations.publish_repair(plan=queries.plans_of(round.id)[0], round=round, by=SYSTEM, now=NOW)  # notes what it knows, not that it was the first
    for _n in range(int(book().at("own.placement.plans_kept", on=STARTS).number) + 3):
        operations.keep_plan(round=round, data=data, by=SYSTEM, now=NOW)
    assert 1 in [plan.number for plan in queries.plans_of(round.id)]


def test_a_base_tells_its_history(world: SimpleNamespace) -> None:
    profile = base_queries.profile(world.base.id)
    assert profile is not None
    bases.change_base(profile=profile, level=BaseLevel.PROVINCIAL, enterprise_invested_fen=30_000_000, by=SYSTEM, now=NOW)
    bases.set_period(base=world.base, title="春季", since=STARTS, until=world.term.ends_on, capacity=12, by=SYSTEM, now=NOW)
    outside, inside = (history.moments(world.base, today=STARTS, is_inside=one) for one in (False, True))
    assert [one.on for one in inside] == sorted((one.on for one in inside), reverse=True)
    assert len(outside) <= len(inside)
    titles = " ".join(one.title for one in outside)
    assert all(word in titles for word in ("春季：可接收 12 人", "签署《校企合作教育协议》", "实地考察 · 通过", "登记为工程实践教育中心"))
    assert start(world) == []
    [line] = [one for one in queries.table_4(SYSTEM, since=date(2023, 9, 1), on=date(2026, 6, 1)) if one["base"].id == world.base.id]
    assert line["invested"] == (None, 300_000.0)


def test_a_mentor_who_leaves_before_the_end_is_told_to_school_and_enterprise_once(world: SimpleNamespace, session: Session) -> None:
    admin = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university.id)
    host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id)
    for until, count in ((world.term.ends_on, 0), (world.term.ends_on - timedelta(days=1), 1)):
        world.mentor.until = until
        session.flush()
        assert [row.id for row, *_rest in queries.leaving_mentors()] == [world.row.id] * count
    for _time in range(2):
        assert operations.warn_of_leaving_mentors(today=STARTS, now=NOW) == 1
    told = session.scalars(select(Notice.account_id).where(Notice.kind == "placements.mentor_leaves"))
    assert sorted(told) == sorted([admin.id, host.id])
