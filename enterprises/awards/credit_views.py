"""The credit of whom an award would be given to, looked up or entered by hand: an enterprise, a base that is a legal person (FJ-31, 000:817)."""

from __future__ import annotations

from typing import Any

from enterprises.awards import credit, forms
from enterprises.awards.company_views import blueprint as blueprint
from enterprises.awards.company_views import company_page
from enterprises.awards.views import base_page
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.forms import Form, given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

KINDS = (OrganisationKind.ENTERPRISE, OrganisationKind.BASE)


def load_recipient(code: str) -> Organisation:
    """The enterprise or the base of an address."""
    row = organisations.by_code(code)
    return found(row if row is not None and row.kind in KINDS else None, _("没有代码为 %(code)s 的企业或基地。", code=code[:60]))


def _page(row: Organisation) -> str:
    return "awards.base" if row.kind is OrganisationKind.BASE else "awards.company"


def _again(row: Organisation, form: Form, status: int) -> Any:
    return base_page(row, form, status) if row.kind is OrganisationKind.BASE else company_page(row, {"credit": form}, status)


@blueprint.post("/credit/<code>/look-up")
@guard(Can.CREDIT_EDIT, load=load_recipient, subject=organisations.subject_of)
def look_up_credit(row: Organisation) -> Any:
    """Ask the sources."""
    code, page = row.code, _page(row)
    with transaction():
        is_listed = credit.look_up(organisation=load_recipient(code), by=who(), today=clock.today(), now=clock.now()).is_listed
    return done(_("核查完成：在失信名单上。") if is_listed else _("核查完成：未见失信记录。"), page, code=code)


@blueprint.post("/credit/<code>")
@guard(Can.CREDIT_EDIT, load=load_recipient, subject=organisations.subject_of)
def enter_credit(row: Organisation) -> Any:
    """Enter a look-up made elsewhere."""
    form, code, page = forms.CreditForm().apart("credit"), row.code, _page(row)
    return submit(
        form,
        lambda: credit.enter(
            organisation=load_recipient(code),
            is_listed=form.result.data == "bad",
            detail=form.detail.data or "",
            on=given(form.on.data),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        ),
        again=lambda status: _again(load_recipient(code), form, status),
        then=lambda _given: done(_("核查结果已登记。"), page, code=code),
    )
