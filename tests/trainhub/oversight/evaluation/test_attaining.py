"""Attainment from the grades that stand: marks of courses, placements and capstones, down to the student and the point."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.curriculum import queries as curriculum_queries
from courses.curriculum.models import CourseResult
from courses.standards import operations as standards
from courses.standards.types import TargetKind
from enterprises.capstones.models import Capstone
from enterprises.placements.models import Placement
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import attaining
from trainhub.oversight.evaluation.documents import materials
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries.marks import CAPSTONE_WORDS
from trainhub.oversight.evaluation.rules import attainment as rules
from trainhub.oversight.evaluation.types import MarkSource
from trainhub.people import operations as people
from trainhub.people.models import PetoeSpan
from trainhub.people.types import StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries

DAYS = (date(2026, 3, 2), date(2026, 3, 11), date(2026, 3, 20))


@pytest.mark.parametrize(
    ("graded", "base", "mark"),
    [
        ([], None, None),
        ([(1, DAYS[0], DAYS[1], 900)], None, 900),
        ([(1, DAYS[0], DAYS[1], 900)], 2, None),
        ([(1, DAYS[0], DAYS[1], 900), (2, DAYS[0], DAYS[2], 600)], None, 703),  # 10 days of 900, 19 days of 600, rounded down
        ([(1, DAYS[0], DAYS[1], 900), (2, DAYS[0], DAYS[2], 600)], 2, 600),
        ([(None, DAYS[0], DAYS[0], 0)], None, 0),
    ],
)
def test_the_mark_of_an_item_from_placements(graded: Any, base: int | None, mark: int | None) -> None:
    assert rules.placement_mark(graded, base) == mark


def test_whose_grade_usually_speaks_and_what_a_group_reached() -> None:
    assert [rules.usual_source(title, CAPSTONE_WORDS) for title in ("生产实习", "企业毕业设计", "毕业论文")] == [
        MarkSource.PLACEMENT,
        MarkSource.CAPSTONE,
        MarkSource.CAPSTONE,
    ]
    assert rules.summed([599, 600, 1000], 60) == (3, 2, 2199)
    assert rules.summed([], 60) == (0, 0, 0)


def test_grades_of_placements_and_capstones_flow_into_points(session: Session, as_role: Callable[..., Any], count_queries: list[str]) -> None:
    with transaction():
        built = factory.meeting(students=3)
        practice, capstone = built.items[1], built.items[2]
        first = sorted(attaining.carriers_of(built.version.id))[0]
        for cover in list(attaining.carriers_of(built.version.id)[first]):
            standards.uncover_point(point_id=first, kind=cover[0][0], target_id=cover[0][1], by=SYSTEM, now=factory.NOW)
        for item, weight in ((practice, 3), (capstone, 1)):
            standards.cover_point(point_id=first, kind=TargetKind.PLAN_ITEM, target_id=item.id, weight=weight, by=SYSTEM, now=factory.NOW)
        ids = [student.id for student in built.students]
        version_id, code, programme_id = built.version.id, built.programme.code, built.programme.id
        item_ids = practice.id, capstone.id
    # only placements are graded: 85 for everybody
    with transaction():
        session.execute(sa.update(Capstone).values(score_x10=None, finished_on=None))
    session.expire_all()
    line = attaining.of_students(version_id, ids, factory.TODAY)[ids[0]]
    assert (line.points[first], line.marks[TargetKind.PLAN_ITEM, item_ids[0]]) == (850, 850)
    with transaction():
        session.execute(sa.update(Capstone).where(Capstone.student_id == ids[0]).values(score_x10=450, finished_on=factory.TODAY))
        session.execute(sa.update(Placement).where(Placement.student_id == ids[1]).values(mentor_score_x10=None))
    session.expire_all()
    lines = attaining.of_students(version_id, ids, factory.TODAY)
    assert lines[ids[0]].points[first] == 750, "three parts of 85, one of 45"
    assert (first in lines[ids[1]].points, lines[ids[2]].points[first]) == (False, 850)
    reached = attaining.of_targets(version_id, factory.TODAY, ids)
    assert reached[TargetKind.PLAN_ITEM, item_ids[0]] == (2, 2, 1700)
    assert reached[TargetKind.PLAN_ITEM, item_ids[1]] == (1, 0, 450)
    assert [one.source.value for one in attaining.of_items(version_id, reached)] == ["placement", "placement", "capstone"]
    assert attaining.of_points(version_id, reached, 0)[first].mean_x10 == 750
    with transaction():
        judging.choose_mark_source(item_id=item_ids[1], source=MarkSource.NONE, by=SYSTEM, now=factory.NOW)
    assert attaining.of_students(version_id, ids, factory.TODAY)[ids[0]].points[first] == 850
    # the pages say so, with the same number of queries for one student and for all
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "学生达成" in head.get(f"/evaluation/{code}/attainment/students").get_data(as_text=True)
    count_queries.clear()
    attaining.of_students(version_id, ids[:1], factory.TODAY)
    one = len(count_queries)
    count_queries.clear()
    attaining.of_students(version_id, ids, factory.TODAY)
    assert len(count_queries) == one
    page = head.get(f"/evaluation/{code}/attainment/students/{ids[0]}").get_data(as_text=True)
    assert ("85.0" in page, built.items[1].title in page) == (True, True)
    assert head.get(f"/evaluation/{code}/attainment/students.xlsx").status_code == 200
    at = f"/evaluation/{code}/attainment/items/{item_ids[1]}"
    assert (head.post(at, data={"source": "capstone"}).status_code, head.post(at, data={"source": "猜"}).status_code) == (303, 422)
    assert attaining.of_students(version_id, ids, factory.TODAY)[ids[0]].points[first] == 750
    assert as_role(Role.INSPECTOR).post(at, data={"source": "none"}).status_code == 403
    assert head.get(f"/evaluation/{code}/attainment/students/999999").status_code == 404


def test_a_requirement_of_a_student_is_open_while_one_of_its_points_is(session: Session, as_role: Callable[..., Any]) -> None:
    """The least of some points would hide the one nobody has marks for: as for the group, there is no value yet."""
    assert [attaining.least(one) for one in ([850, 640], [850, None], [None], [])] == [640, None, None, None]
    with transaction():
        built = factory.meeting(students=1)
        code, programme_id, key = built.programme.code, built.programme.id, built.students[0].id
        requirement = programme_queries.requirements_of(built.version.id)[0]
        for kind, target in [one for one, _weight in attaining.carriers_of(built.version.id)[requirement.points[0].id]]:
            standards.uncover_point(point_id=requirement.points[0].id, kind=kind, target_id=target, by=SYSTEM, now=factory.NOW)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(f"/evaluation/{code}/attainment/students/{key}").get_data(as_text=True)
    assert f"{len(requirement.points)} 个指标点中 1 个没有成绩" in page
    listed = head.get(f"/evaluation/{code}/attainment/students").get_data(as_text=True)
    assert f'title="{len(requirement.points)} 个指标点中 1 个没有成绩"' in listed


def test_who_graduated_before_the_cohort_did_has_a_page(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.bare(students=2)
        now, early = factory.NOW, built.students[0]
        later = ground.student(built.programme, year=2023, petoe_since=date(2023, 9, 1))
        people.change_student(student=early, state=StudentState.GRADUATED, left_on=date(2026, 1, 31), by=SYSTEM, now=now)
        # the cohort of 2023 finished the plan first: that of 2022 is judged when the year is asked for
        programmes.change_cohort(cohort=ground.cohort(built.programme, 2023), graduated_on=date(2026, 2, 1), by=SYSTEM, now=now)
        code, programme_id, ids = built.programme.code, built.programme.id, (early.id, later.id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    listed = head.get(f"/evaluation/{code}/attainment/students?year=2022").get_data(as_text=True)
    for key in ids:
        assert head.get(f"/evaluation/{code}/attainment/students/{key}").status_code == 200
    assert f"/attainment/students/{ids[0]}" in listed


@pytest.mark.database
def test_a_group_is_the_students_of_the_plan_who_belong_to_it(session: Session, as_role: Callable[..., Any]) -> None:
    """Not who withdrew, left the 卓越计划 or never was in it; the page and M2.3 say over whom (002:401)."""
    with transaction():
        built = factory.meeting(students=4)
        version_id, programme = built.version.id, built.programme
        code, programme_id = programme.code, programme.id
        ids = [student.id for student in built.students]
        # three of four reach nothing: one withdraws, one leaves the plan, one turns out never to have been in it
        session.execute(sa.update(CourseResult).where(CourseResult.student_id.in_(ids[1:])).values(score_x10=0, is_attained=False))
        session.execute(sa.update(CourseResult).where(CourseResult.student_id == ids[0]).values(score_x10=900, is_attained=True))
        session.execute(sa.update(Placement).where(Placement.student_id.in_(ids[1:])).values(mentor_score_x10=0))
        people.change_student(
            student=built.students[1], state=StudentState.WITHDRAWN, left_on=date(2025, 1, 1), left_reason="转学", by=SYSTEM, now=factory.NOW
        )
        session.execute(sa.update(PetoeSpan).where(PetoeSpan.student_id == ids[2]).values(until=date(2023, 1, 1)))
        session.execute(sa.delete(PetoeSpan).where(PetoeSpan.student_id == ids[3]))
    session.expire_all()
    whom = attaining.whom_of(programme_id, version_id, factory.TODAY)
    assert (whom.student_ids, whom.cohort_years) == ((ids[0],), (2022,))
    reached = attaining.of_targets(version_id, factory.TODAY, whom.student_ids)
    assert {row[0] for row in reached.values()} == {1}
    points = attaining.of_points(version_id, reached, 0)
    assert {one.attained == one.marks for one in points.values()} == {True}
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "2022 级卓越计划学生 1 人" in head.get(f"/evaluation/{code}/attainment").get_data(as_text=True)
    drawn = materials.Drawn(programme, factory.TODAY).tables("M2.3")
    assert drawn[-1].title == "达成情况的统计范围"
    assert [row[1] for row in drawn[-1].rows][:2] == ["2022", "1"]


def test_the_page_of_a_course_leaves_out_who_withdrew(session: Session) -> None:
    built = factory.meeting(students=2)
    before = curriculum_queries.attainment(built.version.id)
    people.change_student(
        student=built.students[1], state=StudentState.WITHDRAWN, left_on=date(2025, 1, 1), left_reason="转学", by=SYSTEM, now=factory.NOW
    )
    after = curriculum_queries.attainment(built.version.id)
    assert ({row[0] for row in before.values()}, {row[0] for row in after.values()}) == ({2}, {1})


@pytest.mark.parametrize(("first", "second", "mean", "meets"), [(14010, 13990, 700, True), (14010, 13989, 699, False), (14010, 13991, 700, True)])
def test_means_are_rounded_once(first: int, second: int, mean: int, meets: bool) -> None:
    """70.05 and 69.95 are 70: each rounded down before would be 69.9, and not reached."""
    found = rules.of_point([("a", 1), ("b", 1)], {"a": (20, 10, first), "b": (20, 10, second)})
    assert (found.mean_x10, found.meets(70)) == (mean, meets)
