"""The course of the demo plans that nobody has to take: every second student of the cohort does, and is on its list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from courses.curriculum import marking
from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import AssessmentKind, CourseCategory, DeliveryMode, ResearchMethod
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching import taking
from trainhub.kernel.access import Identity
from trainhub.people.types import TeacherKind
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

CODE = "X01"
TERM = 5


def add_elective(*, programme: Programme, cohort: Cohort, by: Identity, today: date, now: datetime) -> CurriculumCourse:
    """Give the plan of a cohort an optional course, taught in its fifth term by a full-time teacher and closed once it is over; again adds
    nothing. The plan, the students and the teachers are there before."""
    version = programmes.version_by_id(programmes.followed_by(cohort) or 0)
    assert version is not None
    known = curriculum_queries.by_code(version.id, CODE)
    if known is not None:
        return known
    w: dict[str, Any] = {"by": by, "now": now}
    row = curriculum.add_course(
        version=version,
        code=CODE,
        name="工业机器人应用",
        category=CourseCategory.SPECIALTY,
        is_optional=True,
        hours=32,
        credits_x10=20,
        term=TERM,
        delivery_modes=[DeliveryMode.LECTURE, DeliveryMode.LAB],
        research_methods=[ResearchMethod.PROJECT],
        revised_on=today - timedelta(days=300),
        **w,
    )
    objective = curriculum.add_objective(course=row, text="能够为一个工位选择、编程和调试工业机器人。", **w)
    item = curriculum.add_assessment(course=row, kind=AssessmentKind.PROJECT, title="工位改造项目", weight_percent=100, **w)
    marking.set_shares(course=row, shares=[(item, objective, 100)], **w)
    first = date(cohort.starts_on.year + TERM // 2, 9, 10)
    staff = teaching_queries.staff_of_programme(programme.id, today)
    lead = [teacher for teacher, _person in staff if teacher.kind is TeacherKind.FULL_TIME][-1]
    offering = teaching.offer_course(course=row, cohort=cohort, first_teaching_on=first, lead=lead, **w)
    students = [key for key, _name, _number in curriculum_queries.students_of_cohort(cohort.id)][::2]
    taking.list_takers(offering=offering, add=students, **w)
    closed_on = first + timedelta(days=120)
    if closed_on <= today:
        marks = [(key, item, 640 + (key * 11) % 330) for key in students]
        marking.record_scores(course=row, marks=marks, concluded_on=closed_on, **w)
        teaching.close_offering(offering=offering, closed_on=closed_on, **w)
    return row
