"""What can be done with a curriculum: add courses with objectives and assessments, record what students attained."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified

from courses.curriculum import holds, queries, rules
from courses.curriculum.locking import CourseGone, hold_course
from courses.curriculum.locking import hold_plan as hold_plan
from courses.curriculum.models import AssessmentItem, CourseObjective, CoursePremise, CourseResult, CurriculumCourse, ItemObjective
from courses.curriculum.types import AssessmentKind, CourseCategory, DeliveryMode, Importance, Language, ResearchMethod
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.policy.book import book
from trainhub.programmes.models import ProgrammeVersion


class BadCourse(Refused):
    """A fact of a course is impossible."""

    code = "bad_curriculum_course"


class CourseKnown(Refused):
    """The code, or the number of an objective, is taken."""

    code = "curriculum_course_known"


def _check(fields: dict[str, Any]) -> None:
    if not fields["code"]:
        raise BadCourse(_("请填写课程代码。"), field="code")
    if not fields["name"]:
        raise BadCourse(_("请填写课程名称。"), field="name")
    if not 1 <= fields["term"] <= 12:
        raise BadCourse(_("开课学期应为 1 至 12。"), field="term")
    if not 1 <= fields["hours"] <= 2000:
        raise BadCourse(_("学时应为 1 至 2000。"), field="hours")
    if not 0 <= fields["credits_x10"] <= 1000:
        raise BadCourse(_("学分应在 0 至 100 之间。"), field="credits_x10")


def add_course(
    *,
    version: ProgrammeVersion,
    code: str,
    name: str,
    category: CourseCategory,
    hours: int,
    credits_x10: int,
    term: int,
    by: Identity,
    now: datetime,
    importance: Importance = Importance.ORDINARY,
    is_optional: bool = False,
    delivery_modes: Iterable[DeliveryMode] = (),
    research_methods: Iterable[ResearchMethod] = (),
    language: Language = Language.CHINESE,
    revised_on: date | None = None,
) -> CurriculumCourse:
    """Add a course to the plan of a version. Raises CourseKnown (the code) and BadCourse."""
    fields: dict[str, Any] = {
        "code": code.strip(),
        "name": name.strip(),
        "category": category,
        "importance": importance,
        "is_optional": is_optional,
        "hours": hours,
        "credits_x10": credits_x10,
        "term": term,
        "delivery_modes": [str(mode) for mode in delivery_modes],
        "research_methods": [str(method) for method in research_methods],
        "language": language,
        "revised_on": revised_on,
    }
    _check(fields)
    hold_plan(version.id)
    if queries.by_code(version.id, fields["code"]) is not None:
        raise CourseKnown(_("这版培养方案已有代码为 %(code)s 的课程。", code=fields["code"]), field="code")
    row = CurriculumCourse(version_id=version.id, **fields)
    add_once(row, lambda: CourseKnown(_("这版培养方案已有代码为 %(code)s 的课程。", code=fields["code"]), field="code"))
    audit.record(by=by, did="courses.curriculum.course_added", on=row, data={"version": version.label, "code": row.code, "name": row.name})
    return row


EDITABLE = frozenset(
    [
        "code", "name", "category", "importance", "is_optional", "hours", "credits_x10", "term", "delivery_modes", "research_methods", "language",
        "revised_on",
    ]
)  # fmt: skip


def change_course(
    *, course: CurriculumCourse, by: Identity, now: datetime, version: int | None = None, is_alone: bool = True, reason: str = "", **fields: Any
) -> dict[str, list[Any]]:
    """Change facts of a course; returns {field: [before, after]}. Raises Stale, CourseGone, BadCourse and CourseKnown.

    A wrong code is mended with a reason while nobody was marked in the course: marks and conclusions name it by its code. Once a
    course is offered to a cohort, it becomes optional or compulsory with a reason: who has to have a conclusion changes (PETOE-2.5).
    Whoever changes several courses together (`is_alone` False) holds the plan before (`hold_plan`), and checks the order
    of the courses when all are changed (`check_order`).
    """
    if is_alone:
        hold_plan(course.version_id)
    hold_course(course)
    check_version(course, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_course() got unexpected fields {unknown}")
    for many in ("delivery_modes", "research_methods"):
        if many in fields:
            fields[many] = [str(one) for one in fields[many]]
    for text in {"code", "name"} & fields.keys():
        fields[text] = fields[text].strip()
    _check({key: fields.get(key, getattr(course, key)) for key in ("code", "name", "term", "hours", "credits_x10")})
    changed = {key: [getattr(course, key), value] for key, value in fields.items() if getattr(course, key) != value}
    if "code" in changed:
        _check_code(course, fields["code"], reason)
    if "is_optional" in changed and not reason.strip() and (years := holds.taught(course)):
        why = _("已为 %(years)s 级安排开课，改为选修或改回必修请写明理由。", years=years)
        raise BadCourse(why, field="reason")
    if "is_optional" in changed and not reason.strip() and queries.is_concluded(course.id):
        raise BadCourse(_("这门课程已有学生成绩或达成结论，改为选修或改回必修请写明理由。"), field="reason")
    for key, (_before, after) in changed.items():
        setattr(course, key, after)
    if changed:
        session().flush()
        if is_alone and "term" in changed:
            check_order(course.version_id)
        audit.record(by=by, did="courses.curriculum.course_changed", on=course, data=_said(changed, reason))
    return changed


def _said(changed: dict[str, list[Any]], reason: str) -> dict[str, Any]:
    given = {"reason": reason.strip()} if reason.strip() and changed.keys() & {"code", "is_optional"} else {}
    return {**audit.changes(changed, told=EDITABLE), **given}


def _check_code(course: CurriculumCourse, code: str, reason: str) -> None:
    if not reason.strip():
        raise BadCourse(_("请写明更正课程代码的理由。"), field="reason")
    if queries.is_concluded(course.id):
        raise BadCourse(_("这门课程已有学生成绩或达成结论，代码不能再改。"), field="code")
    if queries.by_code(course.version_id, code) is not None:
        raise CourseKnown(_("这版培养方案已有代码为 %(code)s 的课程。", code=code), field="code")


def check_order(version_id: int, field: str = "term") -> None:
    """Refuse a plan in which a course comes before what it requires, or courses require one another. Raises BadCourse with the courses."""
    rows, required = {row.id: row for row in queries.rows_of(version_id)}, queries.required_in(version_id)
    for key, before in rules.taught_later({row.id: row.term for row in rows.values()}, required):
        course, needed = rows[key], rows[before]
        raise BadCourse(
            _(
                "“%(course)s”在第 %(n)s 学期，它的先修课程“%(required)s”在第 %(m)s 学期，更晚。请调整学期，或取消这项先修要求。",
                course=course.name, n=course.term, required=needed.name, m=needed.term,
            ),
            field=field,
        )  # fmt: skip
    round_ = rules.circle(required)
    if round_:
        raise BadCourse(_("先修要求互为循环：%(courses)s。请取消其中一项。", courses=" → ".join(rows[key].name for key in round_)), field=field)


def require_courses(
    *, course: CurriculumCourse, required_ids: Iterable[int], by: Identity, now: datetime, opened_at: int | None = None
) -> list[CoursePremise]:
    """Say which courses of the plan come before a course: all of them, what is left out no longer does. The same again changes nothing.

    They are taught in an earlier term or in the same one, and nothing requires itself, on no way round (M2.2, 002:399).
    Raises Stale, CourseGone and BadCourse.
    """
    hold_plan(course.version_id)
    hold_course(course)
    check_version(course, opened_at)
    rows, wanted = {row.id: row for row in queries.rows_of(course.version_id)}, set(required_ids)
    if course.id in wanted:
        raise BadCourse(_("一门课程不能以自己为先修课程。"), field="required")
    if wanted - rows.keys():
        raise BadCourse(_("先修课程必须是同一版培养方案中的课程。"), field="required")
    known = {one.required_id: one for one in queries.premises_of(course.id)}
    if wanted != known.keys():
        for key in known.keys() - wanted:
            session().delete(known[key])
        session().add_all(CoursePremise(course_id=course.id, required_id=key) for key in sorted(wanted - known.keys()))
        session().flush()
        check_order(course.version_id, field="required")
        count_up(course)
        before, after = (sorted(rows[key].code for key in keys) for keys in (known, wanted))
        audit.record(by=by, did="courses.curriculum.prerequisites", on=course, data={"required": [before, after]})
    return queries.premises_of(course.id)


def add_objective(*, course: CurriculumCourse, text: str, by: Identity, now: datetime, number: int | None = None) -> CourseObjective:
    """Add a teaching objective; without a number the next one is taken. The same number and text again changes nothing."""
    text = text.strip()
    if not text:
        raise BadCourse(_("请填写课程目标的内容。"), field="text")
    hold_course(course)
    known = queries.objectives_of(course.id)
    number = number or max((one.number for one in known), default=0) + 1
    taken = next((one for one in known if one.number == number), None)
    if taken is not None:
        if taken.text == text:
            return taken
        raise CourseKnown(_("这门课程已有编号为 %(number)d 的目标。", number=number), field="number")
    row = CourseObjective(course_id=course.id, number=number, text=text)
    session().add(row)
    session().flush()
    count_up(course)
    audit.record(by=by, did="courses.curriculum.objective_added", on=course, data={"number": number, "text": text})
    return row


def add_assessment(
    *, course: CurriculumCourse, kind: AssessmentKind, weight_percent: int, by: Identity, now: datetime, title: str = ""
) -> AssessmentItem:
    """Add a part of the assessment. Raises BadCourse when the weights would exceed 100 %."""
    hold_course(course)
    left = rules.weight_left(item.weight_percent for item in queries.assessments_of(course.id))
    if not 1 <= weight_percent <= 100:
        raise BadCourse(_("权重应为 1 至 100 的整数。"), field="weight_percent")
    if weight_percent > left:
        raise BadCourse(_("考核权重合计不能超过 100%%：还可分配 %(left)d%%。", left=left), field="weight_percent")
    row = AssessmentItem(course_id=course.id, kind=kind, title=title.strip(), weight_percent=weight_percent)
    session().add(row)
    session().flush()
    count_up(course)
    audit.record(by=by, did="courses.curriculum.assessment_added", on=course, data={"kind": kind.value, "weight": weight_percent})
    return row


def course_to_edit(course_id: int, opened_at: int | None) -> CurriculumCourse:
    """The course whose objectives, assessment or shares are changed. Its version counts up with each (`count_up`), so that
    two editors of one part notice each other. Raises Stale and CourseGone."""
    course = queries.course(course_id)
    if course is None:
        raise CourseGone(_("这门课程刚从培养方案中删除。"))
    hold_course(course)
    check_version(course, opened_at)
    return course


def count_up(course: CurriculumCourse) -> None:
    """Something within the course was changed: whoever opened it before is told."""
    flag_modified(course, "name")
    session().flush()


def change_objective(*, objective: CourseObjective, text: str, by: Identity, now: datetime, opened_at: int | None = None) -> CourseObjective:
    """Word an objective anew; what carries it and what was concluded about it stays. `opened_at`: the version of its course.
    Raises BadCourse and Stale."""
    course = course_to_edit(objective.course_id, opened_at)
    text = text.strip()
    if not text:
        raise BadCourse(_("请填写课程目标的内容。"), field="text")
    if objective.text != text:
        before, objective.text = objective.text, text
        count_up(course)
        on = ("curriculum_course", str(objective.course_id))
        audit.record(by=by, did="courses.objective.changed", on=on, data={"number": objective.number, "text": [before, text]})
    return objective


def remove_objective(*, objective: CourseObjective, by: Identity, now: datetime) -> None:
    """Take an objective away, with its shares. Raises BadCourse when there are conclusions about students."""
    course = course_to_edit(objective.course_id, None)
    if queries.has_results(objective.id):
        raise BadCourse(_("这个课程目标已有学生的达成结论，不能删除；可以改写内容。"))
    for share in queries.shares_of_objective(objective.id):
        session().delete(share)
    session().flush()
    on = ("curriculum_course", str(objective.course_id))
    audit.record(by=by, did="courses.objective.removed", on=on, data={"number": objective.number, "text": objective.text})
    session().delete(objective)
    count_up(course)


def change_assessment(
    *, item: AssessmentItem, kind: AssessmentKind, title: str, weight_percent: int, by: Identity, now: datetime, opened_at: int | None = None
) -> AssessmentItem:
    """Change a part of the assessment; marks in it stay. `opened_at`: the version of its course. Raises Stale, and BadCourse
    when the weights would exceed 100 %."""
    course = course_to_edit(item.course_id, opened_at)
    left = rules.weight_left(one.weight_percent for one in queries.assessments_of(item.course_id) if one.id != item.id)
    if not 1 <= weight_percent <= 100:
        raise BadCourse(_("权重应为 1 至 100 的整数。"), field="weight_percent")
    if weight_percent > left:
        raise BadCourse(_("考核权重合计不能超过 100%%：还可分配 %(left)d%%。", left=left), field="weight_percent")
    after = {"kind": kind, "title": title.strip(), "weight_percent": weight_percent}
    changed = {key: [getattr(item, key), value] for key, value in after.items() if getattr(item, key) != value}
    for key, (_before, value) in changed.items():
        setattr(item, key, value)
    if changed:
        count_up(course)
        audit.record(by=by, did="courses.item.changed", on=("curriculum_course", str(item.course_id)), data=audit.changes(changed, told=after))
    return item


def copy_courses(*, source: ProgrammeVersion, target: ProgrammeVersion, by: Identity, now: datetime) -> dict[int, int]:
    """Copy the courses of a plan with objectives, assessments, shares and their order into an empty plan of the same programme.

    Returns {objective of the source: objective of the copy}. Raises BadCourse.
    """
    if source.programme_id != target.programme_id or source.id == target.id:
        raise BadCourse(_("只能复制同一专业另一版培养方案的课程体系。"), field="source")
    hold_plan(target.id)
    if queries.rows_of(target.id):
        raise BadCourse(_("这版培养方案已有课程，不能再整体复制。"), field="source")
    objectives: dict[int, int] = {}
    courses: dict[int, int] = {}
    for old in queries.rows_of(source.id):
        new = CurriculumCourse(version_id=target.id, **{key: getattr(old, key) for key in sorted(EDITABLE)})
        session().add(new)
        session().flush()
        courses[old.id] = new.id
        copies: dict[tuple[type, int], int] = {}
        for objective in queries.objectives_of(old.id):
            mine = CourseObjective(course_id=new.id, number=objective.number, text=objective.text)
            session().add(mine)
            session().flush()
            copies[CourseObjective, objective.id] = objectives[objective.id] = mine.id
        for item in queries.assessments_of(old.id):
            part = AssessmentItem(course_id=new.id, kind=item.kind, title=item.title, weight_percent=item.weight_percent)
            session().add(part)
            session().flush()
            copies[AssessmentItem, item.id] = part.id
        session().add_all(
            ItemObjective(item_id=copies[AssessmentItem, item_id], objective_id=copies[CourseObjective, objective_id], share=share)
            for (item_id, objective_id), share in queries.shares_of(old.id).items()
        )
    for key, before in queries.required_in(source.id).items():
        session().add_all(CoursePremise(course_id=courses[key], required_id=courses[one]) for one in sorted(before))
    session().flush()
    audit.record(by=by, did="courses.curriculum.copied", on=target, data={"from": source.label, "to": target.label, "objectives": len(objectives)})
    return objectives


def record_results(
    *, course: CurriculumCourse, marks: Iterable[tuple[int, CourseObjective, int]], concluded_on: date, by: Identity, now: datetime
) -> int:
    """Conclude for (student, objective, mark in tenths) whether it is attained; returns how many rows are new or changed.

    The threshold is own.attainment.student_percent on the day of the conclusion. The same mark again changes nothing.
    Raises CourseGone, and BadCourse for a mark outside 0 to 100 or an objective that the course does not have.
    """
    percent = book().at("own.attainment.student_percent", on=concluded_on).number
    wanted = list(marks)
    hold_course(course)
    known = queries.results_of_objectives({one.id for _student, one, _mark in wanted})
    mine, changed = {one.id for one in queries.objectives_of(course.id)}, 0
    for student_id, objective, mark in wanted:
        if objective.id not in mine:
            raise BadCourse(_("课程目标不属于这门课程。"), field="objective_id")
        if not 0 <= mark <= 1000:
            raise BadCourse(_("成绩应在 0 至 100 分之间。"), field="score_x10")
        row = known.get((student_id, objective.id))
        if row is not None and row.score_x10 == mark:
            continue
        if row is None:
            row = CourseResult(student_id=student_id, course_id=course.id, objective_id=objective.id)
            session().add(row)
        row.score_x10, row.is_attained = mark, rules.is_attained(mark, percent=percent)
        row.concluded_on, row.recorded_at = concluded_on, now
        changed += 1
    session().flush()
    if changed:
        audit.record(by=by, did="courses.curriculum.results_recorded", on=course, data={"rows": changed, "on": concluded_on})
    return changed
