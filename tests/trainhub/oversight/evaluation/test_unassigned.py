"""A cohort to which no plan is assigned follows the published one of its year on every page, as readiness judges it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Flask
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum.types import CourseCategory
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from enterprises.placements.models import Placement
from enterprises.placements.queries import tables as placement_tables
from tests.factories import evaluation as factory
from tests.factories.api import api_client
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import attaining
from trainhub.oversight.evaluation.documents import tables
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.types import VersionState

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def test_every_page_shows_the_plan_by_which_the_cohort_is_judged(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.meeting(students=2)
        newer = programmes.create_version(programme=built.programme, label="2025版", from_cohort_year=2025, **W)
        row = curriculum.add_course(
            version=built.version, code="N1", name="新课", category=CourseCategory.SPECIALTY, hours=32, credits_x10=20, term=3, **W
        )
        built.cohort.version_id = None
        code, programme_id, version_id, newer_id = built.programme.code, built.programme.id, built.version.id, newer.id
        key, course_id, student_id = built.cohort.id, row.id, built.students[0].id
    requirements = programme_queries.requirements_of(version_id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    listed = head.get(f"/evaluation/{code}/attainment/students").get_data(as_text=True)
    assert f"/attainment/students/{student_id}" in listed
    assert all(one.title in listed for one in requirements)
    page = head.get(f"/evaluation/{code}/attainment/students/{student_id}").get_data(as_text=True)
    assert all(one.title in page for one in requirements)
    book = load_workbook(BytesIO(head.get(f"/evaluation/{code}/attainment/students.xlsx").data))
    points = [point.number for one in requirements for point in one.points]
    cells = [str(cell.value) for line in book.worksheets[0].iter_rows() for cell in line]
    assert [number for number in points if number not in cells] == []
    # grades of the enterprise training plan count, and the matrix is that of the plan, not of today's year
    assert session.query(Placement).count() == 2
    line = attaining.of_students(version_id, [student_id], factory.TODAY)[student_id]
    assert any(kind.value == "plan_item" for kind, _target in line.marks)
    matrix = head.get(f"/evaluation/{code}/attainment").get_data(as_text=True)
    assert (newer_id != version_id, requirements[0].title in matrix) == (True, True)
    # the course takes marks of its students, and is offered to them
    assessed = next(one for one in curriculum_queries.courses_of(version_id) if one.assessments and one.objectives)
    marks = head.get(f"/curriculum/{version_id}/courses/{assessed.id}/marks").get_data(as_text=True)
    assert f'name="m-{student_id}-' in marks
    assert "新课" in head.get(f"/teaching/programmes/{code}?year={built.cohort.year}").get_data(as_text=True)
    cohort, taught = programme_queries.cohort_by_id(key), row
    assert cohort is not None
    teaching.offer_course(course=taught, cohort=cohort, first_teaching_on=cohort.starts_on, **W)
    assert teaching_queries.offering_of(course_id, key) is not None


def test_tables_and_pages_of_other_rooms_name_it_too(app: Flask, session: Session, as_role: Callable[..., Any]) -> None:
    """T1 of both rooms names the items of the plan, the student's page and the programme's pages and API the plan itself."""
    with transaction():
        built = factory.meeting(students=1)
        built.cohort.version_id = None
        programme, student_id, label = built.programme, built.students[0].id, built.version.label
        title = built.items[1].title
    table = tables.practice_table(programme, factory.TODAY)[0]
    assert title in table.rows[0][table.columns.index("企业培养方案环节")]
    [row] = placement_tables.table_1(SYSTEM, since=factory.TODAY.replace(year=2020), on=factory.TODAY)
    assert title in row["items"]
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    assert label in head.get(f"/people/students/{student_id}").get_data(as_text=True)
    assert "未指定，按年级采用" in head.get(f"/programmes/{programme.code}").get_data(as_text=True)
    told = api_client(app, Role.PROGRAMME_ADMIN, programme_id=programme.id).get(f"/api/v1/programmes/{programme.code}").get_json()
    assert [one["version"] for one in told["cohorts"]] == [label]


def test_until_a_plan_is_published_nobody_is_counted_in_a_draft(session: Session) -> None:
    """Marks are entered for cohorts that follow a plan; a draft that none follows shows none."""
    built = factory.bare(students=1, teachers=1)
    draft = programmes.create_version(programme=built.programme, label="草案", from_cohort_year=2030, **W)
    built.cohort.version_id, built.version.state = None, VersionState.DRAFT
    session.flush()
    for version in (draft, built.version):
        assert programme_queries.cohorts_following(version.id) == []
        assert attaining.whom_of(built.programme.id, version.id, factory.TODAY).student_ids == ()
