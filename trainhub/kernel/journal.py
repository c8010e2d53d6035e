"""Lines that outlive the database: appended to a file beside the keys once the transaction that wrote them is committed.

A backup is older than what was done after it. What must not be forgotten by restoring one stands here too, one JSON object a line; nothing
is ever taken out. The file belongs to no backup, and each machine that serves keeps its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import current_app

from trainhub.kernel.db import after_commit, to_do_after_commit


class _Append:
    """What one transaction notes in one file, written at once."""

    def __init__(self, path: Path) -> None:
        self.path, self.lines = path, list[Mapping[str, Any]]()

    def __call__(self) -> None:
        try:
            append(self.path, self.lines)
        except OSError as error:
            current_app.logger.warning("%s could not be written: %s", self.path.name, error)


def note(file: str, line: Mapping[str, Any]) -> None:
    """Write the line down once the transaction is committed; when it is rolled back it never was.

    A folder that cannot be written keeps nothing, and the log says so: what the line tells of is done.
    """
    path = folder() / file
    found = next((one for one in to_do_after_commit() if isinstance(one, _Append) and one.path == path), None)
    if found is None:
        found = _Append(path)
        after_commit(found)
    found.lines.append(line)


def append(path: Path, lines: list[Mapping[str, Any]]) -> None:
    """Whole lines at the end of the file, also when several processes append at once; synced."""
    data = "".join(json.dumps(one, ensure_ascii=False, sort_keys=True, default=str) + "\n" for one in lines).encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal; one that was cut off (the power failed) is passed over. Nothing where there is no file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def folder() -> Path:
    """Where journals lie: the instance folder."""
    found: Path = current_app.config["SETTINGS"].instance
    return found
