"""Numbers after a backup older than what was issued was restored: none is given twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import SECRET
from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, TODAY, certificate
from trainhub.certificates import cli, documents, openbadges, operations, queries, tasks
from trainhub.certificates.models import Certificate, CertificateCounter
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.remembering import JOURNAL
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.kernel import backup, clock, keys, migrations
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.organisations import queries as organisations

Run = Callable[..., Any]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    """Calls a command with --json."""
    session.expire_on_commit = False

    def call(*args: str) -> Any:
        result = CliRunner().invoke(cli.certificates, ["numbers", *args, "--json"], obj={"create_app": lambda: app})
        return json.loads(result.stdout)

    return call


def _set_back(session: Session, number: str, last: int = 0) -> None:
    session.execute(sa.update(CertificateCounter).where(CertificateCounter.unit == number[2:6]).values(last=last))


def _with_serial(number: str, serial: int) -> str:
    body = f"{number[:11]}{serial:06d}"
    return body + check_digit(body)


def test_a_counter_behind_its_own_table_is_not_believed(session: Session) -> None:
    issuer = ground.university()
    made = [certificate(issuer=issuer) for _ in range(3)]
    _set_back(session, made[0].number, 1)
    assert int(certificate(issuer=issuer).number[11:17]) == 4
    _set_back(session, made[0].number)
    rows = [Wanted(ground.person().id, FACTS[Kind.COMPLETION]) for _ in range(2)]
    given: dict[str, Any] = {"source": BatchSource.IMPORT, "issuer": issuer, "rows": rows, "now": ground.NOW}
    one, two = (Identity(account_id=key, person_id=None, name="某人", grants=()) for key in (1, 2))
    batch = batches.prepare(title="一期", kind=Kind.COMPLETION, by=one, **given)
    batches.decide(batch=batch, is_approved=True, reason="", by=two, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert int(certificate(issuer=issuer).number[11:17]) == 7, "a portion counts on from the table too"
    assert int(certificate(Kind.PLACEMENT, issuer=issuer).number[11:17]) == 1
    assert int(certificate(issuer=issuer, today=date(2027, 1, 1)).number[11:17]) == 1


def test_the_counters_are_listed(run: Run) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    rows = [one for one in run("list")["counters"] if one["unit"] == first.number[2:6]]
    assert rows == [{"unit": first.number[2:6], "issuer": issuer.name, "kind": "completion", "year": 2026, "last": 1}]


def test_a_counter_is_moved_past_what_is_known_outside(run: Run, session: Session) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    printed, newer = _with_serial(first.number, 41), first.number[:7] + "2027" + "000009"
    newer += check_digit(newer)
    answer = run("advance", printed, newer)
    assert answer == {"advanced": [{"unit": first.number[2:6], "kind": "completion", "year": year, "before": before, "last": last}
                                   for year, before, last in ((2026, 1, 41), (2027, 0, 9))]}  # fmt: skip
    assert run("advance", printed) == {"advanced": []}, "harmless to repeat, never back"
    assert run("advance", first.number) == {"advanced": []}
    with transaction():
        assert int(certificate(issuer=issuer).number[11:17]) == 42
        assert int(certificate(issuer=issuer, today=date(2027, 1, 1)).number[11:17]) == 10
    said = session.scalars(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.numbers.advanced").order_by(AuditEvent.id)).all()
    assert [one["last"] for one in said] == [41, 9]


def test_so_many_numbers_are_left_out_everywhere(run: Run) -> None:
    with transaction():
        one, other = ground.university(), ground.university()
        certificate(issuer=one)
        certificate(Kind.PLACEMENT, issuer=other)
        old = certificate(issuer=other, today=date(2025, 3, 2))
    moved = run("advance", "--skip", "500", "--year", "2026")["advanced"]
    assert {one["last"] - one["before"] for one in moved} == {500}
    assert {one["year"] for one in moved} == {2026}
    with transaction():
        assert int(certificate(issuer=one).number[11:17]) == 502
        assert int(certificate(issuer=other, today=date(2025, 3, 3)).number[11:17]) == int(old.number[11:17]) + 1


def test_what_is_no_number_moves_nothing(run: Run, session: Session) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    wrong = first.number[:-1] + str((int(first.number[-1]) + 1) % 10)
    refused = run("advance", _with_serial(first.number, 7), wrong)["error"]
    assert (refused["code"], wrong in refused["message"]) == ("bad_number", True)
    assert run("advance")["error"]["code"] == "nothing_given"
    full = _with_serial(first.number, 999_999)
    assert run("advance", "--skip", "999999", "--year", "2026")["error"]["code"] == "numbers_exhausted"
    with transaction():
        assert int(certificate(issuer=issuer).number[11:17]) == 2
    assert run("advance", full)["advanced"][0]["last"] == 999_999
    with pytest.raises(operations.NumbersExhausted), transaction():
        certificate(issuer=issuer)


# -- what a restore must not make us forget ------------------------------------------------------------------------------


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
    return json.loads(result.stdout)


def _place(number: str) -> tuple[str, int]:
    found = queries.by_number(number)
    assert found is not None
    badge = documents.badge_of(found, tasks.maker())
    return badge.list_address, badge.index


def test_a_place_in_the_status_list_is_given_once_and_what_was_revoked_since_is_revoked_again(restoring: Flask, tmp_path: Path) -> None:
    with transaction():
        issuer = ground.university()
        kept, revoked, suspended, corrected = (certificate(issuer=issuer).number for _ in range(4))
        issuer_id = issuer.id
    before = _place(kept)
    backup.backup(tmp_path / "old.tar.gz")
    with transaction():
        lost = certificate(issuer=organisations.by_id(issuer_id)).number
    taken = _place(lost)
    given = {name: value for name, value in REASON.items() if name != "reason"}
    for number, verb in ((lost, operations.revoke), (revoked, operations.suspend), (revoked, operations.revoke), (suspended, operations.suspend),
                         (corrected, operations.reissue), (kept, operations.suspend), (kept, operations.resume)):  # fmt: skip
        with transaction():
            one = queries.by_number(number)
            assert one is not None
            verb(certificate=one, reason=f"{number} 有误", **given)
    path = tmp_path / JOURNAL
    journal = path.read_text("utf-8")
    assert (journal.count('"did": "issue"'), journal.count('"did": "suspend"'), path.stat().st_mode & 0o777) == (6, 3, 0o600)
    path.write_text(journal.replace('"did": "revoke"', '"did": "revoke'), "utf-8")  # cut off: the database that is replaced knows

    answer = backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())["certificates"]
    assert (answer["status_list"], answer["changes_lost"], "restored list" in answer["next"]) == (3, 4, True)
    with transaction():
        late = certificate(issuer=organisations.by_id(issuer_id))
        assert int(late.number[11:17]) == 6, "the number of the one that was lost is not given again"
        assert late.id == 5, "its row's id is"
    assert (_place(late.number), _place(kept)) == ((f"{taken[0].removesuffix('1')}3", 0), before)
    assert taken[1] in queries.listed(1), "what was issued after the backup, if it comes back, is known not to stand"
    assert (len(queries.listed(1)), len(queries.listed(2)), queries.listed(3)) == (openbadges.LIST_LENGTH - 4, openbadges.LIST_LENGTH, [])
    assert queries.last_list() == 3

    todo = {one["number"]: (one["change"], one["todo"]) for one in _restored(restoring, "list")["changes"]}
    assert todo == {lost: ("revoke", "unknown"), revoked: ("revoke", "repeat"), suspended: ("suspend", "repeat"), corrected: ("reissue", "repeat")}
    done = _restored(restoring, "repeat", "--yes")
    assert ({one["number"] for one in done["repeated"]}, done["refused"], len(done["left"])) == ({revoked, suspended, corrected}, [], 1)
    db.session.rollback()
    states = {row.number: row.state for row in db.session.scalars(sa.select(Certificate))}
    assert (states[revoked], states[suspended], states[kept]) == (State.REVOKED, State.SUSPENDED, State.ISSUED)
    again = queries.by_number(revoked)
    assert again is not None
    event = queries.last_event(again)
    assert event is not None
    assert (event.reason, event.on) == (f"{revoked} 有误", TODAY)
    assert _restored(restoring, "repeat", "--yes")["repeated"] == []


def test_a_second_restore_moves_on_once_more_and_a_foreign_database_says_nothing(restoring: Flask, tmp_path: Path) -> None:
    with transaction():
        certificate()
    backup.backup(tmp_path / "old.tar.gz")
    for page in (3, 4):
        assert backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())["certificates"]["status_list"] == page
    (tmp_path / "keys.json").unlink()
    keys.make(tmp_path, SECRET)
    answer = backup.restore(tmp_path / "old.tar.gz", by=SYSTEM, now=clock.now())["certificates"]
    assert (answer["status_list"], answer["counters_moved"], "numbers advance" in answer["next"]) == (3, 0, True)
