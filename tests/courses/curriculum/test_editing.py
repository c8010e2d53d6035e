"""A plan is edited: all terms in one grid, a course, its objectives and assessment; a new plan takes over an older one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.curriculum import marking, operations, queries, rules
from courses.curriculum.types import AssessmentKind, CourseCategory
from courses.standards import operations as standards
from courses.standards import queries as standard_queries
from courses.standards.types import TargetKind
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.organisations import queries as organisations
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries

W: dict[str, Any] = {"by": SYSTEM, "now": datetime(2026, 3, 2, tzinfo=UTC)}


@pytest.fixture
def plan(session: Session) -> dict[str, int]:
    """A published plan with two courses; the first has an objective that carries a point, two parts and a share."""
    with transaction():
        programme = ground.programme()
        version = ground.version(programme)
        made = [
            operations.add_course(
                version=version, code=f"C{n}", name=f"课程{n}", category=CourseCategory.SPECIALTY, hours=32, credits_x10=20, term=n, **W
            )
            for n in (1, 2)
        ]
        objective = operations.add_objective(course=made[0], text="分析", **W)
        items = [operations.add_assessment(course=made[0], kind=AssessmentKind.EXAM, weight_percent=n, **W) for n in (60, 40)]
        marking.set_shares(course=made[0], shares=[(items[0], objective, 100)], **W)
        point = programme_queries.requirements_of(version.id)[0].points[0]
        standards.cover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, weight=3, **W)
        return {
            "programme": programme.id,
            "version": version.id,
            "first": made[0].id,
            "second": made[1].id,
            "objective": objective.id,
            "item": items[0].id,
        }


def current(key: int) -> str:
    row = queries.course(key)
    assert row is not None
    return str(row.version)


def line(key: int, **change: str) -> dict[str, Any]:
    fields = {"t": "3", "h": "48", "c": "2.5", "k": "specialty", "i": "core", "v": current(key), **change}
    return {f"{name}-{key}": value for name, value in fields.items()}


def test_the_whole_plan_by_terms_in_one_grid(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    at = f"/curriculum/{plan['version']}/terms"
    assert head.get(at).status_code == 200
    sent = line(plan["first"]) | line(plan["second"], t="3", c="3") | {f"r-{plan['first']}": ["case", "project"]}
    assert head.post(at, data=sent).status_code == 303
    (term,) = rules.by_term(queries.courses_of(plan["version"]))
    assert (term.term, term.hours, term.credits_x10, term.courses[0].research_methods) == (3, 96, 55, ("case", "project"))
    # one wrong cell: nothing is saved, the page says where, what was typed stays
    bad = head.post(at, data=line(plan["first"], h="很多") | line(plan["second"], t="4"))
    assert (bad.status_code, "课程1：“很多”不是整数" in bad.get_data(as_text=True)) == (422, True)
    assert 'value="很多"' in bad.get_data(as_text=True)
    assert [row.term for row in queries.courses_of(plan["version"])] == [3, 3]
    # somebody else saved meanwhile
    assert head.post(at, data=line(plan["first"], v="1", t="5")).status_code == 422
    assert as_role(Role.AUDITOR).get(at).status_code == 403


def test_a_course_its_objective_and_its_assessment_change_and_the_history_says_so(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    at = f"/curriculum/{plan['version']}/courses/{plan['first']}"
    for page in ("/edit", f"/objectives/{plan['objective']}", f"/assessments/{plan['item']}"):
        assert head.get(at + page).status_code == 200, page
    facts = {"name": "系统分析", "category": "specialty", "importance": "core", "term": "2", "hours": "40", "credits": "2.5", "language": "bilingual"}
    facts |= {"delivery_modes": ["project"], "revised_on": "2026-02-01", "version": current(plan["first"])}
    assert head.post(f"{at}/edit", data=facts).status_code == 303
    assert head.post(f"{at}/edit", data=facts | {"name": "另一个"}).status_code in (409, 422)
    row = queries.course(plan["first"])
    assert row is not None
    assert (row.name, row.credits_x10, row.revised_on, row.code) == ("系统分析", 25, date(2026, 2, 1), "C1")
    assert head.post(f"{at}/objectives/{plan['objective']}", data={"text": "分析并权衡"}).status_code == 303
    assert head.post(f"{at}/assessments/{plan['item']}", data={"kind": "project", "title": "大作业", "weight_percent": "61"}).status_code == 422
    assert head.post(f"{at}/assessments/{plan['item']}", data={"kind": "project", "title": "大作业", "weight_percent": "50"}).status_code == 303
    assert [one.weight_percent for one in queries.assessments_of(plan["first"])] == [50, 40]
    done = {event.did for event in organisations.history_of("curriculum_course", plan["first"])}
    assert done >= {"courses.curriculum.course_changed", "courses.objective.changed", "courses.item.changed"}
    assert "修订记录" in head.get(at).get_data(as_text=True)


def test_what_comes_before_a_course_is_chosen_on_its_page_and_kept_by_the_grid(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    at = f"/curriculum/{plan['version']}/courses/{plan['second']}"
    facts = {"name": "课程2", "category": "specialty", "importance": "core", "term": "2", "hours": "32", "credits": "2", "language": "zh"}
    assert "第 1 学期 · 课程1" in head.get(f"{at}/edit").get_data(as_text=True)
    sent = facts | {"required": [str(plan["first"])], "version": current(plan["second"])}
    assert head.post(f"{at}/edit", data=sent).status_code == 303
    assert f'courses/{plan["first"]}">课程1</a>' in head.get(at).get_data(as_text=True)
    assert "后续课程" in head.get(f"/curriculum/{plan['version']}/courses/{plan['first']}").get_data(as_text=True)
    assert 'data-label="先修课程"' in head.get(f"/curriculum/{plan['version']}").get_data(as_text=True)
    # before what it requires: refused on the page, nothing half done
    bad = head.post(f"{at}/edit", data=facts | {"required": [str(plan["first"])], "term": "1", "name": "改名", "version": current(plan["second"])})
    assert bad.status_code == 303, "the same term is allowed"
    grid = f"/curriculum/{plan['version']}/terms"
    late = head.post(grid, data=line(plan["first"], t="3") | line(plan["second"], t="2"))
    assert (late.status_code, "它的先修课程“课程1”在第 3 学期" in late.get_data(as_text=True)) == (422, True)
    # both together are moved: the order is judged when all are
    assert head.post(grid, data=line(plan["first"], t="3") | line(plan["second"], t="4")).status_code == 303
    assert head.post(grid, data=line(plan["first"], t="5") | line(plan["second"], t="6")).status_code == 303


def test_the_second_editor_of_a_part_of_a_course_is_told_and_overwrites_nothing(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    """Objective, assessment and shares stand on the version of their course: each page carries it, each change counts it up."""
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    at = f"/curriculum/{plan['version']}/courses/{plan['first']}"
    share = f"s-{plan['item']}-{plan['objective']}"
    changes: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
        (f"/objectives/{plan['objective']}", f"/objectives/{plan['objective']}", {"text": "甲的写法"}, {"text": "乙的写法"}),
        (
            f"/assessments/{plan['item']}",
            f"/assessments/{plan['item']}",
            {"kind": "exam", "title": "甲", "weight_percent": "50"},
            {"kind": "exam", "title": "乙", "weight_percent": "55"},
        ),
        ("/marks", "/shares", {share: "70"}, {share: "30"}),
    ]
    for page, to, first, second in changes:
        opened = re.search(r'name="version"[^>]*value="(\d+)"', head.get(at + page).text)
        assert opened is not None, page
        version = {"version": opened[1]}
        assert head.post(at + to, data=first | version).status_code == 303, to
        assert head.post(at + to, data=second | version).status_code == 409, to
    objective = queries.objective(plan["objective"])
    assert objective is not None
    assert objective.text == "甲的写法"
    assert [(one.title, one.weight_percent) for one in queries.assessments_of(plan["first"])] == [("甲", 50), ("", 40)]
    assert list(queries.shares_of(plan["first"]).values()) == [70]


def test_an_objective_goes_with_its_place_in_the_matrix_unless_somebody_was_judged_by_it(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    with transaction():
        course, objective = queries.course(plan["first"]), queries.objective(plan["objective"])
        assert course is not None
        assert objective is not None
        student = ground.student()
        operations.record_results(course=course, marks=[(student.id, objective, 700)], concluded_on=date(2026, 1, 5), **W)
        with pytest.raises(Refused, match="已有学生的达成结论"):
            standards.remove_objective(objective=objective, **W)
        spare = operations.add_objective(course=course, text="多余", **W)
        point = programme_queries.requirements_of(plan["version"])[0].points[0]
        standards.cover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=spare.id, **W)
        key = spare.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    assert head.post(f"/curriculum/{plan['version']}/courses/{plan['first']}/objectives/{key}/remove").status_code == 303
    assert {cover.target_id for cover in standard_queries.covers_of_version(plan["version"])} == {plan["objective"]}


def test_a_new_plan_takes_over_courses_objectives_parts_and_edges(plan: dict[str, int], as_role: Callable[..., Any]) -> None:
    with transaction():
        programme = programme_queries.by_id(plan["programme"])
        source = programme_queries.version_by_id(plan["version"])
        assert programme is not None
        draft = programmes.create_version(programme=programme, label="新版", from_cohort_year=2027, copy_from=source, **W)
        key = draft.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=plan["programme"])
    assert "复制另一版的课程体系" in head.get(f"/curriculum/{key}").get_data(as_text=True)
    assert head.post(f"/curriculum/{key}/copy", data={"source": plan["version"]}).status_code == 303
    rows = queries.courses_of(key)
    assert [(row.code, row.weight, len(row.objectives)) for row in rows] == [("C1", 100, 1), ("C2", 0, 0)]
    copied = standard_queries.covers_of_version(key)
    assert [(cover.target_id, cover.weight) for cover in copied] == [(rows[0].objectives[0][0], 3)]
    assert len(queries.shares_of(rows[0].id)) == 1
    assert head.post(f"/curriculum/{key}/copy", data={"source": plan["version"]}).status_code == 422, "only into an empty plan"
