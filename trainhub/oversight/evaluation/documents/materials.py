"""The generated materials among the 43: each a table from the data of the day, always current until it is frozen at submission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from courses.curriculum import labels as curriculum_labels
from courses.curriculum import queries as curriculum
from courses.curriculum.types import DeliveryMode
from courses.teaching import queries as teaching
from trainhub.kernel.clock import academic_year
from trainhub.kernel.i18n import in_language
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import attaining, labels
from trainhub.oversight.evaluation.documents import curricula, matrices, staff, tables
from trainhub.oversight.evaluation.documents.grounds import DrawnPlan, Ground
from trainhub.oversight.evaluation.documents.tables import Table, table, workbook
from trainhub.oversight.evaluation.queries import dossier, field, registers
from trainhub.oversight.evaluation.queries.cases import enterprise_spans
from trainhub.oversight.evaluation.register_types import ParticipationArea
from trainhub.oversight.evaluation.rules.attainment import NOTHING
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.oversight.evaluation.store import catalogue
from trainhub.oversight.evaluation.store.types import SAME
from trainhub.people.types import TeacherKind
from trainhub.programmes import labels as programme_labels
from trainhub.programmes import queries as programmes


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


class Drawn(Ground):
    """The generated materials of a programme on a day."""

    def tables(self, code: str) -> list[Table]:
        """The tables of a material, in the official terms; empty for one that is only uploaded."""
        build = BUILDERS.get(SAME.get(code, code))
        if build is None:
            return []
        with in_language("zh"):
            return build(self)

    def workbook(self, code: str) -> bytes:
        """A material as a workbook."""
        return workbook(self.tables(code))


def has(code: str) -> bool:
    """Whether the platform draws a material."""
    return SAME.get(code, code) in BUILDERS


def of_each(build: Callable[[DrawnPlan], list[Table]]) -> Callable[[Drawn], list[Table]]:
    """A material that is drawn of every plan: the plans one after the other, each table with the name of its plan."""

    def whole(drawn: Drawn) -> list[Table]:
        return [replace(one, title=plan.titled(one.title)) for plan in drawn.plans for one in build(plan)]

    return whole


def title(code: str) -> str:
    """The verbatim name of a material."""
    return catalogue.materials()[code].text


def _standard(plan: DrawnPlan) -> list[Table]:
    rows: list[list[Any]] = []
    for r in plan.matrix.requirements:  # the whole standard: also what is not refined into points yet
        points = [[point.number, programme_labels.POINTS[point.kind], point.text] for point in r.points] or [["", "", "（还没有指标点）"]]
        rows += [[r.number, r.title, r.text, *point] for point in points]
    return [table("学校标准", ("序号", "毕业要求", "内容", "指标点", "类别", "指标点内容"), rows)]


def coverage(plan: DrawnPlan) -> Table:
    """SUP-1: graduation requirements by the 11 general standards."""
    codes = [s.code for s in plan.matrix.standards]
    rows = [[f"{r.number}. {r.title}", *("√" if code in r.standards else "" for code in codes)] for r in plan.matrix.requirements]
    return table("毕业要求与通用标准", ("毕业要求", *codes), rows)


def _comparison(plan: DrawnPlan) -> list[Table]:
    rows = []
    for s in plan.matrix.standards:
        mine = [r for r in plan.matrix.requirements if s.code in r.standards]
        rows.append([s.code, s.text, "\n".join(f"{r.number}. {r.title}：{r.text}" for r in mine), "已覆盖" if mine else "未覆盖"])
    return [table("逐条比对", ("通用标准", "内容", "对应的毕业要求", "结论"), rows), coverage(plan)]


def _participation(*areas: ParticipationArea) -> Callable[[Drawn], list[Table]]:
    def build(drawn: Drawn) -> list[Table]:
        rows = [
            [r.held_on, labels.AREAS[r.area], r.expert, r.enterprise, r.contribution, r.evidence]
            for r in registers.participations(drawn.programme.id)
            if r.area in areas and r.held_on <= drawn.on
        ]
        return [table("行业企业专家参与", ("日期", "内容", "专家", "企业", "贡献", "佐证"), rows, "没有登记行业企业专家的参与。")]

    return build


def before_and_after(plan: DrawnPlan) -> list[Table]:
    """The plan in force beside the one before it (M2.1: 改革前后课程体系对照)."""
    versions = [row for row in programmes.versions_of(plan.of.programme.id) if row.published_on is not None or row.id == plan.version_id]
    now = next((n for n, row in enumerate(versions) if row.id == plan.version_id), 0)
    old = {course.name: course for course in curriculum.courses_of(versions[now + 1].id)} if now + 1 < len(versions) else {}
    new = {course.name: course for course in plan.matrix.courses}
    rows = []
    for name in sorted(old.keys() | new.keys(), key=lambda name: ((new.get(name) or old[name]).term, name)):
        before, after = old.get(name), new.get(name)
        what = "新增" if before is None else "取消" if after is None else "保留" if before.hours == after.hours else "调整学时"
        rows.append([name, before.hours if before else "", after.hours if after else "", what])
    nothing = "没有可以对照的培养方案。"
    return [table("改革前后课程体系对照", ("课程", "改革前学时", "改革后学时", "变化"), rows if old else [], nothing)]


def attainment_matrix(plan: DrawnPlan) -> list[Table]:
    """M2.3: indicator points with what carries them; courses with delivery and assessment (002:401)."""
    rows = [
        [
            f"{r.number}. {r.title}",
            point.number,
            point.text,
            "、".join(f"{one.label}（{matrices.STRENGTH[weight]}）" for one, weight in plan.matrix.of_point(point)),
        ]
        for r in plan.matrix.requirements
        for point in r.points
    ]
    courses = [
        [
            course.code, course.name, "、".join(str(curriculum_labels.MODES[DeliveryMode(one)]) for one in course.delivery_modes),
            "；".join(f"{curriculum_labels.ASSESSMENTS[kind]}{'：' if name else ''}{name} {weight}%" for kind, name, weight in course.assessments),
        ]
        for course in plan.matrix.courses
    ]  # fmt: skip
    version_id, on = plan.version_id, plan.of.on
    whom = attaining.whom_of(plan.of.programme.id, version_id, on)
    reached = attaining.of_points(version_id, attaining.of_targets(version_id, on, whom.student_ids), len(whom.student_ids))
    percent = attaining.thresholds(on)[1]
    attained = [
        [
            f"{r.number}. {r.title}",
            point.number,
            "" if one.mean_x10 is None else f"{one.mean_x10 / 10:.1f}",
            one.attained,
            one.marks,
            {None: "没有成绩", True: "达成", False: "未达成"}[one.meets(percent)],
        ]
        for r in plan.matrix.requirements
        for point in r.points
        for one in (reached.get(point.id, NOTHING),)
    ]
    return [
        table("学校标准实现矩阵", ("毕业要求", "指标点", "内容", "由哪些课程目标或环节实现"), rows),
        table("课程的实施与考核", ("代码", "课程", "实施方式", "考核评价方式"), courses),
        table("标准达成情况", ("毕业要求", "指标点", "平均分", "达成的成绩", "全部成绩", f"结论（平均分不低于 {percent}）"), attained),
        tables.counted_over(whom.cohort_years, len(whom.student_ids)),
    ]


def _research(drawn: Drawn) -> list[Table]:
    leads: dict[int, list[str]] = {}
    for row in teaching.offerings_of_cohorts(drawn.members.cohort_ids):
        if row.lead:
            leads.setdefault(row.course_id, []).append(row.lead)

    def lines(plan: DrawnPlan, *, is_tagged: bool) -> list[list[Any]]:
        return [
            [*curricula.course_line(course), "、".join(dict.fromkeys(leads.get(course.id, ())))]
            for course in plan.matrix.courses
            if course.research_methods or not is_tagged
        ]

    columns = (*curricula.COLUMNS, "主讲教师")
    cases = [[course, r.title, r.enterprise, r.source] for r, course in registers.cases(drawn.programme.id) if r.taken_up_on <= drawn.on]
    return [
        *(table(p.titled("开展研究性学习的课程"), columns, lines(p, is_tagged=True), "没有标注研究性学习的课程。") for p in drawn.plans),
        table("源于工程实际的案例与项目", ("课程", "问题、案例或项目", "来源企业", "来源说明"), cases, "没有登记案例或项目。"),
        *(table(p.titled("分学期教学计划"), columns, lines(p, is_tagged=False)) for p in drawn.plans),
    ]


TASK_YEARS = 3
"""How many academic years of teaching tasks are shown."""


def _tasks(drawn: Drawn) -> list[Table]:
    rows = [
        [
            f"{one.task.academic_year}—{one.task.academic_year + 1}",
            one.task.semester,
            one.name,
            "专职" if one.teacher.kind is TeacherKind.FULL_TIME else "兼职",
            one.task.title,
            f"{one.task.hours_x10 / 10:g}",
            one.task.issued_no,
        ]
        for one in dossier.tasks(drawn.programme.id, academic_year(drawn.on) - TASK_YEARS + 1, drawn.on)
    ]
    return [table("教学任务书", ("学年", "学期", "教师", "专兼职", "任务", "学时", "任务书编号"), rows, "没有教学任务。")]


def six_courses(drawn: Drawn) -> list[Table]:
    """The designated courses of the judged cohorts with their lecturers (M5.2)."""
    offerings = [row for row in teaching.offerings_of_cohorts(drawn.members.cohort_ids) if row.is_designated]
    spans = enterprise_spans({row.lead_person_id for row in offerings if row.lead_person_id}, drawn.on)
    rows = [
        [
            f"{r.cohort_year} 级",
            r.course_code,
            r.course,
            r.lead or "未安排",
            r.first_teaching_on,
            days_in(spans.get(r.lead_person_id or 0, ()), until=min(r.first_teaching_on - timedelta(days=1), drawn.on)),
            r.waiver,
        ]
        for r in offerings
    ]
    return [table("六门专业课", ("年级", "代码", "课程", "主讲教师", "首次授课", "企业工作天数", "豁免理由"), rows, "还没有指定六门专业课。")]


def plan_items(plan: DrawnPlan) -> list[Table]:
    """The enterprise training plan (M6.1, M7.1)."""
    items = field.plan_items_of(plan.version_id)
    names = organisations.names_of({item.base_id for item in items if item.base_id})
    rows = [
        [
            i.position,
            i.title,
            f"{i.weeks_x10 / 10:g}",
            "企业" if i.is_at_enterprise else "校内",
            names.get(i.base_id or 0, ""),
            i.assessment,
            "有" if i.has_enterprise_mentor else "无",
        ]
        for i in items
    ]
    return [table("企业培养方案", ("序号", "环节", "周数", "地点", "基地", "考核评价方式", "企业指导教师"), rows, "还没有企业培养方案。")]


def _columns(title_: str, names: tuple[str, ...]) -> Callable[[Drawn], list[Table]]:
    """Some columns of the list of capstones: of the students of the 卓越计划, and apart of the programme's other students (002:575-577)."""

    def build(drawn: Drawn) -> list[Table]:
        found: list[Table] = []
        for one in tables.capstone_table(drawn.programme, drawn.on):
            keep = [one.columns.index(name) for name in names]
            title = title_ if not found else f"{title_}（{one.title}）"
            found.append(Table(title, names, [[row[n] for n in keep] for row in one.rows], one.nothing))
        return found

    return build


def international(drawn: Drawn) -> list[Table]:
    """Exchange records and joint programmes (M9.4)."""
    key, on = drawn.programme.id, drawn.on
    joint = [[labels.MODES[r.mode], r.partner, r.country, r.agreement_no, "承认" if r.recognises_credits else "未写明", r.since, r.until or ""] for r in registers.intl_programmes(key) if r.since <= on]  # fmt: skip
    measures = [
        [labels.ACTIVITIES[r.kind], r.title, f"{r.partner} {r.country}".strip(), r.took_place_on, r.description, r.evidence]
        for r in registers.activities(key)
        if r.took_place_on <= on
    ]
    records = [[name, number, labels.EXCHANGES[r.kind], r.partner, r.country, r.took_place_on] for r, name, number in registers.exchanges(key, on=on) if r.took_place_on <= on]  # fmt: skip
    same = [[name, r.university, r.country, r.course, r.evidence, r.compared_on] for r, name in registers.equivalences(key) if r.compared_on <= on]
    return [
        table("国际合作办学", ("模式", "境外学校", "国家或地区", "协议", "学分", "开始", "结束"), joint, "没有登记合作办学项目。"),
        table("学生国际交流", ("姓名", "学号", "形式", "学校或机构", "国家或地区", "日期"), records, "没有登记学生交流。"),
        table("国际化举措", ("形式", "名称", "合作单位", "日期", "做法和效果", "佐证"), measures, "没有登记其他国际化举措。"),
        table("等效课程", ("本专业课程", "境外学校", "国家或地区", "对应课程", "依据", "日期"), same, "没有登记等效课程。"),
    ]


def _budget(drawn: Drawn) -> list[Table]:
    rows = [
        [r.year, labels.PURPOSES[r.purpose], labels.SOURCES[r.source], _yuan(r.planned_fen), _yuan(r.spent_fen)]
        for r in registers.budget_lines(drawn.programme.id)
        if r.year <= drawn.on.year
    ]
    return [table("专项经费", ("年度", "用途", "来源", "预算（元）", "已支出（元）"), rows, "没有登记专项经费。")]


BUILDERS: dict[str, Callable[[Drawn], list[Table]]] = {
    "M1.1": of_each(_standard),
    "M1.3": of_each(_comparison),
    "M1.4": _participation(ParticipationArea.STANDARD),
    "M2.1": of_each(before_and_after),
    "M2.2": of_each(lambda plan: curricula.whole(plan.matrix)),
    "M2.3": of_each(attainment_matrix),
    "M2.5": _participation(ParticipationArea.CURRICULUM),
    "M3.1": _research,
    "M4.1": lambda drawn: [*staff.teachers(drawn), *_tasks(drawn)],
    "M4.3": staff.secondments,
    "M4.6": staff.part_time,
    "M4.7": _tasks,
    "M5.2": six_courses,
    "M6.1": of_each(plan_items),
    "M6.5": lambda drawn: tables.practice_table(drawn.programme, drawn.on)[:1],
    "M8.1": _columns("选题清单", ("学号", "姓名", "题目", "题目来源", "相关企业", "证明材料")),
    "M8.2": _columns("时间与场地安排", ("学号", "姓名", "题目", "相关企业", "开始", "结束", "地点")),
    "M8.3": _columns("企业指导教师名录", ("学号", "姓名", "企业导师（职务）", "相关企业")),
    "M9.1": staff.teachers,
    "M9.4": international,
    "M10.3": _budget,
}
