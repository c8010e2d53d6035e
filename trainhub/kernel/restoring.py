"""What a restore changes beside the database: the keys and the mark of a demo, kept in a note until the database has been committed.

Files and a database are not committed together. The note is written before the commit, its token goes into the audit log within the
transaction: whoever starts afterwards sees by the log whether the transaction was committed, and does the rest or forgets it. So a restore
that is killed at any moment has happened or has not.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app

from trainhub.config import DEMO_MARK
from trainhub.kernel import audit, keys
from trainhub.kernel.db import session

NOTE = "restoring.json"
DID = "kernel.instance.restored"


@contextmanager
def noted(instance: Path, note: dict[str, Any]) -> Iterator[None]:
    """Keep the note (`token`, `keys`, and `demo` where the archive tells) while the database is replaced, and do what it says once that is committed.

    The note is locked as long as this process lives: it is taken for that of a killed restore only afterwards.
    """
    part = instance / (NOTE + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(note, file)
        file.flush()
        os.fsync(file.fileno())
        part.replace(instance / NOTE)
        try:
            yield
        except Exception:
            with suppress(sa.exc.SQLAlchemyError):  # a database that went away may have committed: then the next start looks
                if not _is_committed(note["token"]):
                    (instance / NOTE).unlink(missing_ok=True)
            raise
        _finish(instance, note)


def resume(instance: Path) -> bool:
    """Do the rest of a restore that was killed after its commit, forget one that was killed before; whether the files of the instance changed.

    A restore that is still running is left alone.
    """
    path = instance / NOTE
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
        if not _is_locked(file):
            return False
        note = json.load(file)
        if _is_committed(note["token"]):
            _finish(instance, note)
            return True
        path.unlink(missing_ok=True)
    return False


def _is_locked(file: IO[str]) -> bool:
    """Whether this process may act on the note now: a few seconds are waited, in which another process of a server that starts does the rest."""
    for _attempt in range(30):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


def _is_committed(token: str) -> bool:
    """Whether the database is the one that the restore of this token wrote: a later restore would have replaced its line of the log."""
    if not sa.inspect(session().connection()).has_table(audit.AuditEvent.__tablename__):
        return False
    told = session().scalars(sa.select(audit.AuditEvent.data).where(audit.AuditEvent.did == DID).order_by(audit.AuditEvent.id.desc()))
    is_there = any(data.get("key") == token for data in told)
    session().rollback()
    return is_there


def _finish(instance: Path, note: dict[str, Any]) -> None:
    """Put the keys and the mark in their places, then drop the note; harmless to do again."""
    _write(instance / keys.FILE, note["keys"])
    if "demo" in note:  # archives of earlier versions do not tell
        _mark(instance / DEMO_MARK, note["demo"])
    current_app.extensions.pop("trainhub.keyring", None)
    (instance / NOTE).unlink(missing_ok=True)


def _mark(path: Path, demo: str | None) -> None:
    """Whether an instance is a demonstration, and of which day, goes with its data: real data never stay under the mark of a demo."""
    if demo is None:
        path.unlink(missing_ok=True)
        return
    _write(path, demo)


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".restored")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
