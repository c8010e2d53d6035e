"""Offerings, the six, tasks of part-time teachers, secondments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from courses.curriculum import operations as curriculum
from courses.curriculum.types import Importance
from courses.teaching import operations, queries
from courses.teaching.types import AppraisalResult, SecondmentState
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import local
from trainhub.kernel.errors import Refused
from trainhub.people.types import TeacherKind

W = {"by": SYSTEM, "now": NOW}
FIRST = date(2025, 9, 8)
TODAY = local(NOW).date()


def test_only_core_or_major_courses_with_a_lead_are_designated(session: Session) -> None:
    programme = ground.programme()
    version = ground.version(programme)
    cohort, lead = ground.cohort(programme), ground.teacher(of=programme)
    row = course(version)
    offering = operations.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W)
    assert (offering.academic_year, offering.semester) == (2025, 1)
    with pytest.raises(operations.BadOffering):
        operations.designate(offering=offering, course=row, **W)
    operations.assign_lead(offering=offering, lead=lead, **W)
    assert operations.designate(offering=offering, course=row, **W).is_designated
    curriculum.change_course(course=row, importance=Importance.ORDINARY, **W)
    with pytest.raises(operations.BadOffering):
        operations.designate(offering=offering, course=row, **W)
    assert operations.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W).id == offering.id


def test_a_course_of_another_plan_is_not_offered(session: Session) -> None:
    with pytest.raises(operations.BadOffering):
        operations.offer_course(course=course(ground.version()), cohort=ground.cohort(), first_teaching_on=FIRST, **W)


@pytest.mark.parametrize(("passed_on", "is_allowed"), [(None, False), (date(2025, 9, 9), False), (FIRST, True)])
def test_no_task_before_the_training(session: Session, passed_on: date | None, is_allowed: bool) -> None:
    teacher = ground.teacher(kind=TeacherKind.PART_TIME)
    operations.appoint_part_time(teacher=teacher, since=date(2025, 9, 1), duties="指导", training_passed_on=passed_on, **W)
    if is_allowed:
        given = operations.give_task(teacher=teacher, title="案例", hours_x10=320, starts_on=FIRST, **W)
        assert operations.give_task(teacher=teacher, title="案例", hours_x10=320, starts_on=FIRST, **W).id == given.id
    else:
        with pytest.raises(operations.BadTask):
            operations.give_task(teacher=teacher, title="案例", hours_x10=320, starts_on=FIRST, **W)


def test_a_secondment_is_planned_started_finished(session: Session) -> None:
    teacher = ground.teacher()
    span = {"planned_since": date(2025, 9, 1), "planned_until": date(2026, 8, 31)}
    row = operations.plan_secondment(teacher=teacher, enterprise_name="某企业", **span, **W)
    assert operations.plan_secondment(teacher=teacher, enterprise_name="某企业", **span, **W).id == row.id
    with pytest.raises(Refused, match=r"内容不同，没有保存"):  # 4.2 rests on its months: another last day is not dropped without a word
        operations.plan_secondment(
            teacher=teacher, enterprise_name="某企业", **{**span, "planned_until": span["planned_until"] + timedelta(days=1)}, **W
        )
    with pytest.raises(operations.BadSecondment):
        operations.finish_secondment(secondment=row, ended_on=TODAY, report="", **W)
    operations.start_secondment(secondment=row, started_on=date(2025, 9, 1), **W)
    assert operations.finish_secondment(secondment=row, ended_on=TODAY, report="总结", **W).state is SecondmentState.DONE
    with pytest.raises(operations.BadSecondment):
        operations.plan_secondment(teacher=teacher, **W)
    assert operations.plan_secondment(teacher=teacher, exempt_reason="曾在企业工作八年", **W).state is SecondmentState.EXEMPT


def test_nothing_has_happened_on_a_day_that_has_not_come(session: Session) -> None:
    """Today is the last day on which it can have happened: a conclusion of next month would make requirements met."""
    tomorrow = TODAY + timedelta(days=1)
    teacher, part_time = ground.teacher(), ground.teacher(kind=TeacherKind.PART_TIME)
    plan = operations.plan_secondment(teacher=teacher, enterprise_name="某企业", planned_since=TODAY, planned_until=tomorrow, **W)
    file = operations.appoint_part_time(teacher=part_time, since=date(2025, 9, 1), duties="指导", **W)
    deeds: list[Callable[[date], object]] = [
        lambda day: operations.start_secondment(secondment=plan, started_on=day, **W),
        lambda day: operations.finish_secondment(secondment=plan, ended_on=day, report="总结", **W),
        lambda day: operations.pass_training(appointment=file, passed_on=day, hours=16, **W),
        lambda day: operations.appraise(appointment=file, appraised_on=day, result=AppraisalResult.PASSED, **W),
    ]
    for deed in deeds:
        with pytest.raises(Refused, match="不能晚于今天"):
            deed(tomorrow)
        deed(TODAY)


def test_appraisals_are_entered_once_a_day(session: Session) -> None:
    teacher = ground.teacher(kind=TeacherKind.PART_TIME)
    row = operations.appoint_part_time(teacher=teacher, since=date(2025, 9, 1), duties="指导", **W)
    for _twice in range(2):
        operations.appraise(appointment=row, appraised_on=date(2026, 1, 10), result=AppraisalResult.PASSED, **W)
    assert len(queries.appraisals_of_teachers([teacher.id])) == 1
    # a slip is mended by entering the day again
    mended = operations.appraise(appointment=row, appraised_on=date(2026, 1, 10), result=AppraisalResult.FAILED, remark="缺课三次", **W)
    assert [(one.id, one.result, one.remark) for _teacher, one in queries.appraisals_of_teachers([teacher.id])] == [(mended.id, AppraisalResult.FAILED, "缺课三次")]  # fmt: skip
    with pytest.raises(operations.BadAppointment):
        operations.appoint_part_time(teacher=ground.teacher(), since=date(2025, 9, 1), duties="指导", **W)


def test_an_appointment_is_entered_again_when_it_ends(session: Session) -> None:
    teacher, since = ground.teacher(kind=TeacherKind.PART_TIME), date(2025, 9, 1)
    row = operations.appoint_part_time(teacher=teacher, since=since, duties="指导", training_hours=8, training_passed_on=since, **W)
    again = operations.appoint_part_time(teacher=teacher, since=since, until=date(2026, 8, 31), duties="指导、答辩", letter_no="聘 3", **W)
    assert (again.id, again.until, again.duties, again.letter_no) == (row.id, date(2026, 8, 31), "指导、答辩", "聘 3")
    assert (again.training_hours, again.training_passed_on) == (8, since), "what was entered about the training stays"
    with pytest.raises(operations.BadAppointment):
        operations.appoint_part_time(teacher=teacher, since=since, until=date(2025, 8, 31), duties="指导", **W)


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2025, 8, 1), (2025, 1)), (date(2026, 1, 31), (2025, 1)), (date(2026, 2, 1), (2025, 2)), (date(2026, 7, 1), (2025, 3))]
)
def test_semesters(day: date, expected: tuple[int, int]) -> None:
    assert operations.semester_of(day) == expected
