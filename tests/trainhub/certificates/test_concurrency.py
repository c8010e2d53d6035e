"""Serials under several writers at once, on a database of their own (nothing is rolled back here)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import ground
from tests.factories.certificates import FACTS, TODAY, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction


@pytest.fixture
def racing(committed: Flask) -> Iterator[Flask]:
    """An app over a database of its own, and a context to ask it in."""
    with committed.app_context():
        yield committed
        db.session.remove()


class _Fails(Exception):
    """A transaction that does not come to its end."""


def _run(app: Flask, work: list[threading.Thread]) -> None:
    for one in work:
        one.start()
    for one in work:
        one.join(60)
    assert not any(one.is_alive() for one in work)


def test_two_writers_share_one_counter_without_gaps(racing: Flask) -> None:
    with transaction():
        issuer_id = ground.university().id
        people = [ground.person().id for _ in range(24)]
    errors: list[BaseException] = []

    def issue(mine: list[int]) -> None:
        with racing.app_context():
            try:
                for place, person_id in enumerate(mine):
                    for is_failing in [True, False] if place % 3 == 0 else [False]:
                        try:
                            with transaction():
                                operations.issue(
                                    kind=Kind.COMPLETION,
                                    person_id=person_id,
                                    issuer_id=issuer_id,
                                    asked_key=f"race:{person_id}",
                                    facts=FACTS[Kind.COMPLETION],
                                    evidence=[],
                                    by=SYSTEM,
                                    today=TODAY,
                                    now=ground.NOW,
                                )
                                if is_failing:
                                    raise _Fails
                        except _Fails:
                            continue
            except BaseException as error:
                errors.append(error)
            finally:
                db.session.remove()

    _run(racing, [threading.Thread(target=issue, args=(people[half::2],)) for half in (0, 1)])
    assert errors == []
    serials = sorted(int(number[11:17]) for number in session().scalars(sa.select(Certificate.number)))
    assert serials == list(range(1, 25))


def test_the_same_thing_asked_for_twice_at_once_is_issued_once(racing: Flask) -> None:
    with transaction():
        issuer_id, person_id = ground.university().id, ground.person().id
    numbers: list[str] = []
    gate = threading.Barrier(3)

    def issue() -> None:
        with racing.app_context():
            gate.wait(30)
            with transaction():
                made = operations.issue(
                    kind=Kind.COMPLETION,
                    person_id=person_id,
                    issuer_id=issuer_id,
                    asked_key="race:same",
                    facts=FACTS[Kind.COMPLETION],
                    evidence=[],
                    by=SYSTEM,
                    today=TODAY,
                    now=ground.NOW,
                )
                numbers.append(made.number)
            db.session.remove()

    _run(racing, [threading.Thread(target=issue) for _ in range(3)])
    assert len(numbers) == 3
    assert len(set(numbers)) == 1
    found = queries.by_asked_key("race:same")
    assert found is not None
    assert found.number[11:17] == "000001"
    assert queries.is_whole(found)


def test_verification_waits_for_no_writer(racing: Flask) -> None:
    """A form is sent by POST, but it only asks: on SQLite it would else stand in the queue for the write lock (15 s, then 503)."""
    with transaction():
        made = certificate()
        number, code = made.number, made.code
    racing.config["WTF_CSRF_ENABLED"] = False
    answers: list[int] = []

    def ask() -> None:
        answers.append(racing.test_client().post("/verify", data={"number": number, "code": code}).status_code)

    with transaction():
        session().execute(sa.text("UPDATE person SET name = name"))
        asker = threading.Thread(target=ask)
        asker.start()
        asker.join(8)
        assert answers == [200]
