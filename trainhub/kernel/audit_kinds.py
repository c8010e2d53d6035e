"""What kinds of things the audit log speaks of: words for each, the name of the one that is meant, and its page.

A room tells its kinds by the tables it keeps. The log itself holds kind and number, which stay what they were; the name is
asked for when somebody reads, so that it is the one of today, and a thing that is gone is told by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, url_for

from trainhub.kernel.access import NOTHING, Identity, may
from trainhub.kernel.db import Base, session

MOST = 60
"""Characters of a name that are shown."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` and the values of `address` are columns, reached through foreign keys where need be: "person_id.name"."""

    words: Any
    name: str = ""
    page: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    """Where it lies when its table is called otherwise."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What an event happened to, as it is shown."""

    words: str
    name: str = ""
    url: str = ""


def name_kinds(app: Flask, kinds: Mapping[str, Kind]) -> None:
    """Tell how the kinds of things of a room are called. Raises RuntimeError when another room has told one already."""
    known = kinds_of(app)
    twice = sorted(set(known) & set(kinds))
    if twice:
        raise RuntimeError(f"kinds of the audit log are told twice: {', '.join(twice)}")
    known.update(kinds)


def kinds_of(app: Flask) -> dict[str, Kind]:
    """Every kind that has words."""
    known: dict[str, Kind] = app.extensions.setdefault("trainhub.audit_kinds", {})
    return known


def kind_words(kind: str) -> str:
    """A kind in the language of the reader; one that nobody has told stays as it is written."""
    known = kinds_of(current_app).get(kind)
    if known is None:
        return kind
    words = str(known.words)
    return words[:1].upper() + words[1:]


def things(asked: Iterable[tuple[str, str]], *, identity: Identity) -> dict[tuple[str, str], Thing]:
    """What (kind, id) pairs are called, with a page where there is one that the reader may open: one query a kind."""
    of_kind: dict[str, set[str]] = {}
    for kind, key in asked:
        of_kind.setdefault(kind, set()).add(key)
    shown: dict[tuple[str, str], Thing] = {}
    for kind, keys in of_kind.items():
        known = kinds_of(current_app).get(kind)
        words = kind_words(kind)
        rows = _rows(known, known.table or kind, {int(key) for key in keys if key.isdecimal() and len(key) < 19}) if known is not None else {}
        for key in keys:
            row = rows.get(key)
            if known is None or row is None:
                shown[kind, key] = Thing(words)
                continue
            name, *address = row
            shown[kind, key] = Thing(words, _short(name), _url(known, address, identity))
    return shown


def _short(name: Any) -> str:
    text = "" if name is None else str(name)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _url(known: Kind, address: list[Any], identity: Identity) -> str:
    """The page, unless it takes a permission that the reader has not over everything."""
    if not known.page or None in address:
        return ""
    rule = current_app.view_functions[known.page].__dict__.get("access_rule")
    if rule not in ("public", "signed_in") and not may(identity, rule, NOTHING):  # type: ignore[arg-type]
        return ""
    return url_for(known.page, **dict(zip(known.address, address, strict=True)))


def _rows(known: Kind, table: str, keys: set[int]) -> dict[str, list[Any]]:
    """id -> [name, values of the address] of those that are there."""
    if not keys or table not in Base.metadata.tables or not (known.name or known.page):
        return {}
    statement, columns = statement_of(known, table)
    found = session().execute(statement.where(columns[0].in_(sorted(keys)))).all()
    return {str(row[0]): list(row[1:]) for row in found}


def statement_of(known: Kind, table: str) -> tuple[sa.Select[Any], list[sa.ColumnElement[Any]]]:
    """The query for names and addresses. Raises KeyError for a column that is not there, which a test asks of every kind."""
    source = Base.metadata.tables[table]
    joined: dict[str, Any] = {"": source}
    whole: Any = source

    def column(path: str) -> sa.ColumnElement[Any]:
        nonlocal whole
        *steps, last = path.split(".")
        so_far = ""
        for step in steps:
            before, so_far = joined[so_far], f"{so_far}.{step}"
            if so_far not in joined:
                (key,) = Base.metadata.tables[before.element.name if before is not source else table].c[step].foreign_keys
                joined[so_far] = key.column.table.alias()
                whole = whole.outerjoin(joined[so_far], joined[so_far].c[key.column.name] == before.c[step])
        found: sa.ColumnElement[Any] = joined[so_far].c[last]
        return found

    name = column(known.name) if known.name else sa.literal("")
    columns: list[sa.ColumnElement[Any]] = [source.c.id, name, *(column(path) for path in known.address.values())]
    return sa.select(*(one.label(f"c{n}") for n, one in enumerate(columns))).select_from(whole), columns
