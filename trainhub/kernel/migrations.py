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
    upgrade(engine)


def downgrade(engine: sa.Engine, to: str = "base") -> None:
    """Migrate the database back; for development and tests."""
    command.downgrade(config(engine), to)
