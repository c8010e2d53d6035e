"""An award decided twice at the same moment, on the database of the run with real commits: one decision stands, the second is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from enterprises.awards import companies, funds, operations, queries, steps
from enterprises.awards.fund_models import FundPool
from enterprises.awards.models import Award
from enterprises.awards.types import TAKEN, CompanyRule, PoolKind, RuleCode, StepKind
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import AcceptanceStep, BaseType
from tests.factories import awards as make
from tests.factories.awards import NOW, TODAY
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.organisations.models import Organisation

WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
WAN = 1_000_000  # fen


def _decide(key: int, amount_fen: int) -> Callable[[], object]:
    return lambda: operations.decide(award=session().get_one(Award, key), amount_fen=amount_fen, minutes="纪要", by=SYSTEM, **WHEN)


def _pay(key: int, pool: int) -> Callable[[], object]:
    return lambda: operations.pay(award=session().get_one(Award, key), on=TODAY, reference="1", pool_id=pool, by=SYSTEM, **WHEN)


def test_one_award_is_decided_once_and_paid_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = make.accepted().id
        pool = funds.open_pool(year=2026, name="资金", kind=PoolKind.NEW, planned_fen=100 * WAN, by=SYSTEM, now=NOW).id
    first, second = together(committed, _decide(key, 60 * WAN), _decide(key, 70 * WAN))
    assert (first, second in {"already_awarded", "wrong_step", "stale"}) == ("", True)
    first, second = together(committed, _pay(key, pool), _pay(key, pool))
    assert (first, second in {"wrong_step", "stale"}) == ("", True)
    with committed.app_context():
        row, left = session().get_one(Award, key), queries.pool(pool)
        assert (row.amount_fen, left.spent_fen if left else None) == (60 * WAN, 60 * WAN)


def test_winners_of_one_contest_share_its_sum_though_decided_at_once(committed: Flask) -> None:
    """FJ-10c, 000:717: 5,000,000 a year over all winners."""
    with committed.app_context(), transaction():
        keys = []
        for _n in range(2):
            company = make.company()
            companies.enter(company=company, key="contest_winner", year=2026, value=Decimal(1), document="公告", by=SYSTEM, now=NOW)
            row = operations.apply_company(company=company, rule=CompanyRule.CONTEST, year=2026, by=SYSTEM, **WHEN)
            steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="符合", by=SYSTEM, **WHEN)
            keys.append(row.id)
        for key in keys:
            _decide(key, 300 * WAN)()
    confer = [
        (lambda key=key: operations.confer(award=session().get_one(Award, key), on=TODAY, is_positive=True, text="同意", by=SYSTEM, **WHEN))
        for key in keys
    ]
    assert together(committed, *confer) == ["", "amount_out_of_range"]
    with committed.app_context():
        left = queries.company_answer(
            session().get_one(Organisation, session().get_one(Award, keys[1]).organisation_id), CompanyRule.CONTEST, 2026, TODAY
        )
        assert left.amount_max_fen == 200 * WAN


def test_two_bids_of_one_year_decided_at_once_stay_under_its_cap(committed: Flask) -> None:
    """FJ-25a, 000:787: at most 2,000,000 a project, 3,000,000 a year over all of them; the second reads what the first took."""
    with committed.app_context(), transaction():
        company, keys = make.company(), []
        for project in ("甲项目", "乙项目"):
            for figure, value in (("contract_fen", Decimal(100_000_000)), ("contract_outside", Decimal(1))):
                companies.enter(company=company, key=figure, year=2026, project=project, value=value, document="合同", by=SYSTEM, now=NOW)
            row = operations.apply_company(
                company=company, rule=CompanyRule.BID, year=2026, project=project, project_number=project, by=SYSTEM, **WHEN
            )
            steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="符合", by=SYSTEM, **WHEN)
            keys.append(row.id)
    with committed.app_context(), transaction():
        for key in keys:
            _decide(key, 200 * WAN)()
            operations.confer(award=session().get_one(Award, key), on=TODAY, is_positive=False, text="再议", by=SYSTEM, **WHEN)
    with committed.app_context(), transaction():
        for key in keys:
            _decide(key, 200 * WAN)()
    confer = [
        (lambda key=key: operations.confer(award=session().get_one(Award, key), on=TODAY, is_positive=True, text="同意", by=SYSTEM, **WHEN))
        for key in keys
    ]
    assert together(committed, *confer) == ["", "amount_out_of_range"]
    with committed.app_context():
        assert session().scalar(select(func.sum(Award.amount_fen)).where(Award.state.in_(TAKEN))) == 200 * WAN


def test_two_spellings_of_one_project_asked_for_at_once_are_one_application(committed: Flask) -> None:
    """FJ-25a, 000:787: the number of the source tells that it is one project."""
    with committed.app_context(), transaction():
        key = make.company().id

    def ask(project: str, number: str) -> Callable[[], object]:
        call: dict[str, Any] = {"rule": CompanyRule.BID, "year": 2026, "project": project, "project_number": number, "by": SYSTEM, **WHEN}
        return lambda: operations.apply_company(company=session().get_one(Organisation, key), **call)

    assert together(committed, ask("数字政务平台", "FJ-2026-03"), ask("政务平台（一期）", "fj2026 03")) in (
        ["", "under_way"],
        ["", "already_awarded"],
    )
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Award)) == 1


def test_a_step_that_is_being_recorded_is_waited_for(committed: Flask) -> None:
    """A second check that finds against it, and the decision: whatever comes first, no award is decided beside a check that failed before it."""
    with committed.app_context(), transaction():
        company = make.company()
        row = operations.apply_company(company=company, rule=CompanyRule.CONTEST, year=2026, by=SYSTEM, **WHEN)
        companies.enter(company=company, key="contest_winner", year=2026, value=Decimal(1), document="公告", by=SYSTEM, now=NOW)
        make.checked(row)
        key = row.id

    def doubted() -> object:
        return make.checked(session().get_one(Award, key), is_positive=False)

    assert together(committed, doubted, _decide(key, 30 * WAN)) == ["", "check_needed"]
    with committed.app_context(), transaction():
        make.checked(session().get_one(Award, key))
    assert together(committed, _decide(key, 30 * WAN), doubted) == ["", "wrong_step"]


def test_a_figure_that_is_being_entered_is_waited_for(committed: Flask) -> None:
    with committed.app_context(), transaction():
        company = make.company()
        companies.enter(company=company, key="contest_winner", year=2026, value=Decimal(1), document="公告", by=SYSTEM, now=NOW)
        row = make.checked(operations.apply_company(company=company, rule=CompanyRule.CONTEST, year=2026, by=SYSTEM, **WHEN))
        key, firm = row.id, company.id

    def entered() -> object:
        there, later = session().get_one(Organisation, firm), NOW + timedelta(seconds=1)
        return companies.enter(company=there, key="contest_winner", year=2026, value=Decimal(0), document="更正", by=SYSTEM, now=later)

    assert together(committed, entered, _decide(key, 30 * WAN)) == ["", "check_outdated"]


def test_a_figure_of_a_base_that_is_being_changed_is_waited_for(committed: Flask) -> None:
    with committed.app_context(), transaction():
        base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
        row = make.accepted(base, RuleCode.INCUBATION_BASE)
        key, where = row.id, base.id

    def changed() -> object:
        profile = base_queries.profile(where)
        assert profile is not None
        return bases.change_base(profile=profile, startup_entities=5, by=SYSTEM, now=NOW + timedelta(seconds=1))

    assert together(committed, changed, _decide(key, 30 * WAN)) == ["", "check_outdated"]


def test_a_type_is_not_taken_off_beside_what_rests_on_it(committed: Flask) -> None:
    """Whatever comes first: no base is recognised as, or given money for, what it is not registered as."""
    with committed.app_context(), transaction():
        base = make.base(BaseType.RURAL_PARK, workers=100)
        key, where = make.examined(make.apply(base, RuleCode.RURAL_PARK)).id, base.id

    def there() -> Organisation:
        return session().get_one(Organisation, where)

    def award() -> Award:
        return session().get_one(Award, key)

    def taken_off() -> object:
        return bases.remove_type(base=there(), type=BaseType.RURAL_PARK, by=SYSTEM)

    def entered() -> object:
        return bases.add_type(base=there(), type=BaseType.RURAL_PARK, since=date(2015, 1, 1), by=SYSTEM, now=NOW)

    def noted() -> object:
        step: dict[str, Any] = {"type": BaseType.RURAL_PARK, "step": AcceptanceStep.RECOGNISED, "on": TODAY}
        return bases.record_acceptance(base=there(), by=SYSTEM, now=NOW, **step)

    with committed.app_context(), transaction():  # found by the department while the type was not entered
        taken_off()
        operations.recognise(award=award(), on=TODAY, by=SYSTEM, **WHEN)
        operations.accept(award=award(), on=TODAY, by=SYSTEM, **WHEN)
        entered()
    assert together(committed, taken_off, noted) == ["", "bad_base"]
    assert together(committed, entered, entered) == ["", ""]
    assert together(committed, taken_off, _decide(key, 20 * WAN)) == ["", "not_eligible"]
    assert together(committed, entered, _decide(key, 20 * WAN)) == ["", ""]
    assert together(committed, noted, taken_off) == ["", "bad_base"]


def test_of_two_who_change_an_appropriation_at_once_the_second_is_told(committed: Flask) -> None:
    with committed.app_context(), transaction():
        pool = funds.open_pool(year=2026, name="资金", kind=PoolKind.NEW, planned_fen=100 * WAN, by=SYSTEM, now=NOW)
        key, seen = pool.id, pool.version

    def to(planned_fen: int) -> Callable[[], object]:
        same: dict[str, Any] = {"name": "资金", "kind": PoolKind.NEW, "document": "文号", "version": seen, "by": SYSTEM, "now": NOW}
        return lambda: funds.change_pool(pool=session().get_one(FundPool, key), planned_fen=planned_fen, **same)

    assert together(committed, to(200 * WAN), to(300 * WAN)) == ["", "stale"]
    with committed.app_context():
        assert session().get_one(FundPool, key).planned_fen == 200 * WAN


def test_an_appropriation_is_not_cut_below_a_payment_of_the_same_moment(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = funds.open_pool(year=2026, name="资金", kind=PoolKind.NEW, planned_fen=100 * WAN, by=SYSTEM, now=NOW).id
        row = make.decided().id

    def cut() -> object:
        same: dict[str, Any] = {"name": "资金", "kind": PoolKind.NEW, "document": "文号", "by": SYSTEM, "now": NOW}
        return funds.change_pool(pool=session().get_one(FundPool, key), planned_fen=50 * WAN, **same)

    assert together(committed, _pay(row, key), cut) == ["", "pool_spent"]


def test_of_two_who_open_an_appropriation_of_one_name_at_once_the_second_is_told(committed: Flask) -> None:
    def opened() -> object:
        return funds.open_pool(year=2026, name="资金", kind=PoolKind.NEW, planned_fen=100 * WAN, by=SYSTEM, now=NOW)

    assert together(committed, opened, opened) == ["", "pool_refused"]
