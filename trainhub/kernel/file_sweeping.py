"""Content that no row names is removed from the store: an upload that failed after its bytes were put there, a process that ended before it erased."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from trainhub.kernel import clock, files
from trainhub.kernel.db import session, transaction
from trainhub.kernel.file_checks import PREFIXES
from trainhub.kernel.files import StoredFile
from trainhub.kernel.jobs import Running

TASK = "files.sweep"
OLD = timedelta(days=1)
"""Longer than any upload or job takes to commit the row of what it has put."""
DIGEST = re.compile(r"[0-9a-f]{64}")


def sweep(*, now: datetime) -> int:
    """Erase content older than OLD that no row names; returns how much. What does not look like ours is left alone."""
    return sum(_sweep(prefix, now - OLD) for prefix in PREFIXES)


def _sweep(prefix: str, before: datetime) -> int:
    import obstore

    found = {
        digest
        for page in obstore.list(files.store(), prefix=prefix)
        for one in page
        if DIGEST.fullmatch(digest := one["path"].rpartition("/")[2]) and one["path"] == files.path_of(digest) and one["last_modified"] < before
    }
    if not found:
        return 0
    with transaction():  # the store before the tables: content whose row came meanwhile is no leftover
        named = set(session().scalars(select(StoredFile.sha256).where(StoredFile.sha256.between(prefix, prefix + "g"))))
    return files.erase(sorted(found - named))


def task(running: Running) -> Mapping[str, Any]:
    """Look through the store, one folder after the other; running it twice changes nothing."""
    before, count = clock.now() - OLD, 0
    for number, prefix in enumerate(PREFIXES, start=1):
        if erased := _sweep(prefix, before):
            count += erased
            running.progress(number, len(PREFIXES))
    return {"erased": count}
