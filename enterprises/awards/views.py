"""Pages of awards: bases x rules, one award with every condition on one page, the list of decisions, the 27 incentives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request

from enterprises.awards import forms, funds, labels, operations, queries, steps
from enterprises.awards.models import Award
from enterprises.awards.showing import shown
from enterprises.awards.specs import SPECS
from enterprises.awards.types import TAKEN, TRANSITIONS, Action, AwardState, Entitlement, RuleCode, StepKind, Verdict, Who
from enterprises.permissions import Can
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import Form, once
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

blueprint = Blueprint("awards", __name__, url_prefix="/awards")
Pair = tuple[Organisation, RuleCode]


def asked_day() -> date:
    """The day of the address, today without one."""
    text = request.args.get("on", "")
    try:
        return date.fromisoformat(text) if text else clock.today()
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text[:20]), field="on") from wrong


def load_base(code: str) -> Organisation:
    """The base of an address."""
    row = queries.base_by_code(code)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的基地。", code=code[:60]))
    return row


def load_pair(code: str, rule: str) -> Pair:
    """A base and a rule."""
    found = next((one for one in RuleCode if one.value == rule), None)
    if found is None:
        raise NotFound(_("没有这项奖励。"))
    return load_base(code), found


def load(award_id: int) -> Award:
    """The award of an address."""
    row = queries.award(award_id)
    if row is None:
        raise NotFound(_("没有这项奖励申请。"))
    return row


@blueprint.get("/bases/<code>")
@guard(Can.AWARD_VIEW, load=load_base, subject=queries.base_subject)
def base(row: Organisation) -> Any:
    """Every rule of one base: eligible, or exactly what is missing."""
    on = asked_day()
    return render_template(
        "enterprises/awards/base.html",
        base=row,
        answers=queries.entitlements_of(row.id, on),
        awards=queries.awards_of(row.id),
        labels=labels,
        shown=shown,
        on=on,
        may_apply=may(who(), Can.AWARD_APPLY, queries.base_subject(row)),
        not_of_type=Verdict.NOT_OF_TYPE,
        can_apply=(Verdict.ELIGIBLE, Verdict.TO_JUDGE, Verdict.MISSING),
    )


@blueprint.get("/bases/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=lambda pair: queries.base_subject(pair[0]))
def apply_form(pair: Pair) -> Any:
    """The form of an application."""
    return _apply_page(pair, forms.ApplyForm())


def _apply_page(pair: Pair, form: forms.ApplyForm, status: int = 200) -> Any:
    answer = next(one for one in queries.entitlements_of(pair[0].id, clock.today()) if one.rule is pair[1])
    page = render_template("enterprises/awards/apply.html", base=pair[0], rule=pair[1], answer=answer, form=form, labels=labels, shown=shown)
    return page, status


@blueprint.post("/bases/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=lambda pair: queries.base_subject(pair[0]))
def apply(pair: Pair) -> Any:
    """Apply, with the evidence."""
    form, code, rule = forms.ApplyForm(), pair[0].code, pair[1]
    if not form.validate_on_submit():
        return _apply_page(pair, form, 422)
    try:
        with transaction():
            kept = [
                files.keep(one.stream, name=one.filename, kind="award", by=who(), now=clock.now(), allowed=sniff.EVIDENCE | sniff.DOCUMENTS).id
                for one in form.files.data or []
                if getattr(one, "filename", "")
            ]
            made = operations.apply(
                base=load_base(code), rule=rule, statement=form.statement.data or "", evidence=kept, by=who(), today=clock.today(), now=clock.now()
            )
            key = made.id
    except Refused as refused:
        form.refuse(refused)
        return _apply_page(load_pair(code, rule.value), form, refused.status)
    return done(_("申请已提交，由主管部门认定。"), "awards.show", award_id=key)


# -- one award ----------------------------------------------------------------------------------------------------------


@blueprint.get("/<int:award_id>")
@guard(Can.AWARD_VIEW, load=load, subject=queries.award_subject)
def show(row: Award) -> Any:
    """One award: conditions with clauses, the next step, the history."""
    return _page(row, {})


def _examine_forms(row: Award, given: dict[StepKind, Form]) -> dict[StepKind, Form]:
    """The forms of the check and of the inspection, for who may fill them now."""
    if row.state is not AwardState.APPLIED:
        return {}
    found: dict[StepKind, Form] = {}
    check = steps.latest(row.id).get(StepKind.CHECK)
    if may(who(), Can.AWARD_CHECK, queries.award_subject(row)):
        found[StepKind.CHECK] = given.get(StepKind.CHECK) or forms.ExamineForm(formdata=None, on=clock.today()).apart("check")
    if check is not None and check.is_positive and operations.may_act(who(), RuleCode(row.rule), Who.DEPARTMENT):
        found[StepKind.INSPECTION] = given.get(StepKind.INSPECTION) or forms.ExamineForm(formdata=None, on=clock.today()).apart("inspection")
    return {**given, **found}


def _page(row: Award, given: dict[Action, Form], status: int = 200, *, examine: dict[StepKind, Form] | None = None) -> Any:
    rule, today = RuleCode(row.rule), clock.today()
    base_row = organisations.by_id(row.base_id)
    answer = next(one for one in queries.entitlements_of(row.base_id, today) if one.rule is rule)
    may_do = [
        a for a in Action if a is not Action.APPLY and row.state in TRANSITIONS[a].before and operations.may_act(who(), rule, TRANSITIONS[a].who)
    ]
    made: dict[Action, Form] = {}
    for action in may_do:
        if action in FORMS:
            made[action] = given.get(action) or _fresh(FORMS[action], row, answer, today)
    is_frozen = row.state in (AwardState.DECIDED, AwardState.PAID, AwardState.CLOSED, AwardState.REVOKED)
    page = render_template(
        "enterprises/awards/show.html",
        award=row,
        base=base_row,
        rule=rule,
        spec=SPECS[rule],
        answer=answer,
        findings=[shown(f) for f in (row.findings if is_frozen else answer.findings)],
        is_frozen=is_frozen,
        actions=may_do,
        forms=made,
        evidence=[session().get_one(StoredFile, key) for key in row.evidence],
        history=organisations.history_of("award", row.id),
        examined=steps.steps_of(row.id),
        examine=_examine_forms(row, examine or {}),
        pool=funds.pool(row.pool_id) if row.pool_id else None,
        may_publish=row.state in TAKEN and row.published_on is None and operations.may_act(who(), rule, Who.DEPARTMENT),
        labels=labels,
        steps=_steps(row),
    )
    return page, status


def _steps(row: Award) -> list[dict[str, Any]]:
    order = (AwardState.APPLIED, AwardState.RECOGNISED, AwardState.ACCEPTED, AwardState.DECIDED, AwardState.PAID, AwardState.CLOSED)
    days = (row.applied_on, row.recognised_on, row.accepted_on, row.decided_on, row.paid_on, row.ended_on)
    at = order.index(row.state) if row.state in order else -1
    return [
        {
            "label": labels.STATES[state],
            "text": day.isoformat() if day else "",
            "state": "done" if place <= at or day else "current" if place == at + 1 else "todo",
        }
        for place, (state, day) in enumerate(zip(order, days, strict=True))
    ]


FORMS: dict[Action, type[Form]] = {
    Action.RECOGNISE: forms.StepForm,
    Action.ACCEPT: forms.StepForm,
    Action.DECIDE: forms.DecideForm,
    Action.PAY: forms.PayForm,
}


def _fresh(kind: type[Form], row: Award, answer: Entitlement, today: date) -> Form:
    form = kind(formdata=None)
    form.version.data = row.version
    if isinstance(form, forms.StepForm | forms.PayForm):
        form.on.data = today
    if isinstance(form, forms.DecideForm):
        form.payer.data, form.overlap_group.data = row.payer, row.overlap_group
        if answer.amount_min_fen is not None and answer.amount_min_fen == answer.amount_max_fen:
            from decimal import Decimal

            form.amount.data = Decimal(answer.amount_min_fen) / 100
    return form


@blueprint.get("/<int:award_id>/evidence/<int:file_id>")
@guard(Can.AWARD_VIEW, load=lambda award_id, file_id: (load(award_id), file_id), subject=lambda pair: queries.award_subject(pair[0]))
def evidence(pair: tuple[Award, int]) -> Any:
    """A file of the application."""
    if pair[1] not in pair[0].evidence:
        raise NotFound(_("没有这份材料。"))
    file = session().get_one(StoredFile, pair[1])
    return send(file)


def _step(row: Award, action: Action, form: Form | None, do: Callable[[Award], Award]) -> Any:
    """One step: form, one operation, and the page again with the refusal."""
    key = row.id
    if form is not None and not form.validate_on_submit():
        return _page(row, {action: form}, 422)
    try:
        with transaction():
            if form is None or once(form.submission_key.data or ""):
                do(load(key))
    except Refused as refused:
        if form is None:
            raise
        form.refuse(refused)
        return _page(load(key), {action: form}, refused.status)
    return done(_("已办理：%(action)s。", action=labels.ACTIONS[action]), "awards.show", award_id=key)


def _version(form: Form) -> int | None:
    return form.version.data or None


@blueprint.post("/<int:award_id>/recognise")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def recognise(row: Award) -> Any:
    """认定."""
    form = forms.StepForm()
    return _step(
        row,
        Action.RECOGNISE,
        form,
        lambda award: operations.recognise(
            award=award,
            on=form.on.data or clock.today(),
            document=form.document.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=_version(form),
        ),
    )


@blueprint.post("/<int:award_id>/accept")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def accept(row: Award) -> Any:
    """验收."""
    form = forms.StepForm()
    return _step(
        row,
        Action.ACCEPT,
        form,
        lambda award: operations.accept(
            award=award,
            on=form.on.data or clock.today(),
            document=form.document.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=_version(form),
        ),
    )


@blueprint.post("/<int:award_id>/decide")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def decide(row: Award) -> Any:
    """The amount, with minutes."""
    form = forms.DecideForm()
    return _step(
        row,
        Action.DECIDE,
        form,
        lambda award: operations.decide(
            award=award,
            amount_fen=form.amount_fen(),
            minutes=form.minutes.data or "",
            conference_minutes=form.conference_minutes.data or "",
            payer=form.payer.data or "",
            overlap_group=form.overlap_group.data,
            judgement=form.judgement.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=_version(form),
        ),
    )


@blueprint.post("/<int:award_id>/pay")
@guard(Can.AWARD_PAY, load=load, subject=queries.award_subject)
def pay(row: Award) -> Any:
    """The payment."""
    form = forms.PayForm()
    return _step(
        row,
        Action.PAY,
        form,
        lambda award: operations.pay(
            award=award,
            on=form.on.data or clock.today(),
            reference=form.reference.data or "",
            pool_id=form.pool.data or None,
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=_version(form),
        ),
    )


@blueprint.post("/<int:award_id>/close")
@guard(Can.AWARD_PAY, load=load, subject=queries.award_subject)
def close(row: Award) -> Any:
    """Close a paid award."""
    return _step(row, Action.CLOSE, None, lambda award: operations.close(award=award, by=who(), today=clock.today(), now=clock.now()))


def _reason() -> dict[str, Any]:
    return {"reason": request.form.get("reason", ""), "by": who(), "today": clock.today(), "now": clock.now()}


@blueprint.post("/<int:award_id>/reject")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def reject(row: Award) -> Any:
    """Reject with a reason."""
    return _step(row, Action.REJECT, None, lambda award: operations.reject(award=award, **_reason()))


@blueprint.post("/<int:award_id>/revoke")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def revoke(row: Award) -> Any:
    """Revoke with a reason."""
    return _step(row, Action.REVOKE, None, lambda award: operations.revoke(award=award, **_reason()))
