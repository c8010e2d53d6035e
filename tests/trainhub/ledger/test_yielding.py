"""A claimed number goes to whose it is: nobody's completion is lost, cancelled by itself or counted twice, whatever was decided or recorded before."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.test_claims_and_rosters import NAME, NUMBER, bring, claim, figures, goal, holder, standing
from trainhub.identity import queries as accounts
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.ledger.models import RecordCancellation
from trainhub.oversight.goals import operations, queries
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

pytestmark = pytest.mark.database
SLIP = rosters.resident(9)


@pytest.fixture
def head(session: Session, bases: dict[str, int]) -> Identity:
    """The head of the first base, who vouches for nobody."""
    account = make.account()
    make.grant(account, Role.CENTRE_LEADER, organisation_id=bases["B-01"])
    session.commit()
    return accounts.identity_of(account.id, today=clock.today())


def office_row(slip: str | None, name: str = NAME) -> int:
    """A row that an office made, with a number mistyped or without any."""
    with transaction():
        facts = {"is_verified": True} if slip is None else {"id_type": IdType.RESIDENT_ID, "id_number": slip}
        return people.register_person(name=name, by=SYSTEM, now=NOW, **facts).id  # type: ignore[arg-type]


def decide(session: Session, one: int, two: int, decision: PairDecision = PairDecision.SAME) -> None:
    with transaction():
        pair = {"first": session.get_one(Person, one), "second": session.get_one(Person, two)}
        people.decide_pair(**pair, decision=decision, reason="已核对", by=SYSTEM, now=clock.now())


def write_number(session: Session, person_id: int, number: str = NUMBER) -> None:
    """What an office does who has seen the document: corrects what stands there, or gives a number to who has none."""
    with transaction():
        row = session.get_one(Person, person_id)
        if row.id_number_hash is not None and not row.number_by_holder:
            people.correct_number(person=row, id_type=IdType.RESIDENT_ID, number=number, reason="已核对证件原件", by=SYSTEM, now=clock.now())
        else:
            people.give_number(person=row, id_type=IdType.RESIDENT_ID, number=number, by=SYSTEM, now=clock.now())


def close(until: date = date(2016, 12, 31)) -> None:
    figures()
    with transaction():
        operations.close_period(
            goal=goal(), until=until, reason="年度上报", by=SYSTEM, today=date(2026, 3, 2), now=clock.now() + timedelta(microseconds=1)
        )


@pytest.mark.parametrize("slip", [SLIP, None])
@pytest.mark.parametrize("is_claimed_first", [True, False])
def test_a_number_given_to_the_human_who_claimed_it_cancels_nothing(
    session: Session, head: Identity, tmp_path: Path, slip: str | None, is_claimed_first: bool
) -> None:
    """Both rows were decided to be one human before the office wrote the number on the one that stays."""
    first = claim() if is_claimed_first else office_row(slip)
    second = office_row(slip) if is_claimed_first else claim()
    assert bring(tmp_path, head).accepted == 1
    decide(session, first, second)
    session.expire_all()
    stays = next(one for one in (first, second) if session.get_one(Person, one).merged_into_id is None)
    close()
    write_number(session, stays)
    session.expire_all()
    assert session.scalars(select(RecordCancellation)).all() == []
    assert len(standing(session)) == 1
    assert figures() == (1, 1)
    assert queries.late_counts(goal()) == {}
    for by in (head, SYSTEM):
        assert bring(tmp_path, by).duplicates == 1
    assert figures() == (1, 1)
    assert holder(session).id == stays
