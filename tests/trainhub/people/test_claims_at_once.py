"""Somebody claims a number at the moment another brings it: words for the one, the number for an office. Real commits, the run's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.people import operations
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
VISITOR = Identity(account_id=None, person_id=None, name="访客")
pytestmark = pytest.mark.database


def _registers(number: str, *, alone: bool, many: bool = False) -> Callable[[], object]:
    facts = {"name": "单小明", "id_type": IdType.RESIDENT_ID, "id_number": number}
    if many:
        return lambda: operations.register_persons([facts], by=SYSTEM, now=NOW)
    return lambda: operations.register_person(**facts, number_by_holder=alone, by=VISITOR if alone else SYSTEM, now=NOW)


def _held(app: Flask) -> list[tuple[bool, bool]]:
    """(has the number, only said so) of the persons of the name."""
    with app.app_context():
        rows = session().scalars(select(Person).where(Person.name == "单小明").order_by(Person.id))
        return sorted((row.id_number_hash is not None, row.number_by_holder) for row in rows)


@pytest.mark.parametrize("alone", [True, False])
def test_who_claims_it_second_is_told(committed: Flask, alone: bool) -> None:
    number = ground.resident_id()
    assert together(committed, _registers(number, alone=alone), _registers(number, alone=True)) == ["", "number_taken"]
    assert _held(committed) == [(True, alone)]


@pytest.mark.parametrize("many", [True, False])
def test_an_office_has_it_whoever_claimed_it_meanwhile(committed: Flask, many: bool) -> None:
    number = ground.resident_id()
    assert together(committed, _registers(number, alone=True), _registers(number, alone=False, many=many)) == ["", ""]
    assert _held(committed) == [(False, True), (True, False)]  # the row keeps the mask that its holder said


def test_two_decisions_at_once_make_no_human_of_two_who_differ(committed: Flask) -> None:
    with committed.app_context(), transaction():
        one, two, three = (ground.person("单小明").id for _n in range(3))
        operations.note_decision(first_id=one, second_id=three, decision=PairDecision.DIFFERENT, reason="x", by=SYSTEM, now=NOW)

    def same(first: int, second: int) -> Callable[[], object]:
        return lambda: operations.note_decision(first_id=first, second_id=second, decision=PairDecision.SAME, reason="x", by=SYSTEM, now=NOW)

    assert together(committed, same(one, two), same(two, three)) == ["", "different_by_another"]
