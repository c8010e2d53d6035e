"""Alembic's environment: takes the engine it is handed, loads every table through the app's doors."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from trainhub.app import load_tables
from trainhub.kernel.db import Base, UtcDateTime
from trainhub.kernel.migrations import read_one_table

load_tables()
read_one_table()


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write our own types by name, so that a migration does not change when the type's inside does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from trainhub.kernel.db import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and type(item) in (sa.BigInteger, sa.JSON) and item._variant_mapping:
        name = "BigKey" if isinstance(item, sa.BigInteger) else "Json"
        autogen.imports.add(f"from trainhub.kernel.db import {name}")
        return name
    return False


def _foreign_keys(connection: sa.Connection, state: Literal["ON", "OFF"]) -> None:
    """Below SQLAlchemy, which would begin a transaction first: inside one SQLite ignores this pragma without a word."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={state}")
    assert driver.execute("PRAGMA foreign_keys").fetchone() == (int(state == "ON"),)


def run() -> None:
    """Migrate inside one transaction; SQLite's foreign keys are off meanwhile and checked at the end.

    The switch goes to the driver: through SQLAlchemy it would stand inside a transaction, where SQLite ignores it, and the
    first table with rows that a batch migration makes anew could not be dropped.
    """
    engine: sa.Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.commit()
            _foreign_keys(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"the migration breaks foreign keys: {broken[:5]}")
        if is_sqlite:
            connection.commit()
            _foreign_keys(connection, "ON")


run()
