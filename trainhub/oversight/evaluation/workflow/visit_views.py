"""Pages of the visit: planning by the association, the declaration, the form on a tablet, disagreement and consensus."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from trainhub.identity import queries as identity
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import catalogue, submitted
from trainhub.oversight.evaluation.forms import options
from trainhub.oversight.evaluation.permissions import Can, CaseSubject
from trainhub.oversight.evaluation.queries import field, staff
from trainhub.oversight.evaluation.submitted import Submitted
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.views import blueprint
from trainhub.oversight.evaluation.wording import shown
from trainhub.oversight.evaluation.workflow import diverging, former_queries, forms, queries
from trainhub.oversight.evaluation.workflow.models import Application, VisitExpert, VisitItem
from trainhub.oversight.evaluation.workflow.operations import calling_off, outside, visiting
from trainhub.oversight.evaluation.workflow.types import Opinion, State
from trainhub.oversight.evaluation.workflow.views import HERE, case_page, load_case, on_case, on_pair, programme_of


def load_item(key: int, item_id: int) -> tuple[Application, VisitItem]:
    """An item of the agenda of an application."""
    row, item = load_case(key), queries.visit_item(item_id)
    if item is None or item.application_id != row.id:
        raise NotFound(_("没有这项日程。"))
    return row, item


def load_expert(key: int, expert_id: int) -> tuple[Application, VisitExpert]:
    """An expert of an application."""
    row, expert = load_case(key), queries.expert(expert_id)
    if expert is None or expert.application_id != row.id:
        raise NotFound(_("没有这位专家。"))
    return row, expert


@blueprint.route("/applications/<int:key>/visit", methods=["GET", "POST"])
@guard(Can.ACT_ASSOCIATION, load=load_case, subject=on_case)
def plan_visit(row: Application) -> Any:
    """Days, agenda and experts of the visit; three small forms (`what` says which was sent)."""
    today = clock.today()
    sent = request.form.get("what", "") if request.method == "POST" else ""
    days = forms.VisitForm(
        request.form if sent == "days" else None, prefix="d-", starts_on=row.visit_starts_on, ends_on=row.visit_ends_on, version=row.version
    )
    if sent != "days":
        days.no_centre_reason.data = row.no_centre_reason
    agenda = forms.AgendaForm(request.form if sent == "agenda" else None, prefix="a-", on=row.visit_starts_on)
    programme = programme_of(row)
    agenda.base_id.choices = [SelectChoice("", "—"), *options(field.base_choices(programme.id))]
    experts = forms.ExpertForm(request.form if sent == "expert" else None, prefix="e-")
    taken = {one.account_id for one in queries.experts_of(row.id)}
    experts.account_id.choices = options(staff.expert_choices(today, taken))
    chosen: Any = {"days": days, "agenda": agenda, "expert": experts}.get(sent)
    if chosen is not None and chosen.validate():
        try:
            with transaction():
                if once(chosen.submission_key.data or ""):
                    _plan(row, sent, chosen)
            return done(_("已保存。"), "evaluation.plan_visit", key=row.id)
        except Refused as refused:
            chosen.refuse(refused)
    barred = outside.kept_out(row, who(), today)
    assigned, is_open = queries.experts_of(row.id), row.state in visiting.PLANNING and not barred
    accounts = identity.accounts_by_id(one.account_id for one in assigned) if is_open else {}
    body = case_page(
        "visit",
        row,
        "show",
        days=days,
        agenda_form=agenda,
        expert_form=experts,
        agenda=queries.agenda_of(row.id),
        experts=assigned,
        ties={key: staff.ties_to_university(one.person_id, key, programme, today) for key, one in accounts.items()},
        is_open=is_open,
        barred=barred,
    )
    return body, 422 if chosen is not None else 200


def _plan(row: Application, sent: str, form: Any) -> None:
    by: dict[str, Any] = {"by": who(), "now": clock.now()}
    if sent == "days":
        visiting.arrange(
            application=row,
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            no_centre_reason=form.no_centre_reason.data or "",
            version=form.version.data,
            **by,
        )
    elif sent == "agenda":
        facts: dict[str, Any] = {name: form[name].data or "" for name in ("starts", "ends", "place", "persons")}
        visiting.add_item(application=row, kind=form.kind.data, on=form.on.data, base_id=form.base_id.data, **facts, **by)
    else:
        account = identity.account(form.account_id.data)
        visiting.assign(application=row, account=account, is_leader=bool(form.is_leader.data), today=clock.today(), **by)


@blueprint.post("/applications/<int:key>/visit/call-off")
@guard(Can.ACT_ASSOCIATION, load=load_case, subject=on_case)
def call_off_visit(row: Application) -> Any:
    """Take the planned days back, with the reason."""
    with transaction():
        calling_off.call_off(
            application=row,
            reason=request.form.get("reason", ""),
            version=request.form.get("version", type=whole),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
    return done(_("已取消现场考查。"), "evaluation.plan_visit", key=row.id)


@blueprint.post("/applications/<int:key>/agenda/<int:item_id>/remove")
@guard(Can.ACT_ASSOCIATION, load=load_item, subject=on_pair)
def remove_item(pair: tuple[Application, VisitItem]) -> Any:
    """Take an item from the agenda."""
    row, item = pair
    with transaction():
        visiting.remove_item(application=row, item=item, by=who(), now=clock.now())
    return done(_("已删除。"), "evaluation.plan_visit", key=row.id)


@blueprint.post("/applications/<int:key>/experts/<int:expert_id>/end")
@guard(Can.ACT_ASSOCIATION, load=load_expert, subject=on_pair)
def end_expert(pair: tuple[Application, VisitExpert]) -> Any:
    """Take an expert off the visit."""
    row, expert = pair
    form = forms.EndForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明理由。"), field="reason")
    with transaction():
        visiting.end_assignment(expert=expert, reason=form.reason.data or "", has_conflict=bool(form.has_conflict.data), by=who(), now=clock.now())
    return done(_("已更换。"), "evaluation.plan_visit", key=row.id)


def _handed_in(row: Application) -> Submitted:
    """What was found when the reports were handed in: the same for every expert, on every day of the visit."""
    found = submitted.of_application(row, programme_of(row))
    if found is None:
        raise NotFound(_("报告还没有提交。"))
    return found


def _mine(row: Application) -> VisitExpert:
    expert = queries.assignment(row.id, who().account_id)
    if expert is None or expert.ended_at is not None:
        raise NotFound(_("你没有被指派参加这次考查。"))
    return expert


@blueprint.post("/applications/<int:key>/declare")
@guard(Can.DECLARE, load=load_case, subject=on_case)
def declare(row: Application) -> Any:
    """An expert declares whether there is a conflict."""
    form = forms.DeclareForm()
    if not form.validate_on_submit():
        raise Refused("".join(str(text) for errors in form.errors.values() for text in errors) or _("请选择一项。"))
    with transaction():
        visiting.declare(
            expert=_mine(row), has_conflict=form.has_conflict.data == "yes", conflict=form.conflict.data or "", by=who(), now=clock.now()
        )
    return done(_("已记录声明。"), HERE, key=row.id)


@blueprint.route("/applications/<int:key>/form", methods=["GET", "POST"])
@guard(Can.ACT_VISIT, load=load_case, subject=on_case)
def visit_form(row: Application) -> Any:
    """One expert's form, a requirement at a time: large choices for a tablet, what was computed beside each criterion."""
    expert, today = _mine(row), clock.today()
    days = queries.judging_days(row, today)
    parts = catalogue.requirements()
    number = min(max(request.args.get("r", 1, type=whole), 1), len(parts))
    part = parts[number - 1]
    said = queries.opinions_of(row.id).get(expert.id, {})
    typed: dict[str, tuple[str, str]] = {code: (one.opinion.value, one.remark) for code, one in said.items()}
    problem: Refused | None = None
    if request.method == "POST":
        opinions = []
        for criterion in part.criteria:
            value = request.form.get(f"opinion-{criterion.code}", "")
            remark = request.form.get(f"remark-{criterion.code}", "")
            typed[criterion.code] = (value, remark)
            if value in {one.value for one in Opinion}:
                opinions.append((criterion.code, Opinion(value), remark))
        try:
            with transaction():
                visiting.say(application=row, expert=expert, opinions=opinions, by=who(), today=today, now=clock.now())
            onward = number + 1 if number < len(parts) else number
            return done(_("已保存第 %(n)s 项专门要求的意见。", n=number), "evaluation.visit_form", key=row.id, r=onward)
        except Refused as refused:
            problem = refused
    kept = _handed_in(row)
    found = kept.findings
    body = case_page(
        "form",
        row,
        "form",
        expert=expert,
        part=part,
        all_parts=[(one, sum(c.code in said for c in one.criteria)) for one in parts],
        typed=typed,
        found=found,
        handed_in=kept,
        shown=shown,
        answered=len(said),
        total=len(catalogue.criteria()),
        problem=problem,
        opinions=Opinion,
        is_open=row.state is State.VISIT_SCHEDULED and expert.submitted_at is None and days is not None and days[0] <= today <= days[1],
        days=days,
        today=today,
        back=url_for(HERE, key=row.id),
    )
    return body, 422 if problem is not None else 200


@blueprint.post("/applications/<int:key>/form/submit")
@guard(Can.ACT_VISIT, load=load_case, subject=on_case)
def submit_form(row: Application) -> Any:
    """Submit one's form."""
    with transaction():
        visiting.submit_form(application=row, expert=_mine(row), by=who(), today=clock.today(), now=clock.now())
    return done(_("评价表已提交。"), "evaluation.consensus", key=row.id)


@blueprint.route("/applications/<int:key>/consensus", methods=["GET", "POST"])
@guard(Can.VIEW, load=load_case, subject=on_case)
def consensus(row: Application) -> Any:
    """Every expert's opinion side by side; where they differ the leader records what the group agreed on."""
    subject: CaseSubject = on_case(row)
    form = forms.ConsensusForm()
    if form.is_submitted():
        demand(who(), Can.ACT_VISIT, subject)
    if form.validate_on_submit():
        try:
            with transaction():
                visiting.agree(
                    application=row,
                    expert=_mine(row),
                    criterion=form.criterion.data or "",
                    opinion=form.opinion.data,
                    remark=form.remark.data or "",
                    by=who(),
                    today=clock.today(),
                    now=clock.now(),
                )
            return done(_("已记录一致意见。"), "evaluation.consensus", key=row.id)
        except Refused as refused:
            form.refuse(refused)
    experts = queries.experts_of(row.id)
    said, agreed = queries.opinions_of(row.id), queries.consensus_of(row.id)
    mine = queries.assignment(row.id, who().account_id)
    is_leader = mine is not None and mine.is_leader and mine.ended_at is None and may(who(), Can.ACT_VISIT, subject)
    all_in = bool(experts) and all(one.submitted_at is not None for one in experts if one.declared_at is not None and not one.has_conflict)
    readable = queries.readable_by(row, who().account_id)
    if readable is not None:
        said, agreed = {key: one for key, one in said.items() if key in readable}, {}
    kept = _handed_in(row)
    found = kept.findings
    rows = []
    for criterion in catalogue.criteria().values():
        opinions = {one.id: said.get(one.id, {}).get(criterion.code) for one in experts}
        different = len({one.opinion for one in opinions.values() if one is not None}) > 1
        finding, one = found[criterion.code], agreed.get(criterion.code)
        is_beside_data = any(o is not None and diverging.differs(finding, o.opinion) for o in (*opinions.values(), one))
        rows.append((criterion, opinions, different, one, finding if criterion.kind is CriterionKind.COMPUTED else None, is_beside_data))
    body = case_page(
        "consensus",
        row,
        "consensus",
        experts=[one for one in experts if readable is None or one.id in readable],
        rows=rows,
        handed_in=kept,
        form=form if is_leader and all_in and row.state is State.VISIT_SCHEDULED else None,
        all_in=all_in,
        is_partly=readable is not None,
        former=former_queries.former_of(row.id, agreed) if readable is None else [],
        wanted=request.args.get("c", ""),
        only=request.args.get("only", ""),
    )
    return body, 422 if form.is_submitted() else 200
