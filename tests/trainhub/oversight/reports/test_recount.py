"""Counting a report again after names, departures and other facts without a moment of their own were changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import operations as awards
from enterprises.awards.models import Award
from enterprises.contributions import queries as contributions
from enterprises.mentors.models import Mentor
from tests.factories import awards as make
from tests.factories import ground
from tests.trainhub.oversight.reports.test_reports import NOW, TODAY, _days, _made
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.goals import operations as goals
from trainhub.oversight.goals.types import GoalState
from trainhub.oversight.reports import operations, rules
from trainhub.oversight.reports.building.registry import RECIPES
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.types import ReportKind
from trainhub.oversight.surveys import operations as surveys
from trainhub.oversight.surveys import queries
from trainhub.oversight.surveys.rules import Demand
from trainhub.oversight.surveys.types import SurveyKind
from trainhub.people import operations as people
from trainhub.people.types import PairDecision, StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Cohort, Programme

LATER = NOW + timedelta(days=30)
AsRole = Callable[..., FlaskClient]


def _written(session: Session) -> None:
    """What was noted stands in the log, as after a commit."""
    session.flush()
    audit.write_pending(session)


def _school(session: Session, student: Any) -> Organisation:
    return session.get_one(Organisation, student.university_id)


def test_a_changed_name_does_not_change_a_report(session: Session) -> None:
    student, enterprise = ground.student(), ground.enterprise(name="甲企业")
    other = ground.student()
    _days(student, enterprise, 12)
    _days(other, enterprise, 3)
    made = [_made(ReportKind.CONTRIBUTION), _made(ReportKind.UNIVERSITY), _made(ReportKind.QUALITY), _made(ReportKind.CSR, enterprise)]
    organisations.change(organisation=enterprise, name="乙企业", by=SYSTEM, now=LATER)
    organisations.change(organisation=enterprise, name="丙企业", by=SYSTEM, now=LATER)
    # the schools are listed by name: the first becomes the last
    organisations.change(organisation=_school(session, student), name="阿大学", by=SYSTEM, now=LATER)
    organisations.change(organisation=_school(session, other), name="最后大学", by=SYSTEM, now=LATER)
    _written(session)
    for row in made:
        assert operations.recount(row).differences == [], row.kind
    again = operations.ask(kind=ReportKind.CONTRIBUTION, by=SYSTEM, today=date(2030, 1, 1), now=NOW + timedelta(days=2000), since=date(2026, 1, 1), until=date(2026, 2, 28))  # fmt: skip
    table = operations.kept(operations.make(report=again, by=SYSTEM, now=LATER)).sections[0].table
    assert table is not None
    assert table.rows[0][1] == "丙企业"


def test_the_city_of_an_enterprise_is_that_of_the_day(session: Session) -> None:
    """It answered in Fuzhou and moved to Xiamen afterwards: the report of the year before the move counts it in Fuzhou, now and then."""
    firm = ground.enterprise(region_code="350102")
    survey = surveys.open_survey(kind=SurveyKind.DEMAND, year=2026, title="需求", opens_on=date(2026, 1, 5), closes_on=date(2026, 2, 20), by=SYSTEM, now=NOW - timedelta(days=50))  # fmt: skip
    surveys.answer_demand(
        survey=survey, enterprise=firm, answers=[Demand(2, staff=40)], by=SYSTEM, today=date(2026, 2, 1), now=NOW - timedelta(days=20)
    )
    session.info.pop("audit", None)
    before = queries.demand_by_prefecture(survey.id, NOW, TODAY)
    row = _made(ReportKind.TALENT)
    organisations.change(organisation=firm, region_code="350203", by=SYSTEM, now=LATER)
    _written(session)
    assert queries.demand_by_prefecture(survey.id, NOW, TODAY) == before == [("福州市", 1, 40)]
    assert operations.recount(row).differences == []
    assert queries.demand_by_prefecture(survey.id, datetime(2100, 1, 1, tzinfo=UTC), date(2100, 1, 1)) == [("厦门市", 1, 40)]


def test_one_human_under_two_rows_is_hosted_and_guides_once(session: Session) -> None:
    """Found to be one before the report: one student, and a day once; found afterwards, the report still comes out again."""
    firm, students = ground.enterprise(), [ground.student(), ground.student()]
    for student in students:
        _days(student, firm, 5, NOW - timedelta(days=2))
    guides = [Mentor(enterprise_id=firm.id, person_id=ground.person().id, skills=[], since=date(2025, 1, 1), created_at=NOW - timedelta(days=99)) for _n in range(2)]  # fmt: skip
    session.add_all(guides)
    session.flush()
    early = _made(ReportKind.CONTRIBUTION)
    for pair in ([one.person_id for one in students], [one.person_id for one in guides]):
        people.note_decision(
            first_id=pair[0], second_id=pair[1], decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW + timedelta(hours=1)
        )
    session.flush()
    assert operations.recount(early).differences == []
    later = operations.ask(
        kind=ReportKind.CONTRIBUTION, since=date(2026, 1, 1), until=date(2026, 2, 28), by=SYSTEM, today=TODAY, now=NOW + timedelta(hours=2)
    )
    rows = [operations.kept(operations.make(report=one, by=SYSTEM, now=NOW)).sections[0].table for one in (early, later)]
    assert [(table.rows[0][2], table.rows[0][3], table.rows[0][5]) for table in rows if table] == [(2, "2.0", 2), (1, "1.0", 1)]
    (page,) = contributions.rows(SYSTEM, 2026)
    assert (page.students, page.days, page.mentors) == (1, 5, 1)


@pytest.mark.parametrize("left_on", [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=3)])
def test_a_departure_that_is_entered_later_does_not_change_a_report(session: Session, left_on: date) -> None:
    """Whatever the day entered: before the moment of the report, on its eve, on its day, after it."""
    gone, stays, back = ground.student(), ground.student(), ground.student()
    people.change_student(student=back, state=StudentState.WITHDRAWN, left_on=TODAY - timedelta(days=9), left_reason="转学", by=SYSTEM, now=NOW)
    row = _made(ReportKind.QUALITY)
    assert operations.kept(row).figures[0].value == "2"
    session.info.pop("audit", None)  # what was known before the report stands before it
    people.change_student(student=gone, state=StudentState.WITHDRAWN, left_on=left_on, left_reason="转学", by=SYSTEM, now=LATER)
    people.change_student(student=stays, class_name="机械2", by=SYSTEM, now=LATER)
    place = session.get_one(Programme, back.programme_id), session.get_one(Cohort, back.cohort_id)
    people.move_student(
        student=back, programme=place[0], cohort=place[1], on=TODAY - timedelta(days=5), reason="复学", is_return=True, by=SYSTEM, now=LATER
    )
    _written(session)
    assert operations.recount(row).differences == []


def test_the_graduates_of_a_year_are_those_of_the_moment(session: Session) -> None:
    student = ground.student()
    programme = session.get_one(Programme, student.programme_id)
    ends = queries.graduates_on(student)
    assert ends is not None
    programmes.change_programme(programme=programme, key_field_no=2, by=SYSTEM, now=NOW)
    session.info.pop("audit", None)
    before = queries.graduates_by_field(ends.year, NOW), queries.asked_by_programme(ends.year, NOW), queries.asked_count(ends.year, NOW)
    assert before[0] == {2: 1}
    people.change_student(student=student, state=StudentState.WITHDRAWN, left_on=TODAY - timedelta(days=2), left_reason="转学", by=SYSTEM, now=LATER)
    programmes.change_programme(programme=programme, key_field_no=3, name="新专业名", by=SYSTEM, now=LATER)
    organisations.change(organisation=_school(session, student), name="新校名", by=SYSTEM, now=LATER)
    _written(session)
    assert (queries.graduates_by_field(ends.year, NOW), queries.asked_by_programme(ends.year, NOW), queries.asked_count(ends.year, NOW)) == before
    assert (queries.asked_count(ends.year), queries.asked_by_programme(ends.year)) == (0, {})


def test_what_cannot_be_counted_as_it_was_is_named(session: Session, as_role: AsRole) -> None:
    """An entry that keeps no moment: the differences, and beside them what was entered since, by whom; nobody's telephone number."""
    enterprise, student = ground.enterprise(name="甲企业"), ground.student()
    _days(student, enterprise, 5)
    mentor = Mentor(enterprise_id=enterprise.id, person_id=ground.person().id, skills=[], since=date(2025, 1, 1), created_at=NOW - timedelta(days=99))
    session.add(mentor)
    session.flush()
    row = _made(ReportKind.CONTRIBUTION)
    assert operations.recount(row).later == []
    session.info.pop("audit", None)
    mentor.until = date(2025, 12, 31)
    audit.record(by=SYSTEM, did="mentors.mentor.changed", on=mentor, data={"until": [None, mentor.until]})
    organisations.change(organisation=enterprise, contact_phone="13800000000", by=SYSTEM, now=LATER)
    _written(session)
    found = operations.recount(row)
    assert len(found.differences) == 1
    assert [(one.did, one.changes) for one in found.later] == [("mentors.mentor.changed", (("until", "—", "2025-12-31"),))]
    session.commit()
    page = as_role(Role.DEPT_EDU).get(f"/reports/{row.id}/recount").text
    assert "统计时点之后的变动" in page
    assert "mentors.mentor.changed" in page
    assert "13800000000" not in page


def test_only_changes_that_a_recount_does_not_take_back_are_told() -> None:
    mentor, organisation, student = "mentors.mentor.changed", "organisations.organisation.changed", "people.student.changed"
    assert rules.told_changes(organisation, {"contact_phone": ["1", "2"]}) is None
    assert rules.told_changes(organisation, {"personal": ["contact_phone"]}) is None
    assert rules.told_changes(organisation, {"contact_phone": ["1", "2"], "name": ["甲", "乙"]}) is None
    assert rules.told_changes(organisation, {"name": ["甲", "乙"], "kind": ["enterprise", ""]}) == (("kind", "enterprise", "—"),)
    assert rules.told_changes("organisations.organisation.registered", {"code": "A"}) is None
    assert rules.told_changes(student, {"left_on": [None, "2026-01-01"], "guardian_phone": ["", "1"]}) is None
    assert rules.told_changes(mentor, {"until": [None, "2026-01-01"]}) == (("until", "—", "2026-01-01"),)
    assert rules.told_changes("people.employment.ended", {"employment": 3}) == ()
    assert rules.told_changes("people.employment.added", {"employment": 3}) is None


def test_every_kind_knows_what_it_counts() -> None:
    assert all(recipe.counts for recipe in RECIPES.values())


# -- what is known by its moment ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [ReportKind.TALENT, ReportKind.DEMAND])
def test_a_survey_opened_later_on_the_day_does_not_replace_the_earlier(session: Session, kind: ReportKind) -> None:
    enterprise = ground.enterprise()
    who = Identity(account_id=None, person_id=None, name="x", grants=(Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, enterprise.id),))
    opened = {"kind": SurveyKind.DEMAND, "closes_on": date(2026, 12, 31), "by": SYSTEM}
    early = NOW - timedelta(days=60)
    survey = surveys.open_survey(year=2025, title="2025", opens_on=date(2025, 12, 1), now=early, **opened)
    given = [Demand(1, staff=50, needed_engineers=7, needed_three_years=20)]
    surveys.answer_demand(survey=survey, enterprise=enterprise, answers=given, by=who, today=TODAY, now=NOW - timedelta(days=30))
    row = _made(kind)
    surveys.open_survey(year=2026, title="2026", opens_on=date(2026, 2, 1), now=NOW + timedelta(hours=3), **opened)
    assert operations.recount(row).differences == []


def test_goals_are_those_of_the_moment(session: Session) -> None:
    """Defined, renamed, given another target or deadline, set aside afterwards."""
    goal, _is_new = goals.define(code="g-1", name="甲", target=10, starts_on=date(2026, 1, 1), deadline=date(2026, 12, 31), region_code="350000", source="s", by=SYSTEM, now=NOW - timedelta(days=9))  # fmt: skip
    row = _made(ReportKind.QUALITY)
    assert "甲" in str(operations.kept(row).as_dict())
    for change in (
        {"name": "乙", "target": 20, "deadline": date(2026, 1, 31), "state": GoalState.OPEN},
        {"name": "乙", "target": 20, "deadline": date(2026, 1, 31), "state": GoalState.PLANNED},
    ):
        goals.change(goal=goal, source="s", note="", by=SYSTEM, now=LATER, version=None, **change)
    goals.define(code="g-2", name="新", target=5, starts_on=date(2026, 1, 1), deadline=date(2026, 12, 31), region_code="350000", source="s", by=SYSTEM, now=LATER)  # fmt: skip
    _written(session)
    assert operations.recount(row).differences == []
    assert (goal.name, goal.state) == ("乙", GoalState.PLANNED)


def _at(day: int) -> dict[str, Any]:
    return {"by": SYSTEM, "today": TODAY + timedelta(days=day), "now": NOW + timedelta(days=day)}


def _scorecard(session: Session, award: Award, day: int) -> Report:
    _written(session)
    asked = operations.ask(kind=ReportKind.SCORECARD, organisation=session.get_one(Organisation, award.organisation_id), since=date(2026, 1, 1), until=TODAY + timedelta(days=day), **_at(day))  # fmt: skip
    return operations.make(report=asked, by=SYSTEM, now=NOW + timedelta(days=day))


def test_a_step_of_an_award_that_is_entered_later_does_not_change_a_scorecard(session: Session) -> None:
    """With a day before the report's own: recognition, conference, payment; and a revocation after the award was closed."""
    award = make.examined(make.apply(make.base()))
    rows = [_scorecard(session, award, 10)]
    awards.recognise(award=award, on=TODAY + timedelta(days=1), **_at(12))
    awards.accept(award=award, on=TODAY + timedelta(days=2), **_at(12))
    awards.decide(award=award, amount_fen=100_000_000, minutes="纪要", **_at(12))
    rows.append(_scorecard(session, award, 14))
    awards.confer(award=award, on=TODAY + timedelta(days=13), is_positive=True, text="同意", **_at(16))
    rows.append(_scorecard(session, award, 18))
    awards.pay(award=award, on=TODAY + timedelta(days=17), reference="r", **_at(20))
    rows.append(_scorecard(session, award, 22))
    awards.close(award=award, **_at(23))
    rows.append(_scorecard(session, award, 25))
    awards.revoke(award=award, reason="撤销", **_at(30))
    _written(session)
    assert [operations.recount(row).differences for row in rows] == [[]] * 5


def test_the_report_of_schools_says_whose_courses_it_leaves_out(session: Session) -> None:
    """An enterprise's open courses stand in the quality report alone; who reads this one would miss them."""
    document = operations.kept(_made(ReportKind.UNIVERSITY))
    assert any("企业和没有专业点的学校" in str(line) for line in document.method)
