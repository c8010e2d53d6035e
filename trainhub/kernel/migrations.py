"""One Alembic history for SQLite and PostgreSQL, kept in `trainhub/migrations`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from trainhub.kernel.db import Base
from trainhub.kernel.errors import Refused

VERSIONS = "alembic_version"
"""Alembic's own table: it stays when everything was migrated away."""
FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def config(engine: sa.Engine | None = None) -> Config:
    """Alembic's configuration; the engine travels in its attributes."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["engine"] = engine
    return made


@cache
def head() -> str | None:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


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


@cache
def _known() -> frozenset[str]:
    """Every revision of the history; its modules are all read for it."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(config()).walk_revisions())


def _is_known(revision: str) -> bool:
    return revision in _known()


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


def install(engine: sa.Engine) -> None:
    """Bring the database to the newest revision: an empty one is made as the tables say now, in one transaction, any other is migrated.

    To walk through the whole history takes a new installation ten times as long and leads to the same tables and triggers
    (`tests/architecture/test_migrations.py` compares them).
    """
    with engine.begin() as connection:
        if not set(sa.inspect(connection).get_table_names()) - {VERSIONS}:
            Base.metadata.create_all(connection)
            MigrationContext.configure(connection).stamp(ScriptDirectory.from_config(config()), "head")
            return
        if revision_of(connection) == head():
            return
    upgrade(engine)


def downgrade(engine: sa.Engine, to: str = "base") -> None:
    """Migrate the database back; for development and tests."""
    command.downgrade(config(engine), to)
