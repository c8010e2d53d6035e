"""The team of the practice centre and what a year costs are entered (PETOE-6.4, 10.4)."""

from __future__ import annotations

from datetime import date, datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.models import BudgetNeed, CentreMentor
from trainhub.oversight.evaluation.operations.registers import BadEntry, checked_text
from trainhub.oversight.evaluation.queries import support
from trainhub.oversight.evaluation.queries.holding import hold_programme
from trainhub.oversight.evaluation.register_types import BudgetPurpose, CentreRole
from trainhub.programmes.models import Programme


def add_centre_mentor(
    *,
    programme: Programme,
    base: Organisation,
    name: str,
    role: CentreRole,
    unit: str,
    since: date,
    by: Identity,
    now: datetime,
    post: str = "",
    until: date | None = None,
) -> CentreMentor:
    """Somebody guides at a centre from a day; entered again from the same day it replaces unit, post and last day, so that one who
    leaves can be entered. Raises BadEntry.
    """
    if base.kind is not OrganisationKind.BASE:
        raise BadEntry(_("请选择实践基地。"), field="base_id")
    if until is not None and until < since:
        raise BadEntry(_("结束日期不能早于开始日期。"), field="until")
    name, unit = checked_text(name, "name", _("请填写姓名。")), checked_text(unit, "unit", _("请填写所在单位。"))
    hold_programme(programme.id)
    row = support.centre_mentor(programme.id, base.id, name, role, since)
    if row is None:
        row = CentreMentor(programme_id=programme.id, base_id=base.id, name=name, role=role, since=since)
        session().add(row)
    elif (row.unit, row.post, row.until) == (unit, post.strip(), until):
        return row
    row.unit, row.post, row.until = unit, post.strip(), until
    session().flush()
    audit.record(
        by=by, did="evaluation.centre_mentor.entered", on=programme, data={"entry": row.id, "role": role.value, "since": since, "until": until}
    )
    return row


def set_need(*, programme: Programme, year: int, purpose: BudgetPurpose, need_fen: int, by: Identity, now: datetime, basis: str = "") -> BudgetNeed:
    """What a purpose costs in a year, in fen, and how that was reckoned; a second entry replaces it. Raises BadEntry."""
    if not 2000 <= year <= 2200:
        raise BadEntry(_("年度应为四位年份。"), field="year")
    if need_fen < 0:
        raise BadEntry(_("金额不能小于 0。"), field="need")
    hold_programme(programme.id)
    row = support.need(programme.id, year, purpose)
    if row is None:
        row = BudgetNeed(programme_id=programme.id, year=year, purpose=purpose)
        session().add(row)
    elif (row.need_fen, row.basis) == (need_fen, basis.strip()):
        return row
    row.need_fen, row.basis = need_fen, basis.strip()
    session().flush()
    audit.record(by=by, did="evaluation.need.entered", on=programme, data={"year": year, "purpose": purpose.value, "need_fen": need_fen})
    return row
