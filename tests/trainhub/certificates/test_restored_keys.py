"""Keys and links after a backup that knows less of them was restored: what leaked stays distrusted, what was signed since verifies, closed links stay closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.factories.certificates import certificate
from trainhub.certificates import cli, documents, queries, tasks, verifying
from trainhub.certificates.models import CertificateShare, SigningKey
from trainhub.certificates.operations import keys, restoring
from trainhub.certificates.operations.remembering import JOURNAL
from trainhub.certificates.signers import key_id
from trainhub.certificates.types import Status
from trainhub.kernel import backup, clock, migrations
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.kernel.keys import keyring


@pytest.fixture
def restored(committed: Flask, tmp_path: Path) -> Iterator[Path]:
    """An app over a database of its own with a certificate, and where its backup goes."""
    with committed.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrations.head()})
        with transaction():
            keys.note_first(ring=keyring(), now=clock.now())
            certificate()
        yield tmp_path / "old.tar.gz"
        db.session.remove()


def _badge() -> bytes:
    found = queries.by_id(1)
    assert found is not None
    return json.dumps(documents.badge_file_of(found, tasks.maker())).encode()


def _status(badge: bytes) -> Status:
    db.session.rollback()
    return verifying.check_badge(badge, tasks.maker(), tasks.trust()).status


def _leak(name: str) -> None:
    with transaction():
        keys.withdraw(name=name, ring=keyring(), by=SYSTEM, now=clock.now())


def _rotated() -> str:
    with transaction():
        return keys.rotate(ring=keyring(), by=SYSTEM, now=clock.now())[1]


@pytest.mark.parametrize("is_first", [True, False], ids=["the key of the installation", "a key made since"])
def test_a_key_that_leaked_after_the_backup_is_trusted_no_more(restored: Path, is_first: bool) -> None:
    name = key_id(tasks.maker().signer.public) if is_first else _rotated()
    badge = _badge()
    backup.backup(restored)
    _leak(name)
    answer = backup.restore(restored, by=SYSTEM)["certificates"]
    assert (answer["keys_withdrawn"], name in answer["next"]) == ([name], True)
    assert (_status(badge), tasks.trust().is_leaked(name)) == (Status.TAMPERED, True)
    assert not tasks.trust().is_leaked(key_id(tasks.maker().signer.public)), "what signs now is no key that leaked"
    assert _status(_badge()) is Status.ISSUED
    row = queries.signing_key(next(one.public for one in queries.signing_keys() if key_id(bytes.fromhex(one.public)) == name))
    assert row is not None
    assert (row.sealed, row.retired_at is not None) == (None, True)
    told = db.session.scalars(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.key.withdrawn")).all()
    assert [(one["key"], one["restored"]) for one in told] == [(name, True)]
    assert backup.restore(restored, by=SYSTEM)["certificates"]["keys_withdrawn"] == [name], "however often it is restored"
    assert _status(badge) is Status.TAMPERED


def test_what_a_key_made_after_the_backup_signed_still_verifies(restored: Path) -> None:
    backup.backup(restored)
    name, made = _rotated(), queries.signing_keys()[0]
    public, vouched = made.public, (made.vouched_by, made.vouched)
    badge = _badge()
    answer = backup.restore(restored, by=SYSTEM)["certificates"]
    assert (answer["keys_added"], answer["keys_withdrawn"], name in answer["next"]) == ([name], [], False)
    assert _status(badge) is Status.ISSUED
    row = queries.signing_key(public)
    assert row is not None
    assert ((row.vouched_by, row.vouched), row.retired_at is not None, row.sealed) == (vouched, True, None)
    assert key_id(tasks.maker().signer.public) != name, "its secret half was in no archive"


def test_the_journal_alone_knows_it_too(restored: Path) -> None:
    backup.backup(restored)
    name = key_id(tasks.maker().signer.public)
    _leak(name)
    made = key_id(tasks.maker().signer.public)
    with transaction():
        seen = replace(restoring.look(), keys=())
    with transaction():
        row = next(one for one in queries.signing_keys() if key_id(bytes.fromhex(one.public)) == name)
        row.leaked_at = None
        db.session.execute(sa.delete(SigningKey).where(SigningKey.id != row.id))
        answer = restoring.put(seen, SYSTEM)
    assert (answer["keys_withdrawn"], answer["keys_added"]) == ([name], [made])
    assert all("sealed" not in json.loads(line) for line in (restored.parent / JOURNAL).read_text("utf-8").splitlines())


def test_the_journal_of_another_machine_is_heard_when_changes_are_repeated(restored: Path, committed: Flask) -> None:
    name = key_id(tasks.maker().signer.public)
    with transaction():
        line = {"did": "key", **queries.line_of_key(queries.signing_keys()[0]), "leaked_at": clock.now().isoformat()}
    away = restored.parent / "two.jsonl"
    away.write_text(json.dumps(line) + "\n", "utf-8")
    for names in ([name], []):
        asked = ["restored", "repeat", "--yes", "--journal", str(away), "--json"]
        result = CliRunner().invoke(cli.certificates, asked, obj={"create_app": lambda: committed})
        assert json.loads(result.stdout)["keys_withdrawn"] == names
        db.session.rollback()
    assert tasks.trust().is_leaked(name)


def test_of_another_installation_nothing_is_known_and_the_operator_is_told(restored: Path) -> None:
    with transaction():
        answer = restoring.put(None, SYSTEM)
    assert "keys rotate --leaked" in answer["next"]


@pytest.mark.parametrize("by_journal", [False, True])
def test_a_link_that_was_closed_after_the_backup_stays_closed(restored: Path, by_journal: bool) -> None:
    def of_one() -> CertificateShare:
        return db.session.scalars(sa.select(CertificateShare)).one()

    with transaction():
        found = queries.by_id(1)
        assert found is not None
        token = keys.share(certificate=found, by=SYSTEM, now=clock.now()).token
    backup.backup(restored)
    with transaction():
        found = queries.by_id(1)
        assert found is not None
        keys.unshare(certificate=found, by=SYSTEM, now=clock.now())
    if by_journal:
        seen = restoring.look()
        assert token not in (restored.parent / JOURNAL).read_text("utf-8"), "whoever reads the journal opens nothing by it"
        with transaction():
            of_one().closed_at = None
            answer = restoring.put(replace(seen, links=()), SYSTEM)
    else:
        answer = backup.restore(restored, by=SYSTEM)["certificates"]
    assert answer["links_closed"] == 1
    assert of_one().closed_at is not None
    assert queries.shared(token) is None
