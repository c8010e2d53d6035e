"""The materials about the teachers (M4.1, M4.3, M4.6, M9.1): the list, what they studied and where, their work in enterprises, their appointments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from courses.teaching import queries as teaching
from courses.teaching.types import AppraisalResult, SecondmentState
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.documents.grounds import Ground
from trainhub.oversight.evaluation.documents.tables import Table, table
from trainhub.oversight.evaluation.queries import dossier, registers
from trainhub.oversight.evaluation.queries.cases import enterprise_spans
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.people import labels as people_labels
from trainhub.people import queries as people
from trainhub.people.models import PersonDegree
from trainhub.people.types import Degree, TeacherKind

SECONDMENTS = {
    SecondmentState.PLANNED: "已计划",
    SecondmentState.STARTED: "进行中",
    SecondmentState.DONE: "已完成",
    SecondmentState.EXEMPT: "免予选送",
}
APPRAISALS = {AppraisalResult.EXCELLENT: "优秀", AppraisalResult.PASSED: "合格", AppraisalResult.FAILED: "不合格"}


def teachers(drawn: Ground) -> list[Table]:
    """Who teaches the programme, with what each studied, where abroad they were, what they wrote and where they worked."""
    spans = enterprise_spans({person.id for _teacher, person in drawn.staff}, drawn.on)
    persons = {person.id: person.name for _teacher, person in drawn.staff}
    stays, degrees = people.stays_of(persons), people.degrees_of(persons)
    rows = [
        [
            teacher.staff_no, person.name, "专职" if teacher.kind is TeacherKind.FULL_TIME else "兼职", teacher.title, teacher.discipline,
            "是" if teacher.is_senior else "", highest(degrees[person.id], drawn.on), people.months_abroad(stays[person.id], drawn.on) or "", days_in(spans.get(person.id, ()), until=drawn.on),
            person.nationality,
        ]
        for teacher, person in drawn.staff
    ]  # fmt: skip
    columns = ("工号", "姓名", "专兼职", "职称", "学科", "高水平", "最高学历", "已核实境外研修月数", "已核实企业工作天数", "国籍")
    work = [
        [
            name,
            row.organisation_name,
            row.post,
            row.since,
            row.until or "至今",
            "全职" if row.is_full_time else "兼职",
            "已核实" if row.verified_at else "未核实",
        ]
        for name, row in dossier.employments([person.id for _teacher, person in drawn.staff])
    ]
    studied = [
        [
            persons[b.person_id],
            people_labels.DEGREES[b.degree],
            b.university_name,
            b.region,
            b.field,
            b.awarded_on,
            "已核实" if b.verified_at else "未核实",
        ]
        for mine in degrees.values()
        for b in mine
        if b.awarded_on <= drawn.on
    ]
    abroad = [
        [persons[b.person_id], people_labels.STAYS[b.kind], b.organisation_name, b.region, b.since, b.until, "已核实" if b.verified_at else "未核实"]
        for mine in stays.values()
        for b in mine
        if b.since <= drawn.on
    ]
    outputs = [
        [name, labels.OUTPUTS[r.kind], r.title, r.published_on] for r, name in registers.outputs(drawn.programme.id) if r.published_on <= drawn.on
    ]
    return [
        table("教师清单", columns, rows),
        table("教育背景", ("姓名", "学位", "授予学校", "国家或地区", "学科专业", "授予日期", "核实"), studied, "没有登记学历。"),
        table("学习经历（境外研修）", ("姓名", "类别", "学校或企业", "国家或地区", "开始", "结束", "核实"), abroad, "没有登记境外经历。"),
        table("教研成果", ("教师", "类别", "成果", "日期"), outputs, "没有登记教研成果。"),
        table("工作经历", ("姓名", "单位", "职务", "开始", "结束", "全职", "核实"), work),
    ]


def highest(degrees: Sequence[PersonDegree], on: date) -> str:
    """The highest degree awarded up to a day, with where it is from: of those somebody verified, else marked as verified by nobody."""
    order = list(Degree)
    awarded = [one for one in degrees if one.awarded_on <= on]
    best = max(awarded, key=lambda one: (one.verified_at is not None, order.index(one.degree), one.awarded_on), default=None)
    if best is None:
        return ""
    return f"{people_labels.DEGREES[best.degree]}（{best.university_name}，{best.region}）{'' if best.verified_at else '（未核实）'}"


def secondments(drawn: Ground) -> list[Table]:
    """Who was sent to work in an enterprise, or need not go."""
    names = {teacher.id: person.name for teacher, person in drawn.staff}
    rows = [
        [
            names[r.teacher_id],
            SECONDMENTS[r.state],
            r.enterprise_name,
            r.post,
            "" if r.state is SecondmentState.EXEMPT else "脱产" if r.is_full_time else "不脱产",
            r.planned_since,
            r.planned_until,
            r.started_on,
            r.ended_on,
            r.reason or r.report,
        ]
        for r in teaching.secondments_of_teachers(names)
    ]
    return [
        table(
            "选送教师到企业工作",
            ("教师", "状态", "企业", "岗位", "方式", "计划开始", "计划结束", "实际开始", "实际结束", "理由或总结"),
            rows,
            "没有企业工作计划。",
        )
    ]


def part_time(drawn: Ground) -> list[Table]:
    """The appointments, the training and the appraisals of part-time teachers."""
    names = {teacher.id: person.name for teacher, person in drawn.staff if teacher.kind is TeacherKind.PART_TIME}
    files = [
        [names[a.teacher_id], a.letter_no, a.since, a.until or "", a.duties, a.training_hours, a.training_passed_on]
        for a in teaching.appointments_of_teachers(names)
    ]
    marks = [[names[key], row.appraised_on, APPRAISALS[row.result], row.remark] for key, row in teaching.appraisals_of_teachers(names)]
    return [
        table("聘任与培训", ("教师", "聘书", "开始", "结束", "岗位职责", "培训学时", "培训通过"), files, "没有兼职教师聘任档案。"),
        table("考核", ("教师", "日期", "结果", "说明"), marks, "没有考核记录。"),
    ]
