"""Pages of subsidies: rates, claims with their items, the lot, the decision, payment lists, clawback."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from enterprises.awards import queries as awards
from enterprises.awards.types import CompanyRule
from enterprises.permissions import SUBSIDY_CLAIMANTS, Can
from enterprises.subsidies import forms, labels, listing, operations, queries
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.types import ClaimState
from trainhub.kernel import clock, downloads, frames, paging
from trainhub.kernel.access import Role, guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import Form, given
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind

blueprint = Blueprint("subsidies", __name__, url_prefix="/subsidies")


def load(claim_id: int) -> SubsidyClaim:
    """The claim of an address."""
    return frames.found(queries.claim(claim_id), _("没有这份补助申领。"))


def _claim_form() -> forms.ClaimForm:
    today = clock.today()
    form = forms.ClaimForm(since=date(today.year, 1, 1), until=today)
    identity = who()
    if identity.everywhere(Role.DEPT_HR, Role.SYSTEM_ADMIN):
        form.organisation.choices = organisations.choices(OrganisationKind.BASE, OrganisationKind.ENTERPRISE)
    else:
        form.organisation.choices = sorted(organisations.names_of(identity.organisation_ids(*SUBSIDY_CLAIMANTS)).items(), key=lambda row: row[1])
    return form


def _list_page(form: forms.ClaimForm | None, status: int = 200) -> Any:
    state = next((one for one in ClaimState if one.value == request.args.get("state")), None)
    number, size = paging.wanted()
    claims = queries.listing(who(), state=state, text=request.args.get("q", "").strip()[:100])
    page = paging.paginate(claims, number=number, size=size, scalars=False)
    wrong = queries.to_recover() if may(who(), Can.SUBSIDY_HANDLE) or may(who(), Can.SUBSIDY_PAY) else {}
    awaited = queries.awaited(who())
    return render_template("enterprises/subsidies/index.html", page=page, form=form, labels=labels, wrong=wrong, awaited=awaited), status


@blueprint.get("/")
@guard(Can.SUBSIDY_LIST)
def index() -> Any:
    """Claims."""
    return _list_page(_claim_form() if may(who(), Can.SUBSIDY_START) else None)


@blueprint.post("/")
@guard(Can.SUBSIDY_START)
def draw_up() -> Any:
    """Draw up a claim from the ledger."""
    form = _claim_form()

    def do() -> int:
        organisation = organisations.by_id(form.organisation.data)
        assert organisation is not None
        row = operations.draw_up(
            organisation=organisation,
            since=given(form.since.data),
            until=given(form.until.data),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        return row.id

    return frames.submit(
        form,
        do,
        again=lambda status: _list_page(form, status),
        then=lambda key: redirect(url_for("subsidies.index") if key is None else url_for("subsidies.show", claim_id=key), 303),
    )


def _page(row: SubsidyClaim, made: dict[str, Form] | None = None, status: int = 200, *, said: str = "") -> Any:
    number, size = paging.wanted()
    shown = dict(made or {})
    is_own = operations.has_claimed(who(), row)
    if may(who(), Can.SUBSIDY_HANDLE) and not is_own:
        if row.state is ClaimState.SUBMITTED:
            shown.setdefault("sample", forms.SampleForm(formdata=None, percent=10, version=row.version))
        if row.state is ClaimState.SAMPLED:
            shown.setdefault("approve", forms.ApproveForm(formdata=None, version=row.version))
    if row.state is ClaimState.APPROVED and may(who(), Can.SUBSIDY_PAY):
        shown.setdefault("pay", forms.PayForm(formdata=None, on=clock.today(), version=row.version))
    ordered = queries.ordered_back(row.id) if row.state is ClaimState.PAID else []
    if ordered and may(who(), Can.SUBSIDY_PAY):
        shown.setdefault("recover", _recover_form(row, formdata=None, on=clock.today(), version=row.version))
    organisation = organisations.by_id(row.organisation_id)
    page = render_template(
        "enterprises/subsidies/show.html",
        claim=row,
        organisation=organisation,
        page=paging.paginate(queries.items(row.id), number=number, size=size, scalars=False),
        sample=queries.sample_state(row.id),
        clawed=queries.clawed_back(row.id),
        ordered=(len(ordered), sum(one.amount_fen for one in ordered)),
        wrong=queries.to_claw_back(row.id) if row.state is ClaimState.PAID else {},
        credit=awards.credit_finding(organisation, CompanyRule.TRAINING, clock.today()) if organisation else None,
        in_use=awards.in_use_finding(organisation, CompanyRule.TRAINING, clock.today()) if organisation else None,
        pool=awards.pool(row.pool_id) if row.pool_id else None,
        labels=labels,
        lapses_on=operations.lapses_on(row.created_at, clock.today()) if row.state is ClaimState.DRAFT else None,
        is_department=who().everywhere(Role.DEPT_HR),
        forms=shown,
        may_submit=may(who(), Can.SUBSIDY_CLAIM, queries.subject_of(row)),
        may_handle=may(who(), Can.SUBSIDY_HANDLE),
        is_own=is_own,
        said=said,
        may_pay=may(who(), Can.SUBSIDY_PAY),
    )
    return page, status


def _recover_form(row: SubsidyClaim, **values: Any) -> forms.RecoverForm:
    form = forms.RecoverForm(**values)
    form.item.choices = [
        (0, _("全部待收回的条目")),
        *((r.id, f"{r.name} {r.course}") for r in session().execute(queries.items(row.id, only_ordered=True))),
    ]
    return form


@blueprint.get("/<int:claim_id>")
@guard(Can.SUBSIDY_VIEW, load=load, subject=queries.subject_of)
def show(row: SubsidyClaim) -> Any:
    """One claim with its items and its next step."""
    return _page(row)


def _do(row: SubsidyClaim, name: str, form: Form, do: Any, said: str) -> Any:
    key = row.id
    return frames.submit(
        form,
        lambda: do(load(key)),
        again=lambda status: _page(load(key), {name: form}, status),
        then=lambda _given: done(said, "subsidies.show", claim_id=key),
    )


def _act(key: int, do: Any, said: str) -> Any:
    """A button, or a panel that asks once more: a refusal is told on the page of the claim, with the reason that was typed."""
    return frames.act(
        do,
        again=lambda refused: _page(load(key), status=refused.status, said=refused.message),
        then=lambda: done(said, "subsidies.show", claim_id=key),
    )


@blueprint.post("/<int:claim_id>/submit")
@guard(Can.SUBSIDY_CLAIM, load=load, subject=queries.subject_of)
def submit(row: SubsidyClaim) -> Any:
    """Hand in."""
    key = row.id
    return _act(key, lambda: operations.submit(claim=load(key), by=who(), today=clock.today(), version=frames.version_sent()), _("已提交省人社厅。"))


@blueprint.post("/<int:claim_id>/discard")
@guard(Can.SUBSIDY_CLAIM, load=load, subject=queries.subject_of)
def discard(row: SubsidyClaim) -> Any:
    """Throw a draft away."""
    key = row.id
    return frames.act(
        lambda: operations.discard(claim=load(key), reason=request.form.get("reason", ""), by=who(), now=clock.now(), version=frames.version_sent()),
        again=lambda refused: _page(load(key), status=refused.status, said=refused.message),
        then=lambda: done(_("草稿已丢弃，其中的结业可以重新申领。"), "subsidies.index"),
    )


@blueprint.post("/<int:claim_id>/sample")
@guard(Can.SUBSIDY_HANDLE, load=load, subject=queries.subject_of)
def sample(row: SubsidyClaim) -> Any:
    """Draw the lot."""
    form, seed = forms.SampleForm(), secrets.randbelow(1 << 31)  # nobody can know the lot before it is drawn
    return _do(
        row,
        "sample",
        form,
        lambda claim: operations.draw_sample(claim=claim, percent=given(form.percent.data), seed=seed, by=who(), version=form.version.data or None),
        _("已抽取，请逐条核对。"),
    )


def _load_item(claim_id: int, item_id: int) -> SubsidyItem:
    row = queries.item(item_id)
    return frames.found(row if row is not None and row.claim_id == claim_id else None, _("没有这一条补助。"))


@blueprint.post("/<int:claim_id>/items/<int:item_id>/check")
@guard(Can.SUBSIDY_HANDLE)
def check_item(claim_id: int, item_id: int) -> Any:
    """What looking at an item found."""
    answer = request.form.get("answer")
    if answer not in ("yes", "no"):
        raise Refused(_("请选择“属实”或“不属实”。"))
    note = request.form.get("reason", "")
    return _act(
        claim_id,
        lambda: operations.check_item(
            item=_load_item(claim_id, item_id), claim=load(claim_id), is_confirmed=answer == "yes", note=note, by=who(), now=clock.now()
        ),
        _("抽查结论已保存。"),
    )


@blueprint.post("/<int:claim_id>/approve")
@guard(Can.SUBSIDY_HANDLE, load=load, subject=queries.subject_of)
def approve(row: SubsidyClaim) -> Any:
    """Approve."""
    form = forms.ApproveForm()
    return _do(
        row,
        "approve",
        form,
        lambda claim: operations.approve(
            claim=claim, minutes=form.minutes.data or "", by=who(), today=clock.today(), now=clock.now(), version=form.version.data or None
        ),
        _("已审核，等待拨付。"),
    )


@blueprint.post("/<int:claim_id>/reject")
@guard(Can.SUBSIDY_HANDLE, load=load, subject=queries.subject_of)
def reject(row: SubsidyClaim) -> Any:
    """Send back as a whole."""
    key = row.id
    reason = request.form.get("reason", "")
    return _act(
        key,
        lambda: operations.reject(claim=load(key), reason=reason, by=who(), today=clock.today(), now=clock.now(), version=frames.version_sent()),
        _("已退回，其中的结业可以重新申领。"),
    )


@blueprint.post("/<int:claim_id>/pay")
@guard(Can.SUBSIDY_PAY, load=load, subject=queries.subject_of)
def pay(row: SubsidyClaim) -> Any:
    """Pay from a pool."""
    form = forms.PayForm()
    return _do(
        row,
        "pay",
        form,
        lambda claim: operations.pay(
            claim=claim,
            pool_id=form.pool.data,
            reference=form.reference.data or "",
            on=given(form.on.data),
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        _("拨付已登记。"),
    )


@blueprint.post("/<int:claim_id>/items/<int:item_id>/claw-back")
@guard(Can.SUBSIDY_PAY)
def claw_back(claim_id: int, item_id: int) -> Any:
    """Take a paid item back."""
    reason = request.form.get("reason", "")
    return _act(
        claim_id,
        lambda: operations.claw_back(
            item=_load_item(claim_id, item_id), claim=load(claim_id), reason=reason, by=who(), today=clock.today(), now=clock.now()
        ),
        _("已通知追回。款项收到后请“登记收款”：那时才退回资金，该人该课程才可以重新申领。"),
    )


@blueprint.post("/<int:claim_id>/items/<int:item_id>/withdraw-order")
@guard(Can.SUBSIDY_PAY)
def withdraw_order(claim_id: int, item_id: int) -> Any:
    """Take an order back before its money has come in."""
    reason = request.form.get("reason", "")
    return _act(
        claim_id,
        lambda: operations.withdraw_order(item=_load_item(claim_id, item_id), claim=load(claim_id), reason=reason, by=who(), now=clock.now()),
        _("追回已撤回，这一条仍为已拨付。"),
    )


@blueprint.post("/<int:claim_id>/recover")
@guard(Can.SUBSIDY_PAY, load=load, subject=queries.subject_of)
def recover(row: SubsidyClaim) -> Any:
    """The money of what was ordered back has come in."""
    form = _recover_form(row)
    return _do(
        row,
        "recover",
        form,
        lambda claim: operations.recover(
            claim=claim,
            items=[_load_item(claim.id, form.item.data)] if form.item.data else queries.ordered_back(claim.id),
            on=given(form.on.data),
            reference=form.reference.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        _("收款已登记，款项退回资金。"),
    )


@blueprint.get("/<int:claim_id>/items.<form>")
@guard(Can.SUBSIDY_VIEW, load=lambda claim_id, form: (load(claim_id), form), subject=lambda pair: queries.subject_of(pair[0]))
def export_items(pair: tuple[SubsidyClaim, str]) -> Any:
    """The items of a claim as a file, masked."""
    return downloads.table(listing.items(pair[0].id), listing.ITEMS, name=_("补助明细"), form=pair[1], codes=("id_mask",))


@blueprint.get("/payments.<form>")
@guard(Can.SUBSIDY_LIST)
def payments(form: str) -> Any:
    """The payment list: what is approved and what was paid."""
    return downloads.table(listing.payments(who()), listing.PAYMENTS, name=_("补助拨付清单"), form=form, codes=("code",))


# -- rates --------------------------------------------------------------------------------------------------------------
def _rates_page(form: forms.RateForm | None, status: int = 200) -> Any:
    return render_template("enterprises/subsidies/rates.html", rows=queries.rates(), form=form), status


@blueprint.get("/rates")
@guard(Can.SUBSIDY_LIST)
def rates() -> Any:
    """The rates with their documents."""
    return _rates_page(forms.RateForm(since=clock.today(), version=queries.latest_rate_id()) if may(who(), Can.SUBSIDY_HANDLE) else None)


@blueprint.post("/rates")
@guard(Can.SUBSIDY_HANDLE)
def set_rate() -> Any:
    """A new rate."""
    form = forms.RateForm(version=queries.latest_rate_id())
    return frames.submit(
        form,
        lambda: operations.set_rate(
            amount_fen=form.amount_fen(),
            since=given(form.since.data),
            until=form.until.data,
            source=form.source.data or "",
            category=form.category.data or "",
            course=form.course.data or "",
            opened_at=form.version.data,
            by=who(),
            now=clock.now(),
        ),
        again=lambda status: _rates_page(form, status),
        then=lambda _given: done(_("标准已保存。"), "subsidies.rates"),
    )
