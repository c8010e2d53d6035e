"""What took a certificate's place after the backup that was restored: it stands again under the number and the code that are on paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.factories import ground
from tests.factories.certificates import DECIDER, REASON, TODAY, WRITER, certificate
from trainhub.certificates import cli, operations, queries, verifying
from trainhub.certificates.models import Certificate, CertificateCounter, IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.remembering import JOURNAL
from trainhub.certificates.types import BatchSource, Event, State, Status
from trainhub.kernel import backup, clock, migrations
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, transaction

Do = Callable[[], Any]


@pytest.fixture
def restoring(committed: Flask) -> Iterator[Flask]:
    """An app over a database of its own that says which version it has."""
    with committed.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrations.head()})
        yield committed
        db.session.remove()


def _restored(app: Flask, *args: str) -> Any:
    result = CliRunner().invoke(cli.certificates, ["restored", *args, "--json"], obj={"create_app": lambda: app})
    db.session.rollback()
    return json.loads(result.stdout)


def _of(number: str) -> Certificate:
    found = queries.by_number(number)
    assert found is not None
    return found


def _at(minute: int) -> dict[str, Any]:
    return {**REASON, "now": ground.NOW + timedelta(minutes=minute)}


def _change(number: str, verb: Callable[..., Any], minute: int, **given: Any) -> Certificate:
    with transaction():
        made: Certificate = verb(certificate=_of(number), **{**_at(minute), **given})
        return made


def _corrected(number: str, minute: int, **facts: Any) -> str:
    now = ground.NOW + timedelta(minutes=minute)
    with transaction():
        batch = operations.prepare_correction(certificate=_of(number), facts=facts, **{**REASON, "by": WRITER, "now": now})
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=now)
        return _of_batch(batch).number


def _renewed(number: str, minute: int) -> str:
    given = {name: value for name, value in _at(minute).items() if name in ("reason", "document", "today", "now")}
    with transaction():
        batch = operations.prepare_renewal(certificate=_of(number), **given, by=WRITER)
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=given["now"])
        return _of_batch(batch).number


def _of_batch(batch: IssueBatch) -> Certificate:
    (item,) = queries.first_items(batch.id, 1)
    made = queries.by_id(item.certificate_id) if item.certificate_id is not None else None
    assert made is not None
    return made


def _issued(count: int) -> list[str]:
    with transaction():
        issuer = ground.university()
        return [certificate(issuer=issuer).number for _ in range(count)]


def _told(number: str, code: str) -> Status:
    return verifying.check(number, code).status


def _now() -> dict[tuple[str, int], tuple[Any, ...]]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Certificate).order_by(Certificate.id))
    return {(one.number, one.edition): (one.code, one.state, one.is_current, one.facts, one.issued_on, one.asked_key, one.holder) for one in rows}


def test_what_was_reissued_corrected_and_issued_anew_stands_again_as_it_is_on_paper(restoring: Flask, tmp_path: Path) -> None:
    reissued, twice, wrong, revoked, plain = _issued(5)
    backup.backup(tmp_path / "old.tar.gz")
    _change(reissued, operations.reissue, 1)
    _change(twice, operations.reissue, 2)
    _change(twice, operations.reissue, 3)
    right = _corrected(wrong, 4, hours="48")
    better = _corrected(right, 5, hours="64")
    _change(better, operations.suspend, 6)
    _change(revoked, operations.revoke, 7)
    anew = _renewed(revoked, 8)
    _change(plain, operations.suspend, 9)
    _change(plain, operations.resume, 10)
    before = _now()

    assert backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())["certificates"]["changes_lost"] == 8
    told = [(one["number"], one["edition"], one["change"], one["todo"]) for one in _restored(restoring, "list")["changes"]]
    assert told == [
        (reissued, 1, "reissue", "repeat"),
        (twice, 1, "reissue", "repeat"),
        (twice, 2, "reissue", "repeat"),
        (wrong, 1, "correct", "repeat"),
        (right, 1, "correct", "repeat"),
        (better, 1, "suspend", "repeat"),
        (revoked, 1, "revoke", "repeat"),
        (revoked, 1, "issue", "repeat"),
    ]
    done = _restored(restoring, "repeat", "--yes")
    assert (len(done["repeated"]), done["refused"], done["left"]) == (8, [], [])
    assert _now() == before
    assert (_told(reissued, _of(reissued).code), _told(twice, queries.editions_of(twice)[0].code)) == (Status.ISSUED, Status.REISSUED)
    assert [_told(number, _of(number).code) for number in (wrong, right, better, revoked, anew)] == [
        Status.SUPERSEDED, Status.SUPERSEDED, Status.SUSPENDED, Status.REVOKED, Status.ISSUED]  # fmt: skip
    assert _restored(restoring, "list")["changes"] == []
    assert _restored(restoring, "repeat", "--yes")["repeated"] == []


def test_what_two_persons_decided_is_known_as_that(restoring: Flask, tmp_path: Path) -> None:
    """Else the next rule would take the typed words for what the records said."""
    (wrong,) = _issued(1)
    backup.backup(tmp_path / "old.tar.gz")
    right = _corrected(wrong, 1, hours="48")
    backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())
    _restored(restoring, "repeat", "--yes")
    made = _of(right)
    assert (made.facts["hours"], queries.recorded_facts(made)["hours"]) == ("48", "32")
    batch = db.session.scalars(sa.select(IssueBatch)).one()
    assert (batch.source, batch.replaces_id, batch.why, batch.asked_at) == (
        BatchSource.CORRECTION, made.replaces_id, REASON["reason"], ground.NOW + timedelta(minutes=1))  # fmt: skip
    assert [one["id"] for one in made.evidence if one["kind"] == "batch"] == [str(batch.id)]
    event = queries.last_event(made)
    assert event is not None
    assert (event.event, event.reason, event.document, event.on) == (Event.ISSUE, REASON["reason"], REASON["document"], TODAY)


def test_a_journal_without_the_words_leaves_it_to_people(restoring: Flask, tmp_path: Path) -> None:
    number, other = _issued(2)
    backup.backup(tmp_path / "old.tar.gz")
    _change(number, operations.reissue, 1)
    right = _corrected(other, 2, hours="48")
    _change(right, operations.revoke, 3)
    lines = [json.loads(line) for line in (tmp_path / JOURNAL).read_text("utf-8").splitlines()]
    assert len([one for one in lines if "made" in one]) == 2
    kept = [{name: value for name, value in one.items() if name not in ("made", "hash") or one["did"] != "issue"} for one in lines]
    away = tmp_path / "kept.jsonl"
    away.write_text("".join(json.dumps(one) + "\n" for one in kept), "utf-8")
    backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())
    (tmp_path / JOURNAL).unlink()
    told = [(one["number"], one["change"], one["todo"]) for one in _restored(restoring, "list", "--journal", str(away))["changes"]]
    assert told == [(number, "reissue", "by_hand"), (other, "correct", "by_hand"), (right, "revoke", "unknown")]


def test_no_number_of_another_machines_journal_is_given_again(restoring: Flask, tmp_path: Path) -> None:
    """The restore could not know what the other machine issued: `repeat` with its journal moves the counters, and once."""
    backup.backup(tmp_path / "old.tar.gz")
    numbers = _issued(3)
    away = tmp_path / "away.jsonl"
    away.write_bytes((tmp_path / JOURNAL).read_bytes())
    (tmp_path / JOURNAL).unlink()
    with transaction():  # what this machine knows of it goes, too: it was never here
        db.session.execute(sa.update(CertificateCounter).values(last=0))
    backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())
    db.session.rollback()
    assert max((row.last for row in queries.counters()), default=0) == 0
    assert _restored(restoring, "repeat", "--yes", "--journal", str(away))["counters_moved"] == 1
    db.session.rollback()
    assert [row.last for row in queries.counters()] == [max(int(one[11:17]) for one in numbers)]
    assert _restored(restoring, "repeat", "--yes", "--journal", str(away))["counters_moved"] == 0


def test_what_somebody_decided_since_is_not_turned_back(restoring: Flask, tmp_path: Path) -> None:
    suspended, reissued = _issued(2)
    backup.backup(tmp_path / "old.tar.gz")
    _change(suspended, operations.suspend, 1)
    _change(reissued, operations.reissue, 2)
    backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())
    _change(reissued, operations.reissue, 3)  # by hand, before anybody asked the journal
    assert [one["todo"] for one in _restored(restoring, "list")["changes"]] == ["repeat"]
    _restored(restoring, "repeat", "--yes")
    _change(suspended, operations.resume, 4, now=_of(suspended).issued_at + timedelta(days=4000))
    assert _restored(restoring, "list")["changes"] == []
    assert _of(suspended).state is State.ISSUED
