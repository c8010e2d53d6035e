"""Pages of evaluation: every programme's readiness, one programme clause by clause, a criterion with its judgements, both matrices."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.permissions import Can as CourseCan
from enterprises.placements.labels import TAGS
from trainhub.kernel import clock, paging
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_day, whole
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import behind, catalogue, deciding, labels, readiness, registry, standings, submitted
from trainhub.oversight.evaluation.documents import report
from trainhub.oversight.evaluation.forms import JudgementForm
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import READERS, Can, CaseSubject
from trainhub.oversight.evaluation.queries import evidence, judgements, opinions
from trainhub.oversight.evaluation.rules.verdict import INTERNATIONAL
from trainhub.oversight.evaluation.store import catalogue as stored
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.submitted import Submitted
from trainhub.oversight.evaluation.types import Assessment, Case, Criterion, CriterionKind
from trainhub.oversight.evaluation.wording import shown
from trainhub.oversight.evaluation.workflow import diverging
from trainhub.oversight.evaluation.workflow import queries as cases
from trainhub.oversight.evaluation.workflow.words import OPINIONS, recorder
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.permissions import Can as ProgrammeCan

blueprint = Blueprint("evaluation", __name__, url_prefix="/evaluation")


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


def on_programme(programme: Programme) -> CaseSubject:
    """What the pages of a programme are judged on today: its scope, the offices that handle it, the experts of its visit.

    Asked once a request: the guard, the page and its buttons judge the same.
    """
    known: dict[int, CaseSubject] = request.environ.setdefault("trainhub.evaluation_subjects", {})
    if programme.id not in known:
        known[programme.id] = cases.subject_of_programme(programme, clock.today())
    return known[programme.id]


def subject_of(thing: tuple[Programme, Any]) -> CaseSubject:
    """What a pair with a programme is judged on."""
    return on_programme(thing[0])


def asked_day() -> date:
    """The day of the address; today when it says none. Beyond these years the clocks of the rules would leave the calendar."""
    text = request.args.get("on", "")
    if not text:
        return clock.today()
    try:
        return a_day(text)
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text[:20]), field="on") from wrong


def assessed(programme: Programme, on: date) -> Assessment:
    """The answer, or a refusal in words for a day without rules."""
    return looked(programme, on)[0]


def looked(programme: Programme, on: date) -> tuple[Assessment, Case]:
    """The same with the case it was given on."""
    try:
        return readiness.look(programme, on)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none


def handed_in(programme: Programme) -> Submitted | None:
    """What the reader reads as it was handed in: an expert of a visit always, whoever reads the programme where the address asks for it.

    None: the reader reads what stands. An expert who is assigned twice reads the newer submission.
    """
    wanted = request.args.get("submitted", type=whole)
    reads_work = may(who(), Can.VIEW_WORK, on_programme(programme))
    if reads_work and wanted is None:
        return None
    rows = [row for row in cases.applications_of(programme.id) if row.submitted_at is not None]
    if reads_work:
        rows = [row for row in rows if row.id == wanted]
    else:
        rows = [row for row in rows if cases.is_visiting(cases.assignment(row.id, who().account_id))]
    if not rows:
        raise NotFound(_("这个专业没有这次提交。"))
    return submitted.of_application(rows[0], programme)


def changed_since(programme: Programme, answer: Assessment) -> tuple[Submitted | None, list[tuple[Finding, Finding]]]:
    """The submission that the experts read now, and (then, now) of every criterion that stands otherwise since."""
    if not on_programme(programme).is_submitted:
        return None, []
    row = cases.open_of(programme.id)
    before = submitted.of_application(row, programme) if row is not None else None
    return before, submitted.changes(before.answer, answer) if before is not None else []


OF_WORK = frozenset(["report", "evidence", "coverage", "attainment", "registers", "history", "simulate"])
"""The pages of what the programme works with: closed to the experts of a visit, who read what was handed in."""


def tabs(programme: Programme, current: str) -> list[dict[str, Any]]:
    """The pages of a programme's evaluation that the reader may open."""
    pages = (
        ("show", _("达标情况"), url_for("evaluation.show", code=programme.code)),
        ("cases", _("申请与考查"), url_for("evaluation.programme_cases", code=programme.code)),
        ("report", _("补充报告"), url_for("evaluation.supplementary", code=programme.code)),
        ("evidence", _("佐证材料"), url_for("evaluation.evidence", code=programme.code)),
        ("coverage", _("通用标准覆盖矩阵"), url_for("evaluation.coverage", code=programme.code)),
        ("attainment", _("标准实现矩阵"), url_for("evaluation.attainment", code=programme.code)),
        ("registers", _("登记簿"), url_for("evaluation.registers", code=programme.code)),
        ("history", _("变化与比较"), url_for("evaluation.history", code=programme.code)),
        ("simulate", _("推演"), url_for("evaluation.simulate", code=programme.code)),
    )
    opens_work = may(who(), Can.VIEW_WORK, on_programme(programme))
    return [{"label": label, "url": url, "current": key == current} for key, label, url in pages if opens_work or key not in OF_WORK]


def page(template: str, programme: Programme, current: str, **more: Any) -> str:
    """A page of one programme with its tabs. Offices that only handle the evaluation are led to no page of the programme itself."""
    university = organisations.by_id(programme.university_id)
    subject = on_programme(programme)
    return render_template(
        f"trainhub/evaluation/{template}.html",
        programme=programme,
        university=university,
        tabs_of_page=tabs(programme, current),
        labels=labels,
        can=Can,
        subject=subject,
        opens_work=may(who(), Can.VIEW_WORK, subject),
        opens_programme=may(who(), ProgrammeCan.VIEW, subject),
        opens_curriculum=may(who(), CourseCan.CURRICULUM_VIEW, subject),
        **more,
    )


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The programmes the reader sees, with how ready they are. An expert who reads no programme is led to the visits."""
    if not who().has(*READERS):
        return redirect(url_for("evaluation.applications"), 303)
    on = asked_day()
    number, _size = paging.wanted()
    found = paging.paginate(standings.wanted(who(), request.args), number=number, size=standings.PAGE, scalars=False)
    listed = [programmes.as_row(item) for item in found.items]
    rows = [standings.of_answer(row, assessed(standings.programme_of(row), on)) for row in listed]
    return render_template("trainhub/evaluation/index.html", page=found, rows=rows, on=on, labels=labels)


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=on_programme)
def show(programme: Programme) -> Any:
    """Ten requirements and 64 criteria."""
    kept = handed_in(programme)
    on = kept.on if kept is not None else asked_day()
    answer = kept.answer if kept is not None else assessed(programme, on)
    before, changes = changed_since(programme, answer) if kept is None else (None, [])
    counts = {status: sum(f.status is status for f in answer.findings) for status in Status}
    agreed = _agreed(programme, kept, on)
    kinds = {code: criterion.kind.value for code, criterion in catalogue.criteria().items()}
    return page(
        "show",
        programme,
        "show",
        on=on,
        kept=kept,
        as_of=_as_of(kept, on),
        before=before,
        changes=changes,
        answer=answer,
        counts=counts,
        kinds=kinds,
        texts={code: labels.worded(criterion) for code, criterion in catalogue.criteria().items()},
        international=INTERNATIONAL,
        shown=shown,
        agreed=agreed,
        divergences=diverging.among(answer.findings, agreed),
        opinions=OPINIONS,
    )


def _agreed(programme: Programme, kept: Submitted | None, on: date) -> Any:
    return opinions.latest_of(programme.id, clock.today(), kept.application_id) if kept is not None else opinions.latest_of(programme.id, on)


def _as_of(kept: Submitted | None, on: date) -> dict[str, Any]:
    """What the links of a page carry, so that the next one speaks of the same day."""
    return {"submitted": kept.application_id} if kept is not None else {"on": on.isoformat()}


@blueprint.route("/<code>/criteria/<number>", methods=["GET", "POST"])
@guard(Can.VIEW, load=load_criterion, subject=subject_of)
def criterion(thing: tuple[Programme, Criterion]) -> Any:
    """One criterion: what was found, who judged it; a person with the permission judges here."""
    programme, asked = thing
    kept = handed_in(programme)
    on = kept.on if kept is not None else asked_day()
    if kept is not None:
        finding, table = kept.findings[asked.code], kept.behind.get(asked.code)
        before = None
    else:
        answer, case = looked(programme, on)
        finding, table = next(f for f in answer.findings if f.code == asked.code), behind.behind(case, asked.code)
        before = next((was for was, now in changed_since(programme, answer)[1] if now.code == asked.code), None)
    history = judgements.judgements_of(programme.id, asked.code)
    form = JudgementForm(data={"version": history[0].id if history else 0})
    raw = deciding.asked_of(programme, on, case)[asked.code] if kept is None else finding  # a judgement is judged over, as of every other criterion
    is_open = asked.kind is CriterionKind.JUDGED or raw.status is Status.JUDGE
    may_judge = is_open and kept is None and may(who(), Can.JUDGE, on_programme(programme))
    if form.is_submitted() and not may_judge:
        if on_programme(programme).is_submitted and may(who(), Can.EDIT_REGISTER, on_programme(programme)):
            raise NotAllowed(_("评价申请已提交，作出结论之前由专家判断，专业不能再自行判断。"))
        demand(who(), Can.JUDGE, on_programme(programme))
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
                        finding=raw,
                        seen=form.version.data,
                        check=lambda: _may_still_judge(programme),
                        is_anew=deciding.is_anew(programme, asked.code, clock.today()),
                        by=who(),
                        today=clock.today(),
                        now=clock.now(),
                    )
            return done(_("已记录判断。"), "evaluation.criterion", code=programme.code, number=asked.code)
        except Refused as refused:
            form.refuse(refused)
    barred = deciding.kept_out(programme, who(), clock.today()) if may_judge else ""
    agreed = _agreed(programme, kept, on).get(asked.code)
    body = page(
        "criterion",
        programme,
        "show",
        on=on,
        kept=kept,
        as_of=_as_of(kept, on),
        before=before,
        materials=_materials(programme, asked.requirement, on, kept),
        registers=registry.of_criterion(asked.code) if kept is None else [],
        tags=evidence.tags_of_logs(programme.id, on) if asked.code == submitted.OF_LOGS and kept is None else [],
        tag_names=TAGS,
        criterion=asked,
        finding=finding,
        behind=table,
        most=len(table.rows) if table is not None and "all" in request.args else behind.MOST,
        agreed=agreed,
        recorder=recorder,
        is_divergent=agreed is not None and diverging.differs(finding, agreed.opinion),
        opinions=OPINIONS,
        values=shown(finding),
        history=[row for row in judgements.judgements_of(programme.id, asked.code) if kept is None or row.judged_at <= kept.at],
        form=form if may_judge and not barred else None,
        barred=barred,
        requirement=catalogue.requirements()[asked.requirement - 1],
        places=report.places(programme.id, asked.requirement, is_handed_in=kept is not None),
        is_with_experts=on_programme(programme).is_submitted,
    )
    return body, 422 if form.is_submitted() else 200


def _may_still_judge(programme: Programme) -> None:
    """Asked behind the lock: an application may have been submitted or concluded since the page was opened."""
    deciding.check_outside(programme, who(), clock.today())
    demand(who(), Can.JUDGE, cases.subject_of_programme(programme, clock.today()))


def _materials(programme: Programme, requirement: int, on: date, kept: Submitted | None) -> list[tuple[Any, list[Any]]]:
    """The materials of a requirement with what stands under each: on a day, or as it was handed in."""
    found: dict[str, list[Any]] = {}
    if kept is not None:
        for one, _file in store.frozen_of(kept.application_id):
            found.setdefault(one.code, []).append(one)
    else:
        for held in store.held_by(programme.id):
            for code in held.codes if held.stands_on(on) else ():
                found.setdefault(code, []).append(held)
    return [(m, found.get(m.code, [])) for m in stored.materials().values() if m.requirement == requirement]
