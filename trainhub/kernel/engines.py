"""What the connections of an engine are told once, and what its driver's errors mean (`kernel.db.prepare_engine`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def beyond_columns(context: sa.ExceptionContext) -> None:
    """A number that no column holds is a mistake of whoever sent it, wherever it was read: refused in words, not an error inside the driver.

    SQLite's driver overflows beyond 64 bits, PostgreSQL beyond what the column holds (SQLSTATE 22003).
    """
    from trainhub.kernel.errors import OutOfRange
    from trainhub.kernel.i18n import _

    cause = context.original_exception
    if isinstance(cause, OverflowError) or getattr(cause, "sqlstate", None) == "22003":
        raise OutOfRange(_("提交的数字或编号太大，系统里没有这样的记录，也不能保存这样的数。请核对后重新提交。")) from cause


def postgresql_connect(raw: Any, _record: Any) -> None:
    """Let PostgreSQL compile no expressions. It decides so by the estimated cost of a statement, and compiles all of it: a page of twenty
    rows with a dozen subqueries, estimated high and done in a millisecond, was answered after eleven seconds. Ours read few rows or are sums, which gain
    little by it. Not given as an option of the connection: PgBouncer refuses those."""
    was, raw.autocommit = raw.autocommit, True
    raw.execute("SET jit = off")
    raw.autocommit = was
