"""Entering the figures of enterprises that incentives ask for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from enterprises.awards import queries
from enterprises.awards.fund_models import CompanyFigure
from enterprises.awards.labels import FIGURES
from enterprises.awards.operations import figures_changed
from enterprises.awards.types import EITHER_KEYS, OFFICE_KEYS, PROJECT_KEYS, TOTAL_KEYS, YEARLY_KEYS
from enterprises.permissions import DEPARTMENTS
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


class FigureRefused(Refused):
    """A figure that cannot be."""

    code = "figure_refused"


def enter(
    *, company: Organisation, key: str, year: int, value: Decimal, document: str, by: Identity, now: datetime, project: str = ""
) -> CompanyFigure:
    """Enter a figure; money in yuan; `project` for those that belong to one. A later entry replaces, the earlier stays in the log.
    Raises FigureRefused."""
    if key not in FIGURES:
        raise FigureRefused(_("没有这个指标。"), field="key")
    if key in OFFICE_KEYS and not may_say(company, by):
        raise FigureRefused(
            _("“%(figure)s”由设区市或省级部门登记，申请单位不能自己填写。请向设区市提供文件，由其登记。", figure=FIGURES[key][0]),
            field="key",
            code="office_says",
        )
    kind = FIGURES[key][1]
    if kind == "yes" and value not in (0, 1):
        raise FigureRefused(_("是否类指标请填 1（是）或 0（否）。"), field="value")
    if kind != "fen" and value != value.to_integral_value():
        raise FigureRefused(_("请填写整数。"), field="value")
    _check_year(key, year)
    if key == "segment_rank" and value < 1:
        raise FigureRefused(_("排名从第 1 名起。"), field="value")
    project = project.strip()[:120] if key in PROJECT_KEYS else ""
    if key in PROJECT_KEYS and not project:
        raise FigureRefused(_("“%(figure)s”按项目登记，请写明中标项目名称。", figure=FIGURES[key][0]), field="project")
    queries.hold(company.id)  # a decision of the same moment rests on this figure, or comes before it
    row = CompanyFigure(
        organisation_id=company.id,
        key=key,
        year=year,
        project=project,
        value=int((value * 100 if kind == "fen" else value).to_integral_value()),
        document=document.strip()[:200],
        entered_by_id=by.account_id,
        entered_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by, did="awards.company.entered", on=row, data={"company": company.code, "key": key, "year": year, "project": project, "value": row.value}
    )
    figures_changed(company.id, now=now)
    return row


def may_say(company: Organisation, by: Identity) -> bool:
    """Whether somebody enters for an office: what it recognised, chose or paid (`OFFICE_KEYS`) is its word."""
    return by.over(organisations.subject_of(company), Role.PREFECTURE_OPERATOR) or by.everywhere(*DEPARTMENTS, Role.DEPT_FIN)


def _check_year(key: str, year: int) -> None:
    """A figure of a year, or added up until one, has it; one that is of no year has none. Raises FigureRefused."""
    if key in EITHER_KEYS:
        return
    if key in YEARLY_KEYS and not year:
        raise FigureRefused(_("“%(figure)s”按年度登记，请填写年度。", figure=FIGURES[key][0]), field="year")
    if key in TOTAL_KEYS and not year:
        raise FigureRefused(_("“%(figure)s”是历年累计，请填写累计到哪一年年底。", figure=FIGURES[key][0]), field="year")
    if key not in YEARLY_KEYS | TOTAL_KEYS and year:
        raise FigureRefused(_("“%(figure)s”不分年度，年度请留空。", figure=FIGURES[key][0]), field="year")
