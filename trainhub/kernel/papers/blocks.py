"""What a document is made of, without a word about its file format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from trainhub.kernel.sheets.writing import width_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 begins a part, 2 and 3 stand inside it."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph; every line of the text is one. `is_note`: small, for sources and explanations."""

    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `widths` are shares (default: by content); a table without rows says `nothing`. The head repeats on every page."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    widths: Sequence[int] = ()
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """The next block begins a page."""


Block = Heading | Para | Bullets | Grid | Break


def introducing(blocks: Sequence[Block]) -> Iterator[tuple[Block, bool]]:
    """Each block, and whether it stands before a table with rows, with which it stays on one page: a sentence that says what the table is."""
    for block, after in zip_longest(blocks, blocks[1:]):
        if block is not None:
            yield block, isinstance(after, Grid) and bool(after.rows)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: title, lines under it, blocks. `footer` stands at the foot of every page beside the number."""

    title: str
    lines: Sequence[str] = ()
    blocks: Sequence[Block] = field(default_factory=tuple)
    footer: str = ""
    is_landscape: bool = False


WIDE = 10
"""A table with more columns is set smaller, so that names, numbers and dates stay on one line."""


def is_wide(grid: Grid) -> bool:
    """Whether a table is set smaller."""
    return len(grid.columns) > WIDE


def shares(grid: Grid) -> list[float]:
    """The widths of the columns as parts of one: as given, else by the longest text of each, kept within bounds.

    In a wide table the bounds are closer, and a heading may take two lines: the room is for numbers and dates, which do not break.
    """
    if grid.widths:
        total = sum(grid.widths)
        return [width / total for width in grid.widths]
    least, most, more, lines = (5, 20, 2, 2) if is_wide(grid) else (7, 44, 0, 1)
    longest = [
        max(least, min(most, max([-(-width_of(head) // lines) + 1, *(width_of(row[n]) + more for row in grid.rows[:200])])))
        for n, head in enumerate(grid.columns)
    ]
    total = sum(longest)
    return [width / total for width in longest]


UNBROKEN = re.compile("[!-~—]+")
"""What stands on one line: numbers, dates, years, codes. Chinese text breaks anywhere."""
MOST_UNBROKEN = 12.0
"""Beyond so many em a piece is an address, not a number, and may break."""


def _em(piece: str) -> float:
    """About how wide a piece is set, in em, rather too much than too little: the reader's fonts may be wider than those asked for."""
    return sum(1.0 if c == "—" else 0.8 if c.isupper() else 0.66 if c.isalnum() else 0.42 for c in piece)


def unbroken(texts: Sequence[str]) -> float:
    """The widest piece of texts that stands on one line, in em."""
    return min(MOST_UNBROKEN, max((_em(piece) for text in set(texts) for piece in UNBROKEN.findall(text)), default=0.0))


def columns(grid: Grid, *, width: float, size: float, inner: float) -> list[float]:
    """The widths of the columns of a table `width` wide, set in `size` with `inner` at both sides of a cell, all in one unit.

    By `shares`; a column too narrow for its numbers takes the room from those that have more than theirs need, so that no
    student number or date is broken. Where not even that would do, the shares stand.
    """
    found = [share * width for share in shares(grid)]
    least = [unbroken([head, *(row[n] for row in grid.rows)]) * size + 2 * inner for n, head in enumerate(grid.columns)]
    short = sum(max(0.0, need - has) for need, has in zip(least, found, strict=True))
    spare = sum(max(0.0, has - need) for need, has in zip(least, found, strict=True))
    if short == 0 or short > spare:
        return found
    return [need if has < need else has - (has - need) * short / spare for need, has in zip(least, found, strict=True)]
