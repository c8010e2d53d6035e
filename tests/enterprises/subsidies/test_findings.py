"""A finding of the sample that is changed afterwards, and what is paid once only: after a merge, after a correction."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.subsidies import operations, queries
from enterprises.subsidies.operations import SubsidyRefused
from enterprises.subsidies.types import ItemState
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _world
from trainhub.kernel.access import SYSTEM

pytestmark = pytest.mark.database


def _drawn(base: Any) -> tuple[Any, Any]:
    claim = _claim(base)
    operations.submit(claim=claim, by=SYSTEM, today=TODAY)
    operations.draw_sample(claim=claim, percent=100, seed=1, by=SYSTEM)
    first = queries.item(queries.item_ids(claim.id)[0])
    assert first is not None
    return claim, first


def test_a_finding_is_not_turned_once_the_completion_was_claimed_anew(session: Session) -> None:
    base = _world()
    claim, item = _drawn(base)
    call: dict[str, Any] = {"item": item, "claim": claim, "by": SYSTEM, "now": NOW}
    operations.check_item(is_confirmed=False, note="无签到", **call)
    operations.check_item(is_confirmed=True, note="", **call)  # nobody claimed it meanwhile: it may be turned
    assert (item.state, claim.item_count) == (ItemState.CLAIMED, 3)
    operations.check_item(is_confirmed=False, note="无签到", **call)
    again = _claim(base)
    assert again.item_count == 1
    with pytest.raises(SubsidyRefused, match="已经重新申领"):
        operations.check_item(is_confirmed=True, note="", **call)
    session.expire_all()
    assert (item.state, item.is_confirmed, item.note, claim.item_count, again.item_count) == (ItemState.REFUSED, False, "无签到", 2, 1)
