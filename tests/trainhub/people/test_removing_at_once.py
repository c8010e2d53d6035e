"""Who removes a row of work while somebody verifies it waits, and then does not remove it; on one connection: a stale row is asked for again."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Event

import pytest
from flask import Flask

from tests.factories import ground
from tests.factories import identity as make
from tests.factories.parallel import linger, together
from trainhub.identity import operations as accounts
from trainhub.identity import queries as identities
from trainhub.identity.models import Account
from trainhub.identity.types import RequestKind, RequestState
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.people import operations
from trainhub.people.models import Employment, Person, PersonStay
from trainhub.people.types import StayKind

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite"),
]
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_what_is_verified_at_the_same_moment_stays(committed: Flask) -> None:
    with committed.app_context(), transaction():
        row = operations.add_employment(
            person=ground.person("林晓彤"), organisation=ground.enterprise(), post="工程师", since=date(2020, 1, 1), by=SYSTEM, now=NOW
        )
        key = row.id

    def verify() -> None:
        operations.verify_employment(employment=session().get_one(Employment, key), basis="劳动合同", by=SYSTEM, now=NOW)

    def remove() -> None:
        operations.remove_employment(employment=session().get_one(Employment, key), by=SYSTEM, now=NOW)

    assert together(committed, verify, remove) == ["", "employment_verified"]
    with committed.app_context():
        assert session().get_one(Employment, key).verified_at is not None


def test_who_verifies_and_who_removes_do_not_stop_each_other(committed: Flask) -> None:
    """Verifying writes the person, then the row: whoever removes holds neither while it waits for the other."""
    with committed.app_context(), transaction():
        row = operations.add_employment(
            person=ground.person("林晓彤"), organisation=ground.enterprise(), post="工程师", since=date(2020, 1, 1), by=SYSTEM, now=NOW
        )
        key, person_id = row.id, row.person_id
    begun = Event()

    def verifying() -> None:
        with committed.app_context(), transaction():
            session().refresh(session().get_one(Person, person_id), with_for_update={"of": Person})
            begun.set()
            linger(0.5)
            session().get_one(Employment, key, with_for_update={"of": Employment})

    def removing() -> None:
        with committed.app_context(), transaction():
            begun.wait(5)
            operations.remove_employment(employment=session().get_one(Employment, key), by=SYSTEM, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(verifying), pool.submit(removing)]:
            one.result(timeout=20)
    with committed.app_context():
        assert session().get(Employment, key) is None


def test_who_verifies_and_who_removes_a_stay_do_not_stop_each_other(committed: Flask) -> None:
    with committed.app_context(), transaction():
        span = {"since": date(2020, 1, 1), "until": date(2020, 12, 31)}
        row = operations.add_stay(
            person=ground.person("林晓彤"), kind=StayKind.UNIVERSITY, organisation_name="大学", region="JP", by=SYSTEM, now=NOW, **span
        )
        key, person_id = row.id, row.person_id
    begun = Event()

    def verifying() -> None:
        with committed.app_context(), transaction():
            session().refresh(session().get_one(Person, person_id), with_for_update={"of": Person})
            begun.set()
            linger(0.5)
            session().get_one(PersonStay, key, with_for_update={"of": PersonStay})

    def removing() -> None:
        with committed.app_context(), transaction():
            begun.wait(5)
            operations.remove_background(row=session().get_one(PersonStay, key), by=SYSTEM, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(verifying), pool.submit(removing)]:
            one.result(timeout=20)
    with committed.app_context():
        assert session().get(PersonStay, key) is None


def test_what_is_added_to_a_request_that_is_decided_begins_a_new_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        person: Person = ground.person("林晓彤")
        account: Account = make.account(person=person)
        key = account.id
        accounts.ask_about_data(account=account, kind=RequestKind.CORRECTION, text="姓名有误", by=SYSTEM, now=NOW)

    def decide() -> None:
        (row,) = identities.requests_of(key)
        accounts.decide_request(row=row, state=RequestState.DONE, answer="已更正", by=SYSTEM, now=NOW)

    def add() -> None:
        accounts.ask_about_data(account=session().get_one(Account, key), kind=RequestKind.CORRECTION, text="生日也有误", by=SYSTEM, now=NOW)

    assert together(committed, decide, add) == ["", ""]
    with committed.app_context():
        assert sorted((row.state.value, row.text) for row in identities.requests_of(key)) == [("done", "姓名有误"), ("open", "生日也有误")]
