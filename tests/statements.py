"""Which statements a test sends to the database, so that each kind of statement is sent to the other kind of database, too, by the fewest tests.

The suite on SQLite notes them (TRAINHUB_TEST_STATEMENTS=folder); a later run on PostgreSQL reads the notes (TRAINHUB_TEST_COVER=folder) and
leaves out tests whose every statement another test sends with parameters of the same types, and values as long. A test of which nothing was noted,
or of which a statement failed, is never left out: after it one database goes on, the other refuses all that follows.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heapreplace
from pathlib import Path
from typing import Any
from zlib import crc32

import sqlalchemy as sa

LISTS = re.compile(r"\((?:\?, )*\?\)(?:, \((?:\?, )*\?\))*")
"""The places of a list of values: how many they are is no other statement."""


class Notes:
    """What the tests of one process sent, each with its seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds: dict[str, set[int]] = {}
        self.seconds: dict[str, float] = {}
        self.now = ""

    def begin(self) -> None:
        """Listen to every engine of this process."""
        sa.event.listen(sa.Engine, "before_cursor_execute", self._note)
        sa.event.listen(sa.Engine, "handle_error", lambda _context: self.failed())

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        if self.now:
            rows = is_many and parameters and isinstance(parameters[0], tuple | list | dict)
            self.kinds.setdefault(self.now, set()).update(kinds_of(statement, parameters[0] if rows else parameters))

    def failed(self) -> None:
        """A statement of the test was refused: no other test stands for it."""
        if self.now:
            self.kinds.setdefault(self.now, set()).add(crc32(f"failed|{self.now}".encode()))

    def took(self, test: str, seconds: float) -> None:
        """One phase of a test has ended."""
        self.seconds[test] = self.seconds.get(test, 0.0) + seconds

    def keep(self, process: str) -> None:
        """Write what was noted into the folder, a file a process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = {test: [round(self.seconds.get(test, 0.0), 3), sorted(kinds)] for test, kinds in self.kinds.items()}
        (self.folder / f"{process}.json").write_text(json.dumps(rows), encoding="utf-8")


LONG = (40, 400)
"""Texts of more signs are something else: one database keeps what is longer than its column, the other refuses it."""
LARGE = (1 << 15, 1 << 31)
"""The same for whole numbers."""


def kinds_of(statement: str, parameters: Any) -> set[int]:
    """Numbers for a statement and the types of what it is given, and one more for each place at which a long text or a large number stands; of several
    rows that are inserted at once, those of the first. How long a list is moves the places of all that follow: those before it count."""
    given = list(parameters.values()) if isinstance(parameters, dict) else list(parameters or ())
    short, first = LISTS.sub("(?)", statement), LISTS.search(statement)
    if statement.startswith("INSERT"):
        given = given[: first[0].partition(")")[0].count("?")] if first else given
    elif first:
        given = given[: statement[: first.start()].count("?")]
    said = [f"{short}|{','.join(type(one).__name__ for one in given)}"]
    said += [f"{short}|{place}|{size}" for place, one in enumerate(given) if (size := _size(one))]
    return {crc32(one.encode()) for one in said}


def _size(value: Any) -> int:
    if isinstance(value, str):
        return sum(len(value) > most for most in LONG)
    return sum(abs(value) >= most for most in LARGE) if isinstance(value, int) else 0


def noted(folder: Path) -> dict[str, tuple[float, frozenset[int]]]:
    """The notes of all processes: seconds and kinds of each test."""
    found: dict[str, tuple[float, frozenset[int]]] = {}
    for file in sorted(folder.glob("*.json")):
        for test, (seconds, kinds) in json.loads(file.read_text(encoding="utf-8")).items():
            found[test] = (seconds, frozenset(kinds))
    return found


def cover(notes: dict[str, tuple[float, frozenset[int]]], always: Iterable[str]) -> set[str]:
    """The tests that together send every kind, the ones that run anyway counted first, then whichever sends most new kinds a second; last, the
    longest first, those are left out of which by then each kind is sent by others as well."""
    anyway = set(always)
    sent = Counter(kind for one in anyway if one in notes for kind in notes[one][1])
    missing = set[int]().union(*(kinds for _seconds, kinds in notes.values())).difference(sent)
    # What a test adds only shrinks as others are taken: whoever still leads after being counted anew is the best, and the rest need not be counted.
    order = sorted(set(notes) - anyway, reverse=True)

    def weighed(place: int) -> tuple[float, int]:
        seconds, kinds = notes[order[place]]
        return -len(kinds & missing) / (seconds + 0.05), place

    heap = [weighed(place) for place in range(len(order))]
    heapify(heap)
    taken: list[str] = []
    while missing:
        place = heap[0][1]
        now = weighed(place)
        if now > heap[0]:
            heapreplace(heap, now)
            continue
        heappop(heap)
        taken.append(order[place])
        missing -= notes[order[place]][1]
        sent.update(notes[order[place]][1])
    chosen = anyway | set(taken)
    for test in sorted(taken, key=lambda one: (-notes[one][0], one)):
        if all(sent[kind] > 1 for kind in notes[test][1]):
            sent.subtract(notes[test][1])
            chosen.remove(test)
    return chosen


def folder_of(name: str) -> Path | None:
    """The folder that a setting names, or None where it is not set."""
    return Path(os.environ[name]) if os.environ.get(name) else None


def left_out(tests: Sequence[tuple[str, bool]], folder: Path) -> set[str]:
    """Of the tests (name, whether it runs in any case) those that send nothing of their own."""
    notes = noted(folder)
    names = {name for name, _always in tests}
    known = {name: notes[name] for name in names if name in notes}
    return set(known) - cover(known, [name for name, always in tests if always])
