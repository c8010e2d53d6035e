"""Who decides does not pay, money comes from where the sentence says, from whom it says, and not to who is on the blacklist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import companies, company_rules, funds, operations, queries, rules, steps
from enterprises.awards.companies import FigureRefused
from enterprises.awards.company_rules import CompanyCase, Figures
from enterprises.awards.models import Award
from enterprises.awards.operations import AwardRefused, NotEligible
from enterprises.awards.specs import spec_of
from enterprises.awards.types import TOTAL_KEYS, YEARLY_KEYS, AwardState, CompanyRule, PoolKind, RuleCode, StepKind
from enterprises.bases.types import BaseType
from tests.factories import awards as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, NOW, ST, TODAY
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.errors import NotAllowed
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.models import Organisation
from trainhub.people import operations as people
from trainhub.people.types import PairDecision
from trainhub.policy.book import book
from trainhub.policy.findings import Status

pytestmark = pytest.mark.database
WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
WAN = 1_000_000  # fen
AsRole = Callable[..., FlaskClient]
ALL = date(2016, 12, 31)


# -- one account, one step of the money ---------------------------------------------------------------------------------
def _by(role: Identity, account: Any) -> Identity:
    return replace(role, account_id=account.id, person_id=account.person_id)


def _put_forward(by: Identity) -> Award:
    row = make.accepted()
    return operations.decide(award=row, amount_fen=100 * WAN, minutes="纪要", by=by, **WHEN)


def test_deciding_conferring_and_paying_take_three_persons(session: Session) -> None:
    one, two, three = (accounts.account(person=ground.person(is_verified=True)) for _ in range(3))
    row = _put_forward(_by(EDU, one))
    confer: dict[str, Any] = {"award": row, "on": TODAY, "is_positive": True, "text": "同意", **WHEN}
    with pytest.raises(NotAllowed, match="“决定金额”由你办理"):
        operations.confer(by=_by(ST, one), **confer)
    people.note_decision(first_id=one.person_id, second_id=two.person_id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    with pytest.raises(NotAllowed, match="同一人的另一个账号也不行"):
        operations.confer(by=_by(ST, two), **confer)
    people.note_decision(first_id=one.person_id, second_id=two.person_id, decision=PairDecision.DIFFERENT, reason="两人", by=SYSTEM, now=NOW)
    operations.confer(by=_by(ST, two), **confer)
    pay: dict[str, Any] = {"award": row, "on": TODAY, "reference": "1", **WHEN}
    for account in (one, two):
        with pytest.raises(NotAllowed, match="登记拨付须由另一人办理"):
            operations.pay(by=_by(FIN, account), **pay)
    assert operations.pay(by=_by(FIN, three), **pay).state is AwardState.PAID


def test_who_applied_neither_decides_nor_pays(session: Session) -> None:
    account = accounts.account()
    row = operations.apply(base=make.base(), rule=RuleCode.PRACTICE_BASE, statement="s", by=_by(EDU, account), **WHEN)
    make.examined(row)
    operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    operations.accept(award=row, on=TODAY, by=EDU, **WHEN)
    with pytest.raises(NotAllowed, match="“申请”由你办理"):
        operations.decide(award=row, amount_fen=60 * WAN, minutes="纪要", by=_by(EDU, account), **WHEN)


# -- where the money comes from -----------------------------------------------------------------------------------------
def _decided(rule: CompanyRule, amount_fen: int, payer: str = "", company: Organisation | None = None, **figures: int) -> Award:
    company = company or make.company()
    for key, value in figures.items():
        year = 2026 if key in YEARLY_KEYS | TOTAL_KEYS else 0
        companies.enter(company=company, key=key, year=year, value=Decimal(value), document="d", by=SYSTEM, now=NOW)
    row = operations.apply_company(company=company, rule=rule, year=2026, by=SYSTEM, **WHEN)
    steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="符合", by=SYSTEM, **WHEN)
    return operations.decide(award=row, amount_fen=amount_fen, minutes="纪要", judgement="符合", payer=payer, by=ST, **WHEN)


def _pool(kind: PoolKind) -> int:
    return funds.open_pool(year=2026, name=kind.value, kind=kind, planned_fen=1000 * WAN, by=FIN, now=NOW).id


CENTRE = {"key_park_customer": 1, "datacentre_fee_fen": 1_000_000}


@pytest.mark.parametrize("kind", [None, PoolKind.INTEGRATED, PoolKind.DEPARTMENT])
def test_money_of_the_new_fund_leaves_from_no_other(session: Session, kind: PoolKind | None) -> None:
    """FJ-18, 000:755: 所需资金由省级新增引导资金安排."""
    row = _decided(CompanyRule.DATACENTRE, 30 * WAN, **CENTRE)
    pay: dict[str, Any] = {"award": row, "on": TODAY, "reference": "1", "by": FIN, **WHEN}
    with pytest.raises(AwardRefused, match="新增引导资金") as refused:
        operations.pay(pool_id=None if kind is None else _pool(kind), **pay)
    assert refused.value.code == "pool_of_other_kind"
    assert operations.pay(pool_id=_pool(PoolKind.NEW), **pay).state is AwardState.PAID


def test_what_the_sentence_leaves_to_an_office_is_paid_by_it(session: Session) -> None:
    """FJ-25b, 000:787: 其中工业企业应用电子商务开拓市场，由省商务厅安排. An enterprise with the mark is paid from the fund, one that a person judged to be such an
    industrial one by 省商务厅."""
    pay: dict[str, Any] = {"on": TODAY, "reference": "1", "by": FIN, **WHEN}
    marked = make.company(is_internet_enterprise=True)
    row = _decided(CompanyRule.REVENUE, 50 * WAN, company=marked, revenue_fen=50_000_000)
    with pytest.raises(AwardRefused, match="新增引导资金"):
        operations.pay(award=row, **pay)
    pool = _pool(PoolKind.NEW)
    marked.is_internet_enterprise = False
    session.flush()
    with pytest.raises(NotEligible, match="决定之后条件已不具备"):
        operations.pay(award=row, pool_id=pool, **pay)
    marked.is_internet_enterprise = True
    session.flush()
    assert operations.pay(award=row, pool_id=pool, **pay).state is AwardState.PAID
    industrial = _decided(CompanyRule.REVENUE, 50 * WAN, revenue_fen=50_000_000)
    assert industrial.payer == "省商务厅"
    assert operations.pay(award=industrial, **pay).state is AwardState.PAID


def test_an_investor_from_elsewhere_is_given_aid_though_no_register_of_ours_verifies_it(session: Session) -> None:
    """FJ-12, 000:727: 吸引社会资本及国外创投机构参与: it has no region of ours, by which one is verified."""
    abroad = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108"))
    row = _decided(CompanyRule.INVESTOR, 50 * WAN, company=abroad, vc_invested_fen=100_000_000, vc_income=1)
    assert (row.state, abroad.state.value) == (AwardState.DECIDED, "registered")
    other = make.company(is_verified=False)
    with pytest.raises(AwardRefused, match="没有核验"):
        _decided(CompanyRule.REVENUE, 50 * WAN, company=other, revenue_fen=50_000_000)


def test_a_recipient_of_ours_is_verified_and_checked_by_its_city_though_nobody_entered_its_region(session: Session, as_role: AsRole) -> None:
    """FJ-12, FJ-10c: that its region is missing makes nobody a recipient from elsewhere; its code says where it was registered (GB 32100-2015)."""
    ours = make.company(region_code=None, is_verified=False)
    for rule in (CompanyRule.INVESTOR, CompanyRule.CONTEST):
        (place,) = [one for one in queries.company_answer(ours, rule, 2026, TODAY).missing if one.code.endswith(".place")]
        assert (place.status, "先登记所在地区" in place.details[0]) == (Status.NO_DATA, True)
    row = operations.apply_company(company=ours, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
    session.commit()
    sent = {"on": str(TODAY), "is_positive": "yes", "text": "材料属实"}
    assert as_role(Role(spec_of("FJ-12").departments[0])).post(f"/awards/{row.id}/check", data=sent).status_code == 403
    within = make.company(region_code="350102", is_verified=False)
    with pytest.raises(AwardRefused, match="没有核验"):
        _decided(CompanyRule.INVESTOR, 50 * WAN, company=within, vc_invested_fen=100_000_000, vc_income=1)


def test_whom_no_city_of_ours_covers_the_department_checks_and_another_decides(session: Session, as_role: AsRole) -> None:
    """FJ-12, 000:727. Of a recipient of ours the check stays the city's."""
    found = {}
    for company in (make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108")), make.company(region_code="350102")):
        for key, value in {"vc_invested_fen": 100_000_000, "vc_income": 1}.items():
            companies.enter(
                company=company, key=key, year=2026 if key in YEARLY_KEYS | TOTAL_KEYS else 0, value=Decimal(value), document="d", by=SYSTEM, now=NOW
            )
        found[company.region_code] = operations.apply_company(company=company, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
    session.commit()
    abroad, ours = found[None], found["350102"]
    department = as_role(Role(spec_of("FJ-12").departments[0]))
    sent = {"on": str(TODAY), "is_positive": "yes", "text": "材料属实"}
    answers = [department.post(f"/awards/{row.id}/check", data=sent).status_code for row in (abroad, ours)]
    assert answers == [303, 403]
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350100").post(f"/awards/{abroad.id}/check", data=sent).status_code == 403
    session.expire_all()
    check = queries.latest_steps(abroad.id)[StepKind.CHECK]
    decide: dict[str, Any] = {"award": abroad, "amount_fen": 50 * WAN, "minutes": "纪要", "judgement": "符合", **WHEN}
    with pytest.raises(NotAllowed, match="初审"):
        operations.decide(by=replace(ST, account_id=check.recorded_by_id), **decide)
    assert operations.decide(by=ST, **decide).state is AwardState.DECIDED


def test_the_payer_the_sentence_names_is_not_typed(session: Session) -> None:
    with pytest.raises(AwardRefused, match="按原文由省数字办拨付"):
        _decided(CompanyRule.DATACENTRE, 30 * WAN, "省财政厅", **CENTRE)
    assert _decided(CompanyRule.DATACENTRE, 30 * WAN, **CENTRE).payer == "省数字办"
    booth = {"booth_fee_fen": 30_000}
    assert _decided(CompanyRule.BOOTH, WAN, **booth).payer == "所在地政府"
    assert _decided(CompanyRule.BOOTH, WAN, "福州市政府", **booth).payer == "福州市政府"  # which one is meant


def test_what_the_local_government_pays_is_recorded_by_its_city_and_leaves_no_pool_of_the_province(session: Session) -> None:
    """FJ-25c, 000:787: 由所在地政府给予. Neighbours, and a city where another payer is named, record nothing."""
    row = _decided(CompanyRule.BOOTH, WAN, booth_fee_fen=30_000_000)
    region = organisation_queries.by_id(row.organisation_id).region_code  # type: ignore[union-attr]
    own, other = (_city(code) for code in (region[:4] + "00", "350900" if region[:4] != "3509" else "350100"))
    pay: dict[str, Any] = {"on": TODAY, "reference": "榕财1", **WHEN}
    with pytest.raises(NotAllowed, match="主管部门"):
        operations.pay(award=row, by=other, **pay)
    with pytest.raises(AwardRefused, match="不从省级资金列支") as refused:
        operations.pay(award=row, by=own, pool_id=_pool(PoolKind.INTEGRATED), **pay)
    assert (refused.value.code, refused.value.field) == ("pool_of_other_kind", "pool")
    assert operations.pay(award=row, by=own, **pay).state is AwardState.PAID
    assert operations.close(award=row, by=own, **WHEN).state is AwardState.CLOSED
    with pytest.raises(NotAllowed, match="主管部门"):
        operations.pay(award=_decided(CompanyRule.DATACENTRE, 30 * WAN, **CENTRE), by=own, **pay)


def _city(code: str) -> Identity:
    return Identity(accounts.account().id, None, "市县", grants=(Grant(Role.PREFECTURE_OPERATOR, kind=ScopeKind.REGION, region_code=code),))


# -- credit of the base itself ------------------------------------------------------------------------------------------
def test_a_base_that_is_a_legal_person_is_asked_itself(session: Session) -> None:
    base = make.base()
    base.credit_status = "失信"
    session.flush()
    found = next(one for one in queries.entitlements_of(base.id, TODAY)[0].findings if one.code.endswith(".credit"))
    assert (found.met, found.found) == (False, (base.name,))
    with pytest.raises(NotEligible, match="信用状况"):
        make.apply(base)


def test_where_nobody_stands_behind_a_base_nobody_s_credit_is_known(session: Session) -> None:
    base = make.base(BaseType.RURAL_PARK, workers=100)
    for host, _organisation in organisation_queries.hosts_of(base.id):
        organisations.end_host(base=base, host_id=host.id, until=TODAY - timedelta(days=1), by=SYSTEM, now=NOW)
    answer = next(one for one in queries.entitlements_of(base.id, TODAY) if one.rule is RuleCode.RURAL_PARK)
    assert [(one.code, one.status.value) for one in answer.missing] == [("FJ-26d.credit", "no_data")]
    with pytest.raises(NotEligible, match="信用状况"):
        make.apply(base, RuleCode.RURAL_PARK)


@pytest.mark.parametrize(("region", "status"), [("350100", None), (None, "no_data"), ("330100", "not_met")])
def test_a_base_outside_fujian_is_given_nothing(session: Session, region: str | None, status: str | None) -> None:
    case = replace(queries.case_of(make.base().id, TODAY), is_in_fujian=None if region is None else region.startswith("35"))
    for rule in RuleCode:
        missing = {one.code: one.status.value for one in rules.judge(case, rule, queries.parameters(TODAY), TODAY).missing}
        assert missing.get(f"{rule.value}.place") == status


# -- figures and their year ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "year", "said"),
    [("revenue_fen", 0, "按年度登记"), ("rd_subsidy_paid_fen", 0, "历年累计"), ("national_hq", 2016, "不分年度"), ("segment_rank", 0, "第 1 名")],
)
def test_a_figure_has_the_year_it_is_of(session: Session, key: str, year: int, said: str) -> None:
    enter: dict[str, Any] = {"company": make.company(), "document": "d", "by": SYSTEM, "now": NOW}
    with pytest.raises(FigureRefused, match=said):
        companies.enter(key=key, year=year, value=Decimal(0), **enter)


def _research(*paid: tuple[int, int], year: int = 2016) -> int | None:
    held = {key: book().at(key, on=ALL) for key in company_rules.PARAMETERS}
    values = {("rd_fen", year): 2000 * WAN, ("sales_fen", year): 10000 * WAN, **{("rd_subsidy_paid_fen", when): wan * WAN for when, wan in paid}}
    return company_rules.judge(CompanyRule.RESEARCH, CompanyCase("甲", Figures(values, year), "正常"), held).amount_max_fen


def test_what_was_received_in_other_years_counts_against_the_cap_of_all(session: Session) -> None:
    """FJ-11, 000:721: at most 1,500,000 in total, whichever year it was entered for."""
    assert _research() == 100 * WAN
    assert _research((2015, 100)) == 50 * WAN
    assert _research((2015, 100), (2016, 150)) == 0
    assert _research((2017, 120)) == 30 * WAN


def test_a_figure_without_a_year_answers_for_no_year(session: Session) -> None:
    held = {key: book().at(key, on=ALL) for key in company_rules.PARAMETERS}
    case = CompanyCase("甲", Figures({("revenue_fen", 0): 5000 * WAN}, 2016), "正常")
    assert "FJ-25b.revenue" in {one.code for one in company_rules.judge(CompanyRule.REVENUE, case, held).missing if one.status.value == "no_data"}


def test_a_subsidy_takes_three_persons_too(session: Session) -> None:
    from enterprises.subsidies import operations as subsidies
    from enterprises.subsidies import queries as claims
    from tests.enterprises.subsidies.test_subsidies import _pool as pool_of
    from tests.enterprises.subsidies.test_subsidies import _world

    one, two, three = (replace(SYSTEM, account_id=accounts.account().id) for _ in range(3))
    claim = subsidies.draw_up(organisation=_world(), since=date(2026, 1, 1), until=TODAY, by=one, **WHEN)
    subsidies.submit(claim=claim, by=one, today=TODAY)
    subsidies.draw_sample(claim=claim, percent=1, seed=1, by=two)
    item = claims.item(claims.item_ids(claim.id)[0])
    for key in claims.item_ids(claim.id):
        item = claims.item(key)
        if item is not None and item.is_sampled:
            subsidies.check_item(item=item, claim=claim, is_confirmed=True, note="", by=two, now=NOW)
    with pytest.raises(NotAllowed, match="审核须由另一人办理"):
        subsidies.approve(claim=claim, minutes="同意", by=one, **WHEN)
    subsidies.approve(claim=claim, minutes="同意", by=two, **WHEN)
    pay: dict[str, Any] = {"claim": claim, "pool_id": pool_of(10_000_000).id, "reference": "1", "on": TODAY, **WHEN}
    for by in (one, two):
        with pytest.raises(NotAllowed, match="拨付须由另一人办理"):
            subsidies.pay(by=by, **pay)
    assert subsidies.pay(by=three, **pay).state.value == "paid"
