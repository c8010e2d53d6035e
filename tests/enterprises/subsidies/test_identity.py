"""Money goes to nobody of whom it is no longer known who they are, at the approval and at the payment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.subsidies import operations, queries
from enterprises.subsidies.operations import SubsidyRefused
from enterprises.subsidies.types import ItemState
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _pool, _trained, _world
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations as people

pytestmark = pytest.mark.database


def test_who_is_no_longer_identified_is_refused_and_stops_the_payment(session: Session) -> None:
    base = _world()
    persons = [ground.person(id_type=None, is_verified=True, now=NOW) for _ in range(2)]
    for person in persons:
        _trained(base, person, "网课")
    claim = operations.submit(claim=_claim(base), by=SYSTEM, today=TODAY)
    assert claim.item_count == 5
    operations.draw_sample(claim=claim, percent=1, seed=1, by=SYSTEM)
    drawn = queries.item(next(row.id for row in session.execute(queries.items(claim.id, only_sampled=True))))
    assert drawn is not None
    operations.check_item(item=drawn, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    people.change_person(person=persons[0], is_verified=False, by=SYSTEM, now=NOW)
    operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    refused = [row.note for row in session.execute(queries.items(claim.id)) if row.state is ItemState.REFUSED]
    assert (claim.item_count, refused) == (4, ["身份未核实。"])
    people.change_person(person=persons[1], is_verified=False, by=SYSTEM, now=NOW)
    pay: dict[str, Any] = {"pool_id": _pool(10_000_000).id, "reference": "拨1", "on": TODAY, "by": SYSTEM, "today": TODAY, "now": NOW}
    with pytest.raises(SubsidyRefused, match="不再是已核实") as stopped:
        operations.pay(claim=claim, **pay)
    assert stopped.value.code == "not_identified"
    people.change_person(person=persons[1], is_verified=True, by=SYSTEM, now=NOW)
    operations.pay(claim=claim, **pay)
