"""The curriculum as a document (M2.2, 002:399): what it consists of, how its courses follow from one another, the plan by terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from courses.curriculum import labels
from courses.curriculum.types import CourseCategory, CourseRow, DeliveryMode, Importance, ResearchMethod
from courses.standards.types import TargetKind
from trainhub.oversight.evaluation.documents.matrices import Matrices
from trainhub.oversight.evaluation.documents.tables import Table, table

COLUMNS = ("学期", "代码", "课程", "类别", "地位", "修读", "学时", "学分", "实施方式", "研究性学习", "先修课程")


def taken(*, is_optional: bool) -> str:
    """Whether every student takes a course."""
    return "选修" if is_optional else "必修"


def course_line(course: CourseRow) -> list[Any]:
    """A course of the plan by terms."""
    methods = "、".join(str(labels.METHODS[ResearchMethod(one)]) for one in course.research_methods)
    modes = "、".join(str(labels.MODES[DeliveryMode(one)]) for one in course.delivery_modes)
    return [
        course.term, course.code, course.name, labels.CATEGORIES[course.category], labels.IMPORTANCE[course.importance],
        taken(is_optional=course.is_optional), course.hours, f"{course.credits_x10 / 10:g}", modes, methods, "、".join(name for _key, name in course.required),
    ]  # fmt: skip


def composition(courses: Sequence[CourseRow]) -> Table:
    """课程体系构成: courses, hours and credits by module, a module being a category with its standing, compulsory
    and optional courses apart; the last line sums them up."""
    total = sum(course.credits_x10 for course in courses)

    def line(category: object, kind: str, importance: object, mine: Sequence[CourseRow]) -> list[Any]:
        credits = sum(course.credits_x10 for course in mine)
        share = f"{credits * 1000 // total / 10:g}%" if total else ""
        return [category, kind, importance, len(mine), sum(course.hours for course in mine), f"{credits / 10:g}", share]

    found = [
        line(labels.CATEGORIES[category], taken(is_optional=is_optional), labels.IMPORTANCE[importance], mine)
        for category in CourseCategory
        for is_optional in (False, True)
        for importance in Importance
        if (mine := [one for one in courses if (one.category, one.is_optional, one.importance) == (category, is_optional, importance)])
    ]
    rows = [*found, line("合计", "", "", courses)] if found else []
    return table("课程体系构成", ("类别", "修读", "地位", "门数", "学时", "学分", "学分占比"), rows, "培养方案中还没有课程。")


def order(matrix: Matrices) -> Table:
    """主要课程间逻辑关系: by requirement its courses term after term; those that carry the same points build on one another."""
    course_of = {key: course for course in matrix.courses for key, _number, _text in course.objectives}
    rows = []
    for requirement in matrix.requirements:
        carried = {
            course_of[one.target_id].id: course_of[one.target_id]
            for point in requirement.points
            for one, _weight in matrix.of_point(point)
            if one.kind is TargetKind.OBJECTIVE
        }
        terms: dict[int, list[str]] = {}
        for course in sorted(carried.values(), key=lambda course: (course.term, course.code)):
            terms.setdefault(course.term, []).append(course.name)
        steps = " → ".join(f"第 {term} 学期：{'、'.join(names)}" for term, names in terms.items())
        rows.append([f"{requirement.number}. {requirement.title}", steps or "（还没有课程）"])
    return table("主要课程间逻辑关系", ("毕业要求", "支撑它的课程，按开设先后"), rows, "还没有毕业要求。")


def premises(courses: Sequence[CourseRow]) -> Table:
    """What a course requires and what builds on it, as the programme says (先修关系, 002:399)."""
    terms = {course.id: course.term for course in courses}
    following: dict[int, list[str]] = {}
    for course in courses:
        for key, _name in course.required:
            following.setdefault(key, []).append(course.name)
    rows = [
        [
            course.term,
            course.name,
            "、".join(f"{name}（第 {terms[key]} 学期）" for key, name in course.required),
            "、".join(following.get(course.id, ())),
        ]
        for course in courses
        if course.required or course.id in following
    ]
    return table("课程先修关系", ("学期", "课程", "先修课程", "后续课程"), rows, "培养方案没有写明先修关系。")


def whole(matrix: Matrices) -> list[Table]:
    """Composition, order, what courses require, and the plan by terms."""
    plan = table("分学期教学计划", COLUMNS, [course_line(course) for course in matrix.courses])
    return [composition(matrix.courses), order(matrix), premises(matrix.courses), plan]
