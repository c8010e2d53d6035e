"""A whole table as columns of typed values, for files of a hundred thousand rows that a computation reads at once.

Most such files are plain: no quotes, nothing that looks like a formula, each row as wide as the header. Then text is split once and
each distinct cell is parsed once. Any other file, and any file with a bad cell, goes through `read_table` row by row: what is
found and what is said about it is the same.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from trainhub.kernel.sheets.headers import Match, match, warnings_of
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Schema
from trainhub.kernel.sheets.types import MAX_BYTES, MAX_ROWS, Problem

# Characters that may need care wherever they stand: quotes, other delimiters, controls, what begins a formula.
_UNUSUAL = re.compile("[\"\t;'=+@\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u202e\u2028\u2029\u2066-\u2069\ufe00-\uffff\ud800-\udfff]")
# And some by where they stand: a dash in front, a space at an end of a cell.
_MAYBE = re.compile(r"-|[^\S\n]")
_EDGES = re.compile(r"(?:^|[,\n])(?:-|[^\S\n])|[^\S\n](?:[,\n]|\Z)")
_USUAL = (string.ascii_letters + string.digits + ",\n").encode()
"""What most files consist of, taken away at once: what is left is short."""
LONGEST = 30_000


@dataclass(slots=True)
class Columns:
    """The good rows: `numbers` as Excel counts them, `data` by field a list as long; the bad ones are in `problems`."""

    numbers: Sequence[int]
    data: dict[str, list[Any]]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.numbers)

    def without(self, lost: Collection[int]) -> Columns:
        """These columns without the rows at some places (from 0)."""
        if not lost:
            return self
        kept = [at for at in range(len(self)) if at not in lost]
        return Columns([self.numbers[at] for at in kept], {name: [column[at] for at in kept] for name, column in self.data.items()})


def read_columns(path: Path, schema: Schema) -> Columns:
    """Read a table of the schema. Raises SheetError when the file as a whole cannot be used."""
    return _plain(path, schema) or _careful(path, schema)


def _careful(path: Path, schema: Schema) -> Columns:
    found = Columns(numbers := [], {one.name: [] for one in schema.fields})
    with read_table(path, schema.columns) as table:
        found.warnings = [replace(problem, file=path.name) for problem in table.problems]
        for parsed in schema.parse(table):
            errors = [problem for problem in parsed.problems if problem.level == "error"]
            found.problems += [replace(problem, file=path.name) for problem in errors]
            if not errors:
                numbers.append(parsed.number)
                for name, column in found.data.items():
                    column.append(parsed.data[name])
    return found


def _plain(path: Path, schema: Schema) -> Columns | None:
    """The columns when nothing in the file needs care, else None."""
    if path.suffix.lower() != ".csv" or path.stat().st_size > MAX_BYTES:
        return None
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeError:
        return None
    del raw
    text = text.replace("\r\n", "\n").removesuffix("\n")
    letters = "".join(set(text.encode().translate(None, _USUAL).decode() if text.isascii() else text))
    if _UNUSUAL.search(letters) or (_MAYBE.search(letters) and _EDGES.search(text)):
        return None
    if not (text.isascii() or unicodedata.is_normalized("NFC", text)):
        return None
    header, _end, body = text.partition("\n")
    names = header.split(",")
    found = match(names, schema.columns)
    lines = body.split("\n") if body else []
    width = len(names)
    if found.missing or found.repeated or found.width < width or len(lines) > MAX_ROWS:
        return None
    if set(map(str.count, lines, repeat(","))) - {width - 1} or not all(map(str.strip, lines, repeat(","))):
        return None  # a cell too many or too few, an empty row
    del lines
    cells = body.replace("\n", ",").split(",") if body else []
    return _parsed(path, schema, found, cells, width)


def _parsed(path: Path, schema: Schema, found: Match, cells: list[str], width: int) -> Columns | None:
    data: dict[str, list[Any]] = {}
    count = len(cells) // width
    for one in schema.fields:
        place = found.positions.get(one.name)
        texts = cells[place::width] if place is not None else [""] * count
        values: dict[str, Any] = {}
        for text in set(texts):
            if len(text) > LONGEST or (not text and one.required):
                return None
            try:
                values[text] = one.parse(text) if text else one.default
            except ValueError:
                return None
        data[one.name] = list(map(values.__getitem__, texts))
    warnings = list(warnings_of(found, file=path.name, sheet=None, row=1))
    return Columns(range(2, count + 2), data, [], warnings)
