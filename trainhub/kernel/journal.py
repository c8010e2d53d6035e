"""Lines that outlive the database: appended to a file beside the keys once the transaction that wrote them is committed.

A backup is older than what was done after it. What must not be forgotten by restoring one stands here too, one JSON object a line; nothing
is ever taken out. The file belongs to no backup, and each machine that serves keeps its own.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
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
            current_app.logger.error("%s could not be written: %s; %d lines wait for the next", self.path, error.strerror, len(_waiting[self.path]))


def note(file: str, line: Mapping[str, Any]) -> None:
    """Write the line down once the transaction is committed; when it is rolled back it never was.

    What the line tells of is done also when the folder cannot be written; the log says so, and the line is written with the next (`append`).
    """
    path = folder() / file
    found = next((one for one in to_do_after_commit() if isinstance(one, _Append) and one.path == path), None)
    if found is None:
        found = _Append(path)
        after_commit(found)
    found.lines.append(line)


_waiting: dict[Path, list[Mapping[str, Any]]] = {}
"""What a full disk or a folder that cannot be written kept out of each file, as long as this process lives."""
_one_at_a_time = threading.Lock()


def append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Whole lines at the end of the file, also when several processes append at once; synced.

    Raises OSError when they find no room: they wait for the next call, which begins a new line after what was cut off. A line may then stand twice.
    """
    with _one_at_a_time:
        wanted = [*_waiting.pop(path, ()), *lines]
        try:
            _write(path, "".join(json.dumps(one, ensure_ascii=False, sort_keys=True, default=str) + "\n" for one in wanted).encode())
        except OSError:
            _waiting[path] = wanted
            raise


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            data = b"\n" + data
        while data:  # a disk that fills takes a part and says nothing
            data = data[os.write(handle, data) :]
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
