"""The demo's awards in every state, pools, figures of companies, subsidy claims, and a closed year of the goal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from enterprises.awards import companies, credit, funds, operations, queries, steps
from enterprises.awards.models import Award
from enterprises.awards.types import AmountKind, AwardState, CompanyRule, Entitlement, PoolKind, RuleCode, StepKind, Verdict
from enterprises.subsidies import operations as subsidies
from enterprises.subsidies import queries as subsidy_queries
from trainhub.demo.accounts import open_offices
from trainhub.demo.calendar import Calendar
from trainhub.demo.invented import BASES, credit_code
from trainhub.demo.world import World
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.organisations import queries as organisations
from trainhub.oversight.goals import operations as goals
from trainhub.oversight.goals import queries as goal_queries
from trainhub.oversight.goals.types import ReviewKind

SEEKING = (Verdict.ELIGIBLE, Verdict.TO_JUDGE, Verdict.MISSING)
EXAMINED = {StepKind.CHECK: "材料齐全属实，同意上报。", StepKind.INSPECTION: "现场查看场地、设备和台账，与申请相符。"}
BID = "省外政务云平台建设（演示）"
"""The contract behind what belongs to a project."""
FAR = 6
"""How far the applications go, one after the other: applied, checked, inspected, recognised, decided, paid and published."""


def build(world: World) -> None:
    """Pools, applications as far as each may go, figures and credit of companies."""
    year = world.day.year
    pool = funds.open_pool(
        year=year,
        name="互联网经济新增引导资金",
        kind=PoolKind.NEW,
        planned_fen=30_000_000_000,
        document="闽财演示〔1〕号",
        by=world.by,
        now=world.calendar.at(-120),
    )
    funds.open_pool(year=year, name="培训补助专项", kind=PoolKind.DEPARTMENT, planned_fen=2_000_000_000, by=world.by, now=world.calendar.at(-120))
    _credit(world)
    answers = queries.entitlements_of_many([base.id for base in world.bases], world.day)
    found = [(base, one) for base in world.bases for one in answers[base.id] if one.verdict in SEEKING and one.amount_kind is not AmountKind.NO_MONEY]
    ready = [pair for pair in found if _is_ready(pair[1])]
    waiting = [pair for pair in found if not _is_ready(pair[1]) and _may_apply(pair[1])]
    for place, (base, one) in enumerate([*ready[:3], *waiting[:5]]):
        row = operations.apply(
            base=base,
            rule=RuleCode(one.rule),
            statement="由龙头企业牵头建设，已投入使用，申请按规定给予奖励。",
            by=world.by,
            today=world.calendar.plus(-60),
            now=world.calendar.at(-60),
        )
        _advance(world, row, one, FAR - place if place < len(ready[:3]) else place % 4, pool.id)
    _companies(world)
    open_offices(world)


def _is_ready(one: Entitlement) -> bool:
    """Whether nothing is missing but a person's word on what kind of incubation base it is (FJ-26c)."""
    return one.verdict in SEEKING and all(finding.code.endswith(".kind") for finding in one.missing)


def _may_apply(one: Entitlement) -> bool:
    return all(finding.code.rsplit(".", 1)[-1] not in ("type", "form", "credit", "place", "open") for finding in one.missing)


def _advance(world: World, row: Award, one: Entitlement, far: int, pool_id: int) -> None:
    for place, (kind, text) in enumerate(EXAMINED.items(), start=1):
        if far >= place:
            day = world.calendar.plus(-55 + 10 * place)
            steps.record(
                award=row,
                kind=kind,
                on=day,
                is_positive=True,
                text=text,
                people="演示考察组",
                by=world.by,
                today=day,
                now=world.calendar.at(-55 + 10 * place),
            )
    if far < 3:
        return
    when: dict[str, Any] = {"by": world.by, "today": world.day, "now": world.now}
    day = world.calendar.plus(-30)
    operations.recognise(award=row, on=day, document="闽认演示〔1〕号", **when)
    if far < 4 or not _is_ready(one):
        return
    operations.accept(award=row, on=world.calendar.plus(-25), document="闽验演示〔1〕号", **when)
    low, high = one.amount_min_fen, one.amount_max_fen
    amount = (low + high) // 2 if low and high and low != high else min(high or 10_000_000, 90_000_000)
    judged = "民营互联网创业孵化基地，营业执照和章程已核对。" if one.missing else ""
    if operations.decide(award=row, amount_fen=amount, minutes="厅务会审议通过。", judgement=judged, **when).state is AwardState.CONFERENCE:
        return
    operations.publish(award=row, **when)
    if far >= FAR:
        operations.pay(award=row, on=world.day, reference="闽财拨演示-1", pool_id=pool_id, **when)


def _credit(world: World) -> None:
    hosts = {host.organisation_id for base in world.bases for host in queries.case_of(base.id, world.day).hosts}
    for enterprise in (one for place, one in enumerate(world.enterprises) if place < 6 or one.id in hosts):
        credit.enter(
            organisation=enterprise,
            is_listed=False,
            detail="信用信息平台（演示）",
            on=world.calendar.plus(-20),
            by=world.by,
            today=world.day,
            now=world.calendar.at(-20),
        )
    year = world.day.year - 1
    for place, key, when, value in (
        (1, "revenue_fen", year, 52_000_000),
        (1, "revenue_fen", year - 1, 31_000_000),
        (1, "rd_fen", year, 12_400_000),
        (1, "sales_fen", year, 52_000_000),
        (3, "contract_fen", year, 6_000_000),
        (3, "contract_outside", year, 1),
        (5, "payment_licence", 0, 1),
        (5, "national_hq", 0, 1),
        (13, "datacentre_fee_fen", year, 800_000),
        (13, "key_park_customer", 0, 1),
    ):
        companies.enter(
            company=world.enterprises[place],
            key=key,
            year=when,
            value=Decimal(value),
            project=BID,
            document="审计报告（演示）",
            by=world.by,
            now=world.calendar.at(-20),
        )


def _companies(world: World) -> None:
    """Applications of enterprises: decided and published, before the joint conference, checked, just handed in."""
    year = world.day.year - 1
    when: dict[str, Any] = {"by": world.by, "today": world.day, "now": world.now}
    for place, rule, far, amount_fen in (
        (1, CompanyRule.REVENUE, 2, 50_000_000),
        (5, CompanyRule.PAYMENT_HQ, 2, 300_000_000),
        (3, CompanyRule.BID, 1, 0),
        (13, CompanyRule.DATACENTRE, 0, 0),
    ):
        row = operations.apply_company(
            company=world.enterprises[place],
            rule=rule,
            year=year,
            project=BID,
            project_number="演示招标 001",
            statement="申请按规定给予扶持，材料见附件。",
            **when,
        )
        if far:
            steps.record(award=row, kind=StepKind.CHECK, on=world.day, is_positive=True, text=EXAMINED[StepKind.CHECK], **when)
        if far > 1 and operations.decide(award=row, amount_fen=amount_fen, minutes="厅务会审议通过。", **when).state is AwardState.DECIDED:
            operations.publish(award=row, **when)


def _of_enterprise(calendar: Calendar, today: date) -> None:
    """The enterprise of the demo's account: one claim was paid; what it trained since waits to be claimed."""
    now, enterprise = min(clock.now(), calendar.at(0)), organisations.by_code(credit_code(1))  # who claims is told of it on the demo's day
    assert enterprise is not None
    when: dict[str, Any] = {"by": SYSTEM, "today": today}
    claim = subsidies.draw_up(organisation=enterprise, since=calendar.plus(-240), until=calendar.plus(-91), now=now, **when)
    subsidies.submit(claim=claim, **when)
    subsidies.draw_sample(claim=claim, percent=5, seed=20, by=SYSTEM)
    for line in session().execute(subsidy_queries.items(claim.id, only_sampled=True)).all():
        item = subsidy_queries.item(line.id)
        assert item is not None
        subsidies.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=now)
    subsidies.approve(claim=claim, minutes="抽查属实，同意拨付。", now=now, **when)
    pool = next(one for one in queries.pools() if one.kind is PoolKind.DEPARTMENT)
    subsidies.pay(claim=claim, pool_id=pool.id, reference="闽财拨演示-2", on=today, now=now, **when)


def after_roster(calendar: Calendar) -> None:
    """What rests on the trainees: a rate, two subsidy claims, a closed year and a review of fj-400k. Safe to repeat."""
    today, now = max(calendar.day, clock.today()), clock.now()
    goal = goal_queries.by_code("fj-400k")
    with transaction():
        if subsidy_queries.rates():
            return
        subsidies.set_rate(amount_fen=60_000, since=date(2015, 1, 1), until=None, source="闽人社演示〔2〕号", by=SYSTEM, now=now)
        subsidies.set_rate(amount_fen=90_000, since=date(2015, 1, 1), until=None, source="闽人社演示〔2〕号", category="founder", by=SYSTEM, now=now)
        for place, code in enumerate((BASES[1][0], BASES[3][0])):
            base = organisations.by_code(code)
            assert base is not None
            claim = subsidies.draw_up(organisation=base, since=date(calendar.day.year - 1, 7, 1), until=calendar.day, by=SYSTEM, today=today, now=now)
            subsidies.submit(claim=claim, by=SYSTEM, today=today)
            if place:
                subsidies.draw_sample(claim=claim, percent=5, seed=20, by=SYSTEM)
        _of_enterprise(calendar, today)
        if goal is not None:
            goals.close_period(goal=goal, until=date(2015, 12, 31), reason="2015 年度统计上报", by=SYSTEM, today=today, now=now)
            goals.review(
                goal=goal,
                kind=ReviewKind.MIDTERM,
                on=date(2016, 6, 30),
                judgement="演示数据：人数低于匀速进度，主要因闽西北培训机构较少。",
                measures="加密南平、三明的培训班次，开放在线课程。",
                by=SYSTEM,
                today=today,
                now=now,
            )
