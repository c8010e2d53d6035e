"""A finding of the sample that is changed afterwards, and what is paid once only: after a merge, after a correction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from enterprises.awards.types import GOOD
from enterprises.subsidies import operations, queries
from enterprises.subsidies.models import SubsidyItem
from enterprises.subsidies.operations import SubsidyRefused
from enterprises.subsidies.types import ItemState
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _pool, _trained, _world
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

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


def _approved(base: Any) -> Any:
    claim, _first = _drawn(base)
    for key in queries.item_ids(claim.id):
        item = queries.item(key)
        assert item is not None
        operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    return operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)


def _paid(base: Any) -> Any:
    return _pay(_approved(base))


@remembered
def _world_paid() -> tuple[Any, Any]:
    """A base, and the claim for its three persons that was paid."""
    base = _world()
    return base, _paid(base)


def _pay(claim: Any) -> Any:
    return operations.pay(claim=claim, pool_id=_pool(10_000_000).id, reference="拨1", on=TODAY, by=SYSTEM, today=TODAY, now=NOW)


def _merge(claim: Any, session: Session) -> list[Any]:
    """The first two persons of a claim are one human; their items."""
    items = [queries.item(key) for key in queries.item_ids(claim.id)] or list(session.scalars(select(SubsidyItem).order_by(SubsidyItem.id)))
    first, second = items[0], items[1]
    assert first is not None
    assert second is not None
    people.note_decision(first_id=first.person_id, second_id=second.person_id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    return [first, second]


def test_of_two_persons_found_to_be_one_the_second_is_refused_at_the_approval(session: Session) -> None:
    claim, _first = _drawn(_world())
    items = _merge(claim, session)
    for key in queries.item_ids(claim.id):
        item = queries.item(key)
        assert item is not None
        operations.check_item(item=item, claim=claim, is_confirmed=True, note="", by=SYSTEM, now=NOW)
    operations.approve(claim=claim, minutes="同意", by=SYSTEM, today=TODAY, now=NOW)
    assert ([one.state for one in items], claim.item_count, claim.amount_fen) == ([ItemState.CLAIMED, ItemState.REFUSED], 2, 100_000)
    assert "同一人" in items[1].note
    assert _pay(claim).amount_fen == 100_000


@pytest.mark.parametrize("spelled", ["电商", "电 商"])
def test_a_course_spelled_otherwise_is_one_course_after_a_merge(session: Session, spelled: str) -> None:
    _base, claim = _world_paid()
    other = ground.base(ground.enterprise(credit_status=GOOD))
    double = ground.person(is_verified=True)
    _trained(other, double, spelled)
    second = _claim(other)
    item = queries.item(queries.item_ids(second.id)[0])
    assert item is not None
    first = session.scalars(select(SubsidyItem).where(SubsidyItem.claim_id == claim.id).order_by(SubsidyItem.id)).first()
    assert first is not None
    people.note_decision(first_id=first.person_id, second_id=double.id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    assert [one.id for one in queries.doubled_items(second.id)] == [item.id]
    assert queries.is_claimed_elsewhere(item)


def test_two_persons_found_to_be_one_after_the_approval_are_not_paid(session: Session) -> None:
    claim = _approved(_world())
    _merge(claim, session)
    with pytest.raises(SubsidyRefused, match="1 条的人员与另一人判定为同一人"):
        _pay(claim)
    assert operations.reject(claim=claim, reason="重新生成", by=SYSTEM, today=TODAY, now=NOW).item_count == 3


def test_a_pair_that_was_paid_is_flagged_and_taken_back_once(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    _base, claim = _world_paid()
    items = list(session.scalars(select(SubsidyItem).order_by(SubsidyItem.id)))
    assert queries.to_claw_back(claim.id) == {}
    people.note_decision(first_id=items[0].person_id, second_id=items[1].person_id, decision=PairDecision.SAME, reason="同", by=SYSTEM, now=NOW)
    assert queries.to_claw_back(claim.id) == {items[1].id: "twice"}
    key = claim.id
    session.commit()
    page = as_role(Role.DEPT_FIN).get(f"/subsidies/{key}").text
    assert ("有 1 条应追回" in page, page.count("同一人重复拨付")) == (True, 1)
    item, again = queries.item(items[1].id), queries.claim(key)
    assert item is not None
    assert again is not None
    operations.claw_back(item=item, claim=again, reason="重复", by=SYSTEM, today=TODAY, now=NOW)
    assert queries.to_claw_back(key) == {}


def test_a_training_is_not_paid_again_under_a_corrected_name(session: Session) -> None:
    base, claim = _world_paid()
    item = session.scalars(select(SubsidyItem).order_by(SubsidyItem.id.desc())).first()
    assert item is not None
    wrong = session.get_one(TrainingRecord, item.record_id)
    for course in ("电子商务", "电子商务运营"):  # corrected, and corrected again
        wrong = ledger.correct_record(
            record=wrong,
            course=course,
            category=wrong.category,
            county_code=wrong.county_code,
            hours_x10=wrong.hours_x10,
            completed_on=wrong.completed_on,
            is_counted=True,
            reason="课程名称",
            by=SYSTEM,
            today=TODAY,
            now=NOW,
        )
        with pytest.raises(SubsidyRefused, match="没有可以申领"):
            _claim(base)
    assert queries.to_claw_back(claim.id) == {item.id: "cancelled"}
    operations.claw_back(item=item, claim=claim, reason="课程名称已更正", by=SYSTEM, today=TODAY, now=NOW)
    assert queries.to_claw_back(claim.id) == {}
    operations.recover(claim=claim, items=[item], on=TODAY, reference="收1", by=SYSTEM, today=TODAY, now=NOW)
    assert _claim(base).item_count == 1


def _correct(record: TrainingRecord, **change: Any) -> TrainingRecord:
    held = {key: getattr(record, key) for key in ("course", "category", "county_code", "hours_x10", "completed_on", "is_counted")}
    return ledger.correct_record(record=record, reason="更正", by=SYSTEM, today=TODAY, now=NOW, **{**held, **change})


@pytest.mark.database
def test_what_should_come_back_is_told_and_a_correction_that_changes_no_price_is_not(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    _base, claim = _world_paid()
    items = list(session.scalars(select(SubsidyItem).order_by(SubsidyItem.id)))
    assert queries.to_recover() == {}
    record = session.get_one(TrainingRecord, items[0].record_id)
    for number in (1, 2):  # other hours, twice: what was paid for stands
        record = _correct(record, hours_x10=record.hours_x10 + number)
        assert (queries.to_claw_back(claim.id), queries.to_recover()) == ({}, {})
    record = _correct(record, is_counted=False)
    assert (queries.to_claw_back(claim.id), queries.to_recover()) == ({items[0].id: "cancelled"}, {claim.id: 1})
    ledger.cancel_record(record_id=items[1].record_id, reason="作废", by=SYSTEM, now=NOW)
    assert queries.to_recover() == {claim.id: 2}
    people.note_decision(first_id=items[1].person_id, second_id=items[2].person_id, decision=PairDecision.SAME, reason="同", by=SYSTEM, now=NOW)
    assert queries.to_recover() == {claim.id: len(queries.to_claw_back(claim.id))} == {claim.id: 2}  # one of the pair was cancelled already
    session.commit()
    for role in (Role.DEPT_HR, Role.DEPT_FIN):
        client = as_role(role)
        assert "追回多付的培训补助" in client.get("/").text
        assert "应追回 2 条" in client.get("/subsidies/?state=paid").text
    assert "追回多付的培训补助" not in as_role(Role.DEPT_ST).get("/").text


def _decide(first: int, second: int, decision: PairDecision) -> None:
    people.note_decision(first_id=first, second_id=second, decision=decision, reason="核对", by=SYSTEM, now=NOW)


def test_a_record_is_paid_once_also_after_its_person_was_merged_and_parted(session: Session) -> None:
    """The record of a merged person is paid; parted again, the other one did that training, and it was paid."""
    base = _world()
    head = session.scalars(select(TrainingRecord).order_by(TrainingRecord.id)).first()
    assert head is not None
    other = ground.person(is_verified=True)
    second = ground.base(ground.enterprise(credit_status=GOOD))
    _trained(second, other, "物联网")
    _decide(head.person_id, other.id, PairDecision.SAME)
    paid = _paid(second)
    assert other.merged_into_id == head.person_id
    _decide(head.person_id, other.id, PairDecision.DIFFERENT)
    with pytest.raises(SubsidyRefused, match="已申领过 1"):
        _claim(second)
    (item,) = session.scalars(select(SubsidyItem).where(SubsidyItem.claim_id == paid.id))
    assert item.person_id == other.id
    assert base is not None


def test_a_record_that_was_paid_twice_before_is_flagged(session: Session) -> None:
    """What an earlier version paid twice for one record, and a migration marked: the later one should come back."""
    _base, claim = _world_paid()
    first = session.scalars(select(SubsidyItem).order_by(SubsidyItem.id)).first()
    assert first is not None
    twin = {name: getattr(first, name) for name in ("claim_id", "person_id", "record_id", "course", "amount_fen", "state", "is_sampled")}
    session.add(double := SubsidyItem(**twin, course_key=f"{first.course_key}#9", note=""))
    session.flush()
    assert queries.to_claw_back(claim.id) == {double.id: "twice"}
    assert queries.to_recover() == {claim.id: 1}


def test_what_stands_under_a_marked_key_is_still_claimed(session: Session) -> None:
    """Of a pair that was paid twice the first comes back: the second one still stands for the training, which is claimed no third time."""
    base, claim = _world_paid()
    first = session.scalars(select(SubsidyItem).where(SubsidyItem.claim_id == claim.id).order_by(SubsidyItem.id)).first()
    assert first is not None
    twin = {name: getattr(first, name) for name in ("claim_id", "person_id", "record_id", "course", "amount_fen", "state", "is_sampled")}
    session.add(SubsidyItem(**twin, course_key=f"{first.course_key}#9", note=""))
    session.flush()
    first.state = ItemState.CLAWED_BACK
    session.flush()
    assert queries.is_claimed_elsewhere(first)
    with pytest.raises(SubsidyRefused) as refused:
        _claim(base)
    assert refused.value.code == "nothing_to_claim"


def test_the_database_keeps_a_record_from_being_claimed_twice(session: Session) -> None:
    _claim(_world())
    first = session.scalars(select(SubsidyItem).order_by(SubsidyItem.id)).first()
    assert first is not None
    taken = {name: getattr(first, name) for name in ("claim_id", "record_id", "course", "course_key", "amount_fen", "state", "is_sampled")}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(SubsidyItem(**taken, person_id=ground.person(is_verified=True).id, note=""))
        session.flush()


def test_a_correction_of_the_spelling_takes_nothing_back(session: Session) -> None:
    _base, claim = _world_paid()
    row = session.scalars(select(TrainingRecord).order_by(TrainingRecord.id)).first()
    assert row is not None
    _correct(row, course="电 商")
    assert queries.to_claw_back(claim.id) == {}
