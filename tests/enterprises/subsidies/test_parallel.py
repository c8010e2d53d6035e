"""A paid item taken back twice at the same moment: the pool gets its money once. On the database of the run with real commits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from enterprises.awards import funds
from enterprises.awards import queries as awards
from enterprises.awards.types import GOOD, PoolKind
from enterprises.subsidies import operations, queries
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from tests.enterprises.subsidies.test_findings import _approved, _paid
from tests.enterprises.subsidies.test_subsidies import _pool, _world
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.organisations.models import Organisation

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)


def test_an_item_is_taken_back_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        operations.set_rate(amount_fen=50_000, since=date(2026, 1, 1), until=None, source="文件", by=SYSTEM, now=NOW)
        base = ground.base(ground.enterprise(credit_status=GOOD))
        for _ in range(2):
            ledger.record_training(
                person_id=ground.person(is_verified=True).id,
                organisation_id=base.id,
                course="电商",
                category=Category.WORKER,
                county_code="350102",
                hours_x10=160,
                completed_on=date(2026, 1, 10),
                is_counted=True,
                source=Source.ROSTER,
                by=SYSTEM,
                now=NOW,
            )
        claim = operations.draw_up(organisation=base, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)
        operations.submit(claim=claim, by=SYSTEM, today=TODAY)
        operations.draw_sample(claim=claim, percent=100, seed=1, by=SYSTEM)
        for item in session().scalars(select(SubsidyItem)):
            operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
        operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
        pool = funds.open_pool(year=2026, name="资金", kind=PoolKind.NEW, planned_fen=100_000, by=SYSTEM, now=NOW).id
        operations.pay(claim=claim, pool_id=pool, reference="1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)
        key, first = claim.id, item.id

    def take_back() -> object:
        item, claim = queries.item(first), queries.claim(key)
        assert item is not None
        assert claim is not None
        return operations.claw_back(item=item, claim=claim, reason="记录作废", by=SYSTEM, today=TODAY, now=NOW)

    def receive() -> object:
        item, claim = queries.item(first), queries.claim(key)
        assert item is not None
        assert claim is not None
        return operations.recover(claim=claim, items=[item], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)

    assert together(committed, take_back, take_back) == ["", ""]
    assert together(committed, receive, receive) == ["", ""]
    with committed.app_context():
        left, claim_now = awards.pool(pool), queries.claim(key)
        assert left is not None
        assert claim_now is not None
        assert (left.spent_fen, claim_now.amount_fen, queries.clawed_back(key)) == (50_000, 50_000, (1, 50_000))


@pytest.mark.database
@pytest.mark.parametrize("is_all_first", [True, False])
def test_all_of_a_claim_and_one_of_it_come_in_at_the_same_moment(committed: Flask, is_all_first: bool) -> None:
    """Whoever is first: nobody waits for the other in a ring, and the pool gets each sum once."""
    with committed.app_context(), transaction():
        claim = _paid(_world())
        ids = list(session().scalars(select(SubsidyItem.id).order_by(SubsidyItem.id)))
        for one in ids:
            item = queries.item(one)
            assert item is not None
            operations.claw_back(item=item, claim=claim, reason="冒名", by=SYSTEM, today=TODAY, now=NOW)
        key, pool = claim.id, claim.pool_id
        assert pool is not None

    def receive(*wanted: int) -> object:
        claim, items = queries.claim(key), [queries.item(one) for one in wanted]
        assert claim is not None
        return operations.recover(claim=claim, items=[one for one in items if one], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)

    acts = [lambda: receive(*ids), lambda: receive(ids[-1])]
    assert together(committed, *(acts if is_all_first else reversed(acts))) == ["", ""]
    with committed.app_context():
        left = awards.pool(pool)
        assert left is not None
        assert (left.spent_fen, queries.clawed_back(key)) == (0, (3, 150_000))
    with committed.app_context():
        assert queries.ordered_back(key) == []


@pytest.mark.database
@pytest.mark.parametrize("is_cancelled_first", [True, False])
def test_nothing_is_paid_for_a_record_that_is_being_cancelled(committed: Flask, is_cancelled_first: bool) -> None:
    with committed.app_context(), transaction():
        claim = _approved(_world())
        record_id = session().scalars(select(SubsidyItem.record_id).order_by(SubsidyItem.id)).first()
        assert record_id is not None
        key, pool, record = claim.id, _pool(10_000_000).id, record_id

    def cancel() -> object:
        return ledger.cancel_record(record_id=record, reason="冒名", by=SYSTEM, now=NOW)

    def pay() -> object:
        return operations.pay(claim=session().get_one(SubsidyClaim, key), pool_id=pool, reference="1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)

    if is_cancelled_first:
        assert together(committed, cancel, pay) == ["", "record_cancelled"]
    else:
        assert together(committed, pay, cancel) == ["", ""]
    with committed.app_context():
        assert len(queries.to_claw_back(key)) == int(not is_cancelled_first)


@pytest.mark.database
def test_two_who_draw_up_at_once_leave_one_draft(committed: Flask) -> None:
    """The second draws up anew what the first did: of two drafts each would stand in the way of the other."""
    with committed.app_context(), transaction():
        base = _world().id

    def drawn(since: date) -> object:
        where = session().get_one(Organisation, base)
        return operations.draw_up(organisation=where, since=since, until=TODAY, by=SYSTEM, today=TODAY, now=NOW)

    assert together(committed, lambda: drawn(date(2026, 1, 1)), lambda: drawn(date(2026, 2, 1))) == ["", ""]
    with committed.app_context():
        assert [claim.since for claim in session().scalars(select(SubsidyClaim))] == [date(2026, 2, 1)]
