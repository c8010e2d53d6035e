"""Pages of the conclusions of accreditation: the programme enters them, somebody else confirms."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for

from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, format_date, listed
from trainhub.kernel.web import done
from trainhub.programmes import forms, holds, labels, operations, queries
from trainhub.programmes.models import Accreditation, Programme
from trainhub.programmes.permissions import Can
from trainhub.programmes.views import blueprint, form_page, load

Pair = tuple[Programme, Accreditation]


def _refuse_held(programme: Programme, day: date | None) -> None:
    for reason in holds.reasons(programme, day):
        raise Refused(reason, field="result")


@blueprint.route("/<code>/accreditation", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def accredit(programme: Programme) -> Any:
    """Enter a conclusion of the association."""
    form = forms.AccreditationForm(version=programme.version)
    if form.validate_on_submit():
        try:
            _refuse_held(programme, form.concluded_on.data)
            with transaction():
                assert form.concluded_on.data is not None
                operations.enter_accreditation(
                    programme=programme,
                    result=form.chosen_result,
                    concluded_on=form.concluded_on.data,
                    valid_from=form.valid_from.data,
                    valid_years=form.valid_years.data,
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已登记认证结论，经学校或省教育厅确认后生效。"), "programmes.show", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("programmes.show", code=programme.code)
    lead = _("按认证协会的书面结论登记，系统不计算。登记后由学校管理员或省教育厅中的另一人对照文件确认，确认之前不作为评价依据。")
    known = [f"{format_date(row.concluded_on)} {labels.RESULTS[row.result]}" for row in queries.accreditations_of(programme.id)]
    if known:
        lead += _("已登记的结论：%(known)s。同一天再次登记会代替原来的结论。", known=listed(known))
    return form_page(form, _("登记认证结论"), action="", back=back, programme=programme, lead=lead)


def load_conclusion(code: str, key: int) -> Pair:
    """A programme and one of its conclusions."""
    programme = load(code)
    row = queries.accreditation_by_id(programme.id, key)
    if row is None:
        raise NotFound(_("没有这条认证结论。"))
    return programme, row


def _subject(pair: Pair) -> Any:
    return queries.subject_of(pair[0])


@blueprint.post("/<code>/accreditation/<int:key>/confirm")
@guard(Can.CONFIRM, load=load_conclusion, subject=_subject)
def confirm_conclusion(pair: Pair) -> Any:
    """Say that a conclusion agrees with the association's paper."""
    form = forms.PlainForm()
    if not form.validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))
    programme, row = pair
    _refuse_held(programme, row.concluded_on)
    with transaction():
        operations.confirm_accreditation(programme=programme, accreditation=row, opened_at=form.version.data or None, by=who(), now=clock.now())
    return done(_("已确认认证结论。"), "programmes.show", code=programme.code)


@blueprint.route("/<code>/accreditation/<int:key>/withdraw", methods=["GET", "POST"])
@guard(Can.CONFIRM, load=load_conclusion, subject=_subject)
def withdraw_conclusion(pair: Pair) -> Any:
    """Take a confirmation back."""
    programme, row = pair
    form = forms.WithdrawForm(version=programme.version)
    if form.validate_on_submit():
        try:
            _refuse_held(programme, row.concluded_on)
            with transaction():
                operations.withdraw_confirmation(
                    programme=programme,
                    accreditation=row,
                    reason=form.reason.data or "",
                    opened_at=form.version.data or None,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已撤销确认，这条结论不再作为评价依据。"), "programmes.show", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    lead = f"{format_date(row.concluded_on)} {labels.RESULTS[row.result]}"
    return form_page(form, _("撤销对认证结论的确认"), action="", back=url_for("programmes.show", code=programme.code), programme=programme, lead=lead)
