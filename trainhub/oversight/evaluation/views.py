"""Pages of evaluation: every programme's readiness, one programme clause by clause, a criterion with its judgements, both matrices."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for

from courses.curriculum import queries as curriculum
from courses.standards import queries as standards
from courses.standards.types import TargetKind
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Identity, acting, demand, guard, may
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, labels, readiness
from trainhub.oversight.evaluation.forms import JudgementForm
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import field, judgements
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.rules.verdict import INTERNATIONAL
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.oversight.evaluation.types import Assessment, Criterion, CriterionKind
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import ProgrammeFilter

blueprint = Blueprint("evaluation", __name__, url_prefix="/evaluation")


def who() -> Identity:
    """Who acts; the guard has made sure that there is somebody."""
    identity = acting()
    assert identity is not None
    return identity


def load(code: str) -> Programme:
    """The programme of an address."""
    row = programmes.by_code(code)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的专业点。", code=code[:60]))
    return row


def load_criterion(code: str, number: str) -> tuple[Programme, Criterion]:
    """The programme and the criterion of an address."""
    criterion = catalogue.criteria().get(number)
    if criterion is None:
        raise NotFound(_("没有编号为 %(code)s 的评价要点。", code=number[:10]))
    return load(code), criterion


def subject_of(thing: tuple[Programme, Any]) -> Any:
    """What a pair with a programme is judged on."""
    return programmes.subject_of(thing[0])


def asked_day() -> date:
    """The day of the address; today when it says none."""
    text = request.args.get("on", "")
    if not text:
        return clock.today()
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text[:20]), field="on") from wrong


def assessed(programme: Programme, on: date) -> Assessment:
    """The answer, or a refusal in words for a day without rules."""
    try:
        return readiness.assess(programme, on)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none


def tabs(programme: Programme, current: str) -> list[dict[str, Any]]:
    """The pages of a programme's evaluation."""
    pages = (
        ("show", _("达标情况"), url_for("evaluation.show", code=programme.code)),
        ("coverage", _("通用标准覆盖矩阵"), url_for("evaluation.coverage", code=programme.code)),
        ("attainment", _("标准实现矩阵"), url_for("evaluation.attainment", code=programme.code)),
        ("registers", _("登记簿"), url_for("evaluation.registers", code=programme.code)),
    )
    return [{"label": label, "url": url, "current": key == current} for key, label, url in pages]


def page(template: str, programme: Programme, current: str, **more: Any) -> str:
    """A page of one programme with its tabs."""
    university = organisations.by_id(programme.university_id)
    return render_template(
        f"trainhub/evaluation/{template}.html",
        programme=programme,
        university=university,
        tabs_of_page=tabs(programme, current),
        labels=labels,
        can=Can,
        subject=programmes.subject_of(programme),
        **more,
    )


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The programmes the reader sees, with how ready they are."""
    on = asked_day()
    wanted = ProgrammeFilter(text=request.args.get("q", "").strip()[:60], is_petoe=True)
    number, _size = paging.wanted()
    found = paging.paginate(programmes.listing(who(), wanted, "code"), number=number, size=20, scalars=False)
    rows = []
    for row in (programmes.as_row(item) for item in found.items):
        programme = programmes.by_id(row.id)
        assert programme is not None
        answer = assessed(programme, on)
        computed = [f for f in answer.findings if catalogue.criteria()[f.code].kind is CriterionKind.COMPUTED]
        rows.append(
            {
                "row": row,
                "answer": answer,
                "met": sum(f.met for f in computed),
                "computed": len(computed),
                "judged": sum(code in answer.judgements for code, c in catalogue.criteria().items() if c.kind is CriterionKind.JUDGED),
                "failing": [f.code for f in computed if f.status is Status.NOT_MET],
            }
        )
    return render_template("trainhub/evaluation/index.html", page=found, rows=rows, on=on, labels=labels)


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=programmes.subject_of)
def show(programme: Programme) -> Any:
    """Ten requirements and 64 criteria."""
    on = asked_day()
    answer = assessed(programme, on)
    counts = {status: sum(f.status is status for f in answer.findings) for status in Status}
    kinds = {code: criterion.kind.value for code, criterion in catalogue.criteria().items()}
    return page(
        "show",
        programme,
        "show",
        on=on,
        answer=answer,
        counts=counts,
        kinds=kinds,
        texts={code: criterion.text for code, criterion in catalogue.criteria().items()},
        international=INTERNATIONAL,
        shown=shown,
    )


def shown(finding: Finding) -> tuple[str, str]:
    """Found and required as words with their unit."""
    unit = {"week": _("周"), "day": _("天"), "course": _("门"), "count": _("项"), "percent": "%", "person": _("人")}.get(finding.unit, "")

    def text(value: Any) -> str:
        if value is None:
            return "—"
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, int):
            return f"{value}{' ' if unit and unit != '%' else ''}{unit}"
        if isinstance(value, tuple):
            return _("%(n)s 项", n=len(value))
        return FOUND.told(value)

    return text(finding.found), text(finding.required)


@blueprint.route("/<code>/criteria/<number>", methods=["GET", "POST"])
@guard(Can.VIEW, load=load_criterion, subject=subject_of)
def criterion(thing: tuple[Programme, Criterion]) -> Any:
    """One criterion: what was found, who judged it; a person with the permission judges here."""
    programme, asked = thing
    on = asked_day()
    answer = assessed(programme, on)
    finding = next(f for f in answer.findings if f.code == asked.code)
    form = JudgementForm()
    is_open = asked.kind is CriterionKind.JUDGED or finding.status is Status.JUDGE
    may_judge = is_open and may(who(), Can.JUDGE, programmes.subject_of(programme))
    if form.is_submitted() and not may_judge:
        demand(who(), Can.JUDGE, programmes.subject_of(programme))
        raise Refused(_("%(code)s 由数据计算，不能由人填写结论。请补全或更正数据。", code=asked.code))
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    judging.record_judgement(
                        programme=programme,
                        criterion=asked.code,
                        result=form.result.data,
                        remark=form.remark.data or "",
                        finding=finding,
                        by=who(),
                        today=clock.today(),
                        now=clock.now(),
                    )
            return done(_("已记录判断。"), "evaluation.criterion", code=programme.code, number=asked.code)
        except Refused as refused:
            form.refuse(refused)
    body = page(
        "criterion",
        programme,
        "show",
        on=on,
        criterion=asked,
        finding=finding,
        values=shown(finding),
        history=judgements.judgements_of(programme.id, asked.code),
        form=form if may_judge else None,
        requirement=catalogue.requirements()[asked.requirement - 1],
    )
    return body, 422 if form.is_submitted() else 200


def _version_id(programme: Programme, on: date) -> int:
    wanted = request.args.get("version", type=int)
    if wanted is not None and any(row.id == wanted for row in programmes.versions_of(programme.id)):
        return wanted
    found = members_of(programme.id, on).version_id
    version = programmes.version_for(programme.id, on.year) if found is None else None
    return found or (version.id if version is not None else 0)


@blueprint.get("/<code>/coverage")
@guard(Can.VIEW, load=load, subject=programmes.subject_of)
def coverage(programme: Programme) -> Any:
    """SUP-1: graduation requirements by the 11 general standards, with the breaks of the path (002:295)."""
    on = clock.today()
    version_id = _version_id(programme, on)
    requirements = programmes.requirements_of(version_id)
    carried, _rows = _edges(version_id)
    paths = {r.id: any(is_assessed for p in r.points for _label, is_assessed in carried.get(p.id, ())) for r in requirements}
    return page(
        "coverage",
        programme,
        "coverage",
        version=programmes.version_by_id(version_id) if version_id else None,
        versions=programmes.versions_of(programme.id),
        requirements=requirements,
        standards=programmes.standards(),
        paths=paths,
    )


@blueprint.get("/<code>/attainment")
@guard(Can.VIEW, load=load, subject=programmes.subject_of)
def attainment(programme: Programme) -> Any:
    """M2.3: indicator points by courses and plan items, with delivery and assessment; gaps and orphans shown (002:401)."""
    on = clock.today()
    version_id = _version_id(programme, on)
    requirements = programmes.requirements_of(version_id)
    carried, courses = _edges(version_id)
    used = {label.split("·")[0] for rows in carried.values() for label, _is in rows}
    return page(
        "attainment",
        programme,
        "attainment",
        version=programmes.version_by_id(version_id) if version_id else None,
        versions=programmes.versions_of(programme.id),
        requirements=requirements,
        carried=carried,
        courses=courses,
        orphans=[course for course in courses if course.name not in used],
        reached=curriculum.attainment(version_id),
    )


def _edges(version_id: int) -> tuple[dict[int, list[tuple[str, bool]]], list[Any]]:
    """By point: what carries it and whether that is assessed; and the courses of the plan."""
    courses = curriculum.courses_of(version_id)
    objectives = {key: (course, number) for course in courses for key, number, _text in course.objectives}
    items = {item.id: item.title for item in field.plan_items_of(version_id)}
    found: dict[int, list[tuple[str, bool]]] = {}
    for cover in standards.covers_of_version(version_id):
        if cover.kind is TargetKind.OBJECTIVE and cover.target_id in objectives:
            course, number = objectives[cover.target_id]
            found.setdefault(cover.point_id, []).append((_("%(course)s·目标%(n)s", course=course.name, n=number), course.weight > 0))
        elif cover.kind is TargetKind.PLAN_ITEM and cover.target_id in items:
            found.setdefault(cover.point_id, []).append((items[cover.target_id], True))
    return found, courses
