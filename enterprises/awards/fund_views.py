"""Pages beside an award: its check and inspection, publication, pools of money, credit, the incentives of companies."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.awards import companies, credit, forms, funds, labels, operations, queries, steps
from enterprises.awards.list_views import blueprint as blueprint
from enterprises.awards.models import Award
from enterprises.awards.types import PoolKind, RuleCode, StepKind, Who
from enterprises.awards.views import _page, load
from enterprises.permissions import AWARD_VIEWERS, Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, may, public, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import Form, given, once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

add_pages(blueprint, credit.SPEC, can=Can.CREDIT_EDIT, path="/credit/import", back="awards.credit_list")


# -- check, inspection, publication -------------------------------------------------------------------------------------
def _examine(row: Award, kind: StepKind) -> Any:
    form, key = forms.ExamineForm().apart(kind.value), row.id
    if not form.validate_on_submit():
        return _page(row, {}, 422, examine={kind: form})
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                steps.record(
                    award=load(key),
                    kind=kind,
                    on=given(form.on.data),
                    is_positive=form.is_positive.data == "yes",
                    text=form.text.data or "",
                    people=form.people.data or "",
                    by=who(),
                    today=clock.today(),
                    now=clock.now(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _page(load(key), {}, refused.status, examine={kind: form})
    return done(_("已登记：%(step)s。", step=labels.STEPS[kind]), "awards.show", award_id=key)


@blueprint.post("/<int:award_id>/check")
@guard(Can.AWARD_CHECK, load=load, subject=queries.award_subject)
def check_award(row: Award) -> Any:
    """The prefecture's check."""
    return _examine(row, StepKind.CHECK)


@blueprint.post("/<int:award_id>/inspect")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def inspect(row: Award) -> Any:
    """The department's site inspection."""
    if not operations.may_act(who(), RuleCode(row.rule), Who.DEPARTMENT):
        raise NotAllowed(_("现场考察由该项规定的主管部门办理。"))
    return _examine(row, StepKind.INSPECTION)


@blueprint.post("/<int:award_id>/publish")
@guard(Can.AWARD_HANDLE, load=load, subject=queries.award_subject)
def publish(row: Award) -> Any:
    """Publish the decision."""
    key = row.id
    with transaction():
        operations.publish(award=load(key), by=who(), today=clock.today(), now=clock.now())
    return done(_("决定已公布，任何人都可以在“奖补公示”中查看。"), "awards.show", award_id=key)


@blueprint.get("/published")
@public
def published() -> Any:
    """The decisions that are published."""
    return render_template("enterprises/awards/published.html", rows=queries.published(), labels=labels)


# -- pools --------------------------------------------------------------------------------------------------------------
def _pools_page(form: forms.PoolForm | None, status: int = 200) -> Any:
    rows = [(one, *funds.awards_paid(one.id)) for one in funds.pools()]
    return render_template("enterprises/awards/pools.html", rows=rows, form=form, labels=labels), status


@blueprint.get("/pools")
@guard(Can.POOL_LIST)
def pools() -> Any:
    """The pools with what is left."""
    return _pools_page(forms.PoolForm(year=clock.today().year) if may(who(), Can.POOL_EDIT) else None)


@blueprint.post("/pools")
@guard(Can.POOL_EDIT)
def open_pool() -> Any:
    """Open a pool."""
    form = forms.PoolForm()
    if not form.validate_on_submit():
        return _pools_page(form, 422)
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                funds.open_pool(
                    year=given(form.year.data),
                    name=form.name.data or "",
                    kind=PoolKind(form.kind.data),
                    planned_fen=int((given(form.planned.data) * 100).to_integral_value()),
                    document=form.document.data or "",
                    by=who(),
                    now=clock.now(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _pools_page(form, refused.status)
    return done(_("资金已登记。"), "awards.pools")


# -- credit -------------------------------------------------------------------------------------------------------------
@blueprint.get("/credit")
@guard(Can.CREDIT_LIST)
def credit_list() -> Any:
    """The imported list."""
    number, size = paging.wanted()
    page = paging.paginate(credit.listings(request.args.get("q", "").strip()[:100]), number=number, size=size)
    return render_template("enterprises/awards/credit.html", page=page, may_edit=may(who(), Can.CREDIT_EDIT))


# -- companies ----------------------------------------------------------------------------------------------------------
def load_company(code: str) -> Organisation:
    """The enterprise of an address."""
    row = organisations.by_code(code)
    if row is None or row.kind is not OrganisationKind.ENTERPRISE:
        raise NotFound(_("没有代码为 %(code)s 的企业。", code=code[:60]))
    return row


@blueprint.get("/companies")
@guard(Can.AWARD_LIST)
def company_list() -> Any:
    """The enterprises whose incentives the reader may look at."""
    number, size = paging.wanted()
    found = companies.listing(who(), AWARD_VIEWERS, request.args.get("q", "").strip()[:100])
    return render_template("enterprises/awards/companies.html", page=paging.paginate(found, number=number, size=size, scalars=False))


def _year() -> int:
    year = request.args.get("year", type=int)
    return year if year is not None and 2015 <= year <= 2100 else clock.today().year


def _company_page(row: Organisation, made: dict[str, Form] | None = None, status: int = 200) -> Any:
    year, found = _year(), dict(made or {})
    subject = organisations.subject_of(row)
    if may(who(), Can.COMPANY_EDIT, subject):
        found.setdefault("figure", companies.figure_form(formdata=None).apart("figure"))
    if may(who(), Can.CREDIT_EDIT):
        found.setdefault("credit", forms.CreditForm(formdata=None, on=clock.today()).apart("credit"))
    page = render_template(
        "enterprises/awards/company.html",
        company=row,
        year=year,
        years=[(y, y) for y in range(clock.today().year, 2014, -1)],
        answers=companies.answers(row, year),
        figures=companies.figures_of(row.id),
        keys=companies.KEYS,
        checks=credit.checks_of(row.id),
        forms=found,
        shown=companies.shown,
        labels=labels,
    )
    return page, status


@blueprint.get("/companies/<code>")
@guard(Can.COMPANY_VIEW, load=load_company, subject=organisations.subject_of)
def company(row: Organisation) -> Any:
    """Every incentive that attaches to an enterprise."""
    return _company_page(row)


@blueprint.post("/companies/<code>/figures")
@guard(Can.COMPANY_EDIT, load=load_company, subject=organisations.subject_of)
def enter_figure(row: Organisation) -> Any:
    """Enter a figure."""
    form, code = companies.figure_form().apart("figure"), row.code
    if not form.validate_on_submit():
        return _company_page(row, {"figure": form}, 422)
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                companies.enter(
                    company=load_company(code),
                    key=form.key.data,
                    year=form.year.data or 0,
                    value=given(form.value.data),
                    document=form.document.data or "",
                    by=who(),
                    now=clock.now(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _company_page(load_company(code), {"figure": form}, refused.status)
    return done(_("指标已登记。"), "awards.company", code=code)


@blueprint.post("/companies/<code>/credit/look-up")
@guard(Can.CREDIT_EDIT, load=load_company, subject=organisations.subject_of)
def look_up_credit(row: Organisation) -> Any:
    """Ask the sources."""
    code = row.code
    with transaction():
        found = credit.look_up(organisation=load_company(code), by=who(), today=clock.today(), now=clock.now())
        is_listed = found.is_listed
    return done(_("核查完成：在失信名单上。") if is_listed else _("核查完成：未见失信记录。"), "awards.company", code=code)


@blueprint.post("/companies/<code>/credit")
@guard(Can.CREDIT_EDIT, load=load_company, subject=organisations.subject_of)
def enter_credit(row: Organisation) -> Any:
    """Enter a look-up made elsewhere."""
    form, code = forms.CreditForm().apart("credit"), row.code
    if not form.validate_on_submit():
        return _company_page(row, {"credit": form}, 422)
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                credit.enter(
                    organisation=load_company(code),
                    is_listed=form.result.data == "bad",
                    detail=form.detail.data or "",
                    on=given(form.on.data),
                    by=who(),
                    today=clock.today(),
                    now=clock.now(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _company_page(load_company(code), {"credit": form}, refused.status)
    return done(_("核查结果已登记。"), "awards.company", code=code)
