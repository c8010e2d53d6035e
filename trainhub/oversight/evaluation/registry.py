"""The registers that no other room owns, each by its words, its form, what a row shows and how an entry is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from courses.curriculum import queries as curriculum
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching.types import SecondmentState
from trainhub.kernel import clock
from trainhub.kernel.forms import Form
from trainhub.kernel.i18n import _, _l, format_date, format_yuan
from trainhub.oversight.evaluation import forms, labels, models, support_registers
from trainhub.oversight.evaluation.operations import practice_registers
from trainhub.oversight.evaluation.operations import registers as operations
from trainhub.oversight.evaluation.queries import registers as queries
from trainhub.oversight.evaluation.register_types import Dimension
from trainhub.people import queries as people
from trainhub.programmes.models import Programme

Cells = list[tuple[int, list[Any]]]


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its words, its form, what a row shows, how an entry is added."""

    slug: str
    title: Any
    clause: str
    form: type[Form]
    columns: Sequence[Any]
    rows: Callable[[Programme], Cells]
    add: Callable[[Programme, Any, dict[str, Any]], object]
    model: Any = None


def _participations(programme: Programme) -> Cells:
    return [
        (r.id, [labels.AREAS[r.area], r.expert, r.enterprise, format_date(r.held_on), r.contribution]) for r in queries.participations(programme.id)
    ]


def _policies(programme: Programme) -> Cells:
    return [(r.id, [labels.TOPICS[r.topic], r.title, r.issued_no, format_date(r.issued_on)]) for r in queries.policy_documents(programme.id)]


def _budgets(programme: Programme) -> Cells:
    return [
        (r.id, [r.year, labels.PURPOSES[r.purpose], labels.SOURCES[r.source], format_yuan(r.planned_fen), format_yuan(r.spent_fen)])
        for r in queries.budget_lines(programme.id)
    ]


def _incentives(programme: Programme) -> Cells:
    return [(r.id, [labels.INCENTIVES[r.kind], r.title, name or "", format_date(r.granted_on)]) for r, name in queries.incentives(programme.id)]


def _exchanges(programme: Programme) -> Cells:
    return [
        (r.id, [f"{name}（{number}）", labels.EXCHANGES[r.kind], r.partner, r.country, format_date(r.took_place_on)])
        for r, name, number in queries.exchanges(programme.id)
    ]


def _intl(programme: Programme) -> Cells:
    return [
        (
            r.id,
            [
                labels.MODES[r.mode],
                r.partner,
                r.country,
                r.agreement_no,
                _("承认") if r.recognises_credits else _("未写明"),
                format_date(r.since),
                format_date(r.until),
            ],
        )
        for r in queries.intl_programmes(programme.id)
    ]


def _equivalences(programme: Programme) -> Cells:
    return [(r.id, [name, r.university, r.country, r.course, format_date(r.compared_on)]) for r, name in queries.equivalences(programme.id)]


STATES = {
    SecondmentState.PLANNED: _l("已计划"),
    SecondmentState.STARTED: _l("进行中"),
    SecondmentState.DONE: _l("已完成"),
    SecondmentState.EXEMPT: _l("免予选送"),
}


def _secondments(programme: Programme) -> Cells:
    names = dict(teaching_queries.staff_choices(programme.id, clock.today()))
    return [
        (
            r.id,
            [
                names[r.teacher_id],
                STATES[r.state],
                r.enterprise_name or r.reason,
                "—" if r.state is SecondmentState.EXEMPT else _("脱产") if r.is_full_time else _("不脱产"),
                format_date(r.planned_since),
                format_date(r.planned_until),
                format_date(r.started_on),
            ],
        )
        for r in teaching_queries.secondments_of_teachers(names)
    ]


def _facts(form: Any, *names: str) -> dict[str, Any]:
    return {name: form[name].data if form[name].data is not None else "" for name in names}


def _add_budget(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    return operations.add_budget_line(
        programme=programme,
        **_facts(form, "year", "purpose", "source"),
        planned_fen=form.planned.data * 100,
        spent_fen=(form.spent.data or 0) * 100,
        **by,
    )


def _add_incentive(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    teacher = people.teacher(form.teacher_id.data)
    return operations.add_incentive(programme=programme, teacher=teacher, **_facts(form, "kind", "title", "granted_on"), **by)


def _add_exchange(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    student = people.student(form.student_id.data)
    assert student is not None
    return operations.add_exchange(student=student, **_facts(form, "kind", "partner", "country", "took_place_on"), **by)


def _add_intl(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    facts = _facts(form, "mode", "partner", "country", "agreement_no", "recognises_credits", "since")
    return operations.add_intl_programme(programme=programme, until=form.until.data, **facts, **by)


def _add_equivalence(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    course = curriculum.course(form.course_id.data)
    assert course is not None
    facts = _facts(form, "university", "country", "foreign_course", "evidence", "compared_on")
    return operations.add_equivalence(programme=programme, course=course, **facts, **by)


def _activities(programme: Programme) -> Cells:
    return [
        (r.id, [labels.ACTIVITIES[r.kind], r.title, f"{r.partner} {r.country}".strip(), format_date(r.took_place_on), r.description])
        for r in queries.activities(programme.id)
    ]


def _cases(programme: Programme) -> Cells:
    return [(r.id, [course, r.title, r.enterprise, r.source, format_date(r.taken_up_on)]) for r, course in queries.cases(programme.id)]


def _outputs(programme: Programme) -> Cells:
    return [(r.id, [name, labels.OUTPUTS[r.kind], r.title, format_date(r.published_on)]) for r, name in queries.outputs(programme.id)]


def _schemes(programme: Programme) -> Cells:
    return [
        (
            r.id,
            [
                r.title,
                r.issued_no,
                format_date(r.since),
                "；".join(f"{name} {r.weights.get(one.value, 0)}%" for one, name in labels.DIMENSIONS.items()),
                f"{sum(r.weights.values())}%",
            ],
        )
        for r in queries.schemes(programme.id)
    ]


def _reviews(programme: Programme) -> Cells:
    return [
        (r.id, [format_date(r.held_on), r.school_members, r.enterprise_members, r.findings, r.actions, format_date(r.closed_on)])
        for r in queries.reviews(programme.id)
    ]


def _add_case(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    course = curriculum.course(form.course_id.data)
    assert course is not None
    return practice_registers.add_case(programme=programme, course=course, **_facts(form, "title", "enterprise", "source", "taken_up_on"), **by)


def _add_output(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    teacher = people.teacher(form.teacher_id.data)
    assert teacher is not None
    return practice_registers.add_output(programme=programme, teacher=teacher, **_facts(form, "kind", "title", "published_on"), **by)


def _add_scheme(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    weights = {one: form[one.value].data or 0 for one in Dimension}
    return practice_registers.add_scheme(programme=programme, weights=weights, **_facts(form, "title", "issued_no", "since"), **by)


def _add_review(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    facts = _facts(form, "held_on", "school_members", "enterprise_members", "findings", "actions")
    return practice_registers.add_review(programme=programme, closed_on=form.closed_on.data, **facts, **by)


def _add_secondment(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    teacher = people.teacher(form.teacher_id.data)
    assert teacher is not None
    facts = _facts(form, "enterprise_name", "post", "exempt_reason")
    span = {"planned_since": form.planned_since.data, "planned_until": form.planned_until.data}
    return teaching.plan_secondment(teacher=teacher, is_full_time=form.is_full_time.data, **span, **facts, **by)


REGISTERS: dict[str, Register] = {
    one.slug: one
    for one in (
        Register(
            "participation",
            _l("行业企业专家参与"),
            "PETOE-1.4, 2.7, 6.5",
            forms.ParticipationForm,
            (_l("参与内容"), _l("专家"), _l("企业"), _l("日期"), _l("贡献")),
            _participations,
            lambda p, f, by: operations.add_participation(
                programme=p, **_facts(f, "area", "expert", "enterprise", "held_on", "contribution", "evidence"), **by
            ),
            models.Participation,
        ),
        Register(
            "policies",
            _l("政策文件"),
            "PETOE-4.1, 10.1",
            forms.PolicyForm,
            (_l("方面"), _l("文件"), _l("文号"), _l("印发日期")),
            _policies,
            lambda p, f, by: operations.add_policy_document(programme=p, **_facts(f, "topic", "title", "issued_no", "issued_on"), **by),
            models.PolicyDocument,
        ),
        Register(
            "budget",
            _l("专项经费"),
            "PETOE-10.3, 10.4",
            forms.BudgetForm,
            (_l("年度"), _l("用途"), _l("来源"), {"label": _l("预算"), "num": True}, {"label": _l("已支出"), "num": True}),
            _budgets,
            _add_budget,
            models.BudgetLine,
        ),
        Register(
            "needs",
            _l("经费需要"),
            "PETOE-10.4",
            forms.NeedForm,
            (_l("年度"), _l("用途"), {"label": _l("需要"), "num": True}, _l("测算依据")),
            support_registers.needs,
            support_registers.add_need,
            models.BudgetNeed,
        ),
        Register(
            "centre-mentors",
            _l("中心指导教师队伍"),
            "PETOE-6.4",
            forms.CentreMentorForm,
            (_l("中心（基地）"), _l("姓名"), _l("人员类别"), _l("单位与职务"), _l("开始"), _l("结束")),
            support_registers.team,
            support_registers.add_mentor,
            models.CentreMentor,
        ),
        Register(
            "incentives",
            _l("教师激励"),
            "PETOE-10.5",
            forms.IncentiveForm,
            (_l("类别"), _l("名称"), _l("教师"), _l("日期")),
            _incentives,
            _add_incentive,
            models.Incentive,
        ),
        Register(
            "exchanges",
            _l("学生国际交流"),
            "PETOE-9.6",
            forms.ExchangeForm,
            (_l("学生"), _l("形式"), _l("学校或机构"), _l("国家或地区"), _l("日期")),
            _exchanges,
            _add_exchange,
            models.ExchangeRecord,
        ),
        Register(
            "joint-programmes",
            _l("国际合作办学"),
            "PETOE-9.4",
            forms.IntlProgrammeForm,
            (_l("模式"), _l("境外学校"), _l("国家或地区"), _l("协议"), _l("学分"), _l("开始"), _l("结束")),
            _intl,
            _add_intl,
            models.IntlProgramme,
        ),
        Register(
            "equivalences",
            _l("等效课程对照"),
            "PETOE-9.2",
            forms.EquivalenceForm,
            (_l("本专业课程"), _l("境外学校"), _l("国家或地区"), _l("对应课程"), _l("日期")),
            _equivalences,
            _add_equivalence,
            models.Equivalence,
        ),
        Register(
            "activities",
            _l("国际化举措"),
            "PETOE-9.3, 9.5, 9.7, 9.9",
            forms.ActivityForm,
            (_l("形式"), _l("名称"), _l("合作单位"), _l("日期"), _l("做法和效果")),
            _activities,
            lambda p, f, by: practice_registers.add_activity(
                programme=p, **_facts(f, "kind", "title", "partner", "country", "took_place_on", "description", "evidence"), **by
            ),
            models.IntlActivity,
        ),
        Register(
            "cases",
            _l("课程案例与项目"),
            "PETOE-3.3",
            forms.CaseForm,
            (_l("课程"), _l("问题、案例或项目"), _l("来源企业"), _l("来源说明"), _l("开始使用")),
            _cases,
            _add_case,
            models.TeachingCase,
        ),
        Register(
            "outputs",
            _l("教师教研成果"),
            "PETOE-3.5",
            forms.OutputForm,
            (_l("教师"), _l("类别"), _l("成果"), _l("日期")),
            _outputs,
            _add_output,
            models.TeacherOutput,
        ),
        Register(
            "schemes",
            _l("专职教师考核办法"),
            "PETOE-4.4",
            forms.SchemeForm,
            (_l("文件"), _l("文号"), _l("施行日期"), _l("五项占比"), {"label": _l("合计"), "num": True}),
            _schemes,
            _add_scheme,
            models.AppraisalScheme,
        ),
        Register(
            "reviews",
            _l("合作教育质量评价"),
            "PETOE-6.7",
            forms.ReviewForm,
            (
                _l("日期"),
                {"label": _l("学校方"), "num": True},
                {"label": _l("企业方"), "num": True},
                _l("发现的问题"),
                _l("改进措施"),
                _l("整改完成"),
            ),
            _reviews,
            _add_review,
            models.QualityReview,
        ),
        Register(
            "secondments",
            _l("教师到企业工作"),
            "PETOE-4.2, 4.3",
            forms.SecondmentForm,
            (_l("教师"), _l("状态"), _l("企业或理由"), _l("方式"), _l("计划开始"), _l("计划结束"), _l("实际开始")),
            _secondments,
            _add_secondment,
        ),
    )
}


def of_criterion(code: str) -> list[Register]:
    """The registers in which facts about a criterion are entered."""
    return [one for one in REGISTERS.values() if code in one.clause.removeprefix("PETOE-").split(", ")]
