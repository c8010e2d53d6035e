"""What was entered once and was judged stays: an entry that was sent back, the photos of a confirmed day."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from enterprises.own import placement_queries as own
from enterprises.placements import operations, queries
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import DayState
from tests.enterprises.placements.test_daily import PNG
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM

NOW = make.NOW


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that has begun, with a first day that was sent back."""
    enterprise, university = ground.enterprise(), ground.university()
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    student = ground.student(ground.programme(university), petoe_since=date(2023, 9, 1))
    position = make.position(enterprise=enterprise, base=base, terms=[term])
    placement = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
    found = SimpleNamespace(placement=placement, student=student, day=term.starts_on, whole={"by": SYSTEM, "now": NOW, "today": term.starts_on})
    logged(found, "在车间")
    decided(found, is_approved=False, reason="请写明做了什么")
    return found


def logged(world: SimpleNamespace, note: str) -> None:
    operations.log_day(placement=world.placement, on=world.day, note=note, **world.whole)


def decided(world: SimpleNamespace, *, is_approved: bool, reason: str = "") -> None:
    operations.decide_days(placement=world.placement, days=[world.day], is_approved=is_approved, reason=reason, **world.whole)


def test_what_was_sent_back_stays_beside_the_correction(world: SimpleNamespace, session: Session) -> None:
    logged(world, "装配减速机")
    decided(world, is_approved=False, reason="日期不对")
    logged(world, "装配减速机，上午")
    logged(world, "装配减速机，全天")  # a draft that nobody judged may change
    row = queries.day_entry(world.placement.id, world.day)
    assert row is not None
    assert (row.state, row.note) == (DayState.PENDING, "装配减速机，全天")
    assert [(one["note"], one["reason"]) for one in row.earlier or []] == [("在车间", "请写明做了什么"), ("装配减速机", "日期不对")]
    assert [one["decided_at"] for one in row.earlier or []] == [NOW.isoformat()] * 2
    told = own.days(world.student.person_id).rows()
    assert "在车间" in str(told)


def test_taking_the_correction_back_leaves_what_was_sent_back(world: SimpleNamespace, session: Session) -> None:
    logged(world, "装配减速机")
    operations.log_week(placement=world.placement, days={}, week=[world.day], **world.whole)
    row = queries.day_entry(world.placement.id, world.day)
    assert row is not None
    assert (row.state, row.note, row.reason, row.decided_at, row.earlier) == (DayState.REJECTED, "在车间", "请写明做了什么", NOW, [])


def test_words_that_were_sent_back_go_with_the_log(world: SimpleNamespace, session: Session) -> None:
    logged(world, "")
    world.student.left_on = date(2026, 9, 1)
    session.flush()
    assert operations.forget_logs(today=date(2031, 9, 2))["days"] == 1
    row = queries.day_entry(world.placement.id, world.day)
    assert row is not None
    session.refresh(row)
    assert row.earlier is None
    assert operations.forget_logs(today=date(2031, 9, 2))["days"] == 0


@pytest.mark.parametrize(("state", "goes"), [(DayState.REJECTED, True), (DayState.PENDING, True), (DayState.APPROVED, False)])
def test_the_photo_of_a_confirmed_day_stays(world: SimpleNamespace, state: DayState, goes: bool) -> None:
    photo = operations.add_photo(placement=world.placement, on=world.day, file=io.BytesIO(PNG), name="a.png", **world.whole)
    if state is not DayState.REJECTED:
        logged(world, "装配减速机")
    if state is DayState.APPROVED:
        decided(world, is_approved=True)

    def drop() -> None:
        operations.drop_photo(photo=photo, placement=world.placement, by=SYSTEM, now=NOW)

    if goes:
        drop()
        assert queries.photo(photo.id) is None
        return
    with pytest.raises(WrongState) as refused:
        drop()
    assert refused.value.code == "day_confirmed"
    assert queries.photo(photo.id) is not None
