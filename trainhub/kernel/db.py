"""The database: one declarative base, the column types of the house, and the edge where a unit of work is committed.

SQLite (one college on a laptop) and PostgreSQL (a province) run the same code. On SQLite a unit of work that will write
takes its lock at the first statement (`BEGIN IMMEDIATE`): a read that later turns into a write would otherwise lose
updates without an error. `write_intent` says so; every request that is not a GET and every `transaction()` sets it.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column, registry
from sqlalchemy.orm.exc import StaleDataError

from trainhub.kernel.engines import beyond_columns, engine_options, postgresql_connect

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant. Aware datetimes only; stored in UTC; SQLite would otherwise drop the offset."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# BigInteger keys do not count up by themselves on SQLite.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""None is written as nothing: JSON's own word null in its place is found by no `is null`, and an archive could not tell the two apart."""

Key = Annotated[int, mapped_column(BigKey, primary_key=True)]


class Base(DeclarativeBase):
    """Every table of the house."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            datetime: UtcDateTime(),
            date: sa.Date(),
            int: sa.BigInteger(),
            dict[str, Any]: Json,
            list[Any]: Json,
            list[str]: Json,
        },
    )


class Versioned:
    """A row that two people may edit: the second to save is told, nothing is overwritten."""

    version: Mapped[int] = mapped_column(sa.Integer, nullable=False, default=1)

    @sa.orm.declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a directive is given the class
        return {"version_id_col": cls.version}


Given = TypeVar("Given")


def enum_column(enum: type[Enum], **kw: Any) -> sa.Enum:
    """An enum stored by value as VARCHAR with a CHECK, the same on both databases."""
    kw.setdefault("length", 40)
    return sa.Enum(
        enum,
        values_callable=lambda members: [str(member.value) for member in members],
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        name=kw.pop("name", enum.__name__.lower()),
        **kw,
    )


def ref(target: str, *, ondelete: str = "RESTRICT") -> sa.ForeignKey:
    """A foreign key to `table.column`; nothing is deleted behind anybody's back."""
    return sa.ForeignKey(target, ondelete=ondelete)


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"join_transaction_mode": "create_savepoint", "autoflush": True},
)

write_intent: ContextVar[bool] = ContextVar("write_intent", default=False)


READ_ONLY = "trainhub.read_only"
WRITE_WAIT = 30.0
"""Seconds a writer waits for SQLite's lock before it gives up; every writer before it holds it for some milliseconds."""


def _sqlite_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the begin event below decides, not the driver
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as refused:
        if "readonly" not in str(refused):
            raise
        record.info[READ_ONLY] = True  # a copy that only answers questions: certificates are verified from it too
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    if write_intent.get() and not connection.info.get(READ_ONLY):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: sa.Connection) -> None:
    """Take the write lock; everybody who waits for it has the same chance each time it comes free.

    SQLite's own waiting asks the more rarely the longer it has waited (up to 0.1 s), while who comes new asks at once: among many
    writers the first to come gave up, although the lock came free hundreds of times.
    """
    raw: Any = connection.connection.driver_connection
    until = time.monotonic() + WRITE_WAIT
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as refused:
                if refused.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(0.001, 0.015))
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last try fails as any statement does
    finally:
        raw.execute("PRAGMA busy_timeout=15000")


def prepare_engine(engine: sa.Engine) -> None:
    """Make SQLite honour foreign keys, wait for its lock, and begin explicitly so that SAVEPOINT works; and PostgreSQL compile nothing."""
    if not event.contains(engine, "handle_error", beyond_columns):
        event.listen(engine, "handle_error", beyond_columns)
    if engine.dialect.name == "sqlite" and not event.contains(engine, "begin", _sqlite_begin):
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    if engine.dialect.name == "postgresql" and not event.contains(engine, "connect", postgresql_connect):
        event.listen(engine, "connect", postgresql_connect, insert=True)  # before SQLAlchemy asks the server anything


def looking_engine(url: str) -> sa.Engine:
    """An engine for whoever looks at a database before there is an app; to be disposed of. A PostgreSQL database that cannot be used is refused; a file of
    SQLite stays as it is (`_sqlite_connect` changes its journal), it may be somebody's."""
    engine = sa.create_engine(url, **engine_options(url))
    if engine.dialect.name == "postgresql":
        prepare_engine(engine)
    return engine


def init_app(app: Flask) -> None:
    """Bind the database to the app and prepare its engines."""
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            prepare_engine(engine)


def session() -> Session:
    """The session of this request, command or task."""
    return db.session.registry()


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: commit at the end, roll everything back on any failure. Only edges open it.

    What is read afterwards (the page of a refused form) is only read: on SQLite it does not take the write lock again. A row that somebody else changed meanwhile is refused with words (`Stale`). Audit events are written last, so that the
    head of their chain is locked for the shortest time.
    """
    from trainhub.kernel import audit
    from trainhub.kernel.errors import Stale
    from trainhub.kernel.i18n import _

    current = session()
    write_intent.set(True)
    try:
        if current.in_transaction() and not current.info.get("write") and _is_plain_sqlite(current):
            current.rollback()  # the guard has read; start over with the write lock held
        current.info["write"] = True
        yield current
        audit.write_pending(current)
        current.commit()
        for act in current.info.pop("after_commit", ()):
            act()
    except StaleDataError as stale:
        current.rollback()
        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。")) from stale
    except BaseException:
        current.rollback()
        raise
    finally:
        audit.forget_pending(current)
        current.info.pop("after_commit", None)
        current.info.pop("write", None)
        current.info.pop("unwritten", None)
        write_intent.set(False)


def after_commit(act: Callable[[], None]) -> None:
    """Do something outside the database once this unit of work is committed; when it is rolled back it is not done. It must not fail."""
    session().info.setdefault("after_commit", []).append(act)


def to_do_after_commit() -> Sequence[Callable[[], None]]:
    """What will be done then, so that more of the same can be done at once."""
    return tuple(session().info.get("after_commit", ()))


def is_taken(error: IntegrityError) -> bool:
    """Whether the database refused what may be there once only and is there already; any other breach is a bug."""
    taken = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return getattr(error.orig, "sqlstate", None) == "23505" or getattr(error.orig, "sqlite_errorcode", None) in taken


class Unwritable(Enum):
    """Why a database that answers takes nothing."""

    READ_ONLY = "read_only"
    FULL = "disk_full"


_SQLITE_SAYS = {sqlite3.SQLITE_READONLY: Unwritable.READ_ONLY, sqlite3.SQLITE_FULL: Unwritable.FULL}
_POSTGRESQL_SAYS = {"25006": Unwritable.READ_ONLY, "53100": Unwritable.FULL}
"""States of PostgreSQL (appendix A of its manual): a standby or a read-only role, a full disk."""


def unwritable(error: BaseException) -> Unwritable | None:
    """Whether a database refused a statement because it takes nothing now: it is a copy or standby that is only read, or its disk is full."""
    orig = getattr(error, "orig", None)
    return _POSTGRESQL_SAYS.get(getattr(orig, "sqlstate", None) or "") or _SQLITE_SAYS.get(getattr(orig, "sqlite_errorcode", 0) & 0xFF)


def add_once(row: Base, taken: Callable[[], Exception]) -> None:
    """Add a row whose like somebody else may be adding at this moment: then `taken` refuses it in the words of who comes later."""
    current = session()
    try:
        with current.begin_nested():
            current.add(row)
            current.flush()
    except IntegrityError as twice:
        if not is_taken(twice):
            raise
        raise taken() from twice


def lock(model: type[Base], key: int) -> None:
    """Take the lock of a row by its key, and only then read what hangs on it: one change after the other.

    Who only refers to the row (a foreign key) does not wait. On SQLite whoever writes holds the only lock there is.
    """
    column = sa.inspect(model).primary_key[0]
    session().execute(sa.select(column).where(column == key).with_for_update(key_share=True))


def _lock_of(what: str) -> int:
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], signed=True)


def hold(what: str, *, is_shared: bool = False) -> None:
    """Let those who name the same thing come one after the other until this transaction ends, where no row stands for it that could be locked.

    `is_shared`: those who share it do not wait for each other, only for who does not. On SQLite whoever writes holds the only lock there is.
    """
    if is_postgresql():
        lock = sa.func.pg_advisory_xact_lock_shared if is_shared else sa.func.pg_advisory_xact_lock
        session().execute(sa.select(lock(_lock_of(what))))


def hold_now(what: str, *, seconds: float = 0) -> bool:
    """The same, for whoever does not wait: False where another has it. A machine that vanished in the middle of its transaction then stops nobody.

    `seconds`: asked again for so long, without standing in the queue, where those who share it would wait behind."""
    until = time.monotonic() + seconds
    while is_postgresql() and not session().scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_lock_of(what)))):
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


def read_at_once() -> None:
    """Begin anew, and read everything as it stands now, however long it takes and whoever writes meanwhile. On SQLite every transaction does."""
    session().rollback()
    if is_postgresql() and isinstance(session().get_bind(), sa.Engine):
        session().connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _is_plain_sqlite(current: Session) -> bool:
    bind = current.get_bind()
    return isinstance(bind, sa.Engine) and bind.dialect.name == "sqlite" and not write_intent_at_begin(current)


def write_intent_at_begin(current: Session) -> bool:
    """Whether the open transaction already holds SQLite's write lock."""
    return bool(current.info.get("began_writing"))


@event.listens_for(Session, "after_begin")
def _note_begin(current: Session, _transaction: Any, _connection: Any) -> None:
    current.info["began_writing"] = write_intent.get()


COLLECTED = ("audit", "after_commit")
"""What a unit of work collects until its end. Of a savepoint that was rolled back nothing of it happened."""


@event.listens_for(Session, "after_transaction_create")
def _note_savepoint(current: Session, begun: SessionTransaction) -> None:
    if begun.nested:
        marks = current.info.setdefault("savepoints", WeakKeyDictionary())
        marks[begun] = {name: len(current.info.get(name, ())) for name in COLLECTED} | {"unwritten": bool(current.info.get("unwritten"))}


@event.listens_for(Session, "after_soft_rollback")
def _forget_savepoint(current: Session, ended: SessionTransaction) -> None:
    undone: SessionTransaction | None = ended
    while undone is not None and not undone.nested:  # a flush that fails takes the savepoint around it along
        undone = undone.parent
    mark = current.info.get("savepoints", {}).get(undone, {}) if undone is not None else {}
    for name in COLLECTED if mark else ():
        del current.info.get(name, [])[mark[name] :]
    if mark.get("unwritten") is False:
        current.info.pop("unwritten", None)


@event.listens_for(Session, "after_flush")
def _note_flush(current: Session, _context: Any) -> None:
    if current.new or current.dirty or current.deleted:
        current.info["unwritten"] = True


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _note_end(current: Session) -> None:
    if not current.in_nested_transaction():  # a savepoint that ends has committed nothing
        current.info.pop("unwritten", None)


def is_postgresql() -> bool:
    """The few places in the kernel where the two databases differ ask here."""
    return session().get_bind().dialect.name == "postgresql"


def portions(keys: Sequence[Given], size: int = 1000) -> Iterator[Sequence[Given]]:
    """A long list in parts: a database takes only so many values in one question."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
