"""The figures of enterprises that incentives ask for, and the answers of the incentives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from enterprises.awards import company_rules, forms
from enterprises.awards.company_rules import CompanyAnswer, Figures
from enterprises.awards.fund_models import CompanyFigure
from enterprises.awards.reference import incentives
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l, language
from trainhub.ledger.models import TrainingRecord
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Clause

KEYS: dict[str, tuple[Any, str]] = {
    "rd_fen": (_l("研发投入（元）"), "fen"),
    "sales_fen": (_l("销售收入（元）"), "fen"),
    "rd_subsidy_paid_fen": (_l("已获研发补助累计（元）"), "fen"),
    "revenue_fen": (_l("营业收入（元）"), "fen"),
    "paid_in_capital_fen": (_l("实际到位资本金（元）"), "fen"),
    "segment_rank": (_l("细分领域排名"), "number"),
    "core_technology": (_l("具有核心技术或创新模式"), "yes"),
    "newly_introduced": (_l("新引进企业"), "yes"),
    "payment_licence": (_l("持有第三方支付牌照"), "yes"),
    "national_hq": (_l("全国总部设在福建"), "yes"),
    "platform_investment_fen": (_l("重点公共平台投资（元）"), "fen"),
    "platform_recognised": (_l("平台经省发改委、数字办认定"), "yes"),
    "largest_contract_fen": (_l("单个中标合同金额（元）"), "fen"),
    "contract_outside": (_l("中标项目在省外"), "yes"),
    "bid_award_paid_fen": (_l("当年已获中标奖励（元）"), "fen"),
    "booth_fee_fen": (_l("境外展会展位费（元）"), "fen"),
    "datacentre_fee_fen": (_l("数据中心租用服务费（元）"), "fen"),
    "key_park_customer": (_l("重点企业租用重点园区数据中心"), "yes"),
    "listed_this_year": (_l("当年在海峡股权交易中心挂牌"), "yes"),
    "equity_financed": (_l("实现股权融资"), "yes"),
    "key_internet_firm": (_l("重点互联网企业"), "yes"),
    "in_government_park": (_l("入驻政府投资建设的认定园区"), "yes"),
    "rented_m2": (_l("租用非政府投资园区面积（平方米）"), "number"),
    "incubated": (_l("创业企业（项目）"), "yes"),
    "contest_winner": (_l("当年创业大赛优胜者"), "yes"),
    "vc_invested_fen": (_l("创投机构投资额（元）"), "fen"),
    "vc_income": (_l("创投已产生收入"), "yes"),
}
"""What may be entered: its name, and whether it is money, a number or yes/no."""


class FigureRefused(Refused):
    """A figure that cannot be."""

    code = "figure_refused"


def figure_form(**values: Any) -> forms.FigureForm:
    """The form with its keys."""
    form = forms.FigureForm(**values)
    form.key.choices = [SelectChoice(key, label) for key, (label, _kind) in KEYS.items()]
    return form


def figures_of(organisation_id: int) -> list[CompanyFigure]:
    """The latest value of each figure and year."""
    newest = (
        select(func.max(CompanyFigure.id)).where(CompanyFigure.organisation_id == organisation_id).group_by(CompanyFigure.key, CompanyFigure.year)
    )
    return list(session().scalars(select(CompanyFigure).where(CompanyFigure.id.in_(newest)).order_by(CompanyFigure.key, CompanyFigure.year)))


def enter(*, company: Organisation, key: str, year: int, value: Decimal, document: str, by: Identity, now: datetime) -> CompanyFigure:
    """Enter a figure; money in yuan. A later entry replaces, the earlier stays in the log. Raises FigureRefused."""
    if key not in KEYS:
        raise FigureRefused(_("没有这个指标。"), field="key")
    kind = KEYS[key][1]
    if kind == "yes" and value not in (0, 1):
        raise FigureRefused(_("是否类指标请填 1（是）或 0（否）。"), field="value")
    if kind != "fen" and value != value.to_integral_value():
        raise FigureRefused(_("请填写整数。"), field="value")
    row = CompanyFigure(
        organisation_id=company.id,
        key=key,
        year=year,
        value=int((value * 100 if kind == "fen" else value).to_integral_value()),
        document=document.strip()[:200],
        entered_by_id=by.account_id,
        entered_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="awards.company.entered", on=row, data={"company": company.code, "key": key, "year": year, "value": row.value})
    return row


def _clause(rule: dict[str, Any]) -> Clause:
    cite = rule["cites"][0]
    return Clause(document="fj-ten", file=cite["file"], line=cite["line"], quote=cite["quote"], rule=rule["id"])


def answers(company: Organisation, year: int) -> list[tuple[dict[str, Any], CompanyAnswer]]:
    """Every incentive that does not attach to a base, with its answer for an enterprise and year."""
    values = {(row.key, row.year): row.value for row in figures_of(company.id)}
    values["counted_completions", year] = _completions(company.id, year)
    figures, on = Figures(values, year), date(year, 12, 31)
    held = {key: book().at(key, on=on) for key in company_rules.PARAMETERS}
    return [
        (rule, company_rules.judge(rule["id"], figures, held, _clause(rule)))
        for rule in incentives()
        if rule["id"] in company_rules.JUDGES or rule["id"] in company_rules.BY_PERSON
    ]


def _completions(organisation_id: int, year: int) -> int:
    statement = select(func.count()).where(
        TrainingRecord.organisation_id == organisation_id,
        TrainingRecord.completed_on.between(date(year, 1, 1), date(year, 12, 31)),
        TrainingRecord.is_counted.is_(True),
        TrainingRecord.cancelled_at.is_(None),
    )
    return session().scalar(statement) or 0


def listing(identity: Identity, roles: Collection[Role], text: str) -> Any:
    """Enterprises in the reader's scope: (code, name, credit status, number of figures)."""
    counts = select(CompanyFigure.organisation_id, func.count().label("figures")).group_by(CompanyFigure.organisation_id).subquery()
    clauses = [
        Organisation.kind == OrganisationKind.ENTERPRISE,
        Organisation.state != OrganisationState.CLOSED,
        organisations.scope(identity, roles, organisations=(Organisation.id,), region=Organisation.region_code),
    ]
    if text:
        clauses.append(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    return (
        select(Organisation.code, Organisation.name, Organisation.credit_status, func.coalesce(counts.c.figures, 0).label("figures"))
        .outerjoin(counts, counts.c.organisation_id == Organisation.id)
        .where(and_(*clauses))
        .order_by(func.coalesce(counts.c.figures, 0).desc(), Organisation.pinyin, Organisation.id)
    )


def shown(finding: Finding) -> dict[str, Any]:
    """A finding in the words of a page: money in yuan."""

    def words(value: Any) -> str:
        if value is None:
            return _("没有数据")
        if finding.unit == "fen" and isinstance(value, int):
            return f"¥{value / 100:,.2f}"
        return "、".join(map(str, value)) if isinstance(value, tuple) else str(value)

    return {
        "met": None if finding.status is Status.JUDGE else finding.met,
        "title": finding.code,
        "required": words(finding.required),
        "found": words(finding.found),
        "clause": f"{finding.clause.cite}「{finding.clause.quote}」",
        "soft": finding.status is Status.NO_DATA,
    }


def title_of(rule: dict[str, Any]) -> str:
    """An incentive's name in the reader's language."""
    return str(rule["en"] if language() == "en" else rule["zh"])
