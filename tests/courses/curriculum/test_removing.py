"""A course that was added to a plan by mistake goes again, and a wrong code is mended, while nobody was marked in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.curriculum import operations, queries
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import AssessmentKind
from courses.recognition.models import CreditMapping
from courses.standards import operations as standards
from courses.standards import queries as standard_queries
from courses.standards.types import TargetKind
from courses.teaching import operations as teaching
from tests.courses.curriculum.test_operations import course
from tests.factories import courses as made
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.evaluation import TODAY
from tests.factories.ground import NOW
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import Refused, Stale
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.operations import practice_registers
from trainhub.oversight.evaluation.operations import registers as evaluation_registers
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Programme

W: dict[str, Any] = {"by": SYSTEM, "now": NOW}
FIRST = date(2025, 9, 8)


def filled() -> CurriculumCourse:
    """A course with an objective that carries a point, a part and a share of it."""
    version = ground.version()
    row = course(version)
    objective = operations.add_objective(course=row, text="能够分析", **W)
    operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=100, **W)
    point = programme_queries.requirements_of(version.id)[0].points[0]
    standards.cover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, weight=3, **W)
    return row


def told(session: Session, did: str) -> list[dict[str, Any]]:
    return [note.data for note in session.info["audit"] if note.did == did]


def test_a_course_goes_with_all_that_hangs_on_it(session: Session) -> None:
    row = filled()
    key, version_id = row.id, row.version_id
    with pytest.raises(Refused) as refused:
        standards.remove_course(course=row, reason=" ", **W)
    assert refused.value.field == "reason"
    with pytest.raises(Stale):
        standards.remove_course(course=row, reason="误加", opened_at=row.version + 1, **W)
    standards.remove_course(course=row, reason="误加", **W)
    assert (queries.course(key), queries.courses_of(version_id), standard_queries.covers_of_version(version_id)) == (None, [], [])
    [said] = told(session, "courses.curriculum.course_removed")
    assert (said["reason"], said["row"]["code"], said["objectives"]) == ("误加", "C01", ["能够分析"])


def test_a_course_with_results_or_named_elsewhere_stays(session: Session) -> None:
    row = filled()
    student = ground.student(session.get_one(Programme, ground_programme(row)))
    operations.record_results(course=row, marks=[(student.id, queries.objectives_of(row.id)[0], 800)], concluded_on=FIRST, **W)
    refuse(row, "成绩或达成结论")
    row = filled()
    programme = session.get_one(Programme, ground_programme(row))
    cohort = ground.cohort(programme)
    teaching.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W)
    refuse(row, f"{cohort.year} 级")
    row = filled()
    version = programme_queries.version_by_id(row.version_id)
    assert version is not None
    after = course(version, "C02")
    operations.require_courses(course=after, required_ids=[row.id], **W)
    refuse(row, "先修课程")
    row = filled()
    online = made.run().course
    session.add(CreditMapping(course_id=online.id, target_id=row.id, credits_x10=10, since=FIRST))
    session.flush()
    refuse(row, "学分认定")
    row = filled()
    programme = session.get_one(Programme, ground_programme(row))
    by: dict[str, Any] = {"programme": programme, "course": row, **W}
    evaluation_registers.add_equivalence(university="NUS", country="SG", foreign_course="Control", compared_on=FIRST, **by)
    refuse(row, "等效")
    row = filled()
    by = {"programme": session.get_one(Programme, ground_programme(row)), "course": row, **W}
    practice_registers.add_case(title="产线节拍", enterprise="某企业", source="产线", taken_up_on=FIRST, **by)
    refuse(row, "案例")


def ground_programme(row: CurriculumCourse) -> int:
    version = programme_queries.version_by_id(row.version_id)
    assert version is not None
    return version.programme_id


def refuse(row: CurriculumCourse, why: str) -> None:
    with pytest.raises(operations.BadCourse, match=why):
        standards.remove_course(course=row, reason="误加", **W)
    assert queries.course(row.id) is not None


def test_a_wrong_code_is_mended_until_somebody_was_marked(session: Session) -> None:
    row = filled()
    operations.change_course(course=row, code="C09", reason="代码误填", **W)
    assert queries.courses_of(row.version_id)[0].code == "C09"
    [said] = told(session, "courses.curriculum.course_changed")
    assert (said["code"], said["reason"]) == (["C01", "C09"], "代码误填")
    with pytest.raises(operations.BadCourse) as refused:
        operations.change_course(course=row, code="C10", **W)
    assert refused.value.field == "reason"
    version = programme_queries.version_by_id(row.version_id)
    assert version is not None
    course(version, "C02")
    with pytest.raises(operations.CourseKnown):
        operations.change_course(course=row, code="C02", reason="代码误填", **W)
    student = ground.student()
    operations.record_results(course=row, marks=[(student.id, queries.objectives_of(row.id)[0], 800)], concluded_on=FIRST, **W)
    with pytest.raises(operations.BadCourse) as refused:
        operations.change_course(course=row, code="C10", reason="代码误填", **W)
    assert refused.value.field == "code"


def test_a_course_added_by_mistake_leaves_the_plan_and_requirement_two(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.meeting(students=2)
        programme, programme_id = built.programme, built.programme.id
        version_id, key = built.version.id, course(built.version, "ZZ1").id

    def found() -> str:
        return next(one for one in readiness.assess(programme, TODAY).findings if one.code == "2.5").status.value

    assert found() == "not_met"
    at = f"/curriculum/{version_id}/courses/{key}"
    assert as_role(Role.INSPECTOR).post(f"{at}/remove", data={"reason": "误加"}).status_code == 403
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert f"{at}/remove" in head.get(at).get_data(as_text=True)
    facts = {"name": "自动控制", "category": "specialty", "importance": "core", "term": "5", "hours": "64", "credits": "4", "language": "zh"}
    assert head.post(f"{at}/edit", data={**facts, "code": "ZZ2"}).status_code == 422
    assert head.post(f"{at}/edit", data={**facts, "code": "ZZ2", "reason": "代码误填"}).status_code == 303
    row = queries.course(key)
    assert row is not None
    assert row.code == "ZZ2"
    assert head.post(f"{at}/remove", data={"reason": "", "version": str(row.version)}).status_code == 422
    assert head.post(f"{at}/remove", data={"reason": "误加", "version": "1"}).status_code == 409
    seen = queries.course(key)
    assert seen is not None
    assert head.post(f"{at}/remove", data={"reason": "误加", "version": str(seen.version)}).status_code == 303
    assert (found(), head.get(at).status_code) == ("met", 404)


def test_removed_once_by_two_and_not_offered_meanwhile(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            programme = ground.programme()
            version = ground.version(programme)
            cohort_id = ground.cohort(programme).id
            keys = [course(version, code).id for code in ("C1", "C2")]

        def remove(key: int) -> Callable[[], object]:
            def act() -> object:
                row = queries.course(key)
                return standards.remove_course(course=row, reason="误加", **W) if row is not None else None

            return act

        def offer() -> object:
            cohort, row = programme_queries.cohort_by_id(cohort_id), queries.course(keys[1])
            assert cohort is not None
            assert row is not None
            return teaching.offer_course(course=row, cohort=cohort, first_teaching_on=cohort.starts_on, **W)

        assert together(committed, remove(keys[0]), remove(keys[0])) == ["", ""]
        told_of = together(committed, offer, remove(keys[1]))
        assert told_of == ["", "bad_curriculum_course"]
        assert [queries.course(key) is None for key in keys] == [True, False]
        db.session.remove()
