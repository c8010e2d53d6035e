"""Pages of the registers: one list with one form each, all of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from courses.curriculum import queries as curriculum
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching.types import SecondmentState
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import Form, once
from trainhub.kernel.i18n import _, _l, format_date, format_yuan
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import forms, labels, models
from trainhub.oversight.evaluation.operations import registers as operations
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import registers as queries
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page, subject_of
from trainhub.people import queries as people
from trainhub.people.types import TeacherKind
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
        (r.id, [labels.MODES[r.mode], r.partner, r.country, r.agreement_no, format_date(r.since), format_date(r.until)])
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
    facts = _facts(form, "mode", "partner", "country", "agreement_no", "since")
    return operations.add_intl_programme(programme=programme, until=form.until.data, **facts, **by)


def _add_equivalence(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    course = curriculum.course(form.course_id.data)
    assert course is not None
    facts = _facts(form, "university", "country", "foreign_course", "evidence", "compared_on")
    return operations.add_equivalence(programme=programme, course=course, **facts, **by)


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
            (_l("模式"), _l("境外学校"), _l("国家或地区"), _l("协议"), _l("开始"), _l("结束")),
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
            "secondments",
            _l("教师到企业工作"),
            "PETOE-4.2, 4.3",
            forms.SecondmentForm,
            (_l("教师"), _l("状态"), _l("企业或理由"), _l("计划开始"), _l("计划结束"), _l("实际开始")),
            _secondments,
            _add_secondment,
        ),
    )
}


def _choices(form: Any, programme: Programme, on: date) -> None:
    """Who and what can be chosen: people and courses of this programme only."""
    if "student_id" in form:
        form.student_id.choices = forms.options(queries.student_choices(programme.id, on))
    if "teacher_id" in form:
        kind = TeacherKind.FULL_TIME if isinstance(form, forms.SecondmentForm) else None
        form.teacher_id.choices = forms.options(teaching_queries.staff_choices(programme.id, on, kind))
    if "course_id" in form:
        version_id = members_of(programme.id, on).version_id or 0
        form.course_id.choices = forms.options(queries.course_choices(version_id))


def load_register(code: str, slug: str) -> tuple[Programme, Register]:
    """The programme and the register of an address."""
    if slug not in REGISTERS:
        raise NotFound(_("没有这个登记簿。"))
    return load(code), REGISTERS[slug]


def load_entry(code: str, slug: str, key: int) -> tuple[Programme, Register, Any]:
    """An entry of a register; one of another programme is not found."""
    programme, register = load_register(code, slug)
    row = queries.entry(register.model, key) if register.model is not None else None
    if row is None or queries.programme_of(row) != programme.id:
        raise NotFound(_("没有这条登记。"))
    return programme, register, row


@blueprint.get("/<code>/registers")
@guard(Can.VIEW, load=load, subject=on_programme)
def registers(programme: Programme) -> Any:
    """All registers with how many entries each has."""
    rows = [(one, len(one.rows(programme))) for one in REGISTERS.values()]
    return page("registers", programme, "registers", rows=rows)


@blueprint.route("/<code>/registers/<slug>", methods=["GET", "POST"])
@guard(Can.VIEW, load=load_register, subject=subject_of)
def register(thing: tuple[Programme, Register]) -> Any:
    """One register: its entries, and the form for those who may add."""
    programme, one = thing
    subject = on_programme(programme)
    form = one.form()
    _choices(form, programme, clock.today())
    if form.is_submitted():
        demand(who(), Can.EDIT_REGISTER, subject)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    one.add(programme, form, {"by": who(), "now": clock.now()})
            return done(_("已登记。"), "evaluation.register", code=programme.code, slug=one.slug)
        except Refused as refused:
            form.refuse(refused)
    body = page(
        "register",
        programme,
        "registers",
        register=one,
        columns=[{**c, "label": str(c["label"])} if isinstance(c, dict) else str(c) for c in one.columns],
        rows=one.rows(programme),
        form=form if may(who(), Can.EDIT_REGISTER, subject) else None,
        back=url_for("evaluation.registers", code=programme.code),
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.post("/<code>/registers/<slug>/<int:key>/remove")
@guard(Can.EDIT_REGISTER, load=load_entry, subject=subject_of)
def remove_entry(thing: tuple[Programme, Register, Any]) -> Any:
    """Take a wrong entry away, with the reason."""
    programme, one, row = thing
    form = forms.RemoveForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明删除的理由。"), field="reason")
    with transaction():
        operations.remove_entry(row=row, programme_id=programme.id, reason=form.reason.data or "", by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "evaluation.register", code=programme.code, slug=one.slug)
