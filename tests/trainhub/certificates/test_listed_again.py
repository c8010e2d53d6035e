"""A list that is handed in again after one of its certificates was corrected still asks for that one."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, corrected
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

pytestmark = pytest.mark.database


def _listed(at: Organisation, persons: list[Person], class_name: str = "二斑") -> IssueBatch:
    rows = [Wanted(one.id, {**FACTS[Kind.TRAINING], "class_name": class_name}) for one in persons]
    return batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)


def _issued(batch: IssueBatch) -> list[Certificate | None]:
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    assert batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW) == 0
    return [queries.by_id(one.certificate_id or 0) for one in queries.first_items(batch.id, 10)]


def test_what_was_corrected_is_known_by_what_it_said(session: Session) -> None:
    at, persons = ground.university(), [ground.person(), ground.person()]
    first, second = _issued(_listed(at, persons))
    assert first is not None
    once = corrected(first, facts={"class_name": "二般"})
    new = corrected(once, facts={"class_name": "二班"})
    persons.append(ground.person())
    again = _listed(at, persons)
    assert (queries.known_in(again), queries.revoked_in(again)) == (2, 0)
    *known, third = _issued(again)
    assert known == [new, second]
    assert third is not None
    assert third.facts["class_name"] == "二斑"
    assert _issued(_listed(at, persons[:1], "二般")) == _issued(_listed(at, persons[:1], "二班")) == [new]
    assert [one.id for one in queries.of_person(persons[0].id) if one.state is State.ISSUED] == [new.id]


def test_what_was_corrected_and_then_revoked_is_not_issued_again(session: Session) -> None:
    at, who = ground.university(), ground.person()
    (first,) = _issued(_listed(at, [who]))
    assert first is not None
    new = corrected(first, facts={"class_name": "二班"})
    operations.revoke(certificate=new, **REASON)
    again = _listed(at, [who])
    assert (queries.known_in(again), queries.revoked_in(again)) == (0, 1)
    assert _issued(again) == [new]


def test_another_class_is_another_certificate(session: Session) -> None:
    at, who = ground.university(), ground.person()
    (first,) = _issued(_listed(at, [who]))
    assert first is not None
    corrected(first, facts={"class_name": "二班"})
    other = _listed(at, [who], "三班")
    assert (queries.known_in(other), queries.revoked_in(other)) == (0, 0)
    assert _issued(_listed(ground.university(), [who])) != [first]
    (made,) = _issued(other)
    assert made is not None
    assert made.facts["class_name"] == "三班"
