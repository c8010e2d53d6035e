"""What lies in no county once two rows are one human of whom one has a county, and once they are two again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.trainhub.oversight.goals.test_keeping import NOW, _goal, _trained
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.i18n import in_language
from trainhub.ledger import labels, trainings
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.oversight.goals import operations, queries
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import PairDecision

EARLY = NOW - timedelta(days=900)


def _decide(first: Person, second: Person, decision: PairDecision, minutes: int) -> None:
    people.decide_pair(first=first, second=second, decision=decision, reason="已核对", by=SYSTEM, now=NOW + timedelta(minutes=minutes))


def _standing(session: Session, person: Person) -> list[tuple[int, str]]:
    statement = select(TrainingRecord).where(TrainingRecord.person_id == person.id, TrainingRecord.cancelled_at.is_(None))
    return sorted((one.completed_on.day, one.county_code) for one in session.scalars(statement))


def _counted(minutes: int) -> tuple[tuple[int, int], dict[str, int]]:
    operations.refresh(goal=_goal(), now=NOW + timedelta(minutes=minutes))
    return queries.kept_totals(_goal()), queries.waiting_counts(_goal())


@pytest.mark.parametrize("has_county", ["first", "second"])
def test_what_lies_nowhere_lies_in_the_county_of_the_human_while_they_are_one(session: Session, has_county: str) -> None:
    first, second = (ground.person(is_verified=True, now=EARLY, county_code="350203" if name == has_county else None) for name in ("first", "second"))
    _trained(date(2016, 3, 1), NOW, region="350000", person=first)
    _trained(date(2016, 3, 2), NOW, "网课", region="350000", person=second)
    _trained(date(2016, 3, 3), NOW, region="350102", person=second)
    assert _counted(0) == ((1, 1), {"350000": 2})
    _decide(first, second, PairDecision.SAME, 1)
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350203")], [(2, "350203"), (3, "350102")])
    assert _counted(2) == ((3, 1), {})
    _decide(first, second, PairDecision.SAME, 3)  # said twice it changes nothing
    assert session.scalars(select(TrainingRecord)).all()[-1].recorded_at <= NOW + timedelta(minutes=1)
    _decide(first, second, PairDecision.DIFFERENT, 4)
    own = {"first": ("350203", "350000"), "second": ("350000", "350203")}[has_county]
    assert (_standing(session, first), _standing(session, second)) == ([(1, own[0])], [(2, own[1]), (3, "350102")])
    assert _counted(5)[1] == {"350000": 1}
    _decide(first, second, PairDecision.SAME, 6)
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350203")], [(2, "350203"), (3, "350102")])
    assert _counted(7) == ((3, 1), {})


def test_of_one_training_under_both_rows_each_has_theirs_again_once_they_are_parted(session: Session) -> None:
    base = ground.base()
    first, second = ground.person(is_verified=True, now=EARLY, county_code="350203"), ground.person(is_verified=True, now=EARLY)
    for one in (first, second):
        _trained(date(2016, 3, 1), NOW, region="350000", person=one, base=base)
    _decide(first, second, PairDecision.SAME, 1)
    assert sorted(_standing(session, first) + _standing(session, second)) == [(1, "350203")]
    assert _counted(2) == ((1, 1), {})
    _decide(first, second, PairDecision.DIFFERENT, 3)
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350203")], [(1, "350000")])
    assert _counted(4) == ((1, 1), {"350000": 1})


def test_a_county_entered_while_two_were_one_stays_with_whom_it_was_entered_for(session: Session) -> None:
    first, second = ground.person(is_verified=True, now=EARLY), ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, region="350000", person=first)
    _trained(date(2016, 3, 2), NOW, region="350000", person=second)
    _decide(first, second, PairDecision.SAME, 1)
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350000")], [(2, "350000")])
    people.change_person(person=first, county_code="350203", by=SYSTEM, now=NOW + timedelta(minutes=2))
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350203")], [(2, "350203")])
    people.change_person(person=first, county_code="350102", by=SYSTEM, now=NOW + timedelta(minutes=3))
    _decide(first, second, PairDecision.DIFFERENT, 4)
    assert (_standing(session, first), _standing(session, second)) == ([(1, "350203")], [(2, "350000")])


def test_two_counties_of_rows_that_stand_for_somebody_without_one_decide_nothing(session: Session) -> None:
    stays = ground.person(is_verified=True, now=EARLY)
    others: list[Any] = [ground.person(is_verified=True, now=EARLY, county_code=code) for code in ("350203", "350102")]
    _trained(date(2016, 3, 1), NOW, region="350000", person=stays)
    _decide(stays, others[0], PairDecision.SAME, 1)
    assert _standing(session, stays) == [(1, "350203")]
    _decide(stays, others[1], PairDecision.SAME, 2)
    assert _standing(session, stays) == [(1, "350203")]
    _decide(stays, others[0], PairDecision.DIFFERENT, 3)
    assert _standing(session, stays) == [(1, "350102")]
    _trained(date(2016, 3, 2), NOW, region="350000", person=stays)
    _decide(stays, others[0], PairDecision.SAME, 4)
    assert _standing(session, stays) == [(1, "350102"), (2, "350000")]


def _stands(session: Session, person: Person) -> TrainingRecord:
    return session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id, TrainingRecord.cancelled_at.is_(None))).one()


@pytest.mark.parametrize("has_county", ["first", "second"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_was_renewed_while_they_were_one_goes_back_too(session: Session, has_county: str, times: int) -> None:
    """Days of a placement changed, or the record was cancelled by mistake and restored: the record that stands is a later one."""
    first, second = (ground.person(is_verified=True, now=EARLY, county_code="350203" if name == has_county else None) for name in ("first", "second"))
    own = second if has_county == "first" else first
    _trained(date(2016, 3, 1), NOW, region="350000", person=own)
    _decide(first, second, PairDecision.SAME, 1)
    for step in range(times):
        trainings.renew(record=_stands(session, own), hours_x10=80 + step, reason="实习日有变化", by=SYSTEM, now=NOW + timedelta(minutes=2 + step))
    assert _standing(session, own) == [(1, "350203")]
    _decide(first, second, PairDecision.DIFFERENT, 5)
    assert (_standing(session, own), _stands(session, own).hours_x10) == ([(1, "350000")], 79 + times)


def test_what_was_cancelled_and_restored_while_they_were_one_goes_back_too(session: Session) -> None:
    first, second = ground.person(is_verified=True, now=EARLY, county_code="350203"), ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, region="350000", person=second)
    _decide(first, second, PairDecision.SAME, 1)
    record = _stands(session, second)
    ledger.cancel_record(record_id=record.id, reason="误作废", by=SYSTEM, now=NOW + timedelta(minutes=2))
    session.refresh(record)
    ledger.restore_record(record=record, reason="恢复", by=SYSTEM, today=NOW.date(), now=NOW + timedelta(minutes=3))
    _decide(first, second, PairDecision.DIFFERENT, 4)
    assert _standing(session, second) == [(1, "350000")]


@pytest.mark.parametrize(("corrected_to", "is_cancelled"), [("350102", False), (None, True)])
def test_what_an_office_decided_of_it_while_they_were_one_stays(session: Session, corrected_to: str | None, is_cancelled: bool) -> None:
    first, second = ground.person(is_verified=True, now=EARLY, county_code="350203"), ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, region="350000", person=second)
    _decide(first, second, PairDecision.SAME, 1)
    trainings.renew(record=_stands(session, second), hours_x10=80, reason="实习日有变化", by=SYSTEM, now=NOW + timedelta(minutes=2))
    done: dict[str, Any] = {"reason": "已核对", "by": SYSTEM, "now": NOW + timedelta(minutes=3)}
    if is_cancelled:
        ledger.cancel_record(record_id=_stands(session, second).id, **done)
    else:
        ledger.replace_record(record=_stands(session, second), did="corrected", county_code=corrected_to, **done)
    _decide(first, second, PairDecision.DIFFERENT, 4)
    assert _standing(session, second) == ([] if is_cancelled else [(1, corrected_to)])


@pytest.mark.parametrize(
    ("kept", "english"),
    [
        (labels.PLACED, "county of residence was entered"),
        (labels.JOINED, "found to be the same person as one"),
        (labels.PARTED, "found to be different people"),
        ("登记有误", "登记有误"),
    ],
)
def test_why_a_record_was_moved_is_told_in_the_language_of_the_reader(
    session: Session, as_role: Callable[..., FlaskClient], kept: str, english: str
) -> None:
    """What the product wrote by itself; what people wrote is shown as they wrote it."""
    person = ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, region="350000", person=person)
    record = _stands(session, person)
    ledger.cancel_record(record_id=record.id, reason=kept, by=SYSTEM, now=NOW)
    session.commit()
    assert english in as_role(Role.DEPT_HR).get(f"/trainees/records/{record.id}?lang=en").text
    with in_language("zh"):
        assert labels.reason(kept) == kept


def test_what_stands_again_lies_in_the_county_that_was_entered_meanwhile(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    person = ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, region="350000", person=person)
    record = _stands(session, person)
    ledger.cancel_record(record_id=record.id, reason="误作废", by=SYSTEM, now=NOW)
    people.change_person(person=person, county_code="350203", by=SYSTEM, now=NOW + timedelta(minutes=1))
    session.commit()
    assert as_role(Role.DEPT_HR).post(f"/trainees/records/{record.id}/restore", data={"reason": "恢复"}).status_code == 303
    assert _standing(session, person) == [(1, "350203")]
