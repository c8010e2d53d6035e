"""Two who enter the same thing of a plan or of teaching at once: it is there once, and who comes second is told in words or finds it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Flask

from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum.models import AssessmentItem, CourseObjective, CourseResult, CurriculumCourse
from courses.curriculum.types import AssessmentKind
from courses.standards import operations as standards
from courses.standards.models import IndustryStandard, PointCover, SchoolStandard
from courses.standards.types import TargetKind
from courses.teaching import correcting, operations, queries
from courses.teaching.models import Offering, PartTimeAppointment, PartTimeAppraisal, Secondment, TeachingTask
from courses.teaching.types import AppraisalResult
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction
from trainhub.people import queries as people
from trainhub.people.models import Teacher
from trainhub.people.types import TeacherKind
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Cohort
from trainhub.programmes.types import PointKind

DAY = date(2026, 3, 2)
BY: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


def rows(model: Any) -> int:
    session().rollback()
    return session().scalar(sa.select(sa.func.count()).select_from(model)) or 0


def twice(app: Flask, act: Callable[[], object], model: Any) -> tuple[list[str], int]:
    return together(app, act, act), rows(model)


def found(row: Any) -> Any:
    assert row is not None
    return row


def test_teaching_is_entered_once(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            programme = ground.programme()
            version = ground.version(programme)
            course_id = course(version, "C1").id
            cohort_id = ground.cohort(programme).id
            full = ground.teacher(of=programme, kind=TeacherKind.FULL_TIME, since=date(2018, 9, 1)).id
            part = ground.teacher(of=programme, kind=TeacherKind.PART_TIME, since=date(2018, 9, 1)).id
        session().rollback()

        def teacher(key: int) -> Teacher:
            return found(people.teacher(key))

        def offer() -> object:
            cohort = session().get_one(Cohort, cohort_id)
            row = found(curriculum_queries.course(course_id))
            return operations.offer_course(course=row, cohort=cohort, first_teaching_on=cohort.starts_on, **BY)

        assert twice(committed, offer, Offering) == (["", ""], 1)
        task = lambda: operations.give_task(teacher=teacher(full), title="机械设计", hours_x10=320, starts_on=DAY, **BY)  # noqa: E731
        assert twice(committed, task, TeachingTask) == (["", ""], 1)
        plan = lambda: operations.plan_secondment(teacher=teacher(full), exempt_reason="有五年企业工作经历", **BY)  # noqa: E731
        assert twice(committed, plan, Secondment) == (["", ""], 1)
        appoint = lambda: operations.appoint_part_time(teacher=teacher(part), since=DAY, duties="指导实习", **BY)  # noqa: E731
        assert twice(committed, appoint, PartTimeAppointment) == (["", ""], 1)

        def appraise() -> object:
            [one] = queries.appointments_of_teachers([part])
            return operations.appraise(appointment=one, appraised_on=DAY, result=AppraisalResult.PASSED, **BY)

        assert twice(committed, appraise, PartTimeAppraisal) == (["", ""], 1)

        def take_back() -> object:
            row = session().scalars(sa.select(TeachingTask)).first()
            return correcting.take_back_task(task=row, reason="误填", **BY) if row is not None else None

        assert twice(committed, take_back, TeachingTask) == (["", ""], 0)
        db.session.remove()


def test_a_plan_is_entered_once(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            programme = ground.programme()
            version = ground.version(programme, is_published=False)
            requirement = programmes.add_requirement(version=version, number=9, title="工程知识", text="能够应用", **BY)
            point = programmes.add_point(requirement=requirement, number="1.1", kind=PointKind.ABILITY, text="能够运用", **BY).id
            course_id, version_id = course(version, "C1").id, version.id
            student_id = ground.student(programme).id
        session().rollback()

        def taught() -> CurriculumCourse:
            return found(curriculum_queries.course(course_id))

        def plan() -> Any:
            return found(programme_queries.version_by_id(version_id))

        assert together(committed, lambda: course(plan(), "C2"), lambda: course(plan(), "C2")) == ["", "curriculum_course_known"]
        objective = lambda: curriculum.add_objective(course=taught(), text="能够分析", number=1, **BY)  # noqa: E731
        assert twice(committed, objective, CourseObjective) == (["", ""], 1)
        weigh = lambda: curriculum.add_assessment(course=taught(), kind=AssessmentKind.EXAM, weight_percent=60, **BY)  # noqa: E731
        assert twice(committed, weigh, AssessmentItem) == (["", "bad_curriculum_course"], 1)
        objective_id = session().scalars(sa.select(CourseObjective.id)).one()
        session().rollback()

        def conclude() -> object:
            one = session().get_one(CourseObjective, objective_id)
            return curriculum.record_results(course=taught(), marks=[(student_id, one, 800)], concluded_on=DAY, **BY)

        assert twice(committed, conclude, CourseResult) == (["", ""], 1)
        cover = lambda: standards.cover_point(point_id=point, kind=TargetKind.OBJECTIVE, target_id=objective_id, weight=3, **BY)  # noqa: E731
        assert twice(committed, cover, PointCover) == (["", ""], 1)
        enter = lambda: standards.keep_industry_standard(code="IS-1", title="行业标准", clauses=[("1", "要求")], **BY)  # noqa: E731
        assert twice(committed, enter, IndustryStandard) == (["", ""], 1)

        name = lambda title: lambda: standards.name_school_standard(version=plan(), title=title, opened_at=0, **BY)  # noqa: E731
        assert together(committed, name("甲"), name("乙")) == ["", "stale"]
        assert rows(SchoolStandard) == 1
        db.session.remove()
