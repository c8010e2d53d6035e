"""Subsidies: which rate applies, one claim for a person and course, the lot, payment from a pool, clawback, the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import credit, funds
from enterprises.awards.fund_models import CreditListing
from enterprises.awards.funds import PoolRefused
from enterprises.awards.types import GOOD, PoolKind
from enterprises.subsidies import operations, queries, rules
from enterprises.subsidies.operations import Blacklisted, Closed, SubsidyRefused, WrongStep
from enterprises.subsidies.types import Candidate, ClaimState, ItemState, Priced, Rate
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.organisations import operations as closing
from trainhub.organisations import queries as organisations
from trainhub.people.models import Person

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
AsRole = Callable[..., FlaskClient]
ANY = Rate("", "", 100, date(2020, 1, 1), date(2025, 12, 31))
LATER = Rate("", "", 150, date(2026, 1, 1), None)
FOUNDER = Rate("founder", "", 200, date(2026, 1, 1), None)
COURSE = Rate("", "电商", 300, date(2026, 1, 1), None)


@pytest.mark.parametrize(
    ("category", "course", "on", "amount"),
    [
        ("worker", "云计算", date(2019, 12, 31), None),
        ("worker", "云计算", date(2020, 1, 1), 100),
        ("worker", "云计算", date(2025, 12, 31), 100),
        ("worker", "云计算", date(2026, 1, 1), 150),
        ("founder", "云计算", date(2026, 1, 1), 200),
        ("founder", "电商", date(2026, 1, 1), 300),
    ],
)
def test_the_narrowest_rate_of_the_day_applies(category: str, course: str, on: date, amount: int | None) -> None:
    found = rules.rate_for(rules.keyed([ANY, LATER, FOUNDER, COURSE]), category=category, course_key=course, on=on)
    assert (found.amount_fen if found else None) == amount


def test_a_person_and_course_are_paid_once() -> None:
    days = [date(2026, 1, 3), date(2026, 1, 2), date(2018, 1, 1), date(2026, 1, 4)]
    people = [(1, "a"), (1, "a"), (2, "a"), (3, "a")]
    found = [Candidate(n, human, course, "worker", day, human) for n, ((human, course), day) in enumerate(zip(people, days, strict=True))]
    priced, left = rules.price(found, [LATER], {(3, "a")})
    assert [(p.candidate.record_id, p.amount_fen) for p in priced] == [(1, 150)]
    assert (left.claimed_before, left.same_course_twice, left.no_rate) == (1, 1, 1)


def test_two_spellings_of_a_course_are_paid_once() -> None:
    found = [Candidate(n, 1, course, "worker", date(2026, 1, 2), 1) for n, course in enumerate(("AI 基础", "ＡＩ基础", "ai基础", "AI 进阶"))]
    priced, left = rules.price(found, [Rate("", "ai　基础", 300, date(2026, 1, 1), None)], set())
    assert ([(p.candidate.record_id, p.amount_fen) for p in priced], left.same_course_twice, left.no_rate) == ([(0, 300)], 2, 1)
    assert rules.price(found, [LATER], {(1, "ai基础")})[0] == [Priced(found[3], 150)]


def test_a_lot_is_drawn_again_the_same() -> None:
    assert [len(rules.sample(range(10), percent, 1)) for percent in (1, 10, 11, 100)] == [1, 1, 2, 10]
    assert rules.sample(range(50), 10, 7) == rules.sample(range(49, -1, -1), 10, 7)
    assert rules.sample([], 10, 7) == []


def _trained(base: Any, person: Any, course: str = "电商", day: date = date(2026, 1, 10), *, is_counted: bool = True) -> None:
    ledger.record_training(
        person_id=person.id,
        organisation_id=base.id,
        course=course,
        category=Category.WORKER,
        county_code="350102",
        hours_x10=160,
        completed_on=day,
        is_counted=is_counted,
        source=Source.ROSTER,
        by=SYSTEM,
        now=NOW,
    )


def _claim(base: Any) -> Any:
    return operations.draw_up(organisation=base, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)


@remembered
def _world() -> Any:
    """A base that trained three persons, one of them twice, while a rate held."""
    operations.set_rate(amount_fen=50_000, since=date(2026, 1, 1), until=None, source="闽人社文", by=SYSTEM, now=NOW)
    base = ground.base(ground.enterprise(credit_status=GOOD))
    people = [ground.person(is_verified=True) for _ in range(3)]
    for person in people:
        _trained(base, person)
    _trained(base, people[0], day=date(2026, 2, 1))
    _trained(base, people[1], "云计算", is_counted=False)
    return base


def _pool(fen: int) -> Any:
    return funds.open_pool(year=2026, name="引导资金", kind=PoolKind.NEW, planned_fen=fen, by=SYSTEM, now=NOW)


def test_the_whole_way_of_a_claim(session: Session) -> None:
    base = _world()
    claim = _claim(base)
    assert (claim.item_count, claim.amount_fen, claim.left_out_twice) == (3, 150_000, 1)
    assert _claim(base).id == claim.id
    operations.submit(claim=claim, by=SYSTEM, today=TODAY)
    with pytest.raises(SubsidyRefused, match="已申领过 4"):
        _claim(base)
    assert operations.draw_sample(claim=claim, percent=50, seed=1, by=SYSTEM) == 2
    with pytest.raises(SubsidyRefused, match="还有 2 条"):
        operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    drawn = [queries.item(row.id) for row in session.execute(queries.items(claim.id, only_sampled=True))]
    first, second = drawn
    assert first is not None
    assert second is not None
    with pytest.raises(SubsidyRefused, match="理由"):
        operations.check_item(item=first, claim=claim, is_confirmed=False, note="", by=SYSTEM, now=NOW)
    operations.check_item(item=first, claim=claim, is_confirmed=False, note="无签到", by=SYSTEM, now=NOW)
    operations.check_item(item=second, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    assert (claim.item_count, claim.amount_fen) == (2, 100_000)
    small = _pool(99_999)
    call: dict[str, Any] = {"claim": claim, "reference": "拨1", "on": TODAY, "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(PoolRefused, match="余额"):
        operations.pay(pool_id=small.id, **call)
    pool = funds.open_pool(year=2026, name="专项", kind=PoolKind.DEPARTMENT, planned_fen=100_000, by=SYSTEM, now=NOW)
    operations.pay(pool_id=pool.id, **call)
    assert (claim.state, pool.spent_fen) == (ClaimState.PAID, 100_000)
    with pytest.raises(WrongStep):
        operations.pay(pool_id=pool.id, **call)
    for _ in range(2):
        operations.claw_back(item=second, claim=claim, reason="记录作废", by=SYSTEM, today=TODAY, now=NOW)
    assert (second.state, pool.spent_fen, claim.amount_fen) == (ItemState.PAID, 100_000, 100_000)  # the money is still out
    assert _claim(base).item_count == 1  # the one refused
    operations.recover(claim=claim, items=[second], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)
    assert (second.state, pool.spent_fen, claim.amount_fen) == (ItemState.CLAWED_BACK, 50_000, 50_000)
    again = _claim(base)
    assert again.item_count == 2  # the one refused and the one taken back


@pytest.mark.parametrize("spelled", ["电商", "电 商"])
def test_two_organisations_do_not_claim_one_person_and_course(session: Session, spelled: str) -> None:
    base = _world()
    other = ground.base()
    _claim(base)
    person = session.get_one(Person, queries.candidates(base.id, date(2026, 1, 1), TODAY)[0].human_id)
    _trained(other, person, spelled)
    with pytest.raises(SubsidyRefused, match="已申领过 1"):
        _claim(other)


def test_nothing_is_paid_for_a_record_that_was_cancelled(session: Session) -> None:
    base = _world()
    claim = operations.submit(claim=_claim(base), by=SYSTEM, today=TODAY)
    operations.draw_sample(claim=claim, percent=1, seed=1, by=SYSTEM)
    rows = session.execute(queries.items(claim.id)).all()
    item = queries.item(rows[0].id)
    assert item is not None
    operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    ledger.cancel_record(record_id=rows[1].record_id, reason="冒名", by=SYSTEM, now=NOW)
    operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    found = {row.id: (row.state, row.note) for row in session.execute(queries.items(claim.id))}
    assert (claim.item_count, claim.amount_fen, found[rows[1].id]) == (2, 100_000, (ItemState.REFUSED, "培训记录已作废。"))
    ledger.cancel_record(record_id=rows[2].record_id, reason="冒名", by=SYSTEM, now=NOW)
    with pytest.raises(SubsidyRefused, match="1 条培训记录作废"):
        operations.pay(claim=claim, pool_id=_pool(1_000_000).id, reference="拨1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    assert operations.reject(claim=claim, reason="重新生成", by=SYSTEM, today=TODAY, now=NOW).state is ClaimState.REJECTED


def test_a_refused_claim_sets_its_completions_free(session: Session) -> None:
    base = _world()
    claim = operations.submit(claim=_claim(base), by=SYSTEM, today=TODAY)
    operations.reject(claim=claim, reason="材料不全", by=SYSTEM, today=TODAY, now=NOW)
    assert _claim(base).item_count == 3


def _list(session: Session, of: Any, *, entered_at: datetime = NOW) -> CreditListing:
    row = CreditListing(uscc=of.uscc, name=of.name, reason="拖欠工资", since=date(2026, 1, 5), until=None, source="导入", entered_at=entered_at)
    session.add(row)
    session.flush()
    return row


def test_who_is_on_the_blacklist_gets_no_subsidy_at_any_step(session: Session) -> None:
    """FJ-31, 000:817: the host behind a base is looked at when the claim is handed in, decided and paid; the claim can still be sent back."""
    base = _world()
    host = organisations.hosts_of(base.id)[0][1]
    claim = _claim(base)
    entry = _list(session, host)
    with pytest.raises(Blacklisted, match=f"{host.name}在失信名单上，不能申领培训补助") as told:
        operations.submit(claim=claim, by=SYSTEM, today=TODAY)
    assert "FJ-31" in told.value.details[0]["problem"]
    entry.until = date(2026, 2, 1)
    session.flush()
    operations.submit(claim=claim, by=SYSTEM, today=TODAY)
    operations.draw_sample(claim=claim, percent=1, seed=1, by=SYSTEM)
    item = queries.item(session.execute(queries.items(claim.id)).all()[0].id)
    assert item is not None
    operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    entry.until = None
    session.flush()
    approve: dict[str, Any] = {"claim": claim, "minutes": "同意", "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(Blacklisted, match="不能审核通过"):
        operations.approve(**approve)
    look: dict[str, Any] = {"organisation": host, "by": SYSTEM, "today": TODAY, "now": NOW}
    credit.enter(is_listed=False, detail="信用福建：已修复", on=TODAY, **look)
    assert operations.approve(**approve).state is ClaimState.APPROVED
    credit.look_up(**look)
    pay: dict[str, Any] = {"claim": claim, "pool_id": _pool(1_000_000).id, "reference": "拨1", "on": TODAY, "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(Blacklisted, match="不能拨付"):
        operations.pay(**pay)
    assert claim.state is ClaimState.APPROVED
    credit.enter(is_listed=False, detail="信用福建：已修复", on=TODAY, **look)
    assert operations.pay(**pay).state is ClaimState.PAID


def test_who_was_closed_gets_no_subsidy_and_nobody_is_paid_unseen(session: Session) -> None:
    """The base or its lead was taken out of use, or nobody has looked up the credit of the host: neither approved nor paid (FJ-31, 000:817)."""
    base = _world()
    host = organisations.hosts_of(base.id)[0][1]
    claim = _claim(base)

    def shut(call: Any, **given: Any) -> None:
        for one in (base, host):
            closing.close(organisation=one, reason="注销", by=SYSTEM, now=NOW)
            with pytest.raises(Closed, match=f"{one.name}已停用"):
                call(**given)
            closing.reopen(organisation=one, by=SYSTEM, now=NOW)

    shut(_claim, base=base)
    submit: dict[str, Any] = {"claim": claim, "by": SYSTEM, "today": TODAY}
    shut(operations.submit, **submit)
    operations.submit(**submit)
    operations.draw_sample(claim=claim, percent=1, seed=1, by=SYSTEM)
    item = queries.item(session.execute(queries.items(claim.id)).all()[0].id)
    assert item is not None
    operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    approve: dict[str, Any] = {"claim": claim, "minutes": "同意", "by": SYSTEM, "today": TODAY, "now": NOW}
    host.credit_status = ""
    session.flush()
    shut(operations.approve, **approve)
    with pytest.raises(SubsidyRefused, match=f"核查已过期：{host.name}"):
        operations.approve(**approve)
    credit.enter(organisation=host, is_listed=False, detail="信用福建", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    operations.approve(**approve)
    pay: dict[str, Any] = {"claim": claim, "pool_id": _pool(1_000_000).id, "reference": "拨1", "on": TODAY, "by": SYSTEM, "today": TODAY, "now": NOW}
    shut(operations.pay, **pay)
    host.credit_status, host.credit_checked_on = "", None
    session.flush()
    with pytest.raises(SubsidyRefused, match="还没有核查信用"):
        operations.pay(**pay)
    host.credit_status = GOOD
    session.flush()
    assert operations.pay(**pay).state is ClaimState.PAID


def test_the_page_of_a_claim_says_who_is_on_the_blacklist(session: Session, as_role: AsRole) -> None:
    base = _world()
    claim, host = _claim(base), organisations.hosts_of(base.id)[0][1]
    name, key = host.name, claim.id
    _list(session, host)
    session.commit()
    assert f"{name}在失信名单上，不能提交、审核和拨付。" in as_role(Role.DEPT_HR).get(f"/subsidies/{key}").text


def test_the_payment_list_tells_what_was_paid_and_what_came_back(session: Session, as_role: AsRole) -> None:
    base = _world()
    claim = operations.submit(claim=_claim(base), by=SYSTEM, today=TODAY)
    operations.draw_sample(claim=claim, percent=1, seed=1, by=SYSTEM)
    first, *_others = session.execute(queries.items(claim.id)).all()
    item = queries.item(first.id)
    assert item is not None
    operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    operations.pay(claim=claim, pool_id=_pool(1_000_000).id, reference="拨1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    operations.claw_back(item=item, claim=claim, reason="记录作废", by=SYSTEM, today=TODAY, now=NOW)
    operations.recover(claim=claim, items=[item], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)
    where = f"/subsidies/{claim.id}"
    session.commit()
    client = as_role(Role.DEPT_FIN)
    assert ",3,1500.00,500.00,0.00,1000.00,已拨付," in client.get("/subsidies/payments.csv").text
    assert "已扣除追回的" in client.get(where).text
    assert f"{where}/items/{first.id}/claw-back" not in client.get(where).text
    assert "/claw-back" in client.get(where).text  # the others, by the department that paid


def test_the_pages(session: Session, as_role: AsRole) -> None:
    base = _world()
    key = base.id
    session.commit()
    leader, hr, fin = as_role(Role.CENTRE_LEADER, organisation_id=key), as_role(Role.DEPT_HR), as_role(Role.DEPT_FIN)
    assert leader.get("/subsidies/").status_code == 200
    data = {"organisation": str(key), "since": "2026-01-01", "until": "2026-02-28"}
    assert leader.post("/subsidies/", data={**data, "organisation": "1"}).status_code == 422
    where = leader.post("/subsidies/", data=data).headers["Location"]
    assert leader.post(f"{where}/submit").status_code == 303
    assert leader.post(f"{where}/sample", data={"percent": "10"}).status_code == 403
    assert hr.post(f"{where}/sample", data={"percent": "101"}).status_code == 422
    assert hr.post(f"{where}/sample", data={"percent": "10"}).status_code == 303
    claim = queries.claim(int(where.rsplit("/", 1)[1]))
    assert claim is not None
    (drawn,) = session.execute(queries.items(claim.id, only_sampled=True)).all()
    session.commit()
    assert hr.post(f"{where}/items/{drawn.id}/check", data={"answer": "maybe"}).status_code == 422
    assert hr.post(f"{where}/items/{drawn.id}/check", data={"answer": "yes"}).status_code == 303
    assert hr.post(f"{where}/approve", data={"minutes": "同意"}).status_code == 303
    other_year = funds.open_pool(year=2025, name="上年资金", kind=PoolKind.NEW, planned_fen=10_000_000, by=SYSTEM, now=NOW).id
    session.commit()
    # The list would be empty: it says so, and a day of last year brings last year's money.
    assert "2026 年没有可用的资金；" in fin.get(where).text
    for day, is_offered in ((clock.today(), False), (date(2025, 12, 31), True)):
        refused = fin.post(f"{where}/pay", data={"pool": "-1", "on": day.isoformat(), "reference": "闽财1"})
        assert (refused.status_code, "还没有选择资金" in refused.text, "2025 上年资金（" in refused.text) == (422, True, is_offered)
        assert ("年没有可用的资金；" in refused.text) is not is_offered
    pool_id = _pool(10_000_000).id
    session.commit()
    page = fin.get(where).text
    assert ("2026 引导资金（" in page, "上年资金" in page) == (True, False)
    refused = fin.post(f"{where}/pay", data={"pool": str(other_year), "on": clock.today().isoformat(), "reference": "闽财1"})
    assert (refused.status_code, "是 2025 年的资金" in refused.text) == (422, True)
    assert fin.post(f"{where}/pay", data={"pool": str(pool_id), "on": clock.today().isoformat(), "reference": "闽财1"}).status_code == 303
    assert fin.get(where).status_code == 200
    for path in (f"{where}/items.csv", "/subsidies/payments.csv", "/subsidies/rates"):
        assert hr.get(path).status_code == 200
    assert hr.post("/subsidies/rates", data={"amount": "0", "since": "2026-01-01", "source": "x", "category": ""}).status_code == 422
    assert hr.post("/subsidies/rates", data={"amount": "300", "since": "2026-01-01", "source": "闽人社", "category": ""}).status_code == 303
    other = as_role(Role.CENTRE_LEADER, organisation_id=ground.base().id)
    assert other.get(where).status_code == 403
