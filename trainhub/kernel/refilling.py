"""Tables emptied for a restore whose rows come in any order, and counters that go on behind the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from trainhub.kernel import append_only
from trainhub.kernel.db import Base


def clear(current: Any) -> list[str]:
    """Empty every table, foreign keys and append-only triggers suspended inside this transaction only; returns how the keys come back.

    It asks for no more rights than the owner of the tables has: on PostgreSQL only a superuser may suspend them all at once.
    """
    if current.get_bind().dialect.name == "postgresql":
        return _clear_postgresql(current)
    current.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
    for name in append_only.tables():
        for statement in append_only.lifted(name, is_postgresql=False):
            current.execute(sa.text(statement))
    for table in reversed(Base.metadata.sorted_tables):
        current.execute(table.delete())
    for name in append_only.tables():
        for statement in append_only.statements(name, is_postgresql=False):
            current.execute(sa.text(statement))
    return []


FOREIGN_KEYS = sa.text(
    "SELECT conrelid::regclass::text, string_agg('DROP CONSTRAINT ' || quote_ident(conname), ', ' ORDER BY conname), "
    "string_agg('ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid), ', ' ORDER BY conname) FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace GROUP BY conrelid ORDER BY 1"
)
"""Each table's keys at once: there are a thousand."""


def _clear_postgresql(current: Any) -> list[str]:
    keys_of_tables = current.execute(FOREIGN_KEYS).all()
    connection = current.connection()
    quoted = connection.dialect.identifier_preparer.format_table
    connection.exec_driver_sql(f"TRUNCATE {', '.join(quoted(table) for table in Base.metadata.tables.values())}")  # a row's triggers are not asked
    for table, dropped, _added in keys_of_tables:
        connection.exec_driver_sql(f"ALTER TABLE {table} {dropped}")
    return [f"ALTER TABLE {table} {added}" for table, _dropped, added in keys_of_tables]


SEQUENCES = sa.text(
    "SELECT t, c, pg_get_serial_sequence(t, c) FROM unnest(CAST(:tables AS text[]), CAST(:columns AS text[])) AS asked(t, c) "
    "WHERE pg_get_serial_sequence(t, c) IS NOT NULL"
)
MOST_COLUMNS = 500
"""Sequences that one statement moves: PostgreSQL answers with 1,664 columns at most."""


def count_on(current: Any, tables: Iterable[sa.Table]) -> None:
    """PostgreSQL counts on from the highest restored key."""
    if current.get_bind().dialect.name != "postgresql":
        return
    pairs = [(table.name, column.name) for table in tables for column in table.primary_key.columns]
    asked = {"tables": [table for table, _column in pairs], "columns": [column for _table, column in pairs]}
    moved = [
        f"setval('{sequence}', COALESCE((SELECT max({column}) FROM {table}), 0) + 1, false)"  # noqa: S608 - names of our own tables
        for table, column, sequence in current.execute(SEQUENCES, asked)
    ]
    for place in range(0, len(moved), MOST_COLUMNS):
        current.execute(sa.text(f"SELECT {', '.join(moved[place : place + MOST_COLUMNS])}"))
