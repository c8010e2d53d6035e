"""Counting a report again after names, departures and other facts without a moment of their own were changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors.models import Mentor
from tests.factories import ground
from tests.trainhub.oversight.reports.test_reports import NOW, TODAY, _days, _made
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.reports import operations, rules
from trainhub.oversight.reports.building.registry import RECIPES
from trainhub.oversight.reports.types import ReportKind
from trainhub.oversight.surveys import queries
from trainhub.people import operations as people
from trainhub.people.types import StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Programme

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


@pytest.mark.parametrize("left_on", [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=3)])
def test_a_departure_that_is_entered_later_does_not_change_a_report(session: Session, left_on: date) -> None:
    """Whatever the day entered: before the moment of the report, on its eve, on its day, after it."""
    gone, stays, back = ground.student(), ground.student(), ground.student()
    people.change_student(student=back, state=StudentState.WITHDRAWN, left_on=TODAY - timedelta(days=9), by=SYSTEM, now=NOW)
    row = _made(ReportKind.QUALITY)
    assert operations.kept(row).figures[0].value == "2"
    session.info.pop("audit", None)  # what was known before the report stands before it
    people.change_student(student=gone, state=StudentState.WITHDRAWN, left_on=left_on, by=SYSTEM, now=LATER)
    people.change_student(student=stays, class_name="机械2", by=SYSTEM, now=LATER)
    people.change_student(student=back, state=StudentState.ENROLLED, left_on=None, by=SYSTEM, now=LATER)
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
    people.change_student(student=student, state=StudentState.WITHDRAWN, left_on=TODAY - timedelta(days=2), by=SYSTEM, now=LATER)
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
    assert rules.told_changes(organisation, {"contact_phone": ["1", "2"], "name": ["甲", "乙"]}) is None
    assert rules.told_changes(organisation, {"name": ["甲", "乙"], "region_code": ["350100", ""]}) == (("region_code", "350100", "—"),)
    assert rules.told_changes("organisations.organisation.registered", {"code": "A"}) is None
    assert rules.told_changes(student, {"left_on": [None, "2026-01-01"], "guardian_phone": ["", "1"]}) is None
    assert rules.told_changes(mentor, {"until": [None, "2026-01-01"]}) == (("until", "—", "2026-01-01"),)
    assert rules.told_changes("people.employment.ended", {"employment": 3}) == ()
    assert rules.told_changes("people.employment.added", {"employment": 3}) is None


def test_every_kind_knows_what_it_counts() -> None:
    assert all(recipe.counts for recipe in RECIPES.values())
