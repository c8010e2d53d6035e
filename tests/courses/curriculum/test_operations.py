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
from trainhub.kernel.errors import Stale
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
    assert queries.conclusions([row.version_id], on=date(2025, 6, 30)) == {}
    assert queries.conclusions([row.version_id], on=date(2025, 7, 1)) == {(row.id, student.id): 1}
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


def plan_of_three(session: Session) -> dict[str, CurriculumCourse]:
    version = ground.version()
    return {
        name: operations.add_course(
            version=version, code=name, name=f"课程{name}", category=CourseCategory.SPECIALTY, hours=32, credits_x10=20, term=term, by=SYSTEM, now=NOW
        )
        for name, term in (("A", 1), ("B", 2), ("C", 2))
    }


def test_what_comes_before_a_course_is_kept_and_the_same_again_changes_nothing(session: Session) -> None:
    made = plan_of_three(session)
    operations.require_courses(course=made["B"], required_ids=[made["A"].id, made["C"].id], by=SYSTEM, now=NOW)
    version = made["B"].version
    operations.require_courses(course=made["B"], required_ids=[made["C"].id, made["A"].id], by=SYSTEM, now=NOW)
    rows = {row.code: row.required for row in queries.courses_of(made["B"].version_id)}
    assert rows == {"A": (), "B": ((made["A"].id, "课程A"), (made["C"].id, "课程C")), "C": ()}
    assert made["B"].version == version, "nothing changed"
    operations.require_courses(course=made["B"], required_ids=[made["A"].id], by=SYSTEM, now=NOW)
    assert queries.required_in(made["B"].version_id) == {made["B"].id: {made["A"].id}}
    with pytest.raises(Stale):
        operations.require_courses(course=made["B"], required_ids=[], opened_at=version, by=SYSTEM, now=NOW)


def test_a_course_requires_neither_itself_nor_one_of_another_plan(session: Session) -> None:
    made, other = plan_of_three(session), course(ground.version())
    for wanted in (made["A"].id, other.id, 0):
        with pytest.raises(operations.BadCourse) as refused:
            operations.require_courses(course=made["A"], required_ids=[wanted], by=SYSTEM, now=NOW)
        assert refused.value.field == "required"


def test_what_is_required_is_not_taught_later(session: Session) -> None:
    made = plan_of_three(session)
    with pytest.raises(operations.BadCourse) as refused:
        operations.require_courses(course=made["A"], required_ids=[made["B"].id], by=SYSTEM, now=NOW)
    assert "“课程A”在第 1 学期，它的先修课程“课程B”在第 2 学期" in refused.value.message
    session.rollback()


def test_the_term_of_a_course_does_not_slip_behind_what_builds_on_it(session: Session) -> None:
    made = plan_of_three(session)
    operations.require_courses(course=made["C"], required_ids=[made["B"].id], by=SYSTEM, now=NOW)
    operations.change_course(course=made["C"], term=3, by=SYSTEM, now=NOW)
    operations.change_course(course=made["B"], term=3, by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadCourse) as refused:
        operations.change_course(course=made["B"], term=4, by=SYSTEM, now=NOW)
    assert refused.value.field == "term"


def test_courses_do_not_require_one_another_in_a_circle(session: Session) -> None:
    made = plan_of_three(session)
    operations.require_courses(course=made["C"], required_ids=[made["B"].id], by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadCourse) as refused:
        operations.require_courses(course=made["B"], required_ids=[made["C"].id], by=SYSTEM, now=NOW)
    assert "循环" in refused.value.message


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        ({}, ()),
        ({1: [2], 2: [3]}, ()),
        ({1: [2, 3], 2: [4], 3: [4]}, ()),
        ({1: [2], 2: [1]}, (1, 2, 1)),
        ({1: [2], 2: [3], 3: [4], 4: [2]}, (2, 3, 4, 2)),
        ({1: [1]}, (1, 1)),
    ],
)
def test_a_circle_is_found_with_the_courses_in_it(required: dict[int, list[int]], expected: tuple[int, ...]) -> None:
    assert rules.circle(required) == expected


def test_what_is_taught_later() -> None:
    terms = {1: 1, 2: 2, 3: 2}
    assert rules.taught_later(terms, {2: [1, 3], 3: [1]}) == [], "earlier, and in the same term"
    assert rules.taught_later(terms, {1: [2], 2: [1]}) == [(1, 2)]
