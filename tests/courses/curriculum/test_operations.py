"""Courses of a plan, their objectives and assessments, and what students attained."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from courses.curriculum import operations, queries, rules
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import AssessmentKind, CourseCategory, Importance
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel.access import SYSTEM
from trainhub.programmes.models import ProgrammeVersion


def course(version: ProgrammeVersion, code: str = "C01", **given: object) -> CurriculumCourse:
    return operations.add_course(
        version=version,
        code=code,
        name="自动控制",
        category=CourseCategory.SPECIALTY,
        importance=Importance.CORE,
        hours=64,
        credits_x10=40,
        term=5,
        by=SYSTEM,
        now=NOW,
        **given,  # type: ignore[arg-type]
    )


def test_a_code_is_taken_once_in_a_version(session: Session) -> None:
    version = ground.version()
    course(version)
    with pytest.raises(operations.CourseKnown):
        course(version)
    assert [row.code for row in queries.courses_of(version.id)] == ["C01"]


@pytest.mark.parametrize(("field", "value"), [("term", 13), ("hours", 0), ("name", " ")])
def test_impossible_facts_are_refused(session: Session, field: str, value: object) -> None:
    row = course(ground.version())
    with pytest.raises(operations.BadCourse) as refused:
        operations.change_course(course=row, by=SYSTEM, now=NOW, **{field: value})
    assert refused.value.field == field


def test_weights_stop_at_the_whole(session: Session) -> None:
    row = course(ground.version())
    operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=60, by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadCourse):
        operations.add_assessment(course=row, kind=AssessmentKind.LAB, weight_percent=41, by=SYSTEM, now=NOW)
    operations.add_assessment(course=row, kind=AssessmentKind.LAB, weight_percent=40, by=SYSTEM, now=NOW)
    assert queries.courses_of(row.version_id)[0].weight == 100


def test_results_conclude_by_the_threshold_and_repeat_changes_nothing(session: Session) -> None:
    row, student = course(ground.version()), ground.student()
    one = operations.add_objective(course=row, text="分析系统", by=SYSTEM, now=NOW)
    for mark, expected in ((599, 1), (599, 0), (600, 1)):
        made = operations.record_results(course=row, marks=[(student.id, one, mark)], concluded_on=date(2025, 7, 1), by=SYSTEM, now=NOW)
        assert made == expected
    found = queries.result(student.id, one.id)
    assert found is not None
    assert (found.score_x10, found.is_attained) == (600, True)
    assert queries.conclusions(row.version_id, on=date(2025, 6, 30)) == {}
    assert queries.conclusions(row.version_id, on=date(2025, 7, 1)) == {(row.id, student.id): 1}
    assert queries.attainment(row.version_id) == {one.id: (1, 1, 600)}


def test_a_mark_beyond_the_scale_is_refused(session: Session) -> None:
    row, student = course(ground.version()), ground.student()
    one = operations.add_objective(course=row, text="分析系统", by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadCourse):
        operations.record_results(course=row, marks=[(student.id, one, 1001)], concluded_on=date(2025, 7, 1), by=SYSTEM, now=NOW)


@pytest.mark.parametrize(("mark", "expected"), [(599, False), (600, True), (601, True)])
def test_the_threshold(mark: int, expected: bool) -> None:
    assert rules.is_attained(mark, percent=60) is expected


def test_only_exams() -> None:
    assert rules.only_exams([AssessmentKind.EXAM])
    assert not rules.only_exams([AssessmentKind.EXAM, AssessmentKind.PROJECT])
    assert not rules.only_exams([])
