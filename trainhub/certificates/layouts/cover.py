"""The cover sheet of a file of a print run: what lies in the parcel, for the printing house and for those who hand it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from trainhub.certificates.layouts.document import Book
from trainhub.certificates.layouts.drawing import set_text
from trainhub.certificates.layouts.filling import Facts
from trainhub.certificates.layouts.ink import Ink, program
from trainhub.certificates.layouts.model import Box, Text

WIDTH, HEIGHT = 210.0, 297.0
LEFT, ROOM = 20.0, 170.0
ROW = 7.0
FIRST_ROWS, MORE_ROWS = 22, 32
"""Rows of the table on the first page and on each that follows."""


@dataclass(frozen=True)
class Share:
    """The pages of one base and class in the file."""

    base: str
    class_name: str
    first: int
    last: int

    @property
    def pages(self) -> int:
        """How many."""
        return self.last - self.first + 1


def shares_of(pages: Iterable[tuple[str, str, int]]) -> list[Share]:
    """The shares of a file from base, class and number of its pages in order."""
    groups = ((key, [page for _base, _class, page in rows]) for key, rows in groupby(pages, key=lambda one: one[:2]))
    return [Share(base, class_name, numbers[0], numbers[-1]) for (base, class_name), numbers in groups]


def printed_how(bleed_mm: int, *, is_overprint: bool, has_marks: bool) -> dict[str, str]:
    """How a run is printed and cut, as labelled lines in both languages."""
    bleed = f"出血 {bleed_mm} 毫米{'，带裁切线' if has_marks else ''} / bleed {bleed_mm} mm{', crop marks' if has_marks else ''}"
    return {
        "打印方式 Printing": "套打（仅印可变内容） / overprint on blanks" if is_overprint else "全页 / whole pages",
        "纸张 Paper": bleed if bleed_mm or has_marks else "成品尺寸，无出血 / trimmed size, no bleed",
    }


def _line(text: str, y: float, *, x: float = LEFT, w: float = ROOM, size: float = 10.5, bold: bool = False, align: str = "left") -> Text:
    return Text(text, Box(x, y, w, ROW), font="sans-bold" if bold else "sans", size=size, min_size=6, align=align)  # type: ignore[arg-type]


def _table(shares: Sequence[Share], top: float) -> list[Text]:
    lines = [
        _line("培训基地 Base", top, w=78, bold=True),
        _line("班级 Class", top, x=100, w=44, bold=True),
        _line("页 Pages", top, x=146, w=22, bold=True, align="right"),
        _line("张数 Count", top, x=169, w=21, bold=True, align="right"),
    ]
    for index, one in enumerate(shares, 1):
        y = top + index * ROW
        lines += [
            _line(one.base or "—", y, w=78),
            _line(one.class_name or "—", y, x=100, w=44),
            _line(f"{one.first}–{one.last}", y, x=146, w=22, align="right"),
            _line(str(one.pages), y, x=169, w=21, align="right"),
        ]
    return lines


def cover_sheet(title: str, facts: Facts, shares: Sequence[Share]) -> bytes:
    """The cover of one file, A4 upright, in both languages whoever asks for it: the facts as labelled lines, then the table of bases and classes. Equal in, equal out."""
    book, ink = Book(title, WIDTH, HEIGHT), Ink("F")
    pages: list[list[Text]] = [[_line("打印批次封面 Cover of a print run", 18, size=9), _line(title, 25, size=18, bold=True)]]
    y = 38.0
    for label, value in facts.items():
        pages[0] += [_line(label, y, w=42), _line(value, y, x=LEFT + 44, w=ROOM - 44)]
        y += ROW
    pages[0] += _table(shares[:FIRST_ROWS], y + 4)
    for start in range(FIRST_ROWS, len(shares), MORE_ROWS):
        pages.append([_line(title, 18, bold=True), *_table(shares[start : start + MORE_ROWS], 30)])
    for index, lines in enumerate(pages, 1):
        lines.append(_line(f"第 {index} 页 / 共 {len(pages)} 页  Page {index} of {len(pages)}", 280, size=9, align="right"))
        drawn = "\n".join(set_text(line, line.text, ink, HEIGHT)[0] for line in lines)
        book.add_page(drawn.encode("ascii"), 9)
    fonts = {face.resource: book.put_font(program(face.font, face.chars)) for face in ink.typefaces.values()}
    return book.finish(fonts, {})


__all__ = ["Share", "cover_sheet", "printed_how", "shares_of"]
