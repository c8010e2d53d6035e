"""A training goes with its number to whose it is: the claim for it goes on, and is paid once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.awards.types import GOOD
from enterprises.subsidies import operations, queries
from enterprises.subsidies.operations import SubsidyRefused
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _pool
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType

NUMBER = ground.resident_id()
CARD = {"name": "单小明", "id_type": IdType.RESIDENT_ID, "id_number": NUMBER}


def trained(base: Any, person: Person, *, by_number: bool) -> None:
    ledger.record_training(person_id=person.id, organisation_id=base.id, course="电商", category=Category.WORKER, county_code="350102", hours_x10=160,
                           completed_on=date(2026, 1, 10), is_counted=True, source=Source.ROSTER, by_number=by_number, by=SYSTEM, now=NOW)  # fmt: skip


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_claim_goes_on_where_the_training_went(session: Session, is_paid: bool) -> None:
    operations.set_rate(amount_fen=50_000, since=date(2026, 1, 1), until=None, source="x", by=SYSTEM, now=NOW)
    base = ground.base(ground.enterprise(credit_status=GOOD))
    visitor = Identity(account_id=None, person_id=None, name="访客")
    claimant = people.register_person(**CARD, number_by_holder=True, by=visitor, now=NOW)  # type: ignore[arg-type]
    trained(base, claimant, by_number=True)
    claim = _claim(base)
    operations.submit(claim=claim, by=SYSTEM, today=TODAY)

    def go_on() -> None:
        operations.draw_sample(claim=claim, percent=100, seed=1, by=SYSTEM)
        for row in session.execute(queries.items(claim.id, only_sampled=True)).all():
            item = queries.item(row.id)
            assert item is not None
            operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
        operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
        operations.pay(claim=claim, pool_id=_pool(500_000).id, reference="拨1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)

    if is_paid:
        go_on()
    holder = people.register_person(**CARD, by=SYSTEM, now=NOW)  # type: ignore[arg-type]
    if not is_paid:
        go_on()
    session.expire_all()
    row = session.execute(queries.items(claim.id)).one()
    item = queries.item(row.id)
    assert item is not None
    assert (item.person_id, claim.item_count, claim.amount_fen) == (holder.id, 1, 50_000)
    with pytest.raises(SubsidyRefused):
        _claim(base)
