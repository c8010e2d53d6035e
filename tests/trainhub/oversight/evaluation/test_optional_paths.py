"""1.1 and the attainment ask of optional courses (选修课) what they ask of whoever takes them: nobody else comes by anything there (002:261, 002:361)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.curriculum.models import CurriculumCourse
from courses.standards.models import PointCover
from courses.standards.types import TargetKind
from tests.factories import evaluation as factory
from tests.trainhub.oversight.evaluation.test_optional import close, mark, optional
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation import attaining, readiness
from trainhub.oversight.evaluation.documents import matrices
from trainhub.oversight.evaluation.rules import attainment as rules
from trainhub.people.models import Person
from trainhub.policy.findings import Finding
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.types import Requirement

pytestmark = pytest.mark.database
W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def found(built: factory.Built) -> Finding:
    return next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == "1.1")


def only_by(session: Session, built: factory.Built, course: CurriculumCourse) -> tuple[str, Requirement]:
    """Let the paths of a standard end in one course alone; the standard, and the requirement that is mapped to it."""
    requirements = programme_queries.requirements_of(built.version.id)
    code = next(one for r in requirements for one in r.standards if sum(one in other.standards for other in requirements) == 1)
    [requirement] = [r for r in requirements if code in r.standards]
    [objective_id] = session.scalars(sa.text(f"SELECT id FROM course_objective WHERE course_id = {course.id}"))
    points = [point.id for point in requirement.points]
    session.execute(sa.delete(PointCover).where(PointCover.point_id.in_(points)))
    session.add_all(PointCover(point_id=key, kind=TargetKind.OBJECTIVE, target_id=objective_id, weight=3, created_at=factory.NOW) for key in points)
    session.flush()
    session.expire_all()
    return code, requirement


def finish(built: factory.Built) -> None:
    programmes.change_cohort(cohort=built.cohort, graduated_on=date(2026, 1, 31), **W)


def test_a_standard_that_only_optional_courses_reach_is_reached_by_who_took_one(session: Session) -> None:
    built = factory.meeting(students=3)
    course = optional(built)
    close(built, course)
    code, _requirement = only_by(session, built, course)
    mark(course, built.students[0])
    told = found(built)
    assert told.status.value == "met", "who still studies may yet choose it"
    names = {one.id: f"{session.get_one(Person, one.person_id).name}（{one.student_no}）" for one in built.students}
    mine = [one for one in told.details if one.startswith(f"{code}：")]
    assert mine == [
        f"{code}：只通到选修课程，2 名学生还没有修读（提示）",
        *(f"{code}：还没有修读相关选修课程的学生：{names[one.id]}（提示）" for one in built.students[1:]),
    ], "nobody stands in the line of another"
    finish(built)
    told = found(built)
    assert (told.status.value, told.found) == ("not_met", 11 - sum("只通到选修课程" in one for one in told.details))
    mine = [one for one in told.details if one.startswith(f"{code}：")]
    assert mine == [
        f"{code}：只通到选修课程，2 名学生没有修读",
        *(f"{code}：没有修读相关选修课程的学生：{names[one.id]}" for one in built.students[1:]),
    ]
    mark(course, *built.students[1:])
    assert (found(built).status.value, found(built).details) == ("met", ())


def test_one_compulsory_course_on_the_path_is_enough(session: Session) -> None:
    built = factory.meeting(students=2)
    course = optional(built)
    code, requirement = only_by(session, built, course)
    finish(built)
    assert found(built).status.value == "not_met"
    session.add(
        PointCover(point_id=requirement.points[0].id, kind=TargetKind.PLAN_ITEM, target_id=built.items[0].id, weight=1, created_at=factory.NOW)
    )
    session.flush()
    session.expire_all()
    assert found(built).status.value == "met", code


def test_the_matrix_shows_where_only_optional_courses_carry_a_point(session: Session) -> None:
    built = factory.meeting(students=1)
    course = optional(built)
    _code, requirement = only_by(session, built, course)
    assert ("only_optional", requirement.points[0].number) in [one[:2] for one in matrices.of_version(built.version.id).breaks()]


@pytest.mark.parametrize(
    ("taken", "mean"),
    [(1, 790), (5, 766), (10, 750), (0, 800)],
)
def test_an_optional_course_weighs_as_much_as_there_are_who_took_it(taken: int, mean: int) -> None:
    """Ten students: 80.0 in the compulsory course; an optional one of equal weight with 70.0 counts by its takers, not as if everybody had it."""
    reached = {"compulsory": (10, 10, 8000), **({"optional": (taken, taken, 700 * taken)} if taken else {})}
    assert rules.of_point([("compulsory", 2), ("optional", 2)], reached, optional={"optional"}, whole=10).mean_x10 == mean


def test_a_compulsory_course_that_is_not_closed_for_all_weighs_what_it_did() -> None:
    reached = {"a": (10, 10, 8000), "b": (1, 1, 700)}
    assert rules.of_point([("a", 1), ("b", 1)], reached, optional=(), whole=10).mean_x10 == 750
    assert rules.of_point([("a", 1), ("b", 1)], {"a": (1, 1, 700), "b": (3, 3, 2400)}, optional={"a", "b"}, whole=10).mean_x10 == 775


def test_the_pages_know_which_carriers_are_optional(session: Session) -> None:
    built = factory.meeting(students=2)
    course = optional(built)
    _code, requirement = only_by(session, built, course)
    [objective_id] = session.scalars(sa.text(f"SELECT id FROM course_objective WHERE course_id = {course.id}"))
    assert attaining.optional_of(built.version.id) == {(TargetKind.OBJECTIVE, objective_id)}
    mark(course, built.students[0])
    ids = [one.id for one in built.students]
    lines = attaining.of_students(built.version.id, ids, factory.TODAY)
    point = requirement.points[0].id
    assert [lines[key].points.get(point) for key in ids] == [800, None]
    assert [point in lines[key].not_taken for key in ids] == [False, True], "it lacks no mark: the student does not take what carries it"
