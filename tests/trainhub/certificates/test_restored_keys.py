"""Keys and links after a backup that knows less of them was restored: what leaked stays distrusted, what was signed since verifies, closed links stay closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.factories.certificates import REASON, certificate
from trainhub.certificates import cli, credentials, documents, operations, queries, tasks, verifying
from trainhub.certificates.models import CertificateShare, SigningKey
from trainhub.certificates.operations import keys, restoring
from trainhub.certificates.operations.remembering import JOURNAL
from trainhub.certificates.signers import SLOT, SeedSigner, key_id
from trainhub.certificates.types import Status
from trainhub.kernel import backup, clock, key_marks, migrations
from trainhub.kernel import keys as kernel_keys
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
    answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
    assert (answer["keys_withdrawn"], name in answer["next"]) == ([name], True)
    assert (_status(badge), tasks.trust().is_leaked(name)) == (Status.TAMPERED, True)
    assert not tasks.trust().is_leaked(key_id(tasks.maker().signer.public)), "what signs now is no key that leaked"
    assert _status(_badge()) is Status.ISSUED
    row = queries.signing_key(next(one.public for one in queries.signing_keys() if key_id(bytes.fromhex(one.public)) == name))
    assert row is not None
    assert (row.sealed, row.retired_at is not None) == (None, True)
    told = db.session.scalars(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.key.withdrawn")).all()
    assert [(one["key"], one["restored"]) for one in told] == [(name, True)]
    assert backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]["keys_withdrawn"] == [name], "however often it is restored"
    assert _status(badge) is Status.TAMPERED


def test_what_a_key_made_after_the_backup_signed_still_verifies(restored: Path) -> None:
    backup.backup(restored)
    name, made = _rotated(), queries.signing_keys()[0]
    public, vouched = made.public, (made.vouched_by, made.vouched)
    badge = _badge()
    answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
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
        answer = restoring.put(seen, SYSTEM, clock.now())
    assert (answer["keys_withdrawn"], answer["keys_added"], answer["keys_unproved"]) == ([name], [], [made]), "nobody vouches after a leak"
    assert made in answer["next"]
    assert tasks.trust().named(made) is None
    assert all("sealed" not in json.loads(line) for line in (restored.parent / JOURNAL).read_text("utf-8").splitlines())


def _asked(app: Flask, what: str, journal: Path, *more: str) -> dict[str, Any]:
    asked = ["restored", what, "--journal", str(journal), "--json", *more]
    result = CliRunner().invoke(cli.certificates, asked, obj={"create_app": lambda: app})
    db.session.rollback()
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def _foreign(**more: Any) -> tuple[str, dict[str, Any]]:
    public = SeedSigner(bytes(range(32))).public
    return key_id(public), {"did": "key", "public": public.hex(), "made_at": clock.now().isoformat(), "retired_at": None, "leaked_at": None, **more}


@pytest.mark.parametrize("way", ["nobody", "itself", "a leaked key", "a false signature"])
def test_a_key_that_a_journal_alone_tells_of_is_trusted_with_a_proof_only(restored: Path, committed: Flask, way: str) -> None:
    """Whoever can write the copy of a journal must not get a key of his own trusted; nor the journal of another installation, given by mistake."""
    with transaction():
        own = tasks.maker().signer
        if way == "a leaked key":
            keys.withdraw(name=key_id(own.public), ring=keyring(), by=SYSTEM, now=clock.now())
    voucher = SeedSigner(bytes(range(32))) if way == "itself" else own
    signed = voucher.sign(credentials.vouching(SeedSigner(bytes(range(32))).public)) if way != "a false signature" else b"x" * 64
    name, line = _foreign(**({} if way == "nobody" else {"vouched_by": voucher.public.hex(), "vouched": signed.hex()}))
    away = restored.parent / "two.jsonl"
    away.write_text(json.dumps(line) + "\n", "utf-8")
    for what in (["list"], ["repeat", "--yes"]):
        answer = _asked(committed, what[0], away, *what[1:])
        assert (answer["keys_added"], answer["keys_unproved"]) == ([], [name])
        assert tasks.trust().named(name) is None
    assert _asked(committed, "list", away, "--accept", name)["keys_added"] == [name]
    assert _asked(committed, "repeat", away, "--yes", "--accept", name)["keys_added"] == [name], "whoever knows it may say so"
    assert tasks.trust().named(name) is not None


def test_keys_vouch_one_for_the_next(restored: Path, committed: Flask) -> None:
    """By the journal alone, in whatever order its lines are."""
    backup.backup(restored)
    names = [_rotated(), _rotated()]
    with transaction():
        lines = [{"did": "key", **queries.line_of_key(row)} for row in queries.signing_keys()]
        db.session.execute(sa.delete(SigningKey).where(SigningKey.sealed.is_not(None) | SigningKey.vouched.is_not(None)))
    away = restored.parent / "two.jsonl"
    away.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    answer = _asked(committed, "repeat", away, "--yes")
    assert (sorted(answer["keys_added"]), answer["keys_unproved"]) == (sorted(names), [])


def test_a_bad_line_is_passed_over_and_counted(restored: Path) -> None:
    bad = [{"did": "key", "public": "zz", "made_at": "2026-03-02T00:00:00+00:00"}, {"did": "key", "public": "ab" * 32, "made_at": "yesterday"},
           {"did": "key"}, {"did": "unshare", "link": "x", "at": "?"}]  # fmt: skip
    with transaction():
        answer = restoring.put(replace(restoring.look(), lines=bad), SYSTEM, clock.now())
    assert (answer["lines_unread"], answer["keys_added"], answer["links_closed"]) == (4, [], 0)


def test_a_key_that_was_replaced_after_the_backup_signs_no_more(restored: Path) -> None:
    before = _rotated()
    backup.backup(restored)
    _rotated()
    answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
    assert (answer["keys_retired"], before in answer["next"]) == ([before], True)
    assert key_id(tasks.maker().signer.public) != before
    assert tasks.trust().named(before) is not None, "what it signed still verifies"
    assert _status(_badge()) is Status.ISSUED


def test_the_key_of_a_module_that_was_plugged_in_after_the_backup_signs_on(restored: Path, committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secret half lies in no archive, but in the module, which is there."""
    backup.backup(restored)
    module, replaced = SeedSigner(b"m" * 32), _rotated()
    monkeypatch.setitem(committed.extensions, SLOT, module)
    with transaction():
        keys.note_first(ring=keyring(), now=clock.now(), module=module)
    badge = _badge()
    answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
    assert sorted(answer["keys_added"]) == sorted([replaced, key_id(module.public)])
    rows = {key_id(bytes.fromhex(row.public)): row.retired_at for row in queries.signing_keys()}
    assert (rows[key_id(module.public)], rows[replaced] is not None) == (None, True)
    assert tasks.maker().signer.public == module.public
    assert _status(badge) is Status.ISSUED
    told = db.session.scalars(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.key.added")).all()
    assert {one["signs"] for one in told} == {key_id(module.public)}


def test_the_journal_of_another_machine_is_heard_when_changes_are_repeated(restored: Path, committed: Flask) -> None:
    name = key_id(tasks.maker().signer.public)
    with transaction():
        line = {"did": "key", **queries.line_of_key(queries.signing_keys()[0]), "leaked_at": clock.now().isoformat()}
    away = restored.parent / "two.jsonl"
    away.write_text(json.dumps(line) + "\n", "utf-8")
    assert _asked(committed, "list", away)["keys_withdrawn"] == [name]
    refused = CliRunner().invoke(cli.certificates, ["restored", "repeat", "--journal", str(away)], obj={"create_app": lambda: committed}, input="n\n")
    assert (name in refused.stderr, refused.exit_code) == (True, 1), "keys are asked before as changes are"
    db.session.rollback()
    assert not tasks.trust().is_leaked(name)
    for names in ([name], []):
        assert _asked(committed, "repeat", away, "--yes")["keys_withdrawn"] == names
    assert tasks.trust().is_leaked(name)


def test_of_another_installation_nothing_is_known_and_the_operator_is_told(restored: Path) -> None:
    with transaction():
        answer = restoring.put(None, SYSTEM, clock.now())
    assert "keys rotate --leaked" in answer["next"]


@pytest.mark.parametrize("way", ["away", "damaged", "another secret", "another's"])
@pytest.mark.parametrize("is_marked", [True, False])
def test_what_is_known_here_is_kept_though_the_key_file_is_lost(restored: Path, committed: Flask, way: str, is_marked: bool) -> None:
    """The database says by its mark whose it is: that is why one restores, and what happened since must not be forgotten for it."""
    if is_marked:
        with transaction():
            key_marks.put(replaces=False, by=SYSTEM)
    backup.backup(restored)
    with transaction():
        revoked = certificate()
        operations.revoke(certificate=queries.by_id(1) or revoked, **{**REASON, "today": clock.today(), "on": clock.today()})
    leaked = key_id(tasks.maker().signer.public)
    _leak(leaked)
    file, ring = restored.parent / "keys.json", keyring()
    committed.extensions.pop("trainhub.keyring")
    file.unlink()
    if way == "damaged":
        file.write_text("{", "utf-8")
    if way == "another secret":
        kernel_keys.make(restored.parent, "another secret that nobody here knows any more")
    if way == "another's":  # copied here by mistake: it opens, and the database was written with others
        kernel_keys.make(restored.parent, committed.config["SETTINGS"].secret_key)
    answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
    told = (answer["counters_moved"], answer["changes_lost"], answer["keys_withdrawn"])
    assert told == ((1, 1, [leaked]) if is_marked else (0, 0, []))
    assert ("numbers advance" in answer["next"]) is not is_marked
    assert (keyring().signing, keyring().data) == (ring.signing, ring.data), "the archive's lie there again"
    assert tasks.trust().is_leaked(leaked) is is_marked
    assert _status(_badge()) is Status.ISSUED


@pytest.mark.parametrize("is_marked", [True, False])
def test_of_a_database_with_the_mark_of_others_nothing_is_taken_over(restored: Path, is_marked: bool) -> None:
    """The key file is ours, the address of the database is another installation's: its mark says so."""
    backup.backup(restored)
    leaked = key_id(tasks.maker().signer.public)
    _leak(leaked)
    with transaction():
        if is_marked:
            db.session.add(key_marks.KeyMark(mark="0" * 64))
    assert backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]["keys_withdrawn"] == ([] if is_marked else [leaked])


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
            answer = restoring.put(replace(seen, links=()), SYSTEM, clock.now())
    else:
        answer = backup.restore(restored, by=SYSTEM, now=clock.now())["certificates"]
    assert answer["links_closed"] == 1
    assert of_one().closed_at is not None
    assert queries.shared(token) is None
