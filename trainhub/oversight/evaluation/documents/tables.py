"""The four named tables T1 to T4 (requirements.md 3.3): students of the 卓越计划 listed apart, windows of the policy. Official terms."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from courses.curriculum.types import CourseCategory, Importance
from enterprises.bases import labels as base_labels
from enterprises.capstones.queries.export import ExportRow
from enterprises.capstones.queries.unassigned import Unassigned
from enterprises.capstones.types import TopicSource
from trainhub.kernel.clock import academic_year
from trainhub.kernel.i18n import N_, in_language
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import Sheet, write_xlsx
from trainhub.ledger.holidays import queries as holidays
from trainhub.ledger.rules import credits
from trainhub.oversight.evaluation.queries import dossier, support
from trainhub.oversight.evaluation.queries import field as practice
from trainhub.oversight.evaluation.queries.cases import enterprise_spans
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.queries.plans import followed
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.oversight.evaluation.rules.international import STRICTLY
from trainhub.people.types import TeacherKind
from trainhub.policy.book import book
from trainhub.policy.findings import Finding
from trainhub.policy.types import Value
from trainhub.programmes.models import Programme

SOURCES = {
    TopicSource.ENGINEERING_PRACTICE: "工程实践",
    TopicSource.RESEARCH: "科研",
    TopicSource.TEACHING: "教学",
    TopicSource.STUDENT: "学生自拟",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a document or workbook: text only."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]] = field(default_factory=tuple)
    nothing: str = "没有记录。"


def cell(value: Any) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def marks(x10: int | None) -> str:
    """A mark in tenths as text."""
    return "" if x10 is None else f"{x10 / 10:g}"


UNITS = {"week": " 周", "day": " 天", "course": " 门", "count": " 项", "percent": "%", "person": " 人"}


def quantity(value: Value | None, unit: str) -> str:
    """What a finding found or requires, with its unit; lists say nothing in a cell."""
    if value is None or isinstance(value, tuple):
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value}{UNITS.get(unit, '')}" if isinstance(value, int) else str(value)


def required(finding: Finding) -> str:
    """What a finding requires, with its unit and whether it has to be exceeded."""
    text = quantity(finding.required, finding.unit)
    return f"超过 {text}" if text and finding.parameter in STRICTLY else text


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str = "没有记录。") -> Table:
    """A table from values."""
    return Table(title, columns, [[cell(value) for value in row] for row in rows], nothing)


def counted_over(years: Sequence[int], students: int) -> Table:
    """Over whom the attainment beside it is counted."""
    rows: list[list[Any]] = [["年级", "、".join(str(year) for year in years)], ["卓越计划学生人数", students]]
    rows.append(["不计入", "退学的、退出卓越计划的和没有参加卓越计划的学生"])
    return table("达成情况的统计范围", ("项目", "内容"), rows)


def workbook(tables: Sequence[Table]) -> bytes:
    """The tables as a workbook, one sheet each; an empty one says so."""
    target = io.BytesIO()
    sheets = [
        Sheet(
            one.title,
            [Column(f"c{n}", zh=name) for n, name in enumerate(one.columns)],
            one.rows or [[one.nothing, *[""] * (len(one.columns) - 1)]],
            headers="zh",
        )
        for one in tables
    ]
    write_xlsx(sheets, target)
    return target.getvalue()


def window(years: int, on: date) -> tuple[date, date]:
    """The last `years` academic years up to a day, the running one included."""
    return date(academic_year(on) - years + 1, 9, 1), on


def year_text(day: date) -> str:
    """2025—2026."""
    first = academic_year(day)
    return f"{first}—{first + 1}"


def practice_table(programme: Programme, on: date) -> list[Table]:
    """T1 近三年学生实际进入企业实践基地的情况: only confirmed days count (002:313)."""
    since, until = window(book().at("sup.practice_window_years", on=on).number, on)
    per_week = book().at("own.weeks.days_per_week", on=on).number
    rows, days = dossier.placed(programme.id, since, until), dossier.days_by_student(programme.id, on)
    shortened = holidays.shortened_of({key: [day for day, _at in found] for key, found in days.items()})
    earned = {key: credits(found, days_per_week=per_week, working_days=shortened.get(key)) for key, found in days.items()}
    totals = {key: sum(found.values()) for key, found in earned.items()}
    items: dict[tuple[int | None, int | None], list[str]] = {}
    for version_id in {row.version_id for row in rows if row.version_id is not None}:
        for item in practice.plan_items_of(version_id):
            items.setdefault((version_id, item.base_id), []).append(item.title)

    def line(row: dossier.PlacedRow) -> list[Any]:
        mine = earned.get(row.student_id, {})
        credited = sum(count for (day, at), count in mine.items() if at == row.enterprise_id and max(row.starts_on, since) <= day <= row.ends_on)
        return [
            year_text(max(row.starts_on, since)), f"{row.cohort_year} 级", row.class_name, "是" if row.is_petoe else "否", row.student_no, row.name,
            row.base or row.enterprise, row.enterprise, "、".join(items.get((row.version_id, row.base_id), ())), row.position, row.starts_on, row.ends_on, f"{credited / per_week:g}", f"{totals.get(row.student_id, 0) / per_week:g}", row.mentor,
            marks(row.score_x10),
        ]  # fmt: skip

    columns = (
        "学年",
        "年级",
        "班级",
        "是否卓越计划",
        "学号",
        "姓名",
        "基地",
        "企业",
        "企业培养方案环节",
        "岗位",
        "开始",
        "结束",
        "认定周数",
        "累计周数",
        "企业指导教师",
        "考核结果",
    )
    span = f"{since} 至 {until}"
    return [
        table("卓越计划学生", columns, [line(row) for row in rows if row.is_petoe], f"{span} 没有卓越计划学生进入企业。"),
        table("其他学生", columns, [line(row) for row in rows if not row.is_petoe], f"{span} 没有其他学生进入企业。"),
    ]


def capstone_table(programme: Programme, on: date) -> list[Table]:
    """T2 毕业设计清单: the same rows carry M8.1 to M8.3 (002:319); who has no capstone stands behind (002:576 全体学生)."""
    rows, without = dossier.capstones(programme.id, on), dossier.without_capstones(programme.id, on)

    def line(year: int, row: ExportRow) -> list[Any]:
        told = "、".join(text for text in (row.enterprise_supervisor_post, row.enterprise_supervisor_title) if text)
        post = f"（{told}）" if told else ""
        return [
            f"{year} 级", "是" if row.is_petoe else "否", row.student_no, row.name, row.topic, SOURCES[row.source], row.enterprise, row.school_supervisor,
            f"{row.enterprise_supervisor}{post}", row.starts_on, row.ends_on, row.place, marks(row.school_score_x10), marks(row.enterprise_score_x10),
            row.evidence or row.evidence_file,
        ]  # fmt: skip

    def missing(year: int, one: Unassigned) -> list[Any]:
        return [f"{year} 级", "是" if one.is_petoe else "否", one.student_no, one.name, "未下达", *[""] * 10]

    def block(is_petoe: bool) -> list[list[Any]]:
        mine = [line(year, row) for year, row in rows if row.is_petoe is is_petoe]
        return mine + [missing(year, one) for year, one in without if one.is_petoe is is_petoe]

    columns = (
        "年级",
        "是否卓越计划",
        "学号",
        "姓名",
        "题目",
        "题目来源",
        "相关企业",
        "校内导师",
        "企业导师（职务）",
        "开始",
        "结束",
        "地点",
        "学校成绩",
        "企业成绩",
        "证明材料",
    )
    return [
        table("卓越计划学生", columns, block(is_petoe=True)),
        table("其他学生", columns, block(is_petoe=False)),
    ]


IMPORTANCE = {Importance.CORE: "核心", Importance.MAJOR: "主要", Importance.ORDINARY: "否"}


def _years(days: int, five_years: int) -> str:
    """Days as years with one decimal, never rounded up: 5.0 stands exactly where the days are the five years that the rule counts."""
    return f"{days * 50 // five_years / 10:.1f}"


def part_time_table(programme: Programme, on: date) -> list[Table]:
    """T3 近四年由企业或行业兼职教师承担的课程 (002:345), and the full-time lecturers with five years in enterprises (requirements.md 8.2, 21).

    The enterprise or unit and the years are those before the first day of teaching: what somebody did later supported no course. Part-time
    teachers from neither an enterprise nor the industry (of another school, of nowhere that is known) are listed apart.
    """
    year = academic_year(on) - book().at("sup.parttime_window_years", on=on).number + 1
    enough = book().at("own.lecturer.enterprise_days", on=on).number
    rows = dossier.tasks(programme.id, year, on)
    persons = {row.teacher.person_id for row in rows}
    spans, jobs = enterprise_spans(persons, on), dossier.jobs_of(persons)
    of_practice: list[list[Any]] = []
    full_time: list[list[Any]] = []
    others: list[list[Any]] = []
    for row in rows:
        task, teacher, course = row.task, row.teacher, row.course
        days = days_in(spans.get(teacher.person_id, ()), until=min(task.starts_on - timedelta(days=1), on))
        mine, is_part_time = jobs.get(teacher.person_id, []), teacher.kind is TeacherKind.PART_TIME
        job = dossier.job_on(mine, task.starts_on) if is_part_time else None
        unit = (job.unit if job else "") if is_part_time else "、".join(dossier.enterprises_before(mine, task.starts_on))
        is_specialty = course is not None and course.category is CourseCategory.SPECIALTY
        line = [
            f"{task.academic_year}—{task.academic_year + 1}", task.semester, course.code if course else "", course.name if course else task.title,
            IMPORTANCE[course.importance] if course is not None and is_specialty else "否", "是" if row.is_designated else "否", f"{task.hours_x10 / 10:g}",
            row.name, unit, " / ".join(dict.fromkeys(text for text in (job.post if job else "", teacher.title) if text)),
            _years(days, enough), "主讲" if row.lead_id == teacher.id else "参与",
        ]  # fmt: skip
        if is_part_time:
            (of_practice if job is not None and not job.is_school else others).append(line)
        elif days >= enough:
            full_time.append(line)
    columns = (
        "学年", "学期", "课程代码", "课程", "专业核心课", "指定的六门", "学时", "教师", "所在企业或单位", "职务/职称", "企业工作年限", "承担方式",
    )  # fmt: skip
    found = [
        table("兼职教师承担的课程", columns, of_practice, f"{year}—{year + 1} 学年以来没有企业或行业兼职教师承担的课程。"),
        table("满五年企业经历的专职教师", columns, full_time, "没有企业工作经历满五年的专职教师承担课程。"),
    ]
    return [*found, table("其他兼职教师承担的课程", columns, others)] if others else found


def base_table(programme: Programme, on: date) -> list[Table]:
    """T4 与企业合作建立实践基地的情况: in force on the day, with history (002:333).

    The teachers who guide are those of the centre's team; where nobody is entered there, nothing is said. Mentors are those whom 6.8 counts.
    """
    since, until = window(book().at("sup.practice_window_years", on=on).number, on)
    by_plan = practice.plan_items_of_versions(followed(programme.id, members_of(programme.id, on), on))
    items = [item for mine in by_plan.values() for item in mine]
    placed = dossier.placed(programme.id, since, until)
    named = [one.base_id for one in practice.placements_of(programme.id, on)] + [one.base_id for one in placed] + [one.base_id for one in items]
    ids = {base_id for base_id in named if base_id}
    taken: dict[int | None, set[int]] = {}
    for row in placed:
        taken.setdefault(row.base_id, set()).add(row.student_id)
    mentors, faculty, rows = practice.mentors_at(programme.id, on), support.faculty_at(programme.id, on), []
    for base in dossier.bases(ids, on, university_id=programme.university_id):
        kinds = "、".join(str(base_labels.BASE_TYPES[kind]) for kind in base["types"])
        carried = "、".join(dict.fromkeys(item.title for item in items if item.base_id == base["id"]))
        for agreement in base["agreements"] or [None]:
            state = "没有本校签署的协议" if agreement is None else ("有效" if agreement.since <= on <= agreement.until else "不在有效期")
            rows.append(
                [
                    base["name"], kinds, "、".join(base["hosts"]), agreement.title if agreement else "", agreement.since if agreement else "", agreement.until if agreement else "",
                    state, carried, base["capacity"] if base["capacity"] is not None else "", len(taken.get(base["id"], ())),
                    "、".join(base["leaders"]["school"]), "、".join(base["leaders"]["enterprise"]), faculty.get(base["id"]) or "", len(mentors.get(base["id"], ())),
                    *("" if fen is None else f"{fen / 100:.2f}" for fen in base["invested_fen"]),
                ]
            )  # fmt: skip
    columns = (
        "基地",
        "类型",
        "合作企业",
        "协议",
        "协议开始",
        "协议结束",
        "报告日状态",
        "承担环节",
        "可接纳人数/期",
        "近三年接纳学生",
        "学校负责人",
        "企业负责人",
        "校内导师数",
        "企业指导教师数",
        "学校投入（元）",
        "企业投入（元）",
    )
    return [table("实践基地", columns, rows, "没有登记合作基地。")]


TITLES = {
    "T1": N_("近三年学生实际进入企业实践基地的情况"),
    "T2": N_("毕业设计清单"),
    "T3": N_("近四年由企业或行业兼职教师承担的课程"),
    "T4": N_("与企业合作建立实践基地的情况"),
}
BUILDERS = {"T1": practice_table, "T2": capstone_table, "T3": part_time_table, "T4": base_table}


def tables(key: str, programme: Programme, on: date) -> list[Table]:
    """The tables of one of the four, in the official terms."""
    with in_language("zh"):
        return BUILDERS[key](programme, on)
