"""Many things of the same kind, each in a transaction of its own: one that fails takes nothing from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

from trainhub.kernel.db import session, transaction

log = structlog.get_logger("jobs")
Given = TypeVar("Given")


def each(given: Iterable[Given], deed: Callable[[Given], object], *, of: str) -> int:
    """Do a deed for each, in this order; returns how many there were.

    What one raises is logged with `of` (what is done) and its key, and the next has its turn; when all have had theirs the first failure is
    raised, so that the job that called does not say that everything was done. The session must hold nothing that is not committed.
    """
    first: Exception | None = None
    count = 0
    for one in given:
        count += 1
        try:
            with transaction():
                deed(one)
        except Exception as error:
            session().rollback()
            log.error("each.failed", of=of, key=str(one), exc_info=error)
            first = first or error
    if first is not None:
        raise first
    return count
