"""What an import would change, cell by cell, and how a confirmation is tied to the report that told it.

A report carries a seal of what it found (`seal`): of each row whether it is new or known, the old and new value of each column that changes, and the
version of each row of the system that it touches. What is confirmed later is compared with it (`changed_since`): whoever saved something in between is
not undone. The seal holds keyed hashes only, so that nothing of a person can be read out of a page that was kept.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from itertools import groupby
from typing import Any

from sqlalchemy import inspect, select

from trainhub.kernel import keys
from trainhub.kernel.db import portions, session
from trainhub.kernel.i18n import _
from trainhub.kernel.import_words import in_words

MARK = 3
"""Bytes of the hash of one row in a seal: enough to name the rows that changed; whether any did is told by the hash of all."""
WHOLE = 16
"""Bytes of the hash of all."""
HELD = 500
"""Rows locked with one statement."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a row that changes. `hides_old`: whoever imports knows this row of a person by its number only, so what stands is not told to them."""

    column: str
    old: Any
    new: Any
    hides_old: bool = False
    note: Any = ""
    """What is said behind the new value; lazy words."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of a file that does something; `of` are the rows of the system that it writes to."""

    row: int | None
    label: str
    is_new: bool
    cells: tuple[Cell, ...] = ()
    of: tuple[Any, ...] = ()

    @property
    def touches(self) -> bool:
        """Whether it changes something that stands."""
        return not self.is_new or bool(self.cells)


@dataclass(frozen=True, slots=True)
class Line:
    """One changed cell as a report shows it."""

    row: int | None
    label: str
    column: str
    old: str
    new: str


def differing(values: Mapping[str, Any], known: Any, *, hides_old: bool = False) -> list[Cell]:
    """The cells of a row that differ from what is known."""
    return [Cell(name, getattr(known, name), value, hides_old) for name, value in values.items() if getattr(known, name) != value]


def lines(planned: Sequence[Planned], labels: Mapping[str, Mapping[Any, Any]]) -> Iterator[Line]:
    """Every cell that changes, in the order of the rows and in the reader's language; numbers of persons masked. `labels`: see `ImportSpec`."""
    for one in sorted(planned, key=lambda each: each.row or 0):
        for cell in one.cells:
            old, new = in_words(cell.column, cell.old, cell.new, labels)
            if cell.hides_old and cell.old not in (None, ""):
                old, (_empty, new) = _("（已登记的内容，不在此显示）"), in_words(cell.column, None, cell.new, labels)
            yield Line(one.row, one.label, cell.column, old, f"{new}{cell.note}")


def seal(planned: Sequence[Planned], numbers: Sequence[int]) -> str:
    """What a report found, for the form that confirms it; `numbers` are the rows of the file, in its order."""
    marks, whole = _marks(planned)
    body = b"".join(marks.get(number, b"")[:MARK].ljust(MARK, b"\0") for number in numbers)
    return base64.urlsafe_b64encode(whole + zlib.compress(body)).decode()


def changed_since(sealed: str, planned: Sequence[Planned], numbers: Sequence[int]) -> list[int] | None:
    """The rows of a file that would do something else than the report of a seal said; None: everything is as it said. Of what is no seal of this file
    every row that would change something that stands, and None where there is none."""
    try:
        raw = base64.urlsafe_b64decode(sealed.encode())
        body = zlib.decompressobj().decompress(raw[WHOLE:], MARK * len(numbers) + 1)
    except (ValueError, binascii.Error, zlib.error):
        body = b""
    if len(body) != MARK * len(numbers) or not numbers:
        return sorted({one.row or 0 for one in planned if one.touches}) or None
    marks, whole = _marks(planned)
    if raw[:WHOLE] == whole:
        return None
    now = (marks.get(number, b"")[:MARK].ljust(MARK, b"\0") for number in numbers)
    return [number for place, (number, mark) in enumerate(zip(numbers, now, strict=True)) if body[place * MARK : (place + 1) * MARK] != mark]


def _marks(planned: Sequence[Planned]) -> tuple[dict[int, bytes], bytes]:
    """The hash of each row that does something, and of all of them."""
    key = keys.keyring().keyed_hash("kernel.import_changes").encode()
    marks: dict[int, bytes] = {}
    for one in planned:
        cells = [(cell.column, _plain(cell.old), _plain(cell.new)) for cell in one.cells]
        held = [(type(row).__name__, row.id, getattr(row, "version", None)) for row in one.of]
        row = one.row or 0
        marks[row] = blake2b(marks.get(row, b"") + repr((one.is_new, cells, held)).encode(), key=key, digest_size=WHOLE).digest()
    return marks, blake2b(repr(sorted(marks.items())).encode(), key=key, digest_size=WHOLE).digest()


def _plain(value: Any) -> Any:
    return str(value.value) if isinstance(value, Enum) else value


def hold(planned: Sequence[Planned]) -> list[int]:
    """Lock the rows of the system that a file writes to, until the transaction ends; returns the rows of the file of which somebody saved one since it
    was checked. As many statements as portions; SQLite, where one writes at a time, is only asked."""
    held = {(type(row).__name__, row.id): (type(row), getattr(row, "version", None)) for one in planned for row in one.of}
    gone: set[tuple[str, int]] = set()
    for name, group in groupby(sorted(held), key=lambda key: key[0]):
        ids = [key for _name, key in group]
        model = held[name, ids[0]][0]
        primary, version = inspect(model).primary_key[0], getattr(model, "version", None)
        for some in portions(ids, HELD):
            asked = select(primary, version if version is not None else primary).where(primary.in_(some)).order_by(primary)
            now = {key: number for key, number in session().execute(asked.with_for_update(key_share=True))}
            gone |= {(name, key) for key in some if key not in now or (version is not None and now[key] != held[name, key][1])}
    return sorted({one.row or 0 for one in planned if any((type(row).__name__, row.id) in gone for row in one.of)})
