"""Requirements 1 and 2: coverage of the standards, points carried by courses, courses assessed for every student."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.oversight.evaluation.plan_types import CourseCase, PointCase, StandardCase
from trainhub.oversight.evaluation.rules.common import cited, every, lacking
from trainhub.oversight.evaluation.types import Criterion
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter

WHOLE = 100


def judge_coverage(criterion: Criterion, standards: Sequence[StandardCase], *, required: Parameter, has_finished: bool = False) -> Finding:
    """1.1: the school standard covers all 11 general standards (002:361; SUP-1, 002:295).

    A standard counts when a requirement is mapped to it and its path reaches an assessed course or training link (requirements.md 1.x);
    where the path breaks off is named. A path to optional courses alone is one for who takes them: everybody who graduated has taken one
    (002:261, each standard is shown to be attained), and of who still studies it is told.
    """
    if not any(case.mapped for case in standards):
        return lacking(criterion, required, "毕业要求还没有对应任何一条通用标准。")
    reached = [case for case in standards if case.mapped and case.assessed]
    covered = sum(1 for case in reached if not (has_finished and case.without))
    details = [f"{case.code}：没有毕业要求与之对应" for case in standards if not case.mapped]
    details += [f"{case.code}：已对应，但没有通到有考核的课程或环节" for case in standards if case.mapped and not case.assessed]
    optional = [case for case in reached if case.without]  # names after all standards: pages cut a long list, and no name hides a standard
    if has_finished:
        details += [f"{case.code}：只通到选修课程，{len(case.without)} 名学生没有修读" for case in optional]
        details += [f"{case.code}：没有修读相关选修课程的学生：{who}" for case in optional for who in case.without]
    else:
        details += [f"{case.code}：只通到选修课程，{len(case.without)} 名学生还没有修读（提示）" for case in optional]
        details += [f"{case.code}：还没有修读相关选修课程的学生：{who}（提示）" for case in optional for who in case.without]
    finding = decided(
        criterion.code,
        covered >= required.number,
        found=covered,
        parameter=required,
        denominator=f"通用标准 {len(standards)} 条",
        details=details,
    )
    return cited(finding, criterion)


def judge_points(criterion: Criterion, points: Sequence[PointCase], unrefined: Sequence[int] = (), *, minimum: Parameter) -> Finding:
    """2.2: every indicator point is the objective of a course or of a training link (002:383).

    `unrefined`: the requirements without any point: every clause is refined into points first (002:381), so nothing carries them.
    What optional courses carry alone is told: nothing says that every student takes one of them.
    """
    good = [point for point in points if len(point.carried_by) >= minimum.number]
    return every(
        criterion,
        len(good),
        len(points) + len(unrefined) if points else 0,
        parameter=minimum,
        denominator="；".join([f"指标点 {len(points)} 个", *([f"没有指标点的毕业要求 {len(unrefined)} 项"] if unrefined else [])]),
        details=[
            *(f"指标点 {point.number}：没有课程目标或实践环节支撑" for point in points if len(point.carried_by) < minimum.number),
            *(f"指标点 {point.number}：只由选修课程支撑，没有选修的学生不修读（提示）" for point in good if point.is_optional and point.carried_by),
            *(f"毕业要求 {number}：还没有分解为指标点，没有课程或环节支撑" for number in unrefined),
        ],
        nothing="毕业要求还没有分解为指标点。",
    )


def course_gaps(course: CourseCase, *, minimum: int) -> list[str]:
    """Why a course cannot show that its objectives are attained; empty when it can (PETOE-2.5, 002:389)."""
    gaps = []
    if not course.assessments or not course.weight:
        gaps.append("没有考核方式")
    elif course.assessments < minimum:
        gaps.append(f"考核方式 {course.assessments} 个，需 {minimum} 个")
    if course.weight not in (0, WHOLE):
        gaps.append(f"考核权重合计 {course.weight}%，不是 100%")
    if course.objectives == 0:
        gaps.append("没有课程目标")
    if course.missing:
        shown = "、".join(course.missing[:5]) + ("等" if len(course.missing) > 5 else "")
        gaps.append(f"{len(course.missing)} 名学生缺少达成结论：{shown}")
    gaps += [f"{year} 级已毕业，还没有结课" for year in course.open_years]
    return gaps


def judge_conclusions(criterion: Criterion, courses: Sequence[CourseCase], *, minimum: Parameter, denominator: str) -> Finding:
    """2.5: every course is assessed, and every closed one concludes about every student (002:389); a graduated cohort has closed them all.
    An optional course concludes about those who take it, and is closed for a cohort in which somebody does.

    Before any course is closed there is nothing that proves anything about a student. Whose course was recognised has the decision on that
    instead, and is told beside it.
    """
    if not courses:
        return lacking(criterion, minimum, "培养方案中还没有课程。")
    if not any(course.closed for course in courses):
        return lacking(criterion, minimum, "还没有结课的课程，不能说明每个学生的达成情况。", required=len(courses))
    gaps = {course.label: course_gaps(course, minimum=minimum.number) for course in courses}
    return every(
        criterion,
        sum(1 for found in gaps.values() if not found),
        len(courses),
        parameter=minimum,
        denominator=denominator,
        details=[
            *(f"{label}：{'；'.join(found)}" for label, found in gaps.items() if found),
            *(f"{course.label}：{len(course.recognised)} 名学生的学分经认定取得，未在本课考核（提示）" for course in courses if course.recognised),
        ],
        nothing="",
    )
