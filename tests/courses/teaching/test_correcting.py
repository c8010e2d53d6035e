"""What was entered wrongly about an offering is corrected or taken back, with a reason; nothing is lost that was concluded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.curriculum import operations as curriculum
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import CourseCategory
from courses.teaching import correcting, operations, queries
from courses.teaching.models import Offering
from tests.courses.curriculum.test_operations import course
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.evaluation import TODAY
from tests.factories.ground import NOW
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.db import session as current
from trainhub.kernel.errors import Stale
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import readiness
from trainhub.policy.findings import Status
from trainhub.programmes.models import Cohort, Programme

AsRole = Callable[..., Any]
W: dict[str, Any] = {"by": SYSTEM, "now": NOW}
FIRST = date(2025, 9, 8)


def offered(**more: Any) -> Offering:
    programme = ground.programme()
    row = course(ground.version(programme))
    cohort, lead = ground.cohort(programme), ground.teacher(of=programme)
    return operations.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, lead=lead, **more, **W)


def told(session: Session, did: str) -> list[dict[str, Any]]:
    return [note.data for note in session.info["audit"] if note.did == did]


def facts(row: Offering, **changed: Any) -> dict[str, Any]:
    """What the row says, but for what is changed."""
    names = ("first_teaching_on", "lead_teacher_id", "closed_on", "relevance", "waiver")
    return {name: getattr(row, name) for name in names} | changed


def test_a_wrong_first_day_is_corrected_with_its_semester(session: Session) -> None:
    row = offered()
    correcting.correct_offering(offering=row, reason="日期误填", **facts(row, first_teaching_on=date(2026, 3, 2)), **W)
    assert (row.first_teaching_on, row.academic_year, row.semester) == (date(2026, 3, 2), 2025, 2)
    [said] = told(session, "courses.teaching.offering_corrected")
    assert (said["reason"], said["first_teaching_on"]) == ("日期误填", ["2025-09-08", "2026-03-02"])
    seen = row.version
    correcting.correct_offering(offering=row, reason="日期误填", **facts(row), **W)
    assert (row.version, len(told(session, "courses.teaching.offering_corrected"))) == (seen, 1), "again changes nothing"
    with pytest.raises(Stale):
        correcting.correct_offering(offering=row, reason="再改", opened_at=seen - 1, **facts(row, relevance="甲"), **W)


def test_what_cannot_be_is_refused(session: Session) -> None:
    row = offered()
    today = NOW.date()
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("reason", {"reason": " "}),
        ("first_teaching_on", {"first_teaching_on": date(2000, 9, 1)}),
        ("closed_on", {"closed_on": FIRST - timedelta(days=1)}),
        ("closed_on", {"closed_on": today + timedelta(days=2)}),
    ]
    for field, changed in wrong:
        with pytest.raises(operations.BadOffering) as refused:
            correcting.correct_offering(offering=row, **{"reason": "误填", **facts(row, **changed)}, **W)
        assert refused.value.field == field, changed
    operations.designate(offering=row, course=session.get_one(CurriculumCourse, row.course_id), **W)
    with pytest.raises(operations.BadOffering) as refused:
        correcting.correct_offering(offering=row, reason="误填", **facts(row, lead_teacher_id=None), **W)
    assert refused.value.field == "lead_teacher_id"


def test_closing_lead_and_waiver_are_corrected_and_taken_back(session: Session) -> None:
    row = offered(relevance="曾任产线工程师")
    operations.waive_cap(offering=row, reason="学校批准", **W)
    operations.close_offering(offering=row, closed_on=date(2026, 1, 10), **W)
    correcting.correct_offering(offering=row, reason="结课日期误填", **facts(row, closed_on=date(2026, 1, 16)), **W)
    assert (row.closed_on, row.waiver, row.relevance) == (date(2026, 1, 16), "学校批准", "曾任产线工程师")
    correcting.correct_offering(offering=row, reason="还没有结课", **facts(row, closed_on=None, waiver=""), **W)
    assert (row.closed_on, row.waiver, row.relevance) == (None, "", "曾任产线工程师")
    other = ground.teacher()
    correcting.correct_offering(offering=row, reason="主讲误填", **facts(row, lead_teacher_id=other.id), **W)
    assert (row.lead_teacher_id, row.relevance) == (other.id, ""), "what was written about somebody else does not speak for the new lecturer"
    third = ground.teacher()
    correcting.correct_offering(offering=row, reason="主讲误填", **facts(row, lead_teacher_id=third.id, relevance="第三位的经历"), **W)
    assert (row.lead_teacher_id, row.relevance) == (third.id, "第三位的经历")


def test_a_new_lead_brings_no_relevance_of_the_former(session: Session) -> None:
    row = offered(relevance="曾任产线工程师")
    operations.change_lead(offering=row, lead=ground.teacher(), **W)
    assert row.relevance == ""
    row = offered(relevance="曾任产线工程师")
    operations.assign_lead(offering=row, lead=ground.teacher(), **W)
    assert (row.relevance, row.waiver) == ("", "")


def test_an_offering_is_taken_back_while_nothing_was_concluded(session: Session) -> None:
    with pytest.raises(operations.BadOffering) as refused:
        correcting.take_back_offering(offering=offered(), reason="", **W)
    assert refused.value.field == "reason"
    row = offered()
    operations.close_offering(offering=row, closed_on=date(2026, 1, 10), **W)
    with pytest.raises(operations.BadOffering, match="已结课"):
        correcting.take_back_offering(offering=row, reason="误填", **W)
    row = offered()
    operations.give_task(teacher=ground.teacher(), title="讲授", hours_x10=320, starts_on=FIRST, offering=row, **W)
    with pytest.raises(operations.BadOffering, match="讲授"):
        correcting.take_back_offering(offering=row, reason="误填", **W)
    row = offered()
    taught = session.get_one(CurriculumCourse, row.course_id)
    objective = curriculum.add_objective(course=taught, text="能够分析", **W)
    student = ground.student(year=2022)
    student.cohort_id = row.cohort_id
    curriculum.record_results(course=taught, marks=[(student.id, objective, 800)], concluded_on=date(2026, 1, 10), **W)
    with pytest.raises(operations.BadOffering, match="达成结论"):
        correcting.take_back_offering(offering=row, reason="误填", **W)
    row, key = (one := offered()), one.id
    correcting.take_back_offering(offering=row, reason="误填", **W)
    assert queries.offering(key) is None
    [said] = told(session, "courses.teaching.removed")
    assert (said["reason"], said["row"]["first_teaching_on"]) == ("误填", "2025-09-08")


def test_the_head_corrects_a_wrong_day_and_requirement_five_follows(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.meeting(students=2)
        programme, code, programme_id = built.programme, built.programme.code, built.programme.id
        six = [one for one in queries.offerings_of_cohorts([built.cohort.id]) if one.is_designated]
        row = current().get_one(Offering, six[0].id)
        row.first_teaching_on, row.closed_on = TODAY + timedelta(days=200), None  # a slip in the year: outside the four years of the cohort
        key, right = row.id, six[0].first_teaching_on

    def five() -> Status:
        found = {one.code: one.status for one in readiness.assess(programme, TODAY).findings}
        return found["5.1"]

    assert five() is Status.NOT_MET
    at = f"/teaching/programmes/{code}/offerings/{key}/correct"
    assert as_role(Role.INSPECTOR).post(at, data={"reason": "x"}).status_code == 403
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(at).get_data(as_text=True)
    assert "更正开课信息" in page
    assert at in head.get(f"/teaching/programmes/{code}").get_data(as_text=True)
    sent = {
        "version": str(six[0].version + 1),
        "first_teaching_on": right.isoformat(),
        "lead_teacher_id": str(six[0].lead_teacher_id),
        "closed_on": six[0].closed_on.isoformat() if six[0].closed_on else "",
        "relevance": six[0].relevance,
        "waiver": six[0].waiver,
    }
    assert head.post(at, data=sent).status_code == 422
    assert head.post(at, data={**sent, "reason": "首次授课日期误填"}).status_code == 303
    assert five() is Status.MET
    assert head.post(at, data={**sent, "reason": "再改", "relevance": "甲"}).status_code == 409, "an old form overwrites nothing"
    taken = f"/teaching/programmes/{code}/offerings/{key}/remove"
    assert head.post(taken, data={"reason": ""}).status_code == 422
    refused = head.post(taken, data={"reason": "误填"})
    assert (refused.status_code, "已结课" in refused.get_data(as_text=True)) == (422, True)


def test_a_waiver_goes_by_a_button(session: Session, as_role: AsRole) -> None:
    with transaction():
        row = offered()
        operations.waive_cap(offering=row, reason="学校批准", **W)
        key, programme = row.id, current().get_one(Programme, current().get_one(Cohort, row.cohort_id).programme_id)
        page, programme_id = f"/teaching/programmes/{programme.code}", programme.id
    at = f"{page}/offerings/{key}/unwaive"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert at in head.get(page).get_data(as_text=True)
    assert head.post(at, data={"reason": ""}).status_code == 422
    assert head.post(at, data={"reason": "不再需要"}).status_code == 303
    found = queries.offering(key)
    assert found is not None
    assert found.waiver == ""


def test_a_waiver_goes_alone(session: Session, as_role: AsRole) -> None:
    """What was corrected since the page was opened stays, and what else may be wrong with the course does not stand in the way."""
    with transaction():
        row = offered(is_designated=True)
        operations.waive_cap(offering=row, reason="学校批准", **W)
        key, programme = row.id, current().get_one(Programme, current().get_one(Cohort, row.cohort_id).programme_id)
        at, programme_id = f"/teaching/programmes/{programme.code}/offerings/{key}/unwaive", programme.id
        seen = row.version
        moved = date(2026, 3, 2)
        correcting.correct_offering(offering=row, reason="误填", **facts(row, first_teaching_on=moved), **W)
        taught = current().get_one(CurriculumCourse, row.course_id)
        curriculum.change_course(course=taught, category=CourseCategory.GENERAL, reason="", **W)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert head.post(at, data={"reason": "不再需要", "version": str(seen)}).status_code == 409
    found = queries.offering(key)
    assert found is not None
    assert found.waiver == "学校批准"
    assert head.post(at, data={"reason": "不再需要", "version": str(found.version)}).status_code == 303
    session.expire_all()
    found = queries.offering(key)
    assert found is not None
    assert (found.waiver, found.first_teaching_on) == ("", moved)
    [said] = [one for one in told_of(key) if one.get("waiver")]
    assert (said["waiver"], said["reason"]) == (["学校批准", ""], "不再需要")
    assert "first_teaching_on" not in said


def told_of(key: int) -> list[dict[str, Any]]:
    events = organisations.history_of("course_offering", key)
    return [dict(one.data) for one in events if one.did == "courses.teaching.offering_corrected"]


def test_taken_back_once_by_two(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            key = offered().id

        def take_back() -> object:
            row = queries.offering(key)
            return correcting.take_back_offering(offering=row, reason="误填", **W) if row is not None else None

        assert together(committed, take_back, take_back) == ["", ""]
        assert queries.offering(key) is None
        db.session.remove()
