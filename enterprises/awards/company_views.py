"""Pages of the incentives of enterprises: what is known, what the rules answer, an application."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.awards import companies, forms, labels, operations, queries
from enterprises.awards.company_rules import EVERYWHERE
from enterprises.awards.list_views import blueprint as blueprint
from enterprises.awards.showing import figures_shown, shown
from enterprises.awards.specs import spec_of
from enterprises.awards.types import BY_PROJECT, ELSEWHERE, NUMBERED, CompanyRule, Verdict
from enterprises.awards.views import applied, credit_card, kept_files
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.forms import Form, given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

Pair = tuple[Organisation, CompanyRule]


def load_company(code: str) -> Organisation:
    """The enterprise of an address."""
    row = organisations.by_code(code)
    return found(row if row is not None and row.kind is OrganisationKind.ENTERPRISE else None, _("没有代码为 %(code)s 的企业。", code=code[:60]))


def load_pair(code: str, rule: str) -> Pair:
    """An enterprise and an incentive that is applied for here."""
    wanted = next((one for one in CompanyRule if one.value == rule and one not in ELSEWHERE), None)
    return load_company(code), found(wanted, _("没有这项扶持，或它不在这里申请。"))


def _subject(pair: Pair) -> Any:
    return organisations.subject_of(pair[0])


def _companies() -> organisations.Statement:
    return queries.companies_listing(who(), request.args.get("q", "").strip()[:100], request.args.get("sort", ""))


@blueprint.get("/companies")
@guard(Can.AWARD_LIST)
def company_list() -> Any:
    """The enterprises whose incentives the reader may look at."""
    number, size = paging.wanted()
    page = paging.paginate(_companies(), number=number, size=size, scalars=False)
    return render_template("enterprises/awards/companies.html", page=page)


COMPANIES = (Column("code", "企业代码"), Column("name", "企业"), Column("credit", "信用状况"), Column("figures", "已登记指标"))


@blueprint.get("/companies.<form>")
@guard(Can.AWARD_LIST)
def export_companies(form: str) -> Any:
    """The enterprises as they are filtered and sorted, as a file."""
    return downloads.table(session().execute(_companies()), COMPANIES, name=_("企业扶持政策"), form=form, codes=["code"])


def _year() -> int:
    year = request.args.get("year", type=a_year)
    return year if year is not None and 2015 <= year <= 2100 else clock.today().year


def company_page(row: Organisation, made: dict[str, Form] | None = None, status: int = 200) -> Any:
    """The page of an enterprise, with forms that were refused."""
    year, today, shown_forms = _year(), clock.today(), dict(made or {})
    subject = organisations.subject_of(row)
    if may(who(), Can.COMPANY_EDIT, subject):
        shown_forms.setdefault("figure", forms.FigureForm(formdata=None, of_office=companies.may_say(row, who())).apart("figure"))
    page = render_template(
        "enterprises/awards/company.html",
        company=row,
        year=year,
        years=[(y, y) for y in range(today.year, 2014, -1)],
        answers=sorted(queries.company_answers(row, year, today), key=lambda one: list(Verdict).index(one.verdict)),
        awards=queries.awards_of(row.id),
        elsewhere=ELSEWHERE,
        matched=queries.locally_matched(year),
        may_apply=may(who(), Can.AWARD_APPLY, subject) and year <= today.year,
        figures=figures_shown(queries.figures_of(row.id)),
        credit=credit_card(row, shown_forms.get("credit")),
        forms=shown_forms,
        shown=shown,
        labels=labels,
    )
    return page, status


@blueprint.get("/companies/<code>")
@guard(Can.COMPANY_VIEW, load=load_company, subject=organisations.subject_of)
def company(row: Organisation) -> Any:
    """Every incentive that attaches to an enterprise."""
    return company_page(row)


# -- an application -----------------------------------------------------------------------------------------------------
def _apply_page(pair: Pair, form: forms.CompanyApplyForm, status: int = 200) -> Any:
    answer = queries.company_answer(*pair, _year(), clock.today(), form.project.data or "", form.project_number.data or "")
    spec = spec_of(pair[1])
    page = render_template(
        "enterprises/awards/company_apply.html",
        company=pair[0],
        rule=pair[1],
        year=_year(),
        answer=answer,
        spec=spec,
        form=form,
        is_by_project=pair[1] in BY_PROJECT,
        is_numbered=pair[1] in NUMBERED,
        is_everywhere=pair[1] in EVERYWHERE,
        labels=labels,
        shown=shown,
    )
    return page, status


@blueprint.get("/companies/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=_subject)
def apply_company_form(pair: Pair) -> Any:
    """The form of an application of an enterprise."""
    return _apply_page(pair, forms.CompanyApplyForm(formdata=None, project=request.args.get("project", "")[:120]))


@blueprint.post("/companies/<code>/<rule>/apply")
@guard(Can.AWARD_APPLY, load=load_pair, subject=_subject)
def apply_company(pair: Pair) -> Any:
    """Apply for an incentive of a year, with the evidence."""
    form, code, rule, year = forms.CompanyApplyForm(), pair[0].code, pair[1], _year()

    def do() -> int:
        made = operations.apply_company(
            company=load_company(code),
            rule=rule,
            year=year,
            project=form.project.data or "",
            project_number=form.project_number.data or "",
            statement=form.statement.data or "",
            evidence=kept_files(form),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        return made.id

    return submit(
        form, do, again=lambda status: _apply_page(load_pair(code, rule.value), form, status), then=lambda key: applied(key, "awards.company", code)
    )


# -- figures -----------------------------------------------------------------------------------------------------------
@blueprint.post("/companies/<code>/figures")
@guard(Can.COMPANY_EDIT, load=load_company, subject=organisations.subject_of)
def enter_figure(row: Organisation) -> Any:
    """Enter a figure."""
    form, code = forms.FigureForm(of_office=companies.may_say(row, who())).apart("figure"), row.code
    return submit(
        form,
        lambda: companies.enter(
            company=load_company(code),
            key=form.key.data,
            year=form.year.data or 0,
            value=given(form.value.data),
            project=form.project.data or "",
            document=form.document.data or "",
            by=who(),
            now=clock.now(),
        ),
        again=lambda status: company_page(load_company(code), {"figure": form}, status),
        then=lambda _given: done(_("指标已登记。"), "awards.company", code=code),
    )
