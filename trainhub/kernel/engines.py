"""What the connections of an engine are told once, and what its driver's errors mean (`kernel.db.prepare_engine`)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from psycopg import Connection


def beyond_columns(context: sa.ExceptionContext) -> None:
    """A number that no column holds is a mistake of whoever sent it, wherever it was read: refused in words, not an error inside the driver.

    SQLite's driver overflows beyond 64 bits, PostgreSQL beyond what the column holds (SQLSTATE 22003).
    """
    from trainhub.kernel.errors import OutOfRange
    from trainhub.kernel.i18n import _

    cause = context.original_exception
    if isinstance(cause, OverflowError) or getattr(cause, "sqlstate", None) == "22003":
        raise OutOfRange(_("提交的数字或编号太大，系统里没有这样的记录，也不能保存这样的数。请核对后重新提交。")) from cause


STATEMENTS = 2_000
"""How many statements an engine keeps compiled. The pages and verbs ask more than SQLAlchemy's 500: those of a day would push each other out."""
OLDEST = 150_000
"""PostgreSQL 15, as the server tells its version."""


def engine_options(url: str) -> dict[str, Any]:
    """How to connect; PgBouncer in transaction mode needs `prepare_threshold=None`."""
    options: dict[str, Any] = {
        "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
        "query_cache_size": STATEMENTS,
        "hide_parameters": True,  # they are names and telephones, and an error carries them into the log
    }
    if url.startswith("postgresql"):
        # Seconds: a host that swallows packets would else take two minutes. What is given here wins over the address.
        connect = {"prepare_threshold": None, **({} if "connect_timeout" in sa.make_url(url).query else {"connect_timeout": 8})}
        options |= {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 10, "connect_args": connect}
    else:
        options |= {"connect_args": {"timeout": 15, "check_same_thread": False}}
    return options


def why_unfit(encoding: str, version: int) -> str:
    """Why a PostgreSQL database of an encoding, on a server of a version, cannot be used, in words with what to do; empty when it can."""
    from trainhub.kernel.i18n import _

    if encoding.upper().replace("-", "") != "UTF8":
        return _(
            "数据库的编码是 %(encoding)s，应为 UTF8，否则中文存不进去。请另建一个：createdb -E UTF8 -T template0 trainhub，再把 TRAINHUB_DATABASE_URL 指向它。",
            encoding=encoding or "?",
        )
    if version < OLDEST:
        return _(
            "数据库服务器是 PostgreSQL %(found)s，需要 %(least)s 或更高版本。请升级后再启动。",
            found=str(version // 10_000),
            least=str(OLDEST // 10_000),
        )
    return ""


def whole_sums(raw: Connection[Any]) -> None:
    """Read a sum of whole numbers as a whole number, as SQLite does.

    PostgreSQL adds up `bigint` as `numeric`, and the driver makes a Decimal of it: equal to the number, and yet written as a text into JSON.
    What has decimals stays a Decimal."""
    from psycopg.adapt import Loader

    class Number(Loader):
        def load(self, data: Any) -> int | Decimal:
            text = bytes(data).decode()
            return int(text) if text.lstrip("-").isdigit() else Decimal(text)

    raw.adapters.register_loader("numeric", Number)


def postgresql_connect(raw: Any, _record: Any) -> None:
    """Refuse a database that cannot hold what is written, before anything is asked of it; the server tells both with every connection.

    And let PostgreSQL compile no expressions. It decides so by the estimated cost of a statement, and compiles all of it: a page of twenty
    rows with a dozen subqueries, estimated high and done in a millisecond, was answered after eleven seconds. Ours read few rows or are sums, which gain
    little by it. Not given as an option of the connection: PgBouncer refuses those."""
    from trainhub.kernel.errors import Refused

    was, raw.autocommit = raw.autocommit, True
    # A pooler between need not hand on what the server tells with a connection (PgBouncer leaves the encoding out); asked for, the server tells it.
    told = raw.info.parameter_status("server_encoding") or raw.execute("SHOW server_encoding").fetchone()[0]
    if unfit := why_unfit(told.decode() if isinstance(told, bytes) else told, raw.info.server_version):
        raw.close()  # else it stays open as long as somebody keeps the error
        raise Refused(unfit, code="bad_database")
    whole_sums(raw)
    raw.execute("SET jit = off")
    raw.autocommit = was
