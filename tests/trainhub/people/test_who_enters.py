"""Work in an enterprise is verified by somebody else than whoever entered or corrected it (PETOE-5.2, M5.3)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.identity import account
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.errors import NotAllowed
from trainhub.people import operations, queries
from trainhub.people.models import Employment
from trainhub.people.types import PairDecision

NOW = ground.NOW


def as_of(row: Account) -> Identity:
    return Identity(row.id, row.person_id, "管理员")


def entered(by: Identity) -> Employment:
    facts = {"organisation_name": "榕城电机厂", "post": "工程师", "since": date(2010, 1, 1), "until": date(2012, 12, 31)}
    return operations.add_employment(person=ground.person(), by=by, now=NOW, **facts)  # type: ignore[arg-type]


def verify(row: Employment, by: Identity) -> bool:
    operations.verify_employment(employment=row, basis="已看证明", by=by, now=NOW)
    return row.verified_at is not None


def test_who_entered_does_not_verify(session: Session) -> None:
    one, other = as_of(account(person=ground.person())), as_of(account(person=ground.person()))
    row = entered(one)
    with pytest.raises(NotAllowed, match="登记的人不能自己核实"):
        verify(row, one)
    assert verify(row, other)


def test_nor_under_another_account_of_the_same_human(session: Session) -> None:
    one, two = ground.person("林同"), ground.person("林同")
    row, second = entered(as_of(account(person=one))), as_of(account(person=two))
    operations.note_decision(first_id=one.id, second_id=two.id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    with pytest.raises(NotAllowed, match="登记的人不能自己核实"):
        verify(row, second)


def test_who_corrects_it_has_entered_it(session: Session) -> None:
    one, other = as_of(account(person=ground.person())), as_of(account(person=ground.person()))
    row = entered(one)
    facts = {"organisation_name": row.organisation_name, "post": row.post, "until": row.until}
    assert operations.change_employment(employment=row, since=row.since, by=other, now=NOW, **facts) == {}
    with pytest.raises(NotAllowed):
        verify(row, one)
    operations.change_employment(employment=row, since=date(2011, 1, 1), by=other, now=NOW, **facts)
    with pytest.raises(NotAllowed, match="登记的人不能自己核实"):
        verify(row, other)
    third = as_of(account(person=ground.person()))
    operations.end_employment(employment=row, until=date(2013, 12, 31), by=third, now=NOW)
    for each in (one, other, third):  # the organisation is the first one's, the days the others': a letter that somebody else corrects frees nobody
        with pytest.raises(NotAllowed, match="登记的人不能自己核实"):
            verify(row, each)
    assert verify(row, as_of(account(person=ground.person())))
    assert queries.enterprise_spans_of([row.person_id])[row.person_id][0].until == date(2013, 12, 31)


def test_shortening_a_verified_span_enters_nothing(session: Session) -> None:
    one, other, clerk = (as_of(account(person=ground.person())) for _n in range(3))
    row = entered(one)
    verify(row, other)
    operations.end_employment(employment=row, until=date(2011, 12, 31), by=clerk, now=NOW)
    operations.withdraw_verification(employment=row, reason="证明有误", by=other, now=NOW)
    assert row.entered_by_ids == [one.account_id]
    assert verify(row, clerk)
