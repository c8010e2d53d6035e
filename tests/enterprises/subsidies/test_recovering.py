"""Who claimed samples nothing of it; what is ordered back is money of its pool, and free to be claimed, when it has come in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import queries as awards
from enterprises.subsidies import operations, queries
from enterprises.subsidies.models import SubsidyItem
from enterprises.subsidies.operations import SubsidyRefused
from enterprises.subsidies.types import ItemState
from tests.courses.discussion.test_migration import put
from tests.enterprises.subsidies.test_findings import _merge, _world_paid
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _world
from tests.factories import ground
from tests.factories import identity as accounts
from trainhub.kernel import audit, migrations
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import NotAllowed
from trainhub.notifications.models import Notice
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

pytestmark = pytest.mark.database
AsRole = Callable[..., FlaskClient]
LATER = TODAY + timedelta(days=5)


# -- the sample -----------------------------------------------------------------------------------------------------------
def test_who_claimed_neither_samples_nor_checks(session: Session) -> None:
    """省人社厅 draws claims up, too: its own lot is drawn and looked at by another person, and another account is none."""
    one, two, other = (accounts.account(person=ground.person(is_verified=True)) for _ in range(3))
    mine, same, theirs = (replace(SYSTEM, account_id=row.id, person_id=row.person_id) for row in (one, two, other))
    claim = operations.draw_up(organisation=_world(), since=date(2026, 1, 1), until=TODAY, by=mine, today=TODAY, now=NOW)
    operations.submit(claim=claim, by=SYSTEM, today=TODAY)
    people.note_decision(first_id=one.person_id, second_id=two.person_id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    for by in (mine, same):
        with pytest.raises(NotAllowed, match="抽查须由另一人办理"):
            operations.draw_sample(claim=claim, percent=100, seed=1, by=by)
    assert operations.draw_sample(claim=claim, percent=100, seed=1, by=theirs) == 3
    item = queries.item(queries.item_ids(claim.id)[0])
    assert item is not None
    with pytest.raises(NotAllowed, match="抽查须由另一人办理"):
        operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=mine, now=NOW)
    assert item.is_confirmed is None
    assert operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=theirs, now=NOW).is_confirmed


def test_the_page_offers_no_sample_to_who_claimed(session: Session, as_role: AsRole) -> None:
    base = _world()
    key = base.id
    session.commit()
    hr, colleague = as_role(Role.DEPT_HR), as_role(Role.DEPT_HR)
    where = hr.post("/subsidies/", data={"organisation": str(key), "since": "2026-01-01", "until": "2026-02-28"}).headers["Location"]
    assert hr.post(f"{where}/submit").status_code == 303
    assert f"{where}/sample" not in hr.get(where).text
    assert "须由另一人办理" in hr.get(where).text
    assert hr.post(f"{where}/sample", data={"percent": "10"}).status_code == 403
    assert f"{where}/sample" in colleague.get(where).text
    assert colleague.post(f"{where}/sample", data={"percent": "10"}).status_code == 303


# -- what comes back ------------------------------------------------------------------------------------------------------
def _ordered(session: Session) -> tuple[Any, Any, SubsidyItem]:
    base, claim = _world_paid()
    item = session.scalars(sa.select(SubsidyItem).order_by(SubsidyItem.id)).first()
    assert item is not None
    operations.claw_back(item=item, claim=claim, reason="冒名", by=SYSTEM, today=TODAY, now=NOW)
    return base, claim, item


def _spent(claim: Any) -> int:
    pool = awards.pool(claim.pool_id)
    assert pool is not None
    return pool.spent_fen


def test_what_is_ordered_back_is_paid_until_it_has_come_in(session: Session) -> None:
    base, claim, item = _ordered(session)
    operations.claw_back(item=item, claim=claim, reason="再次", by=SYSTEM, today=LATER, now=NOW)  # changes nothing
    assert (item.state, item.clawed_back_on, item.note, _spent(claim), claim.amount_fen) == (ItemState.PAID, TODAY, "冒名", 150_000, 150_000)
    with pytest.raises(SubsidyRefused) as refused:
        _claim(base)  # the money of the first is still out
    assert refused.value.code == "nothing_to_claim"
    assert [one.id for one in queries.ordered_back(claim.id)] == [item.id]
    call: dict[str, Any] = {"claim": claim, "items": [item], "by": SYSTEM, "today": LATER, "now": NOW}
    for on, reference, field in ((TODAY - timedelta(days=1), "收1", "on"), (LATER + timedelta(days=1), "收1", "on"), (TODAY, " ", "reference")):
        with pytest.raises(SubsidyRefused) as wrong:
            operations.recover(on=on, reference=reference, **call)
        assert wrong.value.field == field
    assert [operations.recover(on=LATER, reference="收1", **call) for _ in range(2)] == [50_000, 0]
    assert (item.state, item.recovered_on, item.recovery_reference) == (ItemState.CLAWED_BACK, LATER, "收1")
    assert (_spent(claim), claim.amount_fen, queries.ordered_back(claim.id)) == (100_000, 100_000, [])
    assert _claim(base).item_count == 1


def test_only_what_was_ordered_back_comes_in(session: Session) -> None:
    _base, claim, item = _ordered(session)
    others = [one for one in session.scalars(sa.select(SubsidyItem)) if one.id != item.id]
    call: dict[str, Any] = {"claim": claim, "on": TODAY, "reference": "收1", "by": SYSTEM, "today": TODAY, "now": NOW}
    for items in ([], others):
        with pytest.raises(SubsidyRefused) as refused:
            operations.recover(items=items, **call)
        assert refused.value.code == "nothing_to_recover"
    assert _spent(claim) == 150_000


def test_of_a_pair_one_is_ordered_back_and_the_other_stands(session: Session) -> None:
    """Whichever was ordered: the other one is not named as well."""
    _base, claim = _world_paid()
    first, second = _merge(claim, session)
    assert queries.to_claw_back(claim.id) == {second.id: "twice"}
    operations.claw_back(item=first, claim=claim, reason="重复", by=SYSTEM, today=TODAY, now=NOW)
    assert queries.to_claw_back(claim.id) == {}


def test_the_page_records_what_came_in(session: Session, as_role: AsRole) -> None:
    base, claim, item = _ordered(session)
    where, key, base_id = f"/subsidies/{claim.id}", item.id, base.id
    session.commit()
    fin, leader = as_role(Role.DEPT_FIN), as_role(Role.CENTRE_LEADER, organisation_id=base_id)
    assert "待收回 1 条" in fin.get("/subsidies/").text
    assert ",3,1500.00,0.00,500.00,1500.00,已拨付," in fin.get("/subsidies/payments.csv").text
    assert "收回培训补助" in fin.get("/").text
    assert (f"{where}/items/{key}/claw-back" in fin.get(where).text, f"{where}/recover" in fin.get(where).text) == (False, True)
    data = {"item": "0", "on": (TODAY + timedelta(days=1)).isoformat(), "reference": "收-7"}
    assert leader.post(f"{where}/recover", data=data).status_code == 403
    assert fin.post(f"{where}/recover", data={**data, "reference": ""}).status_code == 422
    assert fin.post(f"{where}/recover", data=data).status_code == 303
    assert f"{where}/recover" not in fin.get(where).text
    assert "收-7" in fin.get(where).text
    assert ",3,1500.00,500.00,0.00,1000.00,已拨付," in fin.get("/subsidies/payments.csv").text
    assert "收-7" in fin.get(f"{where}/items.csv").text


def test_all_that_stood_on_the_page_comes_in_and_nothing_else(session: Session, as_role: AsRole) -> None:
    """What a colleague ordered meanwhile has not come in with it."""
    _base, claim, item = _ordered(session)
    where, first, other = f"/subsidies/{claim.id}", item.id, session.scalars(sa.select(SubsidyItem).where(SubsidyItem.id != item.id)).first()
    assert other is not None
    seen = claim.version
    operations.claw_back(item=other, claim=claim, reason="冒名", by=SYSTEM, today=TODAY, now=NOW)
    second = other.id
    session.commit()
    fin = as_role(Role.DEPT_FIN)
    data = {"item": "0", "on": (TODAY + timedelta(days=1)).isoformat(), "reference": "收-7"}
    assert fin.post(f"{where}/recover", data={**data, "version": str(seen)}).status_code == 409
    assert [one.id for one in queries.ordered_back(claim.id)] == [first, second]
    now = re.search(r'name="version"[^>]*value="(\d+)"', fin.get(where).text.partition("/recover")[2])
    assert now is not None
    assert fin.post(f"{where}/recover", data={**data, "version": now[1]}).status_code == 303
    assert queries.ordered_back(claim.id) == []


def test_an_order_that_was_wrong_is_taken_back(session: Session) -> None:
    """Nothing came in and nothing is booked: the item is paid as before, and may be ordered back again."""
    base, claim, item = _ordered(session)
    leader = accounts.account()
    accounts.grant(leader, Role.CENTRE_LEADER, organisation_id=base.id)
    call: dict[str, Any] = {"item": item, "claim": claim, "by": SYSTEM, "now": NOW}
    with pytest.raises(SubsidyRefused) as refused:
        operations.withdraw_order(reason=" ", **call)
    assert refused.value.field == "reason"
    for _ in range(2):
        operations.withdraw_order(reason="申诉成立", **call)
    assert (item.state, item.clawed_back_on, item.note, _spent(claim), queries.ordered_back(claim.id)) == (
        ItemState.PAID,
        None,
        "申诉成立",
        150_000,
        [],
    )
    assert len(list(audit.pending(["subsidies.item.order_withdrawn"]))) == 1
    assert [one.kind for one in session.scalars(sa.select(Notice).where(Notice.account_id == leader.id))] == ["subsidies.item_order_withdrawn"]
    operations.claw_back(item=item, claim=claim, reason="冒名", by=SYSTEM, today=TODAY, now=NOW)
    operations.recover(claim=claim, items=[item], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)
    told = list(session.scalars(sa.select(Notice).where(Notice.account_id == leader.id).order_by(Notice.id)))
    assert [one.kind for one in told] == ["subsidies.item_order_withdrawn", "subsidies.item_clawed_back", "subsidies.item_recovered"]
    assert (told[-1].values["reference"], told[-1].values["amount"]) == ("收1", told[-2].values["amount"])
    with pytest.raises(SubsidyRefused) as late:
        operations.withdraw_order(reason="申诉成立", **call)
    assert late.value.code == "recovered"


def test_the_page_takes_an_order_back(session: Session, as_role: AsRole) -> None:
    base, claim, item = _ordered(session)
    where, key, base_id = f"/subsidies/{claim.id}", item.id, base.id
    session.commit()
    fin = as_role(Role.DEPT_FIN)
    assert f"{where}/items/{key}/withdraw-order" in fin.get(where).text
    assert (
        as_role(Role.CENTRE_LEADER, organisation_id=base_id).post(f"{where}/items/{key}/withdraw-order", data={"reason": "误操作"}).status_code == 403
    )
    assert fin.post(f"{where}/items/{key}/withdraw-order", data={"reason": ""}).status_code == 422
    assert fin.post(f"{where}/items/{key}/withdraw-order", data={"reason": "误操作"}).status_code == 303
    assert f"{where}/items/{key}/claw-back" in fin.get(where).text
    assert "待收回 1 条" not in fin.get("/subsidies/").text


def test_what_is_ordered_back_is_found_without_reading_every_item(session: Session) -> None:
    index = next((one for one in SubsidyItem.__table__.indexes if one.name == "ix_subsidy_item_ordered"), None)  # type: ignore[attr-defined]
    assert index is not None
    if session.get_bind().dialect.name == "sqlite":
        wanted = "SELECT claim_id, count(*) FROM subsidy_item WHERE state = ? AND clawed_back_on IS NOT NULL GROUP BY claim_id"
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {wanted}", ("paid",)).all()
        assert any("ix_subsidy_item_ordered" in str(step) for step in steps)


def test_what_came_back_before_has_its_day(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0116")
    with engine.connect() as connection:
        put(connection, "organisation", id=1, kind="base", code="b1", name="n", state="verified")
        put(connection, "region", code="350102", name="n", level="county")
        put(connection, "person", id=1, name="n", gender="unknown", nationality_kind="china")
        facts = {"organisation_id": 1, "completed_on": TODAY, "category": "worker", "source": "roster", "county_code": "350102"}
        put(connection, "subsidy_claim", id=1, organisation_id=1, since=TODAY, until=TODAY, state="paid")
        for key, state, day in ((1, "clawed_back", TODAY), (2, "paid", None)):
            put(connection, "training_record", id=key, person_id=1, course=f"甲{key}", **facts)
            item = {"claim_id": 1, "person_id": 1, "record_id": key, "course": "甲", "course_key": f"甲{key}", "amount_fen": 1}
            put(connection, "subsidy_item", id=key, state=state, clawed_back_on=day, **item)
        connection.commit()
    migrations.upgrade(engine)  # such rows outlive what comes later, too
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, recovered_on, recovery_reference FROM subsidy_item ORDER BY id")).all()
    assert [(key, str(day), text) for key, day, text in rows] == [(1, TODAY.isoformat(), ""), (2, "None", "")]
    migrations.downgrade(engine, "0116")
    migrations.upgrade(engine)


# -- what stood on the page ----------------------------------------------------------------------------------------------
def test_a_claim_is_handed_in_as_it_was_seen(session: Session, as_role: AsRole) -> None:
    """One that a colleague drew up anew meanwhile is looked at first."""
    base = _world()
    claim, key = _claim(base), base.id
    where, seen = f"/subsidies/{claim.id}", claim.version
    session.commit()
    leader = as_role(Role.CENTRE_LEADER, organisation_id=key)
    operations.draw_up(organisation=base, since=date(2026, 1, 5), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    session.commit()
    refused = leader.post(f"{where}/submit", data={"version": str(seen)})
    assert (refused.status_code, "刚被其他人修改过" in refused.text) == (409, True)
    now = claim.version
    session.commit()
    assert leader.post(f"{where}/submit", data={"version": str(now)}).status_code == 303


def test_a_button_that_is_pressed_twice_tells_where_the_claim_is(session: Session, as_role: AsRole) -> None:
    """Nobody else changed it."""
    base = _world()
    claim, key = _claim(base), base.id
    where, data = f"/subsidies/{claim.id}", {"version": str(claim.version)}
    session.commit()
    leader = as_role(Role.CENTRE_LEADER, organisation_id=key)
    assert leader.post(f"{where}/submit", data=data).status_code == 303
    again = leader.post(f"{where}/submit", data=data)
    assert (again.status_code, "这份申领现为“已提交”" in again.text, "刚被其他人修改过" in again.text) == (409, True, False)


def test_a_claim_is_sent_back_as_it_was_seen_and_the_reason_stays(session: Session, as_role: AsRole) -> None:
    claim = operations.submit(claim=_claim(_world()), by=SYSTEM, today=TODAY)
    where, seen = f"/subsidies/{claim.id}", claim.version
    operations.draw_sample(claim=claim, percent=10, seed=1, by=SYSTEM)
    session.commit()
    hr = as_role(Role.DEPT_HR)
    refused = hr.post(f"{where}/reject", data={"version": str(seen), "reason": "名单不全"})
    assert (refused.status_code, "名单不全" in refused.text) == (409, True)
    lacking = hr.post(f"{where}/reject", data={"reason": " "})
    assert (lacking.status_code, "请写明退回的理由" in lacking.text) == (422, True)
    assert hr.post(f"{where}/sample", data={"percent": "10", "version": str(seen)}).status_code == 409
