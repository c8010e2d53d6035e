"""Attainment from the marks of assessment items: shares, gaps, conclusions, the grid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.curriculum import marking, operations, queries, rules
from courses.curriculum.types import AssessmentKind, CourseCategory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.programmes import operations as programmes

W: dict[str, Any] = {"by": SYSTEM, "now": datetime(2026, 3, 2, tzinfo=UTC)}
DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("scores", "shares", "found"),
    [
        ({1: 800, 2: 600}, {(1, 9): 50, (2, 9): 50}, {9: 700}),
        ({1: 800, 2: 600}, {(1, 9): 30, (2, 9): 10}, {9: 750}),
        ({1: 800}, {(1, 9): 50, (2, 9): 50}, {}),
        ({1: 0, 2: 1000}, {(1, 9): 100, (2, 8): 100}, {9: 0, 8: 1000}),
        ({1: 599, 2: 600}, {(1, 9): 1, (2, 9): 1}, {9: 599}),
        ({1: 800}, {}, {}),
    ],
)
def test_the_mark_of_an_objective(scores: dict[int, int], shares: dict[tuple[int, int], int], found: dict[int, int]) -> None:
    assert rules.objective_marks(scores, shares, [8, 9]) == found


def test_a_part_that_goes_leaves_what_follows_from_the_others(session: Session) -> None:
    """2.5 names nobody as without a conclusion whose marks already say it."""
    with transaction():
        programme = ground.programme()
        version = ground.version(programme)
        programmes.create_cohort(programme=programme, year=2023, version=version, **W)
        student = ground.student(programme, year=2023).id
        course = operations.add_course(
            version=version, code="C1", name="系统设计", category=CourseCategory.SPECIALTY, hours=48, credits_x10=30, term=3, **W
        )
        one = operations.add_objective(course=course, text="设计", **W)
        exam = operations.add_assessment(course=course, kind=AssessmentKind.EXAM, weight_percent=60, **W)
        project = operations.add_assessment(course=course, kind=AssessmentKind.PROJECT, weight_percent=40, **W)
        marking.set_shares(course=course, shares=[(exam, one, 60), (project, one, 40)], **W)
        assert marking.record_scores(course=course, marks=[(student, exam, 700)], concluded_on=DAY, **W) == (1, 0)
        assert queries.result(student, one.id) is None
        marking.remove_assessment(item=project, **W)
        assert queries.result(student, one.id).score_x10 == 700  # type: ignore[union-attr]


def test_marks_become_conclusions_and_stay_consistent(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        programme = ground.programme()
        version = ground.version(programme)
        programmes.create_cohort(programme=programme, year=2023, version=version, **W)
        students = [ground.student(programme, year=2023).id for _ in range(2)]
        course = operations.add_course(
            version=version, code="C1", name="系统设计", category=CourseCategory.SPECIALTY, hours=48, credits_x10=30, term=3, **W
        )
        one, two = (operations.add_objective(course=course, text=text, **W) for text in ("设计", "实现"))
        exam = operations.add_assessment(course=course, kind=AssessmentKind.EXAM, weight_percent=60, **W)
        project = operations.add_assessment(course=course, kind=AssessmentKind.PROJECT, weight_percent=40, **W)
        assert marking.set_shares(course=course, shares=[(exam, one, 60), (project, one, 40), (project, two, 100), (exam, two, 0)], **W) == 3
        assert marking.record_scores(course=course, marks=[(students[0], exam, 500)], concluded_on=DAY, **W) == (1, 0)
        assert marking.record_scores(course=course, marks=[(students[0], project, 700)], concluded_on=DAY, **W) == (1, 2)
        assert queries.marks_of(version.id, students) == {students[0]: {one.id: 580, two.id: 700}}
        assert [queries.result(students[0], o.id).is_attained for o in (one, two)] == [False, True]  # type: ignore[union-attr]
        # the same marks again change nothing; a better mark concludes anew
        assert marking.record_scores(course=course, marks=[(students[0], project, 700)], concluded_on=DAY, **W) == (0, 0)
        assert marking.record_scores(course=course, marks=[(students[0], exam, 540)], concluded_on=DAY, **W) == (1, 1)
        assert queries.result(students[0], one.id).score_x10 == 604  # type: ignore[union-attr]
        with pytest.raises(Refused, match="0 至 100"):
            marking.record_scores(course=course, marks=[(students[0], exam, 1001)], concluded_on=DAY, **W)
        with pytest.raises(Refused, match="已有学生成绩"):
            marking.remove_assessment(item=exam, **W)
        at, keys, programme_id = f"/curriculum/{version.id}/courses/{course.id}/marks", (students[1], exam.id, project.id), programme.id
        course_id = course.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert head.get(at).status_code == 200
    assert head.post(at, data={f"m-{keys[0]}-{keys[1]}": "88.5", f"m-{keys[0]}-{keys[2]}": "90"}).status_code == 303
    assert len(queries.marks_of(version.id, [students[1]])[students[1]]) == 2
    assert head.post(at, data={f"m-{keys[0]}-{keys[1]}": "八十"}).status_code == 422
    exam_cell, project_cell = f"{keys[0]}-{keys[1]}", f"{keys[0]}-{keys[2]}"
    shown = {f"was-{exam_cell}": "88.5", f"m-{exam_cell}": "88.5", f"was-{project_cell}": "90", f"m-{project_cell}": "90"}
    page = head.get(at).get_data(as_text=True)
    assert all(f'name="{name}" value="{value}"' in page for name, value in shown.items() if name.startswith("was"))
    assert head.post(at, data=shown | {f"m-{exam_cell}": "70"}).status_code == 303
    told = head.post(at, data=shown | {f"m-{exam_cell}": "60"})  # opened before the 70 was saved
    assert (told.status_code, "没有覆盖对方的修改" in told.get_data(as_text=True)) == (409, True)
    assert head.post(at, data=shown | {f"m-{project_cell}": "95"}).status_code == 303  # another cell of the same old page
    scores = {key: row.score_x10 for key, row in queries.scores_of(course_id, [keys[0]]).items()}
    assert scores == {(keys[0], keys[1]): 700, (keys[0], keys[2]): 950}
    assert as_role(Role.STUDENT).get(at).status_code == 403


def course_with_marks(session: Session) -> Any:
    """A course of two items and two objectives; one student has both marks (500 and 700), the other none."""
    programme = ground.programme()
    version = ground.version(programme)
    programmes.create_cohort(programme=programme, year=2023, version=version, **W)
    students = [ground.student(programme, year=2023).id for _ in range(2)]
    course = operations.add_course(
        version=version, code="C1", name="系统设计", category=CourseCategory.SPECIALTY, hours=48, credits_x10=30, term=3, **W
    )
    one, two = (operations.add_objective(course=course, text=text, **W) for text in ("设计", "实现"))
    exam = operations.add_assessment(course=course, kind=AssessmentKind.EXAM, weight_percent=60, **W)
    project = operations.add_assessment(course=course, kind=AssessmentKind.PROJECT, weight_percent=40, **W)
    marking.set_shares(course=course, shares=[(exam, one, 60), (project, one, 40), (project, two, 100)], **W)
    marking.record_scores(course=course, marks=[(students[0], exam, 500), (students[0], project, 700)], concluded_on=DAY, **W)
    return programme, version, course, students, (one, two), (exam, project)


def test_conclusions_follow_the_shares_at_once(session: Session) -> None:
    """What the other half of the course said is no conclusion any more (PETOE-2.5, 002:389)."""
    _programme, version, course, students, (one, two), (exam, project) = course_with_marks(session)
    assert queries.marks_of(version.id, students) == {students[0]: {one.id: 580, two.id: 700}}
    marking.set_shares(course=course, shares=[(exam, one, 20), (project, one, 80)], **W)
    assert queries.marks_of(version.id, students) == {students[0]: {one.id: 660, two.id: 700}}
    assert [queries.result(students[0], o.id).is_attained for o in (one, two)] == [True, True]  # type: ignore[union-attr]
    marking.set_shares(course=course, shares=[(project, two, 0)], **W)
    assert queries.marks_of(version.id, students) == {students[0]: {one.id: 660}}, "nothing tells about the second any more"


def test_a_mark_entered_by_mistake_is_taken_away(session: Session) -> None:
    _programme, version, course, students, (_one, two), (exam, project) = course_with_marks(session)
    assert marking.record_scores(course=course, marks=[(students[0], exam, None), (students[1], exam, None)], concluded_on=DAY, **W) == (1, 1)
    assert queries.marks_of(version.id, students) == {students[0]: {two.id: 700}}
    events = [note.data for note in session.info["audit"] if note.did == "courses.curriculum.scores_removed"]
    assert events == [{"marks": [{"student": students[0], "item": exam.id, "mark_x10": 500}], "on": "2026-03-02"}]
    stale = {(students[0], project.id): 600}
    with pytest.raises(Refused, match="刚被其他人修改过"):
        marking.record_scores(course=course, marks=[(students[0], project, None)], opened=stale, concluded_on=DAY, **W)
    assert marking.record_scores(course=course, marks=[(students[0], exam, None)], concluded_on=DAY, **W) == (0, 0)


def test_an_emptied_cell_of_the_grid_takes_its_mark_away(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        programme, version, course, students, (one, two), (exam, project) = course_with_marks(session)
        at = f"/curriculum/{version.id}/courses/{course.id}/marks"
        ids, keys, mine = (exam.id, project.id), (one.id, two.id), students[0]
        version_id, programme_id = version.id, programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    sent = {f"m-{mine}-{ids[0]}": "", f"was-{mine}-{ids[0]}": "50", f"m-{mine}-{ids[1]}": "70", f"was-{mine}-{ids[1]}": "70"}
    assert head.post(at, data=sent).status_code == 303
    assert queries.marks_of(version_id, [mine]) == {mine: {keys[1]: 700}}
    assert head.post(at, data={f"m-{mine}-{ids[0]}": "", f"was-{mine}-{ids[0]}": ""}).status_code == 303
