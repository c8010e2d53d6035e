"""Tables whose rows are written once: triggers refuse UPDATE and DELETE on either database.

Whoever owns the database can take the triggers away; what betrays that is each table's own matter (chains of hashes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

_PROTECTED: dict[str, str] = {}
"""By table what is said to whoever tries."""


def protect(table: Any, why: str) -> None:
    """Have the triggers made with the table; migrations make them by statements of their own. `why` is SQL text: no quotes in it."""
    _PROTECTED[table.name] = why

    @event.listens_for(table, "after_create")
    def _made(_table: Any, connection: sa.Connection, **_kw: Any) -> None:
        for statement in statements(table.name, is_postgresql=connection.dialect.name == "postgresql"):
            connection.execute(sa.text(statement))


def tables() -> Sequence[str]:
    """The names of the tables that are protected."""
    return tuple(_PROTECTED)


def statements(table: str, *, is_postgresql: bool) -> list[str]:
    """What makes the triggers of a protected table."""
    why = _PROTECTED[table]
    if is_postgresql:
        return [
            f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{why}'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{why}'); END" for verb in ("UPDATE", "DELETE")
    ]


def lifted(table: str, *, is_postgresql: bool) -> list[str]:
    """What takes them away, for a restore that replaces every row."""
    if is_postgresql:
        return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]
