"""Pages of awards: bases x rules, one award with every condition on one page, the list of decisions, the 27 incentives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from enterprises.awards import forms, labels, operations, queries, rules, steps
from enterprises.awards.models import Award
from enterprises.awards.showing import figures_of, shown, way_of
from enterprises.awards.specs import spec_of, terms_of
from enterprises.awards.types import OF_BASES, OPEN, TAKEN, TRANSITIONS, Action, AwardState, Entitlement, PoolKind, RuleCode, StepKind, Verdict, Who
from enterprises.permissions import Can
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import Form
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_day
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.permissions import Can as Organisations

blueprint = Blueprint("awards", __name__, url_prefix="/awards")
Pair = tuple[Organisation, RuleCode]


def asked_day() -> date:
    """The day of the address, today without one."""
    text = request.args.get("on", "")
    try:
        return a_day(text) if text else clock.today()
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text[:20]), field="on") from wrong


def load_base(code: str) -> Organisation:
    """The base of an address."""
    return found(queries.base_by_code(code), _("没有代码为 %(code)s 的基地。", code=code[:60]))


def load_pair(code: str, rule: str) -> Pair:
    """A base and a rule."""
    return load_base(code), found(next((one for one in RuleCode if one.value == rule), None), _("没有这项奖励。"))


def load(award_id: int) -> Award:
    """The award of an address."""
    return found(queries.award(award_id), _("没有这项奖励申请。"))


@blueprint.get("/bases/<code>")
@guard(Can.AWARD_VIEW, load=load_base, subject=organisations.subject_of)
def base(row: Organisation) -> Any:
    """Every rule of one base: eligible, or exactly what is missing."""
    return base_page(row)


def credit_card(row: Organisation, form: Form | None = None) -> dict[str, Any]:
    """What is known of somebody's credit, and the form for who may enter a look-up (`form`: one that was refused)."""
    if form is None and may(who(), Can.CREDIT_EDIT):
        form = forms.CreditForm(formdata=None, on=clock.today()).apart("credit")
    unseen = [entry for _key, entry in queries.listed_unseen([row.id], clock.today())]
    return {"code": row.code, "checks": queries.checks_of(row.id), "unseen": unseen, "form": form}


def base_page(row: Organisation, form: Form | None = None, status: int = 200) -> Any:
    """The page of a base; `form`: a look-up of its credit that was refused."""
    on = asked_day()
    answers, given = queries.entitlements_of(row.id, on), queries.given_to(row.id, on)
    page = render_template(
        "enterprises/awards/base.html",
        base=row,
        answers=answers,
        rising={one.rule for one in answers if rules.overtakes(one, given)},
        awards=queries.awards_of(row.id),
        labels=labels,
        shown=shown,
        on=on,
        may_apply=may(who(), Can.AWARD_APPLY, organisations.subject_of(row)),
        not_of_type=Verdict.NOT_OF_TYPE,
        can_apply=(Verdict.ELIGIBLE, Verdict.TO_JUDGE, Verdict.MISSING),
        credit=credit_card(row, form) if row.uscc or row.credit_status else None,
    )
    return page, status


@blueprint.get("/bases/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=lambda pair: organisations.subject_of(pair[0]))
def apply_form(pair: Pair) -> Any:
    """The form of an application."""
    return _apply_page(pair, forms.ApplyForm())


def _apply_page(pair: Pair, form: forms.ApplyForm, status: int = 200) -> Any:
    answer = next(one for one in queries.entitlements_of(pair[0].id, clock.today()) if one.rule is pair[1])
    page = render_template("enterprises/awards/apply.html", base=pair[0], rule=pair[1], answer=answer, form=form, labels=labels, shown=shown)
    return page, status


@blueprint.post("/bases/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=lambda pair: organisations.subject_of(pair[0]))
def apply(pair: Pair) -> Any:
    """Apply, with the evidence."""
    form, code, rule = forms.ApplyForm(), pair[0].code, pair[1]

    def do() -> int:
        made = operations.apply(
            base=load_base(code),
            rule=rule,
            statement=form.statement.data or "",
            evidence=kept_files(form),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        return made.id

    return submit(
        form, do, again=lambda status: _apply_page(load_pair(code, rule.value), form, status), then=lambda key: applied(key, "awards.base", code)
    )


def kept_files(form: forms.ApplyForm | forms.SupplementForm) -> list[int]:
    """The ids of the files that came with an application, kept."""
    allowed = sniff.EVIDENCE | sniff.DOCUMENTS
    sent = [one for one in form.files.data or [] if getattr(one, "filename", "")]
    return [files.keep(one.stream, name=one.filename, kind="award", by=who(), now=clock.now(), allowed=allowed).id for one in sent]


def applied(award_id: int | None, whose: str, code: str) -> Any:
    """After an application: its page, or the page of `whose` awards it was made from when the form was sent twice."""
    if award_id is None:
        return redirect(url_for(whose, code=code), 303)
    return done(_("申请已提交，由主管部门办理。"), "awards.show", award_id=award_id)


# -- one award ----------------------------------------------------------------------------------------------------------


@blueprint.get("/<int:award_id>")
@guard(Can.AWARD_VIEW, load=load, subject=queries.award_subject)
def show(row: Award) -> Any:
    """One award: conditions with clauses, the next step, the history."""
    return page_of(row)


def _examine_forms(row: Award, given: dict[StepKind, Form]) -> dict[StepKind, Form]:
    """The forms of the check, the inspection and the conference, for who may fill them now."""
    check = queries.latest_steps(row.id).get(StepKind.CHECK)
    is_checked = check is not None and check.is_positive
    open_to = {
        StepKind.CHECK: operations.may_check(row, who()),
        StepKind.INSPECTION: is_checked and operations.may_act(who(), row.rule, Who.DEPARTMENT),
        StepKind.CONFERENCE: operations.may_act(who(), row.rule, Who.CONFERENCE) and not operations.hand_before(row, Action.CONFER, who()),
    }
    fresh = {
        kind: forms.ExamineForm(formdata=None, on=clock.today(), version=row.version).apart(kind.value)
        for kind, is_open in open_to.items()
        if is_open and steps.is_open(row, kind, clock.today()) and not steps.is_own(row, kind, who())
    }
    return {**fresh, **given}


def page_of(
    row: Award,
    given: dict[Action, Form] | None = None,
    status: int = 200,
    *,
    examine: dict[StepKind, Form] | None = None,
    supplement: forms.SupplementForm | None = None,
    recovering: forms.RecoverForm | None = None,
    said: str = "",
) -> Any:
    """The page of an award, with forms that were refused; `said`: why a button did nothing."""
    today = clock.today()
    organisation = organisations.by_id(row.organisation_id)
    answer = queries.answer_of(row, today)
    may_do = [
        a
        for a in Action
        if a not in (Action.APPLY, Action.CONFER) and rules.may_follow(row.state, a, row.rule) and operations.may_take(who(), row, TRANSITIONS[a].who)
    ]
    barred = [(labels.ACTIONS[a], did) for a in (*may_do, *CONFER_OPEN.get(row.state, ())) if (did := operations.hand_before(row, a, who()))]
    may_do = [a for a in may_do if not operations.hand_before(row, a, who())]
    lacking = {
        a: missing for a in may_do if a in RESTS_ON_CHECK and (missing := steps.lacks(row, needs_inspection=a is Action.RECOGNISE, today=today))
    }
    may_do = [a for a in may_do if a not in lacking]
    made = {action: (given or {}).get(action) or _fresh(FORMS[action], row, answer, today) for action in may_do if action in FORMS}
    if supplement is None and operations.may_supplement(row) and may(who(), Can.AWARD_APPLY, queries.award_subject(row)):
        supplement = forms.SupplementForm(formdata=None, version=row.version).apart("supplement")
    history = organisations.history_of("award", row.id)
    is_rejected = row.state is AwardState.REJECTED  # those of before kept the findings of the application
    is_frozen = row.state in (AwardState.CONFERENCE, *TAKEN, AwardState.REVOKED) or (
        is_rejected and any(event.data.get("keeps_findings") for event in history)
    )
    # Somebody else was faster: the step is not offered any more, yet whoever sent its form has to read why nothing was done.
    untold = [str(one) for action, form in (given or {}).items() if action not in made for errors in form.errors.values() for one in errors]
    untold += [said] if said else []
    page = render_template(
        "enterprises/awards/show.html",
        award=row,
        organisation=organisation,
        is_base=row.rule in OF_BASES,
        rule=row.rule,
        spec=spec_of(row.rule),
        answer=answer,
        overlaps=[] if row.state is AwardState.REVOKED else queries.overlaps_of(row, today),
        findings=[shown(f) for f in (row.findings if is_frozen else answer.findings)],
        is_frozen=is_frozen,
        actions=may_do,
        forms=made,
        untold=untold,
        barred=barred,
        lacking=dict.fromkeys(str(one) for one in lacking.values() if one.code != "check_outdated"),
        evidence=[session().get_one(StoredFile, key) for key in row.evidence],
        history=history,
        examined=queries.steps_of(row.id),
        figures=figures_of(row),
        supplement=supplement,
        examine=_examine_forms(row, examine or {}),
        is_to_recover=queries.is_to_recover(row),
        recovering=recovering or _recover_form(row),
        pool=queries.pool(row.pool_id) if row.pool_id else None,
        lacks_region=row.state is AwardState.APPLIED and operations.lacks_region(row) and may(who(), Organisations.EDIT, queries.award_subject(row)),
        changed=queries.changed_since_check(row, today) if row.state in OPEN else [],
        may_publish=row.state in TAKEN and row.published_on is None and operations.may_act(who(), row.rule, Who.DEPARTMENT),
        labels=labels,
        steps=way_of(row),
    )
    return page, status


def _recover_form(row: Award) -> forms.RecoverForm | None:
    """For who may record that the money of a revoked award came back."""
    is_open = queries.is_to_recover(row) and may(who(), Can.AWARD_PAY, queries.award_subject(row)) and operations.may_take(who(), row, Who.PAYER)
    return forms.RecoverForm(formdata=None, on=clock.today(), version=row.version).apart("recover") if is_open else None


RESTS_ON_CHECK = (Action.RECOGNISE, Action.ACCEPT, Action.DECIDE)
"""What `steps.require` refuses without the check and the inspection; of figures that have changed since the page has a notice of its own."""
CONFER_OPEN = {AwardState.CONFERENCE: (Action.CONFER,)}
FORMS: dict[Action, type[Form]] = {
    Action.RECOGNISE: forms.StepForm,
    Action.ACCEPT: forms.StepForm,
    Action.DECIDE: forms.DecideForm,
    Action.PAY: forms.PayForm,
}


def _fund(row: Award, today: date) -> PoolKind | None:
    return terms_of(row.rule, queries.parameters(today)).fund_of(row.payer)


def _fresh(kind: type[Form], row: Award, answer: Entitlement, today: date) -> Form:
    form = (
        forms.PayForm(formdata=None, on=today, only=_fund(row, today), is_local=operations.pays_locally(row))
        if kind is forms.PayForm
        else kind(formdata=None)
    )
    form.version.data = row.version
    if isinstance(form, forms.StepForm):
        form.on.data = today
    if isinstance(form, forms.DecideForm):
        form.payer.data, form.overlap_group.data = row.payer, row.overlap_group if row.overlap_reason else answer.overlap_group
        form.overlap_reason.data = row.overlap_reason
        if answer.amount_min_fen is not None and answer.amount_min_fen == answer.amount_max_fen:
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


def _step(row: Award, action: Action, form: Form, do: Callable[[Award], Award]) -> Any:
    """One step: form, one operation, and the page again with the refusal."""
    key = row.id
    return submit(
        form,
        lambda: do(load(key)).id,
        again=lambda status: page_of(load(key), {action: form}, status),
        then=lambda _key: stepped(action, key),
    )


def stepped(action: Action, key: int) -> Any:
    return done(_("已办理：%(action)s。", action=labels.ACTIONS[action]), "awards.show", award_id=key)


def version_of(form: Form) -> int | None:
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
            version=version_of(form),
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
            version=version_of(form),
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
            payer=form.payer.data or "",
            overlap_group=form.overlap_group.data,
            overlap_reason=form.overlap_reason.data or "",
            judgement=form.judgement.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=version_of(form),
        ),
    )


@blueprint.post("/<int:award_id>/pay")
@guard(Can.AWARD_PAY, load=load, subject=queries.award_subject)
def pay(row: Award) -> Any:
    """The payment."""
    form = forms.PayForm(only=_fund(row, clock.today()), is_local=operations.pays_locally(row))
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
            version=version_of(form),
        ),
    )
