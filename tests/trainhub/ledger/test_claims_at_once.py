"""A base's roster, an office's list and the claimant themselves at the same moment, with real commits: one number stays one human, counted once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import identity as make
from tests.factories.parallel import linger
from tests.trainhub.ledger import rosters
from tests.trainhub.ledger.conftest import NOW
from trainhub.identity import queries as accounts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import session, transaction
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters import importing, running
from trainhub.ledger.types import RosterResult
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType

pytestmark = pytest.mark.database
NAME, NUMBER = "单小明", rosters.resident(7)
FACTS: dict[str, Any] = {"name": NAME, "id_type": IdType.RESIDENT_ID, "id_number": NUMBER}
VISITOR = Identity(account_id=None, person_id=None, name="访客")


@pytest.fixture
def head(committed: Flask) -> Identity:
    """The head of a base, beside somebody who typed the number."""
    with committed.app_context(), transaction():
        base = organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", region_code="350102", by=SYSTEM, now=NOW)
        account = make.account()
        make.grant(account, Role.CENTRE_LEADER, organisation_id=base.id)
        people.register_person(**FACTS, number_by_holder=True, by=VISITOR, now=NOW)
        key = account.id
    with committed.app_context():
        return accounts.identity_of(key, today=NOW.date())


def bring(path: Path, by: Identity, **values: Any) -> RosterResult:
    file = rosters.write(path, [rosters.row(name=NAME, id_number=NUMBER, **values)])
    work = running.Import(running.Roster(file, file.name), by=by, today=NOW.date(), now=lambda: NOW)
    return work.finish(work.run()[1])


def both(app: Flask, first: Callable[[], object], second: Callable[[Event], object]) -> list[Any]:
    """The second as soon as the first has written, before it commits."""
    written, over = Event(), Event()

    def begin() -> object:
        with app.app_context():
            try:
                with transaction():
                    done = first()
                    written.set()
                    linger(0.5, lambda: 0 if over.is_set() else 1)
                return done
            finally:
                written.set()

    def go_on() -> object:
        with app.app_context():
            written.wait(5)
            try:
                return second(over)
            finally:
                over.set()

    with ThreadPoolExecutor(2) as pool:
        return [one.result() for one in (pool.submit(begin), pool.submit(go_on))]


def standing(app: Flask) -> list[tuple[bool, bool]]:
    """(whether its person has a proven number, named by it) of what stands."""
    with app.app_context():
        rows = session().execute(
            select(Person.id_number_hash, Person.number_by_holder, TrainingRecord.by_number)
            .join(Person, Person.id == TrainingRecord.person_id)
            .where(TrainingRecord.cancelled_at.is_(None))
        )
        return [(key is not None and not is_claim, by_number) for key, is_claim, by_number in rows]


def test_an_office_takes_the_number_while_a_base_brings_its_roster(committed: Flask, head: Identity, tmp_path: Path) -> None:
    _row, result = both(
        committed,
        lambda: people.register_person(**FACTS, by=SYSTEM, now=NOW).id,
        lambda _over: bring(tmp_path / "b.csv", head),
    )
    assert result.accepted == 1
    assert standing(committed) == [(True, True)]


def test_a_base_has_written_its_roster_when_an_office_takes_the_number(
    committed: Flask, head: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, queue = Event(), importing.queue_alike

    def slowly(*args: Any, **given: Any) -> None:
        queue(*args, **given)
        if not written.is_set():
            written.set()
            linger(0.4)

    monkeypatch.setattr(importing, "queue_alike", slowly)

    def base() -> RosterResult:
        with committed.app_context():
            return bring(tmp_path / "b.csv", head)

    def office() -> RosterResult:
        with committed.app_context():
            written.wait(5)
            return bring(tmp_path / "o.csv", SYSTEM)

    with ThreadPoolExecutor(2) as pool:
        one, other = [found.result() for found in (pool.submit(base), pool.submit(office))]
    assert (one.accepted, other.accepted, other.duplicates) == (1, 0, 1)
    assert standing(committed) == [(True, True)]


def test_two_offices_bring_one_claimed_number(committed: Flask, head: Identity, tmp_path: Path) -> None:
    _row, result = both(
        committed,
        lambda: people.register_person(**FACTS, by=SYSTEM, now=NOW).id,
        lambda _over: bring(tmp_path / "o.csv", SYSTEM),
    )
    assert (result.accepted, result.new_persons, result.rejected) == (1, 0, 0)
    assert standing(committed) == [(True, True)]


def test_the_claimant_saves_their_data_while_an_office_brings_the_number(committed: Flask, head: Identity, tmp_path: Path) -> None:
    def save() -> None:
        session().scalars(select(Person).where(Person.name == NAME)).one().phone = "13800000000"
        session().flush()

    _nothing, result = both(committed, save, lambda _over: bring(tmp_path / "o.csv", SYSTEM))
    assert (result.accepted, result.new_persons) == (1, 1)
    assert standing(committed) == [(True, True)]
