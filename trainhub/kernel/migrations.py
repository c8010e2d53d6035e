"""One Alembic history for SQLite and PostgreSQL, kept in `trainhub/migrations`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import batch
from alembic.script import ScriptDirectory

from trainhub.kernel.db import Base
from trainhub.kernel.errors import Refused

VERSIONS = "alembic_version"
"""Alembic's own table: it stays when everything was migrated away."""
FOLDER = Path(__file__).resolve().parent.parent / "migrations"


class OfOneTable(batch.BatchOperationsImpl):
    """SQLite makes a table anew to change it. The table is read for that without those that it refers to: with theirs in turn, they are nearly all there
    are, each time."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)  # type: ignore[no-untyped-call]
        self.reflect_kwargs.setdefault("resolve_fks", False)


def read_one_table() -> None:
    """Let Alembic's batches be those of `OfOneTable`. Its environment is executed anew with every walk, this module once: nothing piles up."""
    batch.BatchOperationsImpl = OfOneTable  # type: ignore[misc]


def config(engine: sa.Engine | None = None) -> Config:
    """Alembic's configuration; the engine travels in its attributes."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["engine"] = engine
    return made


@cache
def _history() -> ScriptDirectory:
    """The revisions this code knows: a hundred modules, loaded once."""
    return ScriptDirectory.from_config(config())


def head() -> str | None:
    """The newest revision this code knows."""
    return _history().get_current_head()


def revision_of(connection: sa.Connection) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def refuse_other(revision: str | None) -> None:
    """Raise Refused (`not_migrated`) when a database at `revision` is not the one this code works with."""
    if revision == head():
        return
    if revision is not None and not _is_known(revision):
        raise Refused(
            f"数据库版本是 {revision}，比当前程序（{head()}）新：请停止本机的旧程序，换用与数据库相同的新版本后再启动，不要对它执行 trainhub init。",
            code="not_migrated",
        )
    raise Refused(
        f"数据库版本是 {revision or '空'}，当前程序需要 {head()}：请先执行 trainhub init。升级时请先停止各台机器上的服务和后台任务，并做好备份。",
        code="not_migrated",
    )


def _is_known(revision: str) -> bool:
    return any(one.revision == revision for one in _history().walk_revisions())


def refuse_newer(engine: sa.Engine) -> None:
    """Raise Refused (`newer_database`) for whoever is to write an archive into a database that a newer version has made: this one cannot empty it."""
    with engine.connect() as connection:
        revision = revision_of(connection)
    if revision is not None and not _is_known(revision):
        raise Refused(
            f"数据库已由更新的版本升级（{revision}），当前程序（{head()}）不能在它上面恢复：请换一个空数据库再恢复。SQLite：把 trainhub.sqlite3、trainhub.sqlite3-wal 和 "
            "trainhub.sqlite3-shm 移到别处；PostgreSQL：createdb 新建一个，把 TRAINHUB_DATABASE_URL 指向它。原来的数据库没有改动。",
            code="newer_database",
        )


def check(engine: sa.Engine) -> None:
    """`refuse_other` for whoever starts a server or a worker. A database that cannot be asked now is not refused: who serves outlives that."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if (
        file and "uri" not in engine.url.query and not Path(file).exists()
    ):  # an address of SQLite's own (`file:…?mode=ro`) is no path, and makes no file
        refuse_other(None)
    try:
        with engine.connect() as connection:
            revision = revision_of(connection)
            if revision is None and file:  # a file that cannot be read for want of room lists no tables, which looks like an empty one
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    except sa.exc.OperationalError:
        return
    refuse_other(revision)


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Migrate the database forward."""
    command.upgrade(config(engine), to)


def install(engine: sa.Engine, *, is_to_be_emptied: bool = False) -> None:
    """Bring the database to the newest revision: an empty one is made as the tables say now, in one transaction, any other is migrated. Raises Refused
    (`broken_references`) for a SQLite file at the newest revision that names rows which are not there, unless its rows go next anyway.

    To walk through the whole history takes a new installation ten times as long and leads to the same tables and triggers
    (`tests/architecture/test_migrations.py` compares them).
    """
    with engine.begin() as connection:
        if not set(sa.inspect(connection).get_table_names()) - {VERSIONS}:
            Base.metadata.create_all(connection)
            MigrationContext.configure(connection).stamp(_history(), "head")
            return
        if revision_of(connection) == head():
            if not is_to_be_emptied:
                _refuse_broken(connection)
            return
    upgrade(engine)


def _refuse_broken(connection: sa.Connection) -> None:
    """What a migration looks at in its end, where there is nothing to migrate: SQLite keeps what was written while its foreign keys were off."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql('SELECT "table", rowid, parent FROM pragma_foreign_key_check LIMIT 5').fetchall()
    if broken:
        named = "，".join(f"{table} 第 {row} 行指向 {parent}" for table, row, parent in broken)
        raise Refused(
            f"数据库中有指向不存在数据的行（{named}），多半是绕过程序修改过文件。请从备份恢复，或改正这些行后再执行 trainhub init。",
            code="broken_references",
        )


def downgrade(engine: sa.Engine, to: str = "base") -> None:
    """Migrate the database back; for development and tests."""
    command.downgrade(config(engine), to)
