"""Rows of a roster that were read and checked before anything is written of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from trainhub.ledger.rosters.checking import Complaint, Entry


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of the file that are written together."""

    rows: int
    entries: list[Entry]
    bad: list[tuple[int, list[Complaint]]]

    def after(self, rows: int) -> Chunk:
        """Without its first rows."""
        gone = set(sorted([*(entry.number for entry in self.entries), *(number for number, _said in self.bad)])[:rows])
        kept = [one for one in self.entries if one.number not in gone]
        return Chunk(self.rows - rows, kept, [one for one in self.bad if one[0] not in gone])


class Ahead:
    """A file that was read and checked before anything is written: on SQLite everybody waits while a transaction lasts, and a file that counts as a
    whole takes one. The chunks lie in a file without a name, which goes with the process."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.file_name, self.row_count = "", 0
        self.warnings: list[dict[str, Any]] = []
        self._file = TemporaryFile()  # noqa: SIM115 - closed by `close`

    def close(self) -> None:
        """Let the rows go."""
        self._file.close()

    def keep(self, chunk: Chunk) -> None:
        """Add the next rows."""
        pickle.dump(chunk, self._file, pickle.HIGHEST_PROTOCOL)

    def chunks(self, skip: int) -> Iterator[Chunk]:
        """The rows after the first `skip`."""
        self._file.seek(0)
        before = 0
        while before < self.row_count:
            chunk: Chunk = pickle.load(self._file)  # noqa: S301 - written above by this object
            if before + chunk.rows > skip:
                yield chunk.after(skip - before) if skip > before else chunk
            before += chunk.rows
