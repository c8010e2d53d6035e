"""Ground that takes long to make: built once a process by the real verbs, laid again row by row for every test that begins with it.

A test is rolled back at its end, so a ground that is made first thing in a test is the same each time. What its verbs wrote is kept as rows and
written in one statement a table, and committed where its verbs had done so. What stands on such a ground alone (`scheduled(play)` right behind
`play`) is ground as well and may be given its rows. Wherever something else was written before, at another moment of a clock that was set, or in a
database that commits, it is built. Only what is in the database and in the answer is kept: not what a call does to lists it was given. A call is
known by the day, its name and its arguments, not by what a test has patched (a policy, a constant, a setting) nor by the zone of the machine (TZ):
ask for it before that is done, or have it made each time.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
import time_machine
from flask import current_app, has_app_context
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.db import Base, db, session
from trainhub.kernel.file_store import path_of

P = ParamSpec("P")
R = TypeVar("R")

WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
PLAIN = (int, float, str, bytes, date, timedelta, enum.Enum, type(None))
KNOWN = {"audit", "unwritten", "began_writing", "write", "savepoints"}
"""What the kernel notes in a session: it is laid again, or says nothing once the call has ended. Anything else would be lost."""
UNKEPT = {"after_commit"}
"""What it notes at times and no row can say: such a call is built each time."""


def watch(engine: sa.Engine) -> None:
    """Note on each connection how often something was written, and of each table when last."""

    def note(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if found := WRITES.match(statement):
            connection.info["writes"] = connection.info.get("writes", 0) + 1
            connection.info.setdefault("written", {})[found.group(1)] = connection.info["writes"]

    def forget(connection: sa.Connection, *_: Any) -> None:
        connection.info.pop("ground", None)

    sa.event.listen(engine, "before_cursor_execute", note)
    for undone in ("rollback", "rollback_savepoint"):
        sa.event.listen(engine, undone, forget)


@dataclasses.dataclass
class _Commits:
    """What was committed during a call: how much had been written by then, and whether something was done outside the database."""

    writes: int | None = None
    had_work: bool = False


_commits = _Commits()


@sa.event.listens_for(Session, "after_commit")
def _note_commit(current: Session) -> None:
    if not has_app_context():  # a session of a test's own, on an engine of its own
        return
    _commits.had_work |= bool(current.info.get("after_commit"))
    connection = db.engines[None]
    if not current.in_nested_transaction() and isinstance(connection, sa.Connection):
        _commits.writes = connection.info.get("writes", 0)


@dataclasses.dataclass
class _Kept:
    """What one call has written: new rows, rows changed, what it noted for the audit log, its last number, and its answer as keys."""

    rows: list[tuple[sa.Table, list[dict[str, Any]]]]
    changed: list[tuple[sa.Table, dict[str, Any]]]
    audit: list[Any]
    is_unwritten: bool
    number: int
    is_committed: bool
    answer: Any


Key = tuple[Any, ...]
"""A call by its engine, moment, name and arguments, and the call on whose ground it stands; the bare database by its engine alone. So a key holds
the whole way: `judged(play, row)` right behind `play` is (7, "2026-03-02", "…judged", "[…]", (7, "2026-03-02", "…play", "[]", (7,)))."""
Rows = dict[str, dict[Any, dict[str, Any]]]
"""Of each table its rows by their keys."""

_base: dict[int, Rows] = {}
_kept: dict[Key, _Kept | None] = {}


def remembered(make: Callable[P, R]) -> Callable[P, R]:
    """The same factory; at the beginning of a test its rows are laid instead of being made."""

    @functools.wraps(make)
    def made(*args: P.args, **given: P.kwargs) -> R:
        connection = db.engines[None]
        moment, below = _moment(), _ground_of(connection)
        if moment is None or below is None or (told := _told((*args, *sorted(given.items())))) is None:
            return make(*args, **given)
        assert isinstance(connection, sa.Connection)
        key = (below[0], moment, f"{make.__module__}.{make.__qualname__}", told, below)
        if (kept := _kept.get(key)) is not None and _has_its_files(kept):
            _lay(kept)
            answer = _rows_of(kept.answer)
            if kept.is_committed:
                session().commit()
            _stand_on(key, connection)
            return answer  # type: ignore[no-any-return]
        if below[0] not in _base:
            _base[below[0]] = {table.name: _all(table) for table in Base.metadata.sorted_tables}
        session().connection()
        writes = connection.info.get("writes", 0)
        begun = session().get_transaction()
        _commits.writes, _commits.had_work = None, False
        answer = make(*args, **given)
        if key not in _kept:
            session().flush()
            is_open = session().get_transaction() is begun
            # what is written behind the commit would be committed as well
            is_whole = (_commits.writes is None) if is_open else _commits.writes == connection.info.get("writes", 0)
            is_kept = is_whole and not _commits.had_work
            written = {name for name, turn in connection.info.get("written", {}).items() if turn > writes}
            _kept[key] = _what_was_written(below, written, answer, is_committed=not is_open) if is_kept else None
            if is_whole and not is_open:  # what was read here holds nothing open: else what others commit would go when this session rolls back
                session().commit()
            if _kept[key] is not None:
                _stand_on(key, connection)
        return answer

    return made


def _moment() -> str | None:
    """The day; of a clock that a test has set the instant, and None where it goes on from there: no other test begins at the same."""
    if not time_machine.escape_hatch.is_travelling():
        return clock.today().isoformat()
    first = clock.now()
    return first.isoformat() if clock.now() == first else None


def _has_its_files(kept: _Kept) -> bool:
    """Whether what the rows name still lies in the store: no test puts back what it took from there."""
    place = current_app.config["SETTINGS"].instance / "files"
    return all((place / path_of(row["sha256"])).exists() for table, rows in kept.rows if table.name == "stored_file" for row in rows)


def _told(arguments: Iterable[Any]) -> str | None:
    """The arguments in words, rows by their keys; None where they cannot be told. The session of the test is the same for whoever asks."""
    values = [one for one in arguments if not isinstance(one[1] if isinstance(one, tuple) and len(one) == 2 else one, Session)]
    try:
        return repr([_keys_of(one) for one in values])
    except (TypeError, sa.exc.NoInspectionAvailable):
        return None


def _ground_of(connection: sa.Engine | sa.Connection) -> Key | None:
    """What stands in the database of a test that is rolled back: nothing but the reference data, or what one call left; None where it is more."""
    current = session()
    if not isinstance(connection, sa.Connection) or current.new or current.dirty or current.deleted:
        return None
    if not connection.info.get("written") and not current.info.get("audit"):
        return (id(connection.engine),)
    key, state = connection.info.get("ground", (None, None))
    return key if state == _state(connection) else None


def _stand_on(key: Key, connection: sa.Connection) -> None:
    connection.info["ground"] = (key, _state(connection))


def _state(connection: sa.Connection) -> tuple[int, int]:
    """How much was written, and how much is yet to be told to the audit log: more of either, and the ground is another one."""
    return connection.info.get("writes", 0), len(session().info.get("audit", ()))


def _all(table: sa.Table) -> dict[Any, dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    rows = session().execute(sa.select(table)).mappings()
    return {tuple(row[key] for key in keys): dict(row) for row in rows}


def _before(key: Key, table: sa.Table) -> dict[Any, dict[str, Any]]:
    """The rows of a table on the ground of a call: those of the reference data, and what each call up to it has left."""
    if len(key) == 1:
        return _base[key[0]][table.name]
    kept = _kept[key]
    assert kept is not None, "nothing stands on what is not kept"
    left = [row for one, rows in kept.rows if one is table for row in rows] + [row for one, row in kept.changed if one is table]
    return _before(key[-1], table) | {tuple(row[column.name] for column in table.primary_key): row for row in left}


def _what_was_written(below: Key, written: Collection[str], answer: Any, *, is_committed: bool) -> _Kept | None:
    """None when it cannot be laid again: rows are gone, or more was noted than rows."""
    current = session()
    if current.info.keys() & UNKEPT:
        return None
    assert not current.info.keys() - KNOWN, "the kernel notes something else in a session: say in KNOWN or UNKEPT whether rows tell it"
    kept = _Kept([], [], list(current.info.get("audit", ())), bool(current.info.get("unwritten")), ground.numbers_so_far(), is_committed, None)
    for table in (one for one in Base.metadata.sorted_tables if one.name in written):
        now, before = _all(table), _before(below, table)
        if set(before) - set(now):
            return None
        if fresh := [row for key, row in sorted(now.items()) if key not in before]:
            kept.rows.append((table, fresh))
        kept.changed += [(table, row) for key, row in now.items() if key in before and row != before[key]]
    try:
        kept.answer = _keys_of(answer)
    except TypeError:
        return None
    return kept


def _lay(kept: _Kept) -> None:
    current = session()
    for table, rows in kept.rows:
        current.execute(sa.insert(table), rows)
    for table, row in kept.changed:
        current.execute(sa.update(table).where(*(column == row[column.name] for column in table.primary_key)).values(row))
    current.expire_all()  # what the test has read so far is read again
    if kept.audit:
        current.info["audit"] = list(kept.audit)
    ground.go_on_behind(kept.number)
    if kept.is_unwritten:
        current.info["unwritten"] = True


@dataclasses.dataclass(frozen=True)
class _Row:
    """A row by its key."""

    model: type[Base]
    key: tuple[Any, ...]


@dataclasses.dataclass(frozen=True)
class _Whole:
    """A dataclass or a namespace by its fields."""

    made: type[Any]
    fields: dict[str, Any]


def _keys_of(answer: Any) -> Any:
    if isinstance(answer, Base):
        return _Row(type(answer), tuple(sa.inspect(answer).identity))
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        return _Whole(type(answer), {one.name: _keys_of(getattr(answer, one.name)) for one in dataclasses.fields(answer)})
    if type(answer) is SimpleNamespace:
        return _Whole(SimpleNamespace, {name: _keys_of(one) for name, one in vars(answer).items()})
    if type(answer) is dict:
        return {name: _keys_of(one) for name, one in answer.items()}
    if type(answer) in (list, tuple):
        return type(answer)(_keys_of(one) for one in answer)
    if isinstance(answer, PLAIN):
        return answer
    raise TypeError(f"not to be kept: {answer!r}")


def _rows_of(answer: Any) -> Any:
    if isinstance(answer, _Row):
        return session().get_one(answer.model, answer.key if len(answer.key) > 1 else answer.key[0])
    if isinstance(answer, _Whole):
        return answer.made(**{name: _rows_of(one) for name, one in answer.fields.items()})
    if type(answer) is dict:
        return {name: _rows_of(one) for name, one in answer.items()}
    if type(answer) in (list, tuple):
        return type(answer)(_rows_of(one) for one in answer)
    return answer
