"""What a document is made of, without a word about its file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
