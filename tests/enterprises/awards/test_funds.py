"""Checks and inspections, pools, credit, publication, and the incentives of companies at, below and above their thresholds."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.awards import companies, company_rules, credit, funds, operations, projects, queries, steps
from enterprises.awards.company_rules import CompanyCase, Figures
from enterprises.awards.credit import CreditRefused
from enterprises.awards.funds import PoolRefused
from enterprises.awards.operations import AlreadyAwarded, AwardRefused, NotEligible, UnderWay, WrongStep
from enterprises.awards.reference import incentives
from enterprises.awards.showing import shown
from enterprises.awards.specs import spec_of
from enterprises.awards.steps import StepRefused
from enterprises.awards.types import YEARLY_KEYS, AwardState, CompanyRule, EarlierAward, PoolKind, RuleCode, StepKind, Verdict
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import BaseType
from tests.factories import awards as make
from tests.factories import ground
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import in_language
from trainhub.kernel.imports import ImportRefused, execute_bytes
from trainhub.organisations.models import Region
from trainhub.organisations.types import RegionLevel
from trainhub.policy.book import book
from trainhub.policy.findings import all_of

WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
AsRole = Callable[..., FlaskClient]
WAN = 1_000_000  # fen
YES = 1


def _judge(rule: str, year: int = 2016, **values: Any) -> Any:
    held = {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}
    figures = {}
    for name, value in values.items():
        key, _, when = name.partition("__")
        figures[key, int(when) if when else (year if key in YEARLY_KEYS else 0)] = value
    return company_rules.judge(CompanyRule(rule), CompanyCase("甲", Figures(figures, year), "正常"), held)


@pytest.mark.parametrize(
    ("rule", "values", "status", "amount"),
    [
        ("FJ-19", {"platform_investment_fen": 1000 * WAN, "platform_recognised": YES}, "judge", 300 * WAN),
        ("FJ-19", {"platform_investment_fen": 1000 * WAN + 1, "platform_recognised": YES}, "met", 300 * WAN),
        ("FJ-19", {"platform_investment_fen": 1000 * WAN - 1, "platform_recognised": YES}, "not_met", 300 * WAN),
        ("FJ-19", {"platform_investment_fen": 1001 * WAN}, "no_data", 300 * WAN),
        ("FJ-11", {"rd_fen": 1000 * WAN, "sales_fen": 5000 * WAN}, "not_met", 100 * WAN),
        ("FJ-11", {"rd_fen": 1001 * WAN, "sales_fen": 10010 * WAN}, "not_met", 0),
        ("FJ-11", {"rd_fen": 1002 * WAN, "sales_fen": 10000 * WAN}, "met", WAN),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 10000 * WAN}, "met", 100 * WAN),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 10000 * WAN, "rd_subsidy_paid_fen": 120 * WAN}, "met", 30 * WAN),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 20000 * WAN + 100}, "not_met", 0),
        ("FJ-11", {"rd_fen": 1000 * WAN - 1, "sales_fen": 5000 * WAN}, "not_met", 100 * WAN),
        ("FJ-11", {"rd_fen": 1000 * WAN + 1, "sales_fen": 5000 * WAN}, "met", 100 * WAN),
        ("FJ-11", {"rd_fen": 1200 * WAN - 2, "sales_fen": 10000 * WAN}, "met", 100 * WAN - 1),
        ("FJ-11", {"rd_fen": 1200 * WAN, "sales_fen": 10000 * WAN}, "met", 100 * WAN),
        ("FJ-11", {"rd_fen": 1200 * WAN + 2, "sales_fen": 10000 * WAN}, "met", 100 * WAN),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 10000 * WAN, "rd_subsidy_paid_fen": 50 * WAN}, "met", 100 * WAN),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 10000 * WAN, "rd_subsidy_paid_fen": 50 * WAN + 1}, "met", 100 * WAN - 1),
        ("FJ-11", {"rd_fen": 2000 * WAN, "sales_fen": 10000 * WAN, "rd_subsidy_paid_fen": 150 * WAN}, "not_met", 0),
        ("FJ-14", {"listed_this_year": YES, "equity_financed": YES}, "met", 30 * WAN),
        ("FJ-14", {"listed_this_year": YES, "equity_financed": 0}, "not_met", 30 * WAN),
        ("FJ-18", {"key_park_customer": YES, "datacentre_fee_fen": 100 * WAN}, "met", 30 * WAN),
        ("FJ-18", {"key_park_customer": YES, "datacentre_fee_fen": 99 * WAN}, "met", 2970 * WAN // 100),
        ("FJ-18", {"key_park_customer": YES, "datacentre_fee_fen": 200 * WAN}, "met", 30 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 1, "segment_rank": 5, "paid_in_capital_fen": 5000 * WAN}, "met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 1, "segment_rank": 6, "paid_in_capital_fen": 5000 * WAN}, "not_met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 1, "segment_rank": 5, "paid_in_capital_fen": 5000 * WAN - 1}, "not_met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 1, "segment_rank": 5, "paid_in_capital_fen": 5000 * WAN + 1}, "met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 1, "segment_rank": 4, "paid_in_capital_fen": 5000 * WAN}, "met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 0, "core_technology": 1, "segment_rank": 5, "paid_in_capital_fen": 5000 * WAN}, "not_met", 300 * WAN),
        ("FJ-24b", {"newly_introduced": 1, "core_technology": 0, "segment_rank": 5, "paid_in_capital_fen": 5000 * WAN}, "not_met", 300 * WAN),
        ("FJ-24c", {"payment_licence": YES, "national_hq": YES}, "met", 300 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 600 * WAN}, "met", 18 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 600 * WAN - 100}, "not_met", 18 * WAN - 3),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 20000 * WAN}, "met", 200 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 20000 * WAN, "bid_award_paid_fen": 250 * WAN}, "met", 50 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 600 * WAN + 100}, "met", 18 * WAN + 3),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 666_666_666}, "met", 19_999_999),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 6_666_666_634}, "met", 200 * WAN - 1),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 6_666_666_667}, "met", 200 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 6_666_666_700}, "met", 200 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 20000 * WAN, "bid_award_paid_fen": 100 * WAN}, "met", 200 * WAN),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 20000 * WAN, "bid_award_paid_fen": 100 * WAN + 1}, "met", 200 * WAN - 1),
        ("FJ-25a", {"contract_outside": YES, "contract_fen": 20000 * WAN, "bid_award_paid_fen": 300 * WAN}, "not_met", 0),
        ("FJ-25b", {"revenue_fen": 4000 * WAN - 1, "revenue_fen__2015": 1}, "not_met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 5000 * WAN, "revenue_fen__2015": 4000 * WAN}, "met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 4000 * WAN, "revenue_fen__2015": 1}, "not_met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 4000 * WAN + 1, "revenue_fen__2015": 1}, "met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 10000 * WAN, "revenue_fen__2015": 1}, "met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 10000 * WAN + 1, "revenue_fen__2015": 5000 * WAN}, "met", 100 * WAN),
        ("FJ-25b", {"revenue_fen": 5000 * WAN, "revenue_fen__2015": 4000 * WAN + 1}, "not_met", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 5000 * WAN}, "judge", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 5000 * WAN, "revenue_fen__2013": 1}, "judge", 50 * WAN),
        ("FJ-25b", {"revenue_fen": 5000 * WAN, "revenue_fen__2014": 1, "revenue_fen__2015": 1}, "met", 50 * WAN),
        ("FJ-11", {"rd_fen": 1100 * WAN + 2, "sales_fen": 10000 * WAN + 9}, "met", 50 * WAN),
        ("FJ-25c", {"booth_fee_fen": 3 * WAN}, "met", 3 * WAN // 2),
        ("FJ-28b", {"key_internet_firm": YES, "rented_m2": 200}, "no_data", None),
        ("FJ-28b", {"key_internet_firm": YES, "rented_m2": 200, "rented_months": 0}, "not_met", 0),
        ("FJ-28b", {"key_internet_firm": YES, "rented_m2": 200, "rented_months": 1}, "met", 600_000),
        ("FJ-28b", {"key_internet_firm": YES, "rented_m2": 200, "rented_months": 12}, "met", 7_200_000),
        ("FJ-28b", {"key_internet_firm": YES, "rented_m2": 200, "rented_months": 13}, "not_met", 7_200_000),
        ("FJ-28a", {"key_internet_firm": YES, "in_government_park": YES}, "judge", None),
        ("FJ-12", {"vc_invested_fen": 70 * WAN, "vc_income": YES}, "met", 70 * WAN),
        ("FJ-10c", {"contest_winner": 0}, "not_met", 500 * WAN),
        ("FJ-10c", {"contest_winner": YES, "contest_given_fen": 500 * WAN - 1}, "met", 1),
        ("FJ-10c", {"contest_winner": YES, "contest_given_fen": 500 * WAN}, "not_met", 0),
        ("FJ-10c", {"contest_winner": YES, "contest_given_fen": 500 * WAN + 1}, "not_met", 0),
        ("FJ-16d", {"counted_completions": 3}, "met", None),
        ("FJ-16d", {}, "no_data", None),
        ("FJ-10b", {"incubated": YES}, "met", None),
    ],
)
def test_the_incentives_of_companies(rule: str, values: dict[str, Any], status: str, amount: int | None) -> None:
    found = _judge(rule, **values)
    assert (all_of(found.findings).value, found.amount_max_fen) == (status, amount)


@pytest.mark.parametrize(
    ("code", "values", "words"),
    [
        ("FJ-25b.revenue", {"revenue_fen": 4000 * WAN, "revenue_fen__2015": 1}, "超过 ¥40,000,000"),
        ("FJ-11.amount", {"rd_fen": 1000 * WAN, "sales_fen": 5000 * WAN}, "超过 ¥10,000,000"),
        ("FJ-11.share", {"rd_fen": 1001 * WAN, "sales_fen": 10010 * WAN}, "超过 10%"),
        ("FJ-19.investment", {"platform_investment_fen": 1, "platform_recognised": YES}, "超过 ¥10,000,000"),
        ("FJ-25a.contract", {"contract_outside": YES, "contract_fen": 1}, "¥6,000,000"),
    ],
)
def test_a_condition_that_asks_for_more_than_its_number_says_so(app: Flask, code: str, values: dict[str, Any], words: str) -> None:
    (finding,) = (one for one in _judge(code.split(".")[0], **values).findings if one.code == code)
    with app.test_request_context():
        assert shown(finding)["required"] == shown(finding.as_dict())["required"] == words


def test_all_27_incentives_are_judged_somewhere() -> None:
    known = {rule["id"] for rule in incentives()}
    assert len(known) == 27
    assert known == {code.value for code in RuleCode} | {code.value for code in CompanyRule}
    assert {code.value for code in CompanyRule} == set(company_rules.JUDGES) | set(company_rules.BY_PERSON)
    assert {spec_of(code).rule for code in known} == {*RuleCode, *CompanyRule}


def test_what_was_awarded_before_counts(session: Session) -> None:
    held = {key: book().at(key, on=date(2017, 12, 31)) for key in company_rules.PARAMETERS}
    figures = {("rd_fen", 2017): 2000 * WAN, ("sales_fen", 2017): 10000 * WAN}

    def judge(*earlier: EarlierAward, credit_status: str = "") -> Any:
        return company_rules.judge(CompanyRule.RESEARCH, CompanyCase("甲", Figures(figures, 2017), credit_status, earlier), held)

    first = EarlierAward("FJ-11", "FJ-11/2016", date(2016, 5, 1), 2016, 100 * WAN)
    assert (judge().amount_max_fen, judge().verdict, judge().overlap_group) == (100 * WAN, Verdict.ELIGIBLE, "FJ-11/2017")
    assert (judge(first).amount_max_fen, judge(first).verdict) == (50 * WAN, Verdict.ELIGIBLE)
    assert judge(first, EarlierAward("FJ-11", "FJ-11/2017", date(2017, 5, 1), 2017, 50 * WAN)).verdict is Verdict.AWARDED
    assert [one.code for one in judge(credit_status="失信").missing] == ["FJ-11.credit"]


@pytest.mark.parametrize(
    ("year", "given", "left", "missing"),
    [
        (2016, {}, 70, []),
        (2017, {2016: 40}, 30, []),
        (2017, {2016: 69}, 1, []),
        (2017, {2016: 70}, 0, ["FJ-12.total"]),
        (2018, {2016: 20}, 50, ["FJ-12.years"]),
        (2018, {2016: 20, 2017: 20}, 30, ["FJ-12.years"]),
        (2018, {2017: 20}, 50, []),
    ],
)
def test_an_investor_is_aided_two_years_and_never_above_the_investment(year: int, given: dict[int, int], left: int, missing: list[str]) -> None:
    held = {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}
    earlier = tuple(EarlierAward("FJ-12", f"FJ-12/{one}", date(one, 5, 1), one, wan * WAN) for one, wan in given.items())
    figures = Figures({("vc_invested_fen", 2016): 70 * WAN, ("vc_income", year): 1}, year)
    found = company_rules.judge(CompanyRule.INVESTOR, CompanyCase("甲", figures, "正常", earlier), held)
    assert (found.amount_max_fen, [one.code for one in found.missing]) == (left * WAN, missing)


@pytest.mark.parametrize(("given", "lacking"), [(499, []), (500, ["FJ-10c.left"]), (501, ["FJ-10c.left"])])
def test_of_a_contest_whose_sum_is_given_nothing_is_left(given: int, lacking: list[str]) -> None:
    """000:717: below, at and above the sum of the year."""
    found = _given("FJ-10c", {}, 2017, contest_winner=1, contest_given_fen=given * WAN)
    assert ([one.code for one in found.missing], found.is_eligible) == (lacking, not lacking)


@pytest.mark.parametrize(("received", "lacking"), [(149, []), (150, ["FJ-11.left"]), (151, ["FJ-11.left"])])
def test_of_research_that_was_aided_up_to_its_cap_nothing_is_left(received: int, lacking: list[str]) -> None:
    """000:721: over all years."""
    cap = book().at("fj.rd_cap_total_fen", on=date(2017, 12, 31)).number
    found = _given("FJ-11", {2016: received * cap // 150}, 2017, rd_fen=2000 * WAN, sales_fen=10000 * WAN)
    assert ([one.code for one in found.missing], found.is_eligible) == (lacking, not lacking)
    if lacking:
        (left,) = found.missing
        assert (left.required, left.found, left.unit, left.clause.cite) == (cap, received * cap // 150, "fen", "FJ-11, 000:721")


@pytest.mark.parametrize(("received", "lacking"), [(299, []), (300, ["FJ-25a.left"]), (301, ["FJ-25a.left"])])
def test_of_bids_of_a_year_that_were_awarded_up_to_its_cap_nothing_is_left(received: int, lacking: list[str]) -> None:
    """000:787: of other projects in the year."""
    held = {key: book().at(key, on=date(2017, 12, 31)) for key in company_rules.PARAMETERS}
    cap = book().at("fj.bid_cap_year_fen", on=date(2017, 12, 31)).number
    figures = Figures({("contract_fen", 0): 1000 * WAN, ("contract_outside", 0): 1}, 2017)
    earlier = (EarlierAward("FJ-25a", "g", date(2017, 5, 1), 2017, received * cap // 300, "云盘", "1"),)
    found = company_rules.judge(CompanyRule.BID, CompanyCase("甲", figures, "正常", earlier, "电力巡检", "2"), held)
    assert ([one.code for one in found.missing], found.is_eligible) == (lacking, not lacking)


def _given(rule: str, years: dict[int, int | None], year: int, **values: int) -> Any:
    held = {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}
    earlier = tuple(EarlierAward(rule, f"{rule}/{one}", date(one, 5, 1), one, fen) for one, fen in years.items())
    figures = Figures({(key, year if key in YEARLY_KEYS else 0): value for key, value in values.items()}, year)
    return company_rules.judge(CompanyRule(rule), CompanyCase("甲", figures, "正常", earlier), held)


@pytest.mark.parametrize(("before", "missing"), [(0, ["FJ-28a.least"]), (1, []), (4, []), (5, ["FJ-28a.years"]), (8, ["FJ-28a.years"])])
def test_rent_is_relieved_for_two_to_five_years(before: int, missing: list[str]) -> None:
    found = _given("FJ-28a", dict.fromkeys(range(2024 - before, 2024)), 2024, key_internet_firm=1, in_government_park=1)
    assert [one.code for one in found.missing] == missing
    judged = next(one for one in found.findings if one.code == "FJ-28a.years")
    assert (judged.found, judged.required) == (before + 1, 5)


@pytest.mark.parametrize(
    ("project", "year", "is_given"),
    [("智能巡检", 2016, True), ("智能 巡检", 2018, True), ("云盘", 2016, False), ("云盘", 2018, False)],
)
def test_a_workspace_is_given_once_for_each_project_whatever_the_year(project: str, year: int, is_given: bool) -> None:
    """FJ-10b, 000:717: 所在地政府为每个企业（项目）提供."""
    held = {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}
    earlier = (EarlierAward("FJ-10b", "FJ-10b/智能巡检", date(2016, 5, 1), 2016, None, "智能巡检"),)
    case = CompanyCase("甲", Figures({("incubated", 0): 1}, year), "正常", earlier, project)
    found = company_rules.judge(CompanyRule.WORKSPACE, case, held)
    assert ((found.verdict is Verdict.AWARDED), found.is_one_off, found.project) == (is_given, False, project)


@pytest.mark.parametrize(("year", "verdict"), [(2016, Verdict.AWARDED), (2018, Verdict.TO_JUDGE)])
def test_a_workspace_of_before_projects_were_named_is_shown_whatever_the_year(year: int, verdict: Verdict) -> None:
    held = {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}
    earlier = (EarlierAward("FJ-10b", "FJ-10b/2016", date(2016, 5, 1), 2016),)
    case = CompanyCase("甲", Figures({("incubated", 0): 1}, year), "正常", earlier, "智能巡检")
    found = company_rules.judge(CompanyRule.WORKSPACE, case, held)
    assert found.verdict is verdict
    assert ("FJ-10b.project" in [one.code for one in found.findings]) == (year == 2018)


def test_a_workspace_applied_for_before_projects_were_named_is_under_way(session: Session) -> None:
    company = make.company()
    made = operations.apply_company(company=company, rule=CompanyRule.WORKSPACE, year=2026, project="智能巡检", by=SYSTEM, today=TODAY, now=NOW)
    made.project = made.project_key = ""
    session.flush()
    with pytest.raises(UnderWay):
        operations.apply_company(company=company, rule=CompanyRule.WORKSPACE, year=2026, project="云盘", by=SYSTEM, today=TODAY, now=NOW)


def test_an_enterprise_applies_for_the_workspace_of_each_project(session: Session) -> None:
    company = make.company()
    call: dict[str, Any] = {"company": company, "rule": CompanyRule.WORKSPACE, "by": SYSTEM, **WHEN}
    with pytest.raises(AwardRefused, match="写明项目名称"):
        operations.apply_company(year=2026, **call)
    one = operations.apply_company(year=2026, project="智能巡检", **call)
    other = operations.apply_company(year=2026, project="云盘", **call)
    assert (one.id != other.id, one.project, one.project_key != other.project_key) == (True, "智能巡检", True)
    with pytest.raises(UnderWay):
        operations.apply_company(year=2025, project="智能 巡检", **call)


@pytest.mark.parametrize(
    ("given", "revenue", "missing"),
    [
        ({}, 5000, ["FJ-25b.before"]),
        ({2016: 50 * WAN}, 5000, ["FJ-25b.first", "FJ-25b.before"]),
        ({2016: 50 * WAN}, 10001, ["FJ-25b.before"]),
        ({2016: 100 * WAN}, 5000, ["FJ-25b.first", "FJ-25b.before"]),
        ({2016: 100 * WAN}, 10001, ["FJ-25b.first", "FJ-25b.before"]),
        ({2019: 100 * WAN}, 5000, ["FJ-25b.before"]),  # the later year was decided first, its level is another one
        ({2019: 100 * WAN}, 10001, ["FJ-25b.first", "FJ-25b.before"]),
        ({2019: 50 * WAN}, 5000, ["FJ-25b.first", "FJ-25b.before"]),
    ],
)
def test_each_level_of_revenue_is_awarded_once_whatever_the_figures_say_afterwards(
    given: dict[int, int | None], revenue: int, missing: list[str]
) -> None:
    found = _given("FJ-25b", given, 2018, revenue_fen=revenue * WAN)
    assert [one.code for one in found.missing] == missing


@pytest.mark.parametrize(
    ("rd", "sales", "found"),
    [(1000 * WAN + 1, 10000 * WAN, "10.00000001%"), (1001 * WAN, 10000 * WAN, "10.01%"), (1100 * WAN, 10000 * WAN, "11.0%"), (999, 10000, "9.9%")],
)
def test_a_share_just_above_the_threshold_does_not_read_as_the_threshold(rd: int, sales: int, found: str) -> None:
    assert next(one for one in _judge("FJ-11", rd_fen=rd, sales_fen=sales).findings if one.code == "FJ-11.share").found == found


@pytest.mark.parametrize(("year", "is_met"), [(2016, True), (2017, True), (2018, False)])
def test_the_two_years_of_an_investor_begin_with_the_income(year: int, is_met: bool) -> None:
    years = {f"vc_income__{one}": 1 for one in (2016, 2017, 2018)}
    assert (all_of(_judge("FJ-12", year, vc_invested_fen=70 * WAN, **years).findings).value == "met") is is_met


def test_the_way_of_an_incentive_of_an_enterprise(session: Session) -> None:
    company = make.company()
    call: dict[str, Any] = {"company": company, "rule": CompanyRule.PAYMENT_HQ, "by": SYSTEM, **WHEN}
    with pytest.raises(AwardRefused, match="逐人推荐"):
        operations.apply_company(**{**call, "rule": CompanyRule.LEADING_TALENT}, year=2026)
    for year in (2014, 2027):
        with pytest.raises(AwardRefused, match="年度"):
            operations.apply_company(**call, year=year)
    with pytest.raises(AwardRefused, match="不是企业"):
        operations.apply_company(**{**call, "company": make.base()}, year=2026)
    row = operations.apply_company(**call, year=2026)
    with pytest.raises(UnderWay, match="已有正在办理的申请"):
        operations.apply_company(**call, year=2026)
    decide: dict[str, Any] = {"award": row, "amount_fen": 300 * WAN, "minutes": "纪要", "by": ST, **WHEN}
    with pytest.raises(WrongStep):
        operations.recognise(award=row, on=TODAY, by=ST, **WHEN)
    with pytest.raises(StepRefused, match="还没有初审"):
        operations.decide(**decide)
    steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=SYSTEM, **WHEN)
    with pytest.raises(NotEligible, match="第三方支付牌照"):
        operations.decide(**decide)
    for key in ("payment_licence", "national_hq"):
        companies.enter(company=company, key=key, year=0, value=Decimal(1), document="证照", by=SYSTEM, now=NOW)
    with pytest.raises(AwardRefused, match="金额应为"):
        operations.decide(**{**decide, "amount_fen": 200 * WAN})
    assert operations.decide(**decide).state is AwardState.CONFERENCE
    confer: dict[str, Any] = {"award": row, "on": TODAY, "text": "纪要", "by": EDU, **WHEN}
    assert operations.confer(**confer, is_positive=False).state is AwardState.APPLIED
    operations.decide(**decide)
    assert operations.confer(**confer, is_positive=True).state is AwardState.DECIDED
    operations.pay(award=row, on=TODAY, reference="闽财1", by=FIN, **WHEN)
    operations.publish(award=row, by=ST, **WHEN)
    with pytest.raises(AlreadyAwarded, match="FJ-24c（2026-03-02）"):
        operations.apply_company(**call, year=2025)


def test_a_bid_is_awarded_for_each_project_inside_the_cap_of_the_year(session: Session) -> None:
    """FJ-25a, 000:787: 单个项目不超过 200 万元, 单家企业年度奖励不超过 300 万元."""
    company = make.company()

    def asked(project: str, contract_yuan: int) -> Any:
        for key, value in (("contract_fen", contract_yuan), ("contract_outside", 1)):
            companies.enter(company=company, key=key, year=2026, value=Decimal(value), document="合同", project=project, by=SYSTEM, now=NOW)
        row = operations.apply_company(
            company=company, rule=CompanyRule.BID, year=2026, project=project, project_number=f"招〔2026〕{project}", by=SYSTEM, **WHEN
        )
        steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=SYSTEM, **WHEN)
        return row

    with pytest.raises(AwardRefused, match="按项目申请"):
        operations.apply_company(company=company, rule=CompanyRule.BID, year=2026, by=SYSTEM, **WHEN)
    with pytest.raises(companies.FigureRefused, match="按项目登记"):
        companies.enter(company=company, key="contract_fen", year=2026, value=Decimal(1), document="合同", by=SYSTEM, now=NOW)
    call: dict[str, Any] = {"minutes": "纪要", "by": ST, **WHEN}
    first, second, third = asked("甲项目", 30_000_000), asked("乙项目", 200_000_000), asked("丙项目", 200_000_000)
    assert operations.decide(award=first, amount_fen=90 * WAN, **call).state is AwardState.DECIDED
    confer: dict[str, Any] = {"on": TODAY, "text": "纪要", "by": EDU, **WHEN}
    for row in (second, third):
        assert operations.decide(award=row, amount_fen=200 * WAN, **call).state is AwardState.CONFERENCE
    assert operations.confer(award=second, is_positive=True, **confer).state is AwardState.DECIDED
    with pytest.raises(AwardRefused, match="按规定金额应为"):  # of the 3,000,000 of the year 100,000 are left
        operations.confer(award=third, is_positive=True, **confer)
    operations.confer(award=third, is_positive=False, **confer)
    operations.decide(award=third, amount_fen=10 * WAN, **call)
    answers = [(one.project, one.verdict) for one in queries.company_answers(company, 2026, TODAY) if one.rule is CompanyRule.BID]
    assert answers == [(name, Verdict.AWARDED) for name in ("丙项目", "乙项目", "甲项目")]
    with pytest.raises(AlreadyAwarded, match="不得重复享受"):
        operations.apply_company(
            company=company, rule=CompanyRule.BID, year=2025, project="甲项目", project_number="招〔2026〕甲项目", by=SYSTEM, **WHEN
        )
    with pytest.raises(NotEligible, match="已获得的合计（须低于上限）"):
        operations.decide(award=asked("丁项目", 6_000_000), amount_fen=1, **call)


def test_a_bid_is_awarded_once_for_a_project_however_it_is_spelled(session: Session) -> None:
    """FJ-25a, 000:787: a project is known by the number of its source; a name that is nearly another's is put before a person."""
    company = make.company()
    for key, value in (("contract_fen", 30_000_000), ("contract_outside", 1)):
        companies.enter(
            company=company, key=key, year=2026, value=Decimal(value), document="合同", project="数字政务（一期）平台", by=SYSTEM, now=NOW
        )

    def asked(project: str, number: str, year: int = 2026) -> Any:
        row = operations.apply_company(company=company, rule=CompanyRule.BID, year=year, project=project, project_number=number, by=SYSTEM, **WHEN)
        steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=SYSTEM, **WHEN)
        return row

    with pytest.raises(AwardRefused, match="招标编号或合同编号") as refused:
        asked("数字政务（一期）平台", " —")
    assert refused.value.field == "project_number"
    first = asked("数字政务(一期) 平台", "FJ-2026(03)")  # the figures were entered under another spelling
    with pytest.raises(UnderWay):
        asked("数字 政务平台", "fj 2026 03")
    operations.decide(award=first, amount_fen=90 * WAN, minutes="纪要", by=ST, **WHEN)
    with pytest.raises(AlreadyAwarded, match="不得重复享受"):
        asked("政务云", "FJ2026-03", 2025)
    other = asked("数字政务（一期）平台", "FJ-2026-04")  # a contract of its own, called the same
    decide: dict[str, Any] = {"award": other, "amount_fen": 90 * WAN, "minutes": "纪要", "by": ST, **WHEN}
    with pytest.raises(AwardRefused) as refused:
        operations.decide(**decide)
    assert refused.value.code == "judgement_needed"
    seen = next(one for one in queries.answer_of(other, TODAY).findings if one.code == "FJ-25a.project")
    assert seen.found == ("数字政务(一期) 平台（FJ-2026(03)）",)
    assert operations.decide(**decide, judgement="另一份合同，采购内容不同").state is AwardState.DECIDED


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("数字政务平台", "数字政务", True),
        ("智慧园区管理系统一期", "智慧园区管理系统二期", True),
        ("甲乙丙丁戊", "甲乙丙丁己", True),
        ("甲乙丙丁", "甲乙丙戊", False),
        ("甲项目", "乙项目", False),
        ("", "甲项目", False),
    ],
)
def test_names_of_projects_that_are_nearly_the_same(one: str, other: str, is_alike: bool) -> None:
    """At 80 % and above, or where one holds the other (own.awards.project_likeness_percent)."""
    assert projects.is_alike(one, other, book().at("own.awards.project_likeness_percent", on=TODAY)) is is_alike


def test_lists_and_files_of_decisions_name_the_project_of_a_bid(session: Session, as_role: AsRole, client: FlaskClient) -> None:
    company = make.company()
    for key, value in (("contract_fen", 30_000_000), ("contract_outside", 1)):
        companies.enter(company=company, key=key, year=2026, value=Decimal(value), document="合同", project="数字政务", by=SYSTEM, now=NOW)
    row = operations.apply_company(company=company, rule=CompanyRule.BID, year=2026, project="数字政务", project_number="ZB-7", by=SYSTEM, **WHEN)
    steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=SYSTEM, **WHEN)
    operations.decide(award=row, amount_fen=90 * WAN, minutes="纪要", by=ST, **WHEN)
    operations.publish(award=row, by=ST, **WHEN)
    session.commit()
    office = as_role(Role.DEPT_ST)
    for address in ("/awards/decisions", "/awards/decisions?q=数字政务", "/awards/decisions.csv"):
        assert "数字政务" in office.get(address).text, address
    for address in ("/awards/published", "/awards/published.csv"):
        assert "数字政务" in client.get(address).text, address


def test_recognition_waits_for_check_and_inspection(session: Session) -> None:
    row = make.apply()
    call: dict[str, Any] = {"award": row, "on": TODAY, "text": "意见", "by": SYSTEM, **WHEN}
    with pytest.raises(StepRefused, match="初审通过后"):
        steps.record(kind=StepKind.INSPECTION, is_positive=True, **call)
    steps.record(kind=StepKind.CHECK, is_positive=False, **call)
    with pytest.raises(StepRefused, match="初审通过后"):
        steps.record(kind=StepKind.INSPECTION, is_positive=True, **call)
    with pytest.raises(StepRefused, match="初审没有通过"):
        operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    steps.record(kind=StepKind.CHECK, is_positive=True, **call)
    with pytest.raises(StepRefused, match="现场考察通过"):
        operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    for bad in ({"on": TODAY + timedelta(days=1)}, {"on": TODAY - timedelta(days=1)}, {"text": " "}):
        with pytest.raises(StepRefused):
            steps.record(kind=StepKind.INSPECTION, is_positive=True, **{**call, **bad})
    steps.record(kind=StepKind.INSPECTION, is_positive=True, **call)
    assert operations.recognise(award=row, on=TODAY, by=EDU, **WHEN).state is AwardState.RECOGNISED
    with pytest.raises(StepRefused, match="不在“初审”这一步"):
        steps.record(kind=StepKind.CHECK, is_positive=True, **call)


def test_a_pool_is_never_overdrawn_and_gets_back_what_is_revoked(session: Session) -> None:
    call: dict[str, Any] = {"year": 2026, "name": "引导资金", "kind": PoolKind.NEW, "by": SYSTEM, "now": NOW}
    pool = funds.open_pool(planned_fen=60_000_000, **call)
    with pytest.raises(PoolRefused, match="同名"):
        funds.open_pool(planned_fen=1, **call)
    with pytest.raises(PoolRefused, match="大于零"):
        funds.open_pool(**{**call, "name": "x"}, planned_fen=0)
    row = make.decided()
    operations.pay(award=row, on=TODAY, reference="1", pool_id=pool.id, by=FIN, **WHEN)
    assert (pool.spent_fen, queries.paid_from(pool.id)) == (60_000_000, (1, 60_000_000))
    other = make.decided()
    with pytest.raises(PoolRefused, match="余额"):
        operations.pay(award=other, on=TODAY, reference="2", pool_id=pool.id, by=FIN, **WHEN)
    operations.revoke(award=row, reason="弄虚作假", by=EDU, **WHEN)
    assert (pool.spent_fen, queries.paid_from(pool.id)) == (60_000_000, (1, 60_000_000)), "it has not come back"
    operations.recover(award=row, on=TODAY, reference="R-1", by=FIN, today=TODAY)
    assert (pool.spent_fen, queries.paid_from(pool.id)) == (0, (0, 0))
    operations.pay(award=other, on=TODAY, reference="2", pool_id=pool.id, by=FIN, **WHEN)


@pytest.mark.parametrize(
    ("is_internet", "is_in_fujian", "rule", "missing"),
    [
        (True, True, "FJ-25b", []),
        (False, True, "FJ-25b", [("FJ-25b.firm", "judge")]),
        (True, False, "FJ-25b", [("FJ-25b.place", "not_met")]),
        (True, None, "FJ-25b", [("FJ-25b.place", "no_data")]),
        (False, True, "FJ-25c", []),
        (False, False, "FJ-25c", [("FJ-25c.place", "not_met")]),
        (False, False, "FJ-12", []),
        (False, False, "FJ-10c", []),
    ],
)
def test_whom_a_sentence_is_about(is_internet: bool, is_in_fujian: bool | None, rule: str, missing: list[tuple[str, str]]) -> None:
    """000:787: 互联网企业 (of industrial ones a person says), 支持省内企业; investors (000:727) and winners of a contest (000:717) may come from anywhere."""
    figures = {"revenue_fen": 5000 * WAN, "booth_fee_fen": WAN, "vc_invested_fen": WAN, "vc_income": 1, "contest_winner": 1}
    values = {(key, 2018): value for key, value in figures.items()} | {("revenue_fen", 2017): 1}
    case = CompanyCase("甲", Figures(values, 2018), "正常", is_internet=is_internet, is_in_fujian=is_in_fujian)
    held = {key: book().at(key, on=date(2018, 12, 31)) for key in company_rules.PARAMETERS}
    found = company_rules.judge(CompanyRule(rule), case, held)
    assert [(one.code, one.status.value) for one in found.missing] == missing


def test_the_mark_and_the_region_of_an_enterprise_are_asked(session: Session) -> None:
    company = make.company()
    _figure(company, "revenue_fen", 5000 * WAN, NOW)

    def codes() -> set[str]:
        return {one.code for one in queries.company_answer(company, CompanyRule.REVENUE, 2026, TODAY).missing}

    assert "FJ-25b.firm" in codes()
    session.add(Region(code="330100", name="杭州市", level=RegionLevel.PREFECTURE, reporting_code=None))
    session.flush()
    company.is_internet_enterprise, company.region_code = True, "330100"
    session.flush()
    assert {"FJ-25b.firm", "FJ-25b.place"} & codes() == {"FJ-25b.place"}


def test_only_decisions_are_published(session: Session) -> None:
    row = make.accepted()
    with pytest.raises(operations.WrongStep):
        operations.publish(award=row, by=EDU, **WHEN)
    operations.decide(award=row, amount_fen=60_000_000, minutes="纪要", by=EDU, **WHEN)
    operations.publish(award=row, by=EDU, **WHEN)
    assert [found.id for found, _name in queries.published()] == [row.id]


HEAD = "统一社会信用代码,名称,列入事由,列入日期,移出日期\n"


def test_credit_is_looked_up_in_the_imported_list_or_entered_by_hand(session: Session) -> None:
    bad, good = make.company(), make.company()
    call: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(CreditRefused, match="手工登记"):
        credit.look_up(organisation=bad, **call)
    file: dict[str, Any] = {"filename": "a.csv", **call}
    content = f"{HEAD}{bad.uscc},甲,欠薪,2026-01-01,\n".encode()
    assert execute_bytes(credit.SPEC, content, **file).added == 1
    assert execute_bytes(credit.SPEC, content, **file).unchanged == 1
    write_pending(session)
    assert [event.data["uscc"] for event in session.scalars(select(AuditEvent).where(AuditEvent.did == "awards.credit.imported"))] == [bad.uscc]
    with pytest.raises(ImportRefused):
        execute_bytes(credit.SPEC, f"{HEAD}123,甲,欠薪,2026-01-01,\n".encode(), **file)
    assert [credit.look_up(organisation=one, **call).is_listed for one in (bad, good)] == [True, False]
    assert (bad.credit_status, good.credit_status) == ("失信", "正常")
    assert execute_bytes(credit.SPEC, f"{HEAD}{bad.uscc},甲,欠薪,2026-01-01,2026-03-01\n".encode(), **file).changed == 1
    assert credit.look_up(organisation=bad, **call).is_listed is False
    with pytest.raises(CreditRefused, match="在哪里核查"):
        credit.enter(organisation=bad, is_listed=True, detail="", on=TODAY, **call)
    assert credit.enter(organisation=bad, is_listed=True, detail="信用福建网站", on=TODAY, **call).source == "手工登记"


def test_an_imported_entry_counts_until_somebody_looks_it_up(session: Session) -> None:
    """An award is refused to who came onto the list with the last import, though nobody pressed the button of the look-up."""
    company = make.company()
    call: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}
    file: dict[str, Any] = {"filename": "a.csv", **call}

    def is_good() -> bool:
        return queries.credit_finding(company, CompanyRule.LISTING, TODAY).met

    credit.enter(organisation=company, is_listed=False, detail="信用福建", on=TODAY, by=SYSTEM, today=TODAY, now=NOW - timedelta(days=1))
    assert is_good()
    execute_bytes(credit.SPEC, f"{HEAD}{company.uscc},甲,欠薪,2026-01-01,\n".encode(), **file)
    assert not is_good()
    credit.enter(organisation=company, is_listed=False, detail="信用福建：已修复", on=TODAY, **call)
    assert is_good()
    later = {**file, "now": NOW + timedelta(hours=1)}
    execute_bytes(credit.SPEC, f"{HEAD}{company.uscc},甲,欠薪,2026-01-01,2026-12-31\n".encode(), **later)
    assert not is_good()
    execute_bytes(credit.SPEC, f"{HEAD}{company.uscc},甲,欠薪,2026-01-01,2026-02-01\n".encode(), **later)
    assert is_good()


@pytest.mark.database
@pytest.mark.parametrize(("days", "is_good"), [(-1, False), (0, True), (1, True)])
def test_a_look_up_of_an_earlier_day_lifts_no_blacklist(session: Session, days: int, is_good: bool) -> None:
    company, found = make.company(), TODAY - timedelta(days=10)
    call: dict[str, Any] = {"organisation": company, "detail": "信用福建", "by": SYSTEM, "today": TODAY, "now": NOW}
    credit.enter(is_listed=True, on=found, **call)
    credit.enter(is_listed=False, on=found + timedelta(days=days), **call)
    assert (company.credit_status == "正常", company.credit_checked_on) == (is_good, found + timedelta(days=max(0, days)))
    assert queries.credit_finding(company, CompanyRule.LISTING, TODAY).met is is_good
    assert len(queries.checks_of(company.id)) == 2


@pytest.mark.database
@pytest.mark.parametrize(("day", "is_good"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 1, 2), True)])
def test_an_entry_is_seen_only_by_a_look_up_from_its_day_on(session: Session, day: date, is_good: bool) -> None:
    company = make.company()
    call: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}
    execute_bytes(credit.SPEC, f"{HEAD}{company.uscc},甲,欠薪,2026-01-01,\n".encode(), filename="a.csv", **call)
    credit.enter(organisation=company, is_listed=False, detail="信用福建", on=day, **call)
    assert queries.credit_finding(company, CompanyRule.LISTING, TODAY).met is is_good


def test_the_pages(session: Session, as_role: AsRole, client: FlaskClient) -> None:
    company = make.company()
    code, key = company.code, company.id
    session.commit()
    own, hr, fin = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key), as_role(Role.DEPT_HR), as_role(Role.DEPT_FIN)
    at = f"/awards/companies/{code}"
    assert "缺少数据的政策" in own.get(f"{at}?year=2016").text
    figure = {"key": "revenue_fen", "year": "2016", "value": "50000000", "document": "审计报告"}
    assert own.post(f"{at}/figures", data={**figure, "key": "nothing"}).status_code == 422
    assert own.post(f"{at}/figures", data={**figure, "key": "national_hq", "value": "2"}).status_code == 422
    assert own.post(f"{at}/figures", data=figure).status_code == 303
    assert "待人判断" in own.get(f"{at}?year=2016").text
    apply = f"{at}/FJ-24c/apply?year=2016"
    assert [own.get(apply).status_code, own.get(f"{at}/FJ-16d/apply").status_code, hr.get(apply).status_code] == [200, 404, 403]
    assert own.post(apply, data={"statement": ""}).status_code == 422
    where = own.post(apply, data={"statement": "总部已迁入福州"}).headers["Location"]
    assert "第三方支付总部落户奖励" in own.get(where).text
    assert "FJ-24c" in own.get(at).text
    assert "2016" in hr.get("/awards/decisions?rule=FJ-24c").text
    assert own.post(at.replace("/companies/", "/credit/"), data={}).status_code == 403
    assert hr.post(at.replace("/companies/", "/credit/") + "/look-up").status_code == 422
    assert hr.post(at.replace("/companies/", "/credit/"), data={"result": "good", "on": "2026-01-01", "detail": "信用福建"}).status_code == 303
    assert "未见失信记录" in own.get(at).text
    assert as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=ground.enterprise().id).get(at).status_code == 403
    pool = {"year": "2026", "name": "引导资金", "kind": "new", "planned": "5000000"}
    assert hr.post("/awards/pools", data=pool).status_code == 403
    assert fin.post("/awards/pools", data=pool).status_code == 303
    assert fin.post("/awards/pools", data=pool).status_code == 422
    for path in ("/awards/pools", "/awards/companies", "/awards/credit", "/awards/rules", "/awards/published"):
        assert hr.get(path).status_code == 200
    assert client.get("/awards/published").status_code == 200
    upload = {"file": (io.BytesIO(f"{HEAD}123,甲,欠薪,2026-01-01,\n".encode()), "a.csv")}
    assert hr.post("/awards/credit/import", data=upload).status_code == 303
    assert companies.enter(company=company, key="rented_m2", year=2026, value=Decimal(3), document="", by=SYSTEM, now=NOW).value == 3


@pytest.mark.parametrize(
    ("language", "word"),
    [("zh", "2016 年已奖励"), ("en", "awarded in 2016")],
)
def test_what_a_finding_says_of_a_year_is_said_in_the_language_of_the_reader(app: Flask, language: str, word: str) -> None:
    found = _given("FJ-25b", {2016: 50 * WAN}, 2018, revenue_fen=5000 * WAN)
    with app.test_request_context(), in_language(language):
        assert shown(next(one for one in found.findings if one.code == "FJ-25b.first"))["found"] == word


# -- figures that change after the check --------------------------------------------------------------------------------
def _figure(company: Any, key: str, value: int, at: datetime) -> None:
    companies.enter(company=company, key=key, year=2026 if key in YEARLY_KEYS else 0, value=Decimal(value), document="账目", by=SYSTEM, now=at)


def test_figures_that_changed_after_the_check_are_checked_again_before_the_decision(session: Session) -> None:
    company, minute = make.company(), timedelta(minutes=1)
    for key, value in (("key_park_customer", 1), ("datacentre_fee_fen", 100_000)):
        _figure(company, key, value, NOW)
    made = operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN)
    check: dict[str, Any] = {"award": made, "kind": StepKind.CHECK, "on": TODAY, "is_positive": True, "text": "核实", "by": SYSTEM, "today": TODAY}
    steps.record(now=NOW + minute, **check)
    assert queries.changed_since_check(made, TODAY) == []
    _figure(company, "rented_m2", 500, NOW + 2 * minute)  # no figure of this incentive
    assert queries.changed_since_check(made, TODAY) == []
    _figure(company, "datacentre_fee_fen", 1_000_000, NOW + 2 * minute)
    assert queries.changed_since_check(made, TODAY) == ["FJ-18.fee"]
    with pytest.raises(StepRefused, match="指标有改动（当年租用服务费）"):
        operations.decide(award=made, amount_fen=30 * WAN, minutes="m", by=ST, **WHEN)
    steps.record(now=NOW + 3 * minute, **check)
    assert operations.decide(award=made, amount_fen=30 * WAN, minutes="m", by=ST, **WHEN).state is AwardState.DECIDED


def test_a_base_whose_figures_changed_after_its_recognition_is_checked_again(session: Session) -> None:
    base, minute = make.base(BaseType.INCUBATION_BASE, startup_entities=21), timedelta(minutes=1)
    made = make.accepted(base, RuleCode.INCUBATION_BASE)
    profile = base_queries.profile(base.id)
    assert profile is not None
    check: dict[str, Any] = {"award": made, "kind": StepKind.CHECK, "on": TODAY, "is_positive": True, "text": "核实", "by": SYSTEM, "today": TODAY}
    with pytest.raises(StepRefused, match="不在"):  # nothing to check again
        steps.record(now=NOW + minute, **check)
    bases.change_base(profile=profile, startup_entities=25, by=SYSTEM, now=NOW + minute)
    decide: dict[str, Any] = {"award": made, "amount_fen": 50 * WAN, "minutes": "m", "judgement": "民营", "by": HR, **WHEN}
    with pytest.raises(StepRefused, match="指标有改动"):
        operations.decide(**decide)
    steps.record(now=NOW + 2 * minute, **check)
    assert operations.decide(**decide).state is AwardState.DECIDED


def test_the_page_says_that_the_figures_changed_since_the_check(session: Session, as_role: AsRole) -> None:
    company = make.company()
    _figure(company, "datacentre_fee_fen", 100_000, NOW)
    made = operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN)
    steps.record(award=made, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="核实", by=SYSTEM, **WHEN)
    session.commit()
    client = as_role(Role.DEPT_ST)
    assert "初审之后指标有改动" not in client.get(f"/awards/{made.id}").text
    _figure(company, "datacentre_fee_fen", 1_000_000, NOW + timedelta(minutes=1))
    session.commit()
    assert "初审之后指标有改动" in client.get(f"/awards/{made.id}").text


@pytest.mark.parametrize(("year", "is_paid"), [(2025, False), (2026, True), (2027, False)])
def test_a_pool_pays_in_its_own_year(session: Session, year: int, is_paid: bool) -> None:
    pool = funds.open_pool(year=year, name="引导资金", kind=PoolKind.NEW, planned_fen=60_000_000, by=SYSTEM, now=NOW)
    row = make.decided()
    if is_paid:
        operations.pay(award=row, on=TODAY, reference="1", pool_id=pool.id, by=FIN, **WHEN)
    else:
        with pytest.raises(PoolRefused, match=f"是 {year} 年的资金，拨付日期在 2026 年"):
            operations.pay(award=row, on=TODAY, reference="1", pool_id=pool.id, by=FIN, **WHEN)
    assert pool.spent_fen == (60_000_000 if is_paid else 0)


def test_an_appropriation_is_put_right_and_never_below_what_was_spent(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    year = clock.today().year
    pool = funds.open_pool(year=year, name="引导资金", kind=PoolKind.NEW, planned_fen=100_000_000, by=SYSTEM, now=NOW)
    facts: dict[str, Any] = {"pool": pool, "name": "引导资金", "kind": PoolKind.NEW, "document": "闽财〔2026〕9号", "by": SYSTEM, "now": NOW}
    opened = pool.version
    funds.change_pool(planned_fen=10_000_000, version=opened, **facts)
    with pytest.raises(Stale):
        funds.change_pool(planned_fen=20_000_000, version=opened, **facts)
    with pytest.raises(PoolRefused, match="文号"):
        funds.change_pool(planned_fen=20_000_000, **{**facts, "document": ""})
    funds.spend(pool.id, 4_000_000, on=date(year, 1, 5))
    session.refresh(pool)
    with pytest.raises(PoolRefused, match="不能少于"):
        funds.change_pool(planned_fen=3_999_999, **facts)
    for other in ({"name": "另一资金"}, {"kind": next(one for one in PoolKind if one is not PoolKind.NEW)}):
        with pytest.raises(PoolRefused, match="不能再改"):
            funds.change_pool(planned_fen=4_000_000, **{**facts, **other})
    assert funds.change_pool(planned_fen=4_000_000, **facts).planned_fen == 4_000_000
    with pytest.raises(PoolRefused, match="余额"):
        funds.spend(pool.id, 1, on=date(year, 1, 5))
    key, version = pool.id, pool.version
    session.commit()
    fin = as_role(Role.DEPT_FIN)
    where = f"/awards/pools/{key}/edit"
    assert where in fin.get("/awards/pools").text
    assert 'value="40000.00"' in fin.get(where).text
    sent = {"name": "引导资金", "kind": "new", "planned": "50000", "document": "闽财〔2026〕10号", "version": str(version)}
    assert fin.post(where, data={**sent, "planned": "39999.99"}).status_code == 422
    assert fin.post(where, data=sent).status_code == 303
    assert fin.post(where, data={**sent, "planned": "60000"}).status_code == 409
    assert as_role(Role.AUDITOR).post(where, data=sent).status_code == 403
