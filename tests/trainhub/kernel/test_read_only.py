"""A SQLite file that cannot be written still answers questions: verification goes on from a read-only copy. Writers wait for their turn."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.sqlite_files import opened
from trainhub.kernel import db, migrations
from trainhub.kernel.errors import Refused


def test_a_read_only_file_is_opened_and_read_also_by_what_may_write(tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite3"
    with opened(path) as made:
        made.execute("CREATE TABLE thing (name TEXT)")
        made.execute("INSERT INTO thing VALUES ('甲')")
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    sa.event.listen(engine, "connect", db._sqlite_connect)
    sa.event.listen(engine, "begin", db._sqlite_begin)
    token = db.write_intent.set(True)  # a form is sent by POST, whether it writes or asks
    try:
        with engine.begin() as connection:
            assert connection.scalar(sa.text("SELECT name FROM thing")) == "甲"
        with pytest.raises(sa.exc.OperationalError, match="readonly"), engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO thing VALUES ('乙')"))
    finally:
        db.write_intent.reset(token)
        engine.dispose()


def test_a_writer_waits_for_the_lock_and_is_refused_only_when_its_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    db.prepare_engine(engine)
    token = db.write_intent.set(True)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE thing (name TEXT)"))
        with opened(path, isolation_level=None, check_same_thread=False) as holder:
            holder.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(db, "WRITE_WAIT", 0.05)
            with pytest.raises(sa.exc.OperationalError, match="locked"), engine.begin():
                pass
            monkeypatch.setattr(db, "WRITE_WAIT", 30.0)
            release = threading.Timer(0.1, holder.execute, ("ROLLBACK",))
            release.start()
            with engine.begin() as connection:
                connection.execute(sa.text("INSERT INTO thing VALUES ('甲')"))
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15000
            release.join()
    finally:
        db.write_intent.reset(token)
        engine.dispose()


@pytest.mark.parametrize(("revision", "is_refused"), [(migrations.head(), False), ("0100", True)])
def test_a_server_starts_on_a_read_only_copy_of_its_own_version(tmp_path: Path, revision: str, is_refused: bool) -> None:
    """The address of SQLite's own is no path."""
    path = tmp_path / "copy.sqlite3"
    with opened(path) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(Refused) if is_refused else nullcontext():
        migrations.check(engine)


@pytest.mark.parametrize(("revision", "is_refused"), [(migrations.head(), False), ("0100", False), (None, False), ("9999", True)])
def test_an_archive_is_not_restored_over_a_newer_database(tmp_path: Path, revision: str | None, is_refused: bool) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    if revision is not None:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))
    with pytest.raises(Refused, match="换一个空数据库") if is_refused else nullcontext():
        migrations.refuse_newer(engine)
