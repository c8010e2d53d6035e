"""A restore as an ordinary installation does it: with the rights of the owner of the database, over what is there, and written down."""

from __future__ import annotations

import os
import tarfile
import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import processes
from tests.conftest import Blank
from tests.sqlite_files import opened
from tests.trainhub.kernel.test_installation import environment, run
from trainhub.kernel import backup, clock, files, jobs, restoring, worker
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, prepare_engine, transaction
from trainhub.kernel.errors import Refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of an instance after `trainhub init`, with one account."""
    folder = tmp_path_factory.mktemp("restoring")
    run(folder / "from", "init", "--json")
    run(folder / "from", "accounts", "create-admin", "--username", "chief", "--password-stdin", "--json", stdin="a-long-password-2026\n")
    run(folder / "from", "backup", str(folder / "all.tar.gz"), "--json")
    return folder / "all.tar.gz"


@pytest.fixture
def owned(blank: Blank, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database on the kind of the run's; on a server it belongs to a role that may nothing else."""
    if blank.server is None:
        yield f"sqlite:///{tmp_path / 'owned.sqlite3'}"
        return
    name = f"owner_{os.getpid()}"
    with blank.server.connect() as server:
        server.execute(sa.text(f"CREATE ROLE {name} LOGIN NOSUPERUSER PASSWORD 'of-tests-only'"))
        server.execute(sa.text(f"CREATE DATABASE {name} OWNER {name}"))
    yield blank.server.url.set(username=name, password="of-tests-only", database=name).render_as_string(hide_password=False)
    with blank.server.connect() as server:
        server.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.execute(sa.text(f"DROP ROLE {name}"))


def foreign_keys(engine: sa.Engine) -> int:
    inspector = sa.inspect(engine)
    return sum(len(inspector.get_foreign_keys(table)) for table in inspector.get_table_names())


def test_the_owner_of_a_database_restores_into_it(archive: Path, owned: str, tmp_path: Path) -> None:
    address = owned.replace("postgresql+psycopg://", "postgresql://")
    run(tmp_path / "to", "restore", str(archive), "--yes", "--json", TRAINHUB_DATABASE_URL=address)
    engine = sa.create_engine(owned)
    prepare_engine(engine)
    keys = foreign_keys(engine)
    run(tmp_path / "to", "accounts", "create-admin", "--username", "later", "--password-stdin", "--json", stdin="a-long-password-2026\n",
        TRAINHUB_DATABASE_URL=address)  # fmt: skip
    restored = run(tmp_path / "to", "restore", str(archive), "--yes", "--json", TRAINHUB_DATABASE_URL=address)
    assert restored["rows"] > 100
    assert foreign_keys(engine) == keys > 300
    assert run(tmp_path / "to", "audit", "verify", "--json", TRAINHUB_DATABASE_URL=address)["holds"] is True
    names = [row["logins"] for row in run(tmp_path / "to", "accounts", "list", "--json", TRAINHUB_DATABASE_URL=address)["accounts"]]
    assert names == [["chief"]]
    with engine.connect() as connection:
        told = connection.execute(sa.text("SELECT did, data FROM audit_event ORDER BY id DESC LIMIT 1")).one()
        assert (told.did, "all.tar.gz" in str(told.data)) == ("kernel.instance.restored", True)
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            connection.execute(sa.text("DELETE FROM audit_event"))
    engine.dispose()


def test_the_mark_of_a_demo_goes_with_the_data(archive: Path, tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    run(demo, "init", "--json")
    (demo / "demo.json").write_text('{"today": "2026-03-02", "scale": 1, "is_built": true}', "utf-8")
    run(demo, "backup", str(tmp_path / "demo.tar.gz"), "--json")
    run(tmp_path / "other", "restore", str(tmp_path / "demo.tar.gz"), "--yes", "--json")
    assert (tmp_path / "other" / "demo.json").read_text("utf-8") == (demo / "demo.json").read_text("utf-8")
    run(demo, "restore", str(archive), "--yes", "--json")
    assert not (demo / "demo.json").exists()  # real data never stay under the mark of a demo


def test_a_backup_is_written_down_where_anything_can_be(committed: Flask) -> None:
    made = {"file": "/somewhere/all.tar.gz", "rows": 7}
    with committed.app_context():
        assert backup.tell(made, by=SYSTEM) is True
        assert db.session.scalar(sa.text("SELECT did FROM audit_event ORDER BY id DESC LIMIT 1")) == "kernel.instance.backed_up"
        db.session.remove()
        frozen = "PRAGMA query_only = ON" if db.engine.dialect.name == "sqlite" else "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
        db.engine.dispose()

        def freeze(connection: Any, _record: Any, _proxy: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(frozen)
            cursor.close()
            connection.commit()

        sa.event.listen(db.engine, "checkout", freeze)
        assert backup.tell(made, by=SYSTEM) is False


def test_what_a_killed_backup_left_lets_nobody_read_the_next(archive: Path, tmp_path: Path) -> None:
    left = tmp_path / "next.tar.gz.part"
    left.write_text("half a backup")
    left.chmod(0o644)
    run(archive.parent / "from", "backup", str(tmp_path / "next.tar.gz"), "--json")
    assert (tmp_path / "next.tar.gz").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a-folder.tar.gz").mkdir()
    error = run(archive.parent / "from", "backup", str(tmp_path / "a-folder.tar.gz"), "--json", code=2)
    assert "stderr" in error
    assert list(tmp_path.glob("*.part")) == []


DIES = """
import os
from trainhub.kernel import backup, restoring

kept = {place}
def die(*words, **names):
    if {after}:
        kept(*words, **names)
    os.kill(os.getpid(), 9)
{place} = die
"""
BEFORE = ["restoring.json.dump", "backup.refilling.count_on"]
AFTER = ["restoring._finish", "restoring._mark"]


def test_a_restore_that_is_killed_has_happened_or_has_not(archive: Path, owned: str, tmp_path: Path) -> None:
    """At every step: the database, the keys and the mark of a demo are all those of before or all those of the archive, and it can be done again."""
    here, address = tmp_path / "to", owned.replace("postgresql+psycopg://", "postgresql://")
    run(here, "init", "--json", TRAINHUB_DATABASE_URL=address)
    (here / "demo.json").write_text('{"today": "2026-03-02", "scale": 1, "is_built": true}', "utf-8")
    run(here, "backup", str(tmp_path / "old.tar.gz"), "--json", TRAINHUB_DATABASE_URL=address)
    with tarfile.open(archive) as packed:
        new = packed.extractfile("keys.json").read().decode()  # type: ignore[union-attr]
    old = (here / "keys.json").read_text()

    def killed(first: str) -> None:
        done = processes.start(["restore", str(archive), "--yes", "--json"], environment(here, TRAINHUB_DATABASE_URL=address), first=first).wait(60)
        assert (done.returncode, done.stdout) == (-9, ""), first

    def found() -> tuple[list[str], bool, bool]:
        accounts = run(here, "accounts", "list", "--json", TRAINHUB_DATABASE_URL=address)["accounts"]
        assert not [path.name for path in here.iterdir() if path.name == restoring.NOTE]
        kept = (here / "keys.json").read_text()
        assert kept in (old, new)
        return [name for account in accounts for name in account["logins"]], kept == new, (here / "demo.json").exists()

    for place in BEFORE:
        killed(DIES.format(place=place, after=False))
        assert found() == ([], False, True), place
    for place in AFTER:
        killed(DIES.format(place=place, after=False))
        assert found() == (["chief"], True, False), place
        run(here, "restore", str(tmp_path / "old.tar.gz"), "--yes", "--json", TRAINHUB_DATABASE_URL=address)
    killed(DIES.format(place="restoring._mark", after=True))
    assert found() == (["chief"], True, False)
    assert run(here, "audit", "verify", "--json", TRAINHUB_DATABASE_URL=address)["holds"] is True


def test_a_restore_mends_an_instance_whose_keys_are_damaged(archive: Path, tmp_path: Path) -> None:
    """Putting the archive back is what an operator does then; until it is done nothing is backed up that nobody could open."""
    run(tmp_path / "to", "restore", str(archive), "--yes", "--json")
    (tmp_path / "to" / "keys.json").write_text("{", "utf-8")
    refused = run(tmp_path / "to", "backup", str(tmp_path / "useless.tar.gz"), "--json", code=1)
    assert (refused["error"]["code"], (tmp_path / "useless.tar.gz").exists()) == ("damaged_keys", False)
    run(tmp_path / "to", "restore", str(archive), "--yes", "--json")
    run(tmp_path / "to", "backup", str(tmp_path / "good.tar.gz"), "--json")


def test_a_file_that_is_lost_does_not_stop_the_backup_of_the_others(committed: Flask, tmp_path: Path) -> None:
    """What the store has lost or damaged is named; everything else is in the archive, which restores."""
    with committed.app_context(), transaction():
        rows = [
            files.keep_bytes(text, name="a.txt", kind="thing", media_type="text/plain", by=SYSTEM, now=clock.now())
            for text in (b"one", b"two", b"three")
        ]
        lost, damaged, kept = ((row.id, row.sha256) for row in rows)
    with committed.app_context():
        place = Path(committed.config["SETTINGS"].instance) / "files"
        (place / files.path_of(lost[1])).unlink()
        (place / files.path_of(damaged[1])).write_bytes(b"TWO")
        made = backup.backup(tmp_path / "all.tar.gz")
        assert [one["id"] for one in made["lost"]] == [lost[0], damaged[0]]
        with tarfile.open(tmp_path / "all.tar.gz") as opened:
            inside = {name for name in opened.getnames() if name.startswith("files/")}
        assert (f"files/{kept[1]}" in inside, inside & {f"files/{lost[1]}", f"files/{damaged[1]}"}) == (True, set())
        backup.check(tmp_path / "all.tar.gz")


def test_a_file_that_is_deleted_while_the_backup_goes_on_is_not_told_as_lost(
    committed: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup reads the tables of its beginning: they still name what a retention period has ended since."""
    with committed.app_context(), transaction():
        rows = [
            files.keep_bytes(text, name="a.txt", kind="thing", media_type="text/plain", by=SYSTEM, now=clock.now())
            for text in (b"lost", b"deleted meanwhile")
        ]
        lost, gone = ((row.id, row.sha256) for row in rows)
    (Path(committed.config["SETTINGS"].instance) / "files" / files.path_of(lost[1])).unlink()
    copied = files.copy

    def delete() -> None:
        with committed.app_context():
            with transaction():
                files.drop(gone[0])
            files.erase([gone[1]])

    def copy(row: files.StoredFile, target: IO[bytes]) -> bool:
        if row.id == gone[0]:
            somebody = threading.Thread(target=delete)
            somebody.start()
            somebody.join(30)
        return copied(row, target)

    monkeypatch.setattr(files, "copy", copy)
    with committed.app_context():
        made = backup.backup(tmp_path / "all.tar.gz")
    assert [one["id"] for one in made["lost"]] == [lost[0]]


def test_nothing_is_restored_under_a_server_or_worker_that_runs(committed: Flask) -> None:
    """They keep the keys they were started with: what they wrote afterwards nobody could ever read. Who stops in order is not waited for."""
    with committed.app_context():
        backup.refuse_running(now=clock.now())
        jobs.beat("worker-here-7")
        with pytest.raises(Refused, match="worker-here-7") as refused:
            backup.refuse_running(now=clock.now())
        assert refused.value.code == "running"
        backup.refuse_running(now=clock.now() + timedelta(seconds=61))
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(committed, stop), kwargs={"name": "worker-here-7", "idle_seconds": 0.05})
    thread.start()
    stop.set()
    thread.join(30)
    with committed.app_context():
        backup.refuse_running(now=clock.now())


def test_restore_asks_whether_something_runs(archive: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    run(to, "restore", str(archive), "--yes", "--json")
    with opened(to / "trainhub.sqlite3") as connection:
        connection.execute(
            "INSERT INTO worker_heartbeat (name, seen_at) VALUES ('serve-9', ?)", (clock.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),)
        )
    refused = run(to, "restore", str(archive), "--yes", "--json", code=1)
    assert (refused["error"]["code"], "serve-9" in refused["error"]["message"]) == ("running", True)


def test_a_new_secret_is_taken_as_the_settings_will_read_it(archive: Path, tmp_path: Path) -> None:
    """Blanks around what was pasted are dropped from a setting: wrapped with them, the keys would never open again."""
    to, new = tmp_path / "to", "a new secret, long enough for everybody"
    run(to, "restore", str(archive), "--yes", "--json")
    assert run(to, "keys", "rewrap", "--new-secret", " " * 40, "--json", code=1)["error"]["code"] == "refused"
    run(to, "keys", "rewrap", "--new-secret", f" {new} \n", "--json")
    assert run(to, "backup", str(tmp_path / "after.tar.gz"), "--json", secret=f"{new} ")["lost"] == []
    assert run(to, "backup", str(tmp_path / "old.tar.gz"), "--json", code=1)["error"]["code"] == "wrong_secret"


def test_an_archive_that_is_not_there_is_refused_as_every_command_does(tmp_path: Path) -> None:
    error = run(tmp_path, "restore", str(tmp_path / "nowhere.tar.gz"), "--yes", "--json", code=1)["error"]
    assert (error["code"], "nowhere.tar.gz" in error["message"]) == ("cannot_access", True)
