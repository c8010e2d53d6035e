"""What ended is kept right: placements that ended early or were withdrawn, days corrected and restored, certificates of every placement."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import BadDay, WrongState
from enterprises.placements.operations.tables import window
from enterprises.placements.types import DayState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.certificates import queries as certificates
from trainhub.certificates.types import State
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Refused
from trainhub.ledger import operations as ledger_operations
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Source
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import PairDecision

NOW, STARTS = make.NOW, make.TODAY


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement of sixteen weeks that has begun on 2 March 2026, with a position of another enterprise in the same term."""
    university, enterprise, second = ground.university(), ground.enterprise(), ground.enterprise()
    programme, base = ground.programme(university), ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    mentor = make.mentor(enterprise=enterprise)
    position = make.position(enterprise=enterprise, base=base, terms=[term], seats=2)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    placement = make.started(student=student, position=position, term=term, mentor=mentor)
    other = make.position(enterprise=second, terms=[term])
    return SimpleNamespace(
        term=term,
        student=student,
        placement=placement,
        other=other,
        second=make.mentor(enterprise=second),
        position=position,
        enterprise=enterprise,
    )


def whole(day: date) -> dict[str, Any]:
    return {"by": SYSTEM, "now": make.at(day)}


def elsewhere(world: SimpleNamespace, since: date) -> Placement:
    """The student goes on at the other enterprise."""
    row = operations.change_base(
        placement=world.placement, position=world.other, term=world.term, since=since, reason="换岗", today=since, **whole(since)
    )
    make.ready(row, world.second)
    return operations.start_placement(placement=row, today=since, **whole(since))


def stands(row: Placement) -> tuple[State, str] | None:
    """State and weeks of a placement's certificate."""
    found = certificates.by_asked_key(operations.asked_key(row))
    return (found.state, found.facts["weeks"]) if found is not None else None


def graded(row: Placement, day: date, score_x10: int = 900) -> None:
    operations.grade_placement(placement=row, score_x10=score_x10, comment="好", today=day, **whole(day))


# -- withdrawn ----------------------------------------------------------------------------------------------------------
def test_t1_and_the_page_of_weeks_tell_the_same_days(world: SimpleNamespace) -> None:
    make.confirmed(world.placement, make.weekdays(STARTS, 10))
    last = STARTS + timedelta(days=14)
    operations.withdraw_placement(placement=world.placement, reason="企业停产", **whole(last))
    row = operations.place_student(student=world.student, position=world.other, term=world.term, **whole(last))
    make.ready(row, world.second)
    operations.start_placement(placement=row, today=last, **whole(last))
    make.confirmed(row, make.weekdays(last, 5))
    on = last + timedelta(days=7)
    table = queries.table_1(SYSTEM, since=window(on), on=on)
    assert [(one["weeks"], one["weeks_sum"], one["ends_on"]) for one in table] == [
        (2.0, 2.0, make.weekdays(STARTS, 10)[-1]),  # until the last day that counts: the plan beyond it was withdrawn
        (1.0, 3.0, world.term.ends_on),
    ]
    assert table[-1]["weeks_sum"] * 5 == ledger.weeks_of(world.student.id).credited_days
    assert queries.table_1_size(SYSTEM, since=window(on)) == 2


def test_t1_leaves_out_what_was_withdrawn_before_a_day_counted(world: SimpleNamespace) -> None:
    operations.withdraw_placement(placement=world.placement, reason="企业停产", **whole(STARTS))
    assert queries.table_1(SYSTEM, since=window(STARTS), on=STARTS) == []
    assert queries.table_1_size(SYSTEM, since=window(STARTS)) == 0


def test_what_was_withdrawn_while_it_ran_is_graded_and_certified(world: SimpleNamespace) -> None:
    days = make.weekdays(STARTS, 10)
    make.confirmed(world.placement, days)
    operations.withdraw_placement(placement=world.placement, reason="企业停产", **whole(days[-1]))
    graded(world.placement, days[-1])
    assert stands(world.placement) == (State.ISSUED, "2")
    found = certificates.by_asked_key(operations.asked_key(world.placement))
    assert found is not None
    assert found.facts["ends_on"] == days[-1].isoformat()


def test_what_never_ran_is_not_graded(world: SimpleNamespace) -> None:
    row = operations.place_student(student=ground.student(queries_programme(world)), position=world.position, term=world.term, **whole(STARTS))
    operations.withdraw_placement(placement=row, reason="企业停产", **whole(STARTS))
    with pytest.raises(WrongState):
        graded(row, STARTS)


def queries_programme(world: SimpleNamespace) -> Any:
    from trainhub.programmes import queries as programmes

    return programmes.by_id(world.student.programme_id)


# -- early end ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("score_x10", "is_certified"), [(900, True), (100, False)])
def test_a_placement_that_ends_early_is_graded_afterwards(world: SimpleNamespace, score_x10: int, is_certified: bool) -> None:
    make.confirmed(world.placement, make.weekdays(STARTS, 10))
    last = STARTS + timedelta(days=13)
    operations.end_early(placement=world.placement, on=last, reason="换岗", today=last, **whole(last))
    assert stands(world.placement) is None
    graded(world.placement, last + timedelta(days=1), score_x10)
    assert (stands(world.placement) == (State.ISSUED, "2")) is is_certified
    milestone = ledger.live_milestone(world.student.person_id, Source.PLACEMENT, f"placement:{world.placement.id}")
    assert milestone is not None
    assert milestone.score_x10 == score_x10
    with pytest.raises(WrongState):  # a mark that stands behind a certificate or a milestone stays
        graded(world.placement, last + timedelta(days=2), score_x10 + 10)


def test_whoever_is_graded_when_it_ends_early_has_the_certificate_at_once(world: SimpleNamespace) -> None:
    """Graded in the last week, ended on a day before the last."""
    make.confirmed(world.placement, make.weekdays(STARTS, 10))
    last = world.term.ends_on - timedelta(days=2)
    graded(world.placement, last)
    operations.end_early(placement=world.placement, on=last, reason="毕业典礼", today=last, **whole(last))
    assert stands(world.placement) == (State.ISSUED, "2")
    assert ledger.live_milestone(world.student.person_id, Source.PLACEMENT, f"placement:{world.placement.id}") is not None


# -- corrections --------------------------------------------------------------------------------------------------------
def finished(world: SimpleNamespace) -> date:
    """The placement over, with eight weeks; its last day."""
    make.confirmed(world.placement, make.weekdays(STARTS, 40))
    end: date = world.placement.ends_on
    graded(world.placement, end)
    operations.finish_placement(placement=world.placement, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))
    return end


def correct(row: Placement, day: date, today: date) -> None:
    entry = queries.day_entry(row.id, day)
    assert entry is not None
    assert operations.correct_day(entry=entry, placement=row, reason="误操作", today=today, **whole(today))


def test_a_day_corrected_by_mistake_after_the_end_is_restored(world: SimpleNamespace) -> None:
    end, day = finished(world), STARTS + timedelta(days=2)
    correct(world.placement, day, end)
    assert stands(world.placement) == (State.ISSUED, "7.8")
    operations.log_week(placement=world.placement, days={day: "装配"}, week=[day], today=end, **whole(end))
    assert [entry.on for _row, entry in queries.pending_for_mentor([world.placement.mentor_id])] == [day]
    operations.decide_days(placement=world.placement, days=[day], is_approved=True, today=end, **whole(end))
    assert ledger.weeks_of(world.student.id).credited_days == 40
    assert stands(world.placement) == (State.ISSUED, "8")
    with pytest.raises(BadDay):  # nothing new is logged afterwards
        operations.log_day(placement=world.placement, on=end - timedelta(days=2), today=end, **whole(end))
    with pytest.raises(BadDay):
        operations.log_day(placement=world.placement, on=end + timedelta(days=1), today=end + timedelta(days=1), **whole(end))


@pytest.mark.database
def test_a_day_corrected_by_mistake_in_a_withdrawn_placement_is_restored(world: SimpleNamespace) -> None:
    """Its confirmed days stay; one that was corrected by mistake can be put right, what nobody had confirmed is given back for good."""
    make.confirmed(world.placement, make.weekdays(STARTS, 10))
    waiting, day = STARTS + timedelta(days=14), STARTS + timedelta(days=2)
    operations.log_day(placement=world.placement, on=waiting, today=waiting, **whole(waiting))
    operations.withdraw_placement(placement=world.placement, reason="企业停产", **whole(waiting))
    for before in (None, waiting):
        with pytest.raises(BadDay):
            operations.log_day(placement=world.placement, on=before or day + timedelta(days=60), today=waiting, **whole(waiting))
    correct(world.placement, day, waiting)
    assert ledger.weeks_of(world.student.id).credited_days == 9
    rest = {STARTS: "", day: "装配"}  # the page sends the confirmed days of the week along
    assert operations.log_week(placement=world.placement, days=rest, week=[STARTS, day], today=waiting, **whole(waiting)) == (0, 0)
    assert [entry.on for _row, entry in queries.pending_for_mentor([world.placement.mentor_id])] == [day]
    operations.decide_days(placement=world.placement, days=[day], is_approved=True, today=waiting, **whole(waiting))
    assert ledger.weeks_of(world.student.id).credited_days == 10
    assert stands(world.placement) is None or stands(world.placement) == (State.ISSUED, "2")


def test_the_confirmed_days_of_the_week_are_sent_along_after_the_end(world: SimpleNamespace) -> None:
    end, day = finished(world), STARTS + timedelta(days=2)
    correct(world.placement, day, end)
    assert operations.log_week(placement=world.placement, days={STARTS: "", day: ""}, week=[STARTS, day], today=end, **whole(end)) == (0, 0)
    entry = queries.day_entry(world.placement.id, day)
    assert entry is not None
    assert entry.state is DayState.PENDING


def test_a_day_that_waits_again_after_the_end_may_be_taken_back(world: SimpleNamespace) -> None:
    end, day = finished(world), STARTS + timedelta(days=2)
    correct(world.placement, day, end)
    operations.log_week(placement=world.placement, days={day: ""}, week=[day], today=end, **whole(end))
    assert operations.log_week(placement=world.placement, days={}, week=[day], today=end, **whole(end)) == (0, 1)
    entry = queries.day_entry(world.placement.id, day)
    assert entry is not None
    assert (entry.state, entry.reason) == (DayState.REJECTED, "误操作")


def test_credit_that_shifts_is_told_by_every_certificate(world: SimpleNamespace) -> None:
    """Six days of one week at two enterprises: without one of the first the sixth counts."""
    first = STARTS + timedelta(days=7)
    make.confirmed(world.placement, [first + timedelta(days=n) for n in range(3)])
    row = elsewhere(world, first + timedelta(days=3))
    make.confirmed(row, [first + timedelta(days=n) for n in (3, 4, 5)])
    end = row.ends_on
    graded(world.placement, first + timedelta(days=4))
    graded(row, end)
    operations.finish_placement(placement=row, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))
    assert (stands(world.placement), stands(row)) == ((State.ISSUED, "0.6"), (State.ISSUED, "0.4"))
    correct(world.placement, first + timedelta(days=1), end)
    assert (stands(world.placement), stands(row)) == ((State.ISSUED, "0.4"), (State.ISSUED, "0.6"))
    operations.log_day(placement=world.placement, on=first + timedelta(days=1), today=end, **whole(end))
    operations.decide_days(placement=world.placement, days=[first + timedelta(days=1)], is_approved=True, today=end, **whole(end))
    assert (stands(world.placement), stands(row)) == ((State.ISSUED, "0.6"), (State.ISSUED, "0.4"))


def trainings(session: Session, row: Placement) -> list[tuple[int, bool]]:
    """(tenths of hours, whether it stands) of what a placement brought to the goal, the earliest first."""
    rows = session.scalars(select(TrainingRecord).where(TrainingRecord.source_id == row.id, TrainingRecord.source == Source.PLACEMENT))
    return [(one.hours_x10, one.cancelled_at is None) for one in sorted(rows, key=lambda one: one.id)]


def test_the_training_of_a_placement_follows_its_days(world: SimpleNamespace, session: Session) -> None:
    """Fewer days, fewer hours; without any day nothing counts to the goal any more; a restored day brings it back."""
    world.enterprise.is_internet_enterprise = True
    days = make.weekdays(STARTS, 2)
    make.confirmed(world.placement, days)
    end = world.placement.ends_on
    graded(world.placement, end)
    operations.finish_placement(placement=world.placement, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))
    hours = world.position.hours_per_day * 10
    assert trainings(session, world.placement) == [(2 * hours, True)]
    correct(world.placement, days[0], end)
    assert trainings(session, world.placement) == [(2 * hours, False), (hours, True)]
    correct(world.placement, days[1], end)
    assert [stands for _hours, stands in trainings(session, world.placement)] == [False, False]
    operations.log_day(placement=world.placement, on=days[1], today=end, **whole(end))
    operations.decide_days(placement=world.placement, days=[days[1]], is_approved=True, today=end, **whole(end))
    assert trainings(session, world.placement)[2:] == [(hours, True)]


def test_a_training_that_an_office_cancelled_stays_cancelled(world: SimpleNamespace, session: Session) -> None:
    world.enterprise.is_internet_enterprise = True
    end = finished(world)
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.source_id == world.placement.id)).one()
    ledger_operations.cancel_record(record_id=record.id, reason="不属于培训", by=SYSTEM, now=make.at(end))
    correct(world.placement, STARTS + timedelta(days=2), end)
    assert [stands for _hours, stands in trainings(session, world.placement)] == [False]


@pytest.mark.parametrize("left", [2, 1, 0])
def test_a_training_that_an_office_restores_has_the_hours_of_its_days(world: SimpleNamespace, session: Session, left: int) -> None:
    """While the record was cancelled its days went on changing: what stands again is what they earn now."""
    world.enterprise.is_internet_enterprise = True
    days = make.weekdays(STARTS, 2)
    make.confirmed(world.placement, days)
    end = world.placement.ends_on
    graded(world.placement, end)
    operations.finish_placement(placement=world.placement, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.source_id == world.placement.id)).one()
    ledger_operations.cancel_record(record_id=record.id, reason="误作废", by=SYSTEM, now=make.at(end))
    for day in days[left:]:
        correct(world.placement, day, end)
    call = {"record": record, "reason": "恢复", "by": SYSTEM, "today": end + timedelta(days=1), "now": make.at(end)}
    if not left:
        with pytest.raises(Refused, match="没有可以计入的实习日"):
            ledger_operations.restore_record(**call)
        return
    assert ledger_operations.restore_record(**call).hours_x10 == left * world.position.hours_per_day * 10


def test_a_placement_that_ends_after_the_joining_lies_in_the_county_of_the_human(world: SimpleNamespace, session: Session) -> None:
    """Of a provincial enterprise, where only the other row of the trainee tells a county; parted again, it lies where it would without the other."""
    world.enterprise.is_internet_enterprise, world.enterprise.region_code, world.position.county_code = True, "350000", None
    stays, gone = session.get_one(Person, world.student.person_id), ground.person(county_code="350203")
    people.decide_pair(first=stays, second=gone, decision=PairDecision.SAME, reason="已核对", by=SYSTEM, now=make.NOW)
    assert (gone.merged_into_id, stays.county_code) == (stays.id, None)
    make.confirmed(world.placement, make.weekdays(STARTS, 2))
    end = world.placement.ends_on
    graded(world.placement, end)
    operations.finish_placement(placement=world.placement, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))

    def lies() -> list[str]:
        return list(session.scalars(select(TrainingRecord.county_code).where(TrainingRecord.cancelled_at.is_(None))))

    assert lies() == ["350203"]
    correct(world.placement, STARTS, end + timedelta(days=1))
    assert lies() == ["350203"], "fewer days move nothing"
    parted = make.at(end + timedelta(days=2))
    people.decide_pair(first=stays, second=gone, decision=PairDecision.DIFFERENT, reason="已核对", by=SYSTEM, now=parted)
    assert lies() == ["350000"]


def test_days_that_are_restored_count_in_the_county_that_was_entered_meanwhile(world: SimpleNamespace, session: Session) -> None:
    world.enterprise.is_internet_enterprise, world.enterprise.region_code, world.position.county_code = True, "350000", None
    (day,) = make.weekdays(STARTS, 1)
    make.confirmed(world.placement, [day])
    end = world.placement.ends_on
    graded(world.placement, end)
    operations.finish_placement(placement=world.placement, today=end + timedelta(days=1), **whole(end + timedelta(days=1)))
    correct(world.placement, day, end)
    people.change_person(person=session.get_one(Person, world.student.person_id), county_code="350203", by=SYSTEM, now=make.at(end))
    operations.log_day(placement=world.placement, on=day, today=end, **whole(end))
    operations.decide_days(placement=world.placement, days=[day], is_approved=True, today=end, **whole(end))
    standing = select(TrainingRecord.county_code).where(TrainingRecord.cancelled_at.is_(None))
    assert session.scalars(standing).all() == ["350203"]
