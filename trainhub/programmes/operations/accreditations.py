"""Conclusions of accreditation: entered, confirmed by somebody else, confirmation withdrawn."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import add_years, local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_date
from trainhub.programmes import holds, queries
from trainhub.programmes.models import Accreditation, Programme
from trainhub.programmes.operations.errors import BadProgramme
from trainhub.programmes.types import AccreditationResult


def enter_accreditation(
    *,
    programme: Programme,
    result: AccreditationResult,
    concluded_on: date,
    by: Identity,
    now: datetime,
    valid_from: date | None = None,
    valid_years: int | None = None,
    opened_at: int | None = None,
    is_from_association: bool = False,
) -> Accreditation:
    """Enter the association's conclusion (PETOE-P2, 002:217): it is never computed here. The same day again replaces it. The latest day holds,
    so that no conclusion is of a day to come.

    What is not entered by the association itself (`is_from_association`) counts for nothing until somebody else confirms it, and one that was
    confirmed is not replaced: a programme would change what it is judged by.
    `opened_at`: the version of the programme, which counts up with its conclusions, so that two who enter one notice each other.
    Raises BadProgramme and Stale.
    """
    check_version(programme, opened_at)
    if concluded_on > local(now).date():
        raise BadProgramme(_("结论日期不能晚于今天：尚未作出的认证结论不能登记。"), field="concluded_on")
    if valid_from is not None and valid_from > add_years(concluded_on, 1):
        raise BadProgramme(
            _("有效期最迟从结论日期起一年内开始：结论日期 %(a)s，填写的是 %(b)s。请核对。", a=format_date(concluded_on), b=format_date(valid_from)),
            field="valid_from",
        )
    if valid_years not in (None, 3, 6):
        raise BadProgramme(_("认证有效期只能是 3 年或 6 年。"), field="valid_years")
    if result is AccreditationResult.PASSED and valid_years is None:
        raise BadProgramme(_("通过的认证结论要写明有效期：3 年或 6 年。"), field="valid_years")
    if result is AccreditationResult.FAILED and (valid_years is not None or valid_from is not None):
        raise BadProgramme(_("未通过的认证结论没有有效期，请清空有效期。"), field="valid_years")
    row = next((a for a in queries.accreditations_of(programme.id) if a.concluded_on == concluded_on), None)
    if row is not None and row.confirmed_at is not None and not is_from_association:
        if (row.result, row.valid_from, row.valid_years) == (result, valid_from, valid_years):
            return row
        raise BadProgramme(
            _(
                "%(day)s 的结论已由%(who)s确认，不能更改。确有错误的，请学校或省教育厅先撤销确认。",
                day=format_date(concluded_on),
                who=row.confirmed_by,
            ),
            field="concluded_on",
        )
    if row is None:
        row = Accreditation(programme_id=programme.id, concluded_on=concluded_on, result=result)
        session().add(row)
    row.result, row.valid_from, row.valid_years = result, valid_from, valid_years
    row.entered_by_id, row.entered_by = by.account_id, by.name
    if is_from_association:
        row.confirmed_at, row.confirmed_by_id, row.confirmed_by = now, by.account_id, by.name
    flag_modified(programme, "name")
    session().flush()
    told = {"result": result.value, "on": concluded_on, "years": valid_years}
    audit.record(by=by, did="programmes.accreditation.entered", on=programme, data=told)
    return row


def confirm_accreditation(
    *, programme: Programme, accreditation: Accreditation, by: Identity, now: datetime, opened_at: int | None = None
) -> Accreditation:
    """Say that a conclusion agrees with the association's paper; not by whoever entered it, under no account. Again changes nothing.

    Raises BadProgramme and Stale."""
    check_version(programme, opened_at)
    if accreditation.confirmed_at is not None:
        return accreditation
    if holds.is_same(by.account_id, accreditation.entered_by_id):
        raise BadProgramme(_("这条结论是你自己登记的，须由另一人对照认证协会的文件确认。"))
    accreditation.confirmed_at, accreditation.confirmed_by_id, accreditation.confirmed_by = now, by.account_id, by.name
    flag_modified(programme, "name")
    session().flush()
    told = {"result": accreditation.result.value, "on": accreditation.concluded_on, "years": accreditation.valid_years}
    audit.record(by=by, did="programmes.accreditation.confirmed", on=programme, data=told)
    return accreditation


def withdraw_confirmation(
    *, programme: Programme, accreditation: Accreditation, reason: str, by: Identity, now: datetime, opened_at: int | None = None
) -> Accreditation:
    """Take a confirmation back, with the reason: the conclusion counts no more and can be entered anew. Raises BadProgramme and Stale."""
    check_version(programme, opened_at)
    if accreditation.confirmed_at is None:
        return accreditation
    if not reason.strip():
        raise BadProgramme(_("请写明撤销确认的理由。"), field="reason")
    accreditation.confirmed_at, accreditation.confirmed_by_id, accreditation.confirmed_by = None, None, ""
    flag_modified(programme, "name")
    session().flush()
    audit.record(by=by, did="programmes.accreditation.withdrawn", on=programme, data={"on": accreditation.concluded_on, "reason": reason.strip()})
    return accreditation
