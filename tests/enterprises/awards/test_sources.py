"""Who says a figure of an enterprise: the enterprise, or the office whose word it is; and what was awarded here is counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import companies, company_rules, labels, operations, queries
from enterprises.awards.companies import FigureRefused
from enterprises.awards.company_rules import CompanyCase, Figures
from enterprises.awards.types import ASKED, OFFICE_KEYS, TOTAL_KEYS, YEARLY_KEYS, CompanyRule, EarlierAward, Verdict
from tests.factories import awards as make
from tests.factories import identity as accounts
from tests.factories.awards import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.policy.book import book

AsRole = Callable[..., FlaskClient]
WAN = 1_000_000  # fen


@pytest.mark.parametrize("key", sorted(OFFICE_KEYS))
def test_what_an_office_has_to_say_is_not_entered_by_who_applies(session: Session, key: str) -> None:
    company = make.company(region_code="350102")
    own = Identity(1, None, "企业", grants=(Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, company.id),))
    city = Identity(2, None, "市", grants=(Grant(Role.PREFECTURE_OPERATOR, ScopeKind.REGION, region_code=company.region_code),))
    year = 2025 if key in YEARLY_KEYS | TOTAL_KEYS else 0
    enter: dict[str, Any] = {"company": company, "key": key, "year": year, "value": Decimal(1), "document": "公告", "now": NOW}
    with pytest.raises(FigureRefused, match="由设区市或省级部门登记") as refused:
        companies.enter(by=own, **enter)
    assert (refused.value.code, refused.value.field) == ("office_says", "key")
    for by in (city, Identity(3, None, "厅", grants=(Grant(Role.DEPT_ST),)), SYSTEM):
        assert companies.enter(by=by, **enter).key == key
    assert companies.enter(by=own, **{**enter, "key": "rented_m2", "year": 2025}).value == 1


def test_every_figure_is_asked_for_by_an_incentive() -> None:
    asked = {key for keys in ASKED.values() for key in keys}
    assert asked == set(labels.FIGURES)
    assert asked >= OFFICE_KEYS


def test_the_form_offers_no_key_that_is_an_offices_and_the_pages_say_who_entered(session: Session, as_role: AsRole) -> None:
    company = make.company(region_code="350102")
    office = accounts.account(name="周审核")
    session.commit()
    own, hr = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=company.id), as_role(Role.DEPT_HR)
    at = f"/awards/companies/{company.code}"
    for key in ("key_park_customer", "datacentre_fee_fen"):
        companies.enter(
            company=company,
            key=key,
            year=0 if key == "key_park_customer" else 2026,
            value=Decimal(1000 if key != "key_park_customer" else 1),
            document="合同",
            by=Identity(office.id, None, "周审核", grants=(Grant(Role.DEPT_ST),)),
            now=NOW,
        )
    session.commit()
    figure = {"key": "platform_recognised", "year": "", "value": "1", "document": "认定文件"}
    refused = own.post(f"{at}/figures", data=figure)
    assert refused.status_code == 422
    assert ['value="platform_recognised"' in one.get(at).text for one in (own, hr)] == [False, True]
    assert hr.post(f"{at}/figures", data=figure).status_code == 303
    assert "周审核" in own.get(at).text
    made = operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, today=TODAY, now=NOW)
    other = operations.apply_company(company=company, rule=CompanyRule.REVENUE, year=2026, by=SYSTEM, today=TODAY, now=NOW)
    session.commit()
    assert ["周审核" in own.get(f"/awards/{one.id}").text for one in (made, other)] == [True, False]


DECIDED = date(2016, 3, 10)


# -- what was awarded here and what was received elsewhere --------------------------------------------------------------
def _research(entered: int | None, given: int, days: int | None = None) -> Any:
    held = {key: book().at(key, on=date(2016, 12, 31)) for key in company_rules.PARAMETERS}
    values = {("rd_fen", 2016): 2000 * WAN, ("sales_fen", 2016): 10000 * WAN}
    if entered is not None:
        values["rd_subsidy_paid_fen", 2015] = entered * WAN
    earlier = (EarlierAward("FJ-11", "FJ-11", DECIDED, year=2015, amount_fen=given * WAN),) if given else ()
    when = {} if days is None else {("rd_subsidy_paid_fen", 2015): DECIDED + timedelta(days)}
    return company_rules.judge(CompanyRule.RESEARCH, CompanyCase("甲", Figures(values, 2016, when), "正常", earlier), held).amount_max_fen


@pytest.mark.parametrize(
    ("entered", "given", "left"),
    [(None, 100, 50), (100, 100, 50), (120, 100, 30), (90, 100, 50), (150, 100, 0), (100, 0, 50)],
)
def test_the_sum_received_holds_what_was_awarded_here(session: Session, entered: int | None, given: int, left: int) -> None:
    """FJ-11, 000:721: 1,500,000 in all. Who enters the sum of all subsidies received names what was awarded here too."""
    assert _research(entered, given) == left * WAN


@pytest.mark.parametrize(("days", "left"), [(-60, 50), (-1, 50), (0, 50), (1, 100)])
def test_what_was_awarded_after_the_sum_was_entered_is_added(session: Session, days: int, left: int) -> None:
    """500,000 entered as received, 500,000 awarded here: what was decided that day or later is not in the sum that was entered."""
    assert _research(50, 50, days) == left * WAN


@pytest.mark.parametrize(("days", "left"), [(-1, 100), (0, 100), (1, 200)])
def test_what_was_awarded_for_another_bid_after_the_sum_was_entered_is_added(session: Session, days: int, left: int) -> None:
    held = {key: book().at(key, on=date(2016, 12, 31)) for key in company_rules.PARAMETERS}
    values = {("contract_fen", 2016): 20_000 * WAN, ("contract_outside", 2016): 1, ("bid_award_paid_fen", 2016): 100 * WAN}
    earlier = (EarlierAward("FJ-25a", "FJ-25a/乙", DECIDED, year=2016, amount_fen=100 * WAN, project="乙", project_number="2"),)
    figures = Figures(values, 2016, {("bid_award_paid_fen", 2016): DECIDED + timedelta(days)})
    case = CompanyCase("甲", figures, "正常", earlier, "智慧城市", "1")
    assert company_rules.judge(CompanyRule.BID, case, held).amount_max_fen == left * WAN


@pytest.mark.parametrize(("entered", "given", "left"), [(None, 200, 100), (200, 200, 100), (250, 200, 50), (100, 200, 100)])
def test_the_sum_of_bids_of_the_year_holds_what_was_awarded_here(session: Session, entered: int | None, given: int, left: int) -> None:
    """FJ-25a, 000:787: 3,000,000 a year over all projects."""
    held = {key: book().at(key, on=date(2016, 12, 31)) for key in company_rules.PARAMETERS}
    values = {("contract_fen", 2016): 20_000 * WAN, ("contract_outside", 2016): 1}
    if entered is not None:
        values["bid_award_paid_fen", 2016] = entered * WAN
    earlier = (EarlierAward("FJ-25a", "FJ-25a/乙", year=2016, amount_fen=given * WAN, project="乙", project_number="2"),)
    case = CompanyCase("甲", Figures(values, 2016), "正常", earlier, "智慧城市", "1")
    assert company_rules.judge(CompanyRule.BID, case, held).amount_max_fen == left * WAN


# -- what an office assessed (FJ-11) -----------------------------------------------------------------------------------
def test_research_that_who_applies_entered_is_judged_until_an_office_says_it(session: Session) -> None:
    """FJ-11, 000:721: 经税务部门核定的研发投入. Standing entries are judged by who entered them, with the roles of then."""
    company = make.company(region_code="350102")
    own = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=company.id)
    city = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code=company.region_code)
    former = accounts.account()
    accounts.grant(former, Role.DEPT_ST, until=TODAY - timedelta(days=1))

    def asked(by: Any, key: str = "rd_fen", value: int = 20_000_000) -> tuple[Verdict, list[str]]:
        who = SYSTEM if by is None else Identity(by.id, None, "")
        row = companies.enter(company=company, key=key, year=2025, value=Decimal(value), document="审计报告", by=who, now=NOW)
        assert row.entered_by_id == (None if by is None else by.id)
        found = queries.company_answer(company, CompanyRule.RESEARCH, 2025, TODAY)
        return found.verdict, [one.code for one in found.missing]

    asked(own, "sales_fen", 100_000_000)
    judged = (Verdict.TO_JUDGE, ["FJ-11.assessed"])
    assert [asked(by) for by in (own, city, former, None)] == [judged, (Verdict.ELIGIBLE, []), judged, (Verdict.ELIGIBLE, [])]
    (finding,) = [one for one in queries.company_answer(company, CompanyRule.RESEARCH, 2025, TODAY).findings if one.code == "FJ-11.assessed"]
    assert (finding.found, finding.clause.line) == ("经税务部门核定", 721)
    assert asked(own, value=10_000_000)[0] is Verdict.MISSING  # and the thresholds hold as before: 10 % and 10,000,000 exactly
