"""Serials under several writers at once, on a database of their own (nothing is rolled back here)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import batches
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, is_postgresql, session, transaction


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


@pytest.mark.parametrize("is_list_first", [True, False])
def test_a_rule_and_a_list_at_once_issue_one(racing: Flask, is_list_first: bool) -> None:
    """The second of them begins while the first has written and not yet committed."""
    with transaction():
        at, person_id = ground.university(), ground.person().id
        issuer_id, wanted = at.id, [batches.Wanted(person_id, FACTS[Kind.COMPLETION])]
        source: dict[str, Any] = {"kind": Kind.COMPLETION, "source": BatchSource.IMPORT, "issuer": at}
        batch = batches.prepare(title="春季班", rows=wanted, by=WRITER, now=ground.NOW, **source)
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
        batch_id = batch.id
    errors: list[BaseException] = []

    def of_a_list() -> None:
        found = queries.batch_by_id(batch_id)
        assert found is not None
        batches.issue_portion(batch=found, by=SYSTEM, today=TODAY, now=ground.NOW)

    def of_a_rule() -> None:
        given: dict[str, Any] = {"facts": FACTS[Kind.COMPLETION], "evidence": [], "by": SYSTEM, "today": TODAY, "now": ground.NOW}
        operations.issue(kind=Kind.COMPLETION, person_id=person_id, issuer_id=issuer_id, asked_key=f"course:A/1:person:{person_id}", **given)

    first, second = (of_a_list, of_a_rule) if is_list_first else (of_a_rule, of_a_list)

    def beside() -> None:
        with racing.app_context():
            try:
                with transaction():
                    second()
            except BaseException as error:
                errors.append(error)
            finally:
                db.session.remove()

    other = threading.Thread(target=beside)
    with transaction():
        first()
        other.start()
        other.join(1)  # it gets as far as it can
    other.join(60)
    assert (errors, other.is_alive()) == ([], False)
    session().expire_all()
    assert len(session().scalars(sa.select(Certificate)).all()) == 1


def test_a_correction_waits_for_a_list_that_issues_what_it_would_say(racing: Flask) -> None:
    """Else each finds nothing of the other, and the holder has two certificates for one thing."""
    with transaction():
        at, who = ground.university(), ground.person()
        old = certificate(Kind.TRAINING, who=who, issuer=at, facts={"class_name": "一班"})
        fix = operations.prepare_correction(certificate=old, facts={"class_name": "二班"}, **{**REASON, "by": WRITER})
        wanted = [batches.Wanted(who.id, FACTS[Kind.TRAINING])]  # of the second class
        batch = batches.prepare(title="春季班", kind=Kind.TRAINING, source=BatchSource.IMPORT, issuer=at, rows=wanted, by=WRITER, now=ground.NOW)
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
        fix_id, batch_id = fix.id, batch.id
    said: list[str] = []

    def correct() -> None:
        with racing.app_context():
            try:
                with transaction():
                    row = queries.batch_by_id(fix_id)
                    assert row is not None
                    batches.decide(batch=row, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
                said.append("corrected")
            except operations.CannotChange as refused:
                said.append(refused.message)
            except BaseException as error:
                said.append(repr(error))
            finally:
                db.session.remove()

    other = threading.Thread(target=correct)
    with transaction():
        found = queries.batch_by_id(batch_id)
        assert found is not None
        batches.issue_portion(batch=found, by=SYSTEM, today=TODAY, now=ground.NOW)
        other.start()
        other.join(1)  # it gets as far as it can
    other.join(60)
    assert not other.is_alive()
    assert len(said) == 1
    assert "内容相同" in said[0]
    session().expire_all()
    standing = session().scalars(sa.select(Certificate).where(Certificate.is_current.is_(True)))
    assert sorted(one.facts["class_name"] for one in standing) == ["一班", "二班"]


def test_two_who_approve_at_once_approve_once(racing: Flask) -> None:
    with transaction():
        issuer = ground.university()
        rows = [batches.Wanted(ground.person().id, FACTS[Kind.TRAINING]) for _one in range(3)]
        batch_id = batches.prepare(
            title="一期", kind=Kind.TRAINING, source=BatchSource.SELECTION, issuer=issuer, rows=rows, by=WRITER, now=ground.NOW
        ).id
    said: list[str] = []
    gate = threading.Barrier(2)

    def decide(is_approved: bool) -> None:
        with racing.app_context():
            try:
                with transaction():
                    batch = queries.batch_by_id(batch_id)
                    assert batch is not None
                    gate.wait(20)
                    batches.decide(batch=batch, is_approved=is_approved, reason="名单有误", by=DECIDER, today=TODAY, now=ground.NOW)
                said.append("approved" if is_approved else "rejected")
            except batches.CannotDecide:
                said.append("late")
            finally:
                db.session.remove()

    if is_postgresql():  # on SQLite one waits for the other before it has looked
        _run(racing, [threading.Thread(target=decide, args=(True,)) for _one in range(2)])
        assert sorted(said) == ["approved", "late"]
        jobs.run_all()
        count = sa.select(sa.func.count()).select_from(Certificate).where(Certificate.issuer_id == issuer.id)
        assert session().scalar(count) == 3
