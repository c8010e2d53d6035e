"""Are the files still there: every file of the tables is looked for in the store, and a part of them is read anew and hashed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from trainhub.kernel import clock, files
from trainhub.kernel.db import portions, session, transaction
from trainhub.kernel.files import StoredFile
from trainhub.kernel.jobs import Running

PREFIXES = tuple(f"{number:02x}" for number in range(256))
"""The folders of the store: one is listed at a time, so that a million files need no memory."""
COLUMNS = select(StoredFile.id, StoredFile.name, StoredFile.size, StoredFile.sha256, StoredFile.lost_at)
EVERY = timedelta(hours=6)


def lost(limit: int) -> tuple[int, list[StoredFile]]:
    """How many files the store has lost, and the first of them: who opens one is told, and an operator restores them from a backup."""
    count = session().scalar(select(func.count(StoredFile.id)).where(StoredFile.lost_at.is_not(None))) or 0
    return count, list(session().scalars(select(StoredFile).where(StoredFile.lost_at.is_not(None)).order_by(StoredFile.id).limit(limit)))


def check(*, now: datetime, is_read: Callable[[str], bool], tell: Callable[[int], None] = lambda _done: None) -> dict[str, int]:
    """Mark what is not in the store, or is shorter or longer than what was kept, and unmark what is there again.

    `is_read` says of which folders the content is read and hashed, too. The result is how many were looked for, how many of those
    were read, and how many are lost. Doing it again changes nothing.
    """
    told = {"files": 0, "read": 0, "lost": 0}
    for number, prefix in enumerate(PREFIXES, start=1):
        with transaction():  # the tables before the store: what is handed in meanwhile is not missed
            rows = list(session().execute(COLUMNS.where(StoredFile.sha256.between(prefix, prefix + "g")).order_by(StoredFile.id)))
        if not rows:
            continue
        sizes, reads = _sizes(prefix), is_read(prefix)
        bad = {row.sha256 for row in rows if sizes.get(row.sha256) != row.size}
        if reads:
            once = {row.sha256: row.size for row in rows if row.sha256 not in bad}
            bad |= {digest for digest, size in once.items() if not files.has(digest, size)}
            told["read"] += len(once)
        _mark(rows, bad, now)
        told["files"] += len(rows)
        told["lost"] += sum(row.sha256 in bad for row in rows)
        tell(number)
    return told


def _sizes(prefix: str) -> dict[str, int]:
    import obstore

    return {one["path"].rpartition("/")[2]: one["size"] for page in obstore.list(files.store(), prefix=prefix) for one in page}


def _mark(rows: list[Any], bad: set[str], now: datetime) -> None:
    for is_lost in (True, False):
        changed = [row for row in rows if (row.sha256 in bad) is is_lost and (row.lost_at is not None) is not is_lost]
        for start in range(0, len(changed), 500):
            with transaction():
                wanted = update(StoredFile).where(StoredFile.id.in_([row.id for row in changed[start : start + 500]]))
                session().execute(wanted.values(lost_at=now if is_lost else None).execution_options(synchronize_session="fetch"))
        for row in changed if is_lost else ():
            files.log_lost(row.id, row.name, row.sha256)


def still_named(file_ids: Iterable[int]) -> list[int]:
    """Of files that were not there those that the database still names: what was deleted while somebody looked is not lost."""
    found = list[int]()
    for some in portions(sorted(file_ids), 900):
        found += session().scalars(select(StoredFile.id).where(StoredFile.id.in_(some)).order_by(StoredFile.id))
    return found


def task(running: Running) -> Mapping[str, Any]:
    """Look for every file; read one folder in turn, all of them in two months."""
    now = clock.now()
    turn = PREFIXES[int(now.timestamp() // EVERY.total_seconds()) % len(PREFIXES)]
    return check(now=now, is_read=lambda prefix: prefix == turn, tell=lambda done: running.progress(done, len(PREFIXES)))
