"""Writing tables: files that Excel and WPS open correctly, that run nothing, and that read back the same."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal

from trainhub.kernel.i18n import _, language
from trainhub.kernel.sheets.text import EXACT_DIGITS, cell_text, is_neutral, neutralised
from trainhub.kernel.sheets.types import EXCEL_CELL, EXCEL_ROWS, Column, SheetError

Record = Mapping[str, Any] | Sequence[Any]
Headers = Literal["name", "zh", "en"]
"""Which names stand in the header row: the promised English ones (for programs), or those for people, Chinese or English."""

BOM = b"\xef\xbb\xbf"
_ILLEGAL_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def header_of(columns: Sequence[Column], headers: Headers) -> list[str]:
    """The header row; an import reads each of the three."""
    match headers:
        case "zh":
            return [column.zh for column in columns]
        case "en":
            return [column.english for column in columns]
        case _:
            return [column.name for column in columns]


def for_reader() -> Headers:
    """Headings in the language of whoever asked for the file."""
    return "zh" if language() == "zh" else "en"


def cells_of(record: Record, columns: Sequence[Column]) -> Sequence[Any]:
    """The values of a record in the order of the columns; a mapping may lack some, a sequence must fit exactly."""
    if type(record) is not tuple and isinstance(record, Mapping):  # most are tuples, and an abstract class is slow to ask
        return [record.get(column.name) for column in columns]
    if len(record) != len(columns):
        raise ValueError(f"a row has {len(record)} cells for {len(columns)} columns")
    return record


def _csv_cell(value: Any) -> str:
    if type(value) is str and value.isalnum():
        return value  # most cells are codes, and nothing in a code can run
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return cell_text(value)  # a number typed as a number is no formula, negative or not
    return neutralised(cell_text(value).replace("\r\n", "\n").replace("\r", "\n"))


def iter_csv(rows: Iterable[Record], columns: Sequence[Column], *, headers: Headers = "name", bytes_at_once: int = 65_536) -> Iterator[bytes]:
    """The file in pieces, for a streaming response: UTF-8 with BOM, CRLF, cells that could run neutralised."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield BOM
    for record in chain([header_of(columns, headers)], rows):
        cells = [_csv_cell(value) for value in cells_of(record, columns)]
        writer.writerow(cells)
        if buffer.tell() >= bytes_at_once:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode("utf-8", "replace")


def write_csv(rows: Iterable[Record], columns: Sequence[Column], fileobj: IO[bytes], *, headers: Headers = "name") -> int:
    """Write the file to an open binary file; the result is the number of data rows."""
    count = 0

    def counted() -> Iterator[Record]:
        nonlocal count
        for record in rows:
            count += 1
            yield record

    for piece in iter_csv(counted(), columns, headers=headers):
        fileobj.write(piece)
    return count


def put_csv(path: Path, rows: Iterable[Record], columns: Sequence[Column]) -> None:
    """Write the file beside its place and move it there whole: nobody ever finds half of it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        write_csv(rows, columns, stream)
    os.replace(part, path)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tab to write. `codes` are the columns formatted as text, so that Excel keeps what is typed into them later."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Record]
    codes: Collection[str] = ()
    headers: Headers = "name"
    required_marked: bool = False
    """Colour the headers of required columns (templates)."""


def width_of(text: str) -> int:
    """Columns a text takes: Chinese characters count double."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def title_of(title: str, part: int, used: Collection[str] = ()) -> str:
    """A legal name of a tab (31 characters, none of []:*?/\\), numbered from its second part and unique."""
    clean = title.translate(_ILLEGAL_IN_TITLES).strip().strip("'") or "Sheet"
    number = part
    while True:
        suffix = "" if number == 1 else f" ({number})"
        name = clean[: 31 - len(suffix)] + suffix
        if name.casefold() not in {one.casefold() for one in used}:
            return name
        number += 1


class _Book:
    """The workbook being written, with its formats; rows go to a temporary file as they come."""

    def __init__(self, fileobj: IO[bytes]) -> None:
        import xlsxwriter

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        }
        self.book = xlsxwriter.Workbook(fileobj, options)
        head = {"bold": True, "font_color": "#FFFFFF", "border": 1, "border_color": "#D0D7DE", "valign": "vcenter"}
        self.header = self.book.add_format({**head, "bg_color": "#1F4E79"})
        self.required = self.book.add_format({**head, "bg_color": "#9C2B2B"})
        self.text = self.book.add_format({"num_format": "@"})
        # What the program shows as text even when somebody edits the cell: Excel's own apostrophe, not in the value.
        self.quoted = self.book.add_format({"num_format": "@", "quote_prefix": True})
        self.used: list[str] = []

    def add(self, sheet: Sheet, part: int, sample: Sequence[Sequence[Any]]) -> Any:
        title = title_of(sheet.title, part, self.used)
        self.used.append(title)
        page = self.book.add_worksheet(title)
        for index, (column, header) in enumerate(zip(sheet.columns, header_of(sheet.columns, sheet.headers), strict=True)):
            seen = max((width_of(cell_text(cells[index])[:80]) for cells in sample), default=0)
            width = min(max(width_of(header) + 4, seen + 2, 8), 60)
            page.set_column(index, index, width, self.text if column.name in sheet.codes else None)
        page.freeze_panes(1, 0)
        page.set_row(0, 22)
        for index, (column, header) in enumerate(zip(sheet.columns, header_of(sheet.columns, sheet.headers), strict=True)):
            page.write_string(0, index, header, self.required if sheet.required_marked and column.required else self.header)
        return page

    def put(self, page: Any, row: int, index: int, value: Any, is_code: bool) -> None:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and not is_code:
            if isinstance(value, float) and value - value != 0:
                return
            if abs(value) < 10**EXACT_DIGITS:
                page.write_number(row, index, value)
                return
        text = cell_text(value).replace("\r\n", "\n").replace("\r", "\n")
        text = text.encode("utf-8", "replace").decode("utf-8")
        if not text:
            return
        if len(text) > EXCEL_CELL:
            raise SheetError(
                _("第%(row)d行的内容超过 Excel 单元格的 %(limit)d 字上限。请改为导出 CSV。", row=row + 1, limit=EXCEL_CELL),
                row=row + 1,
                field=None,
                code="cell_too_long",
            )
        if is_neutral(text):
            page.write_string(row, index, text, self.text if is_code else None)
        else:
            page.write_string(row, index, neutralised(text) if text[0] == "'" else text, self.quoted)


def write_xlsx(sheets: Iterable[Sheet], fileobj: IO[bytes], *, rows_per_sheet: int = EXCEL_ROWS) -> int:
    """Write a workbook; the result is the number of data rows.

    Everything but numbers is text: nothing becomes a formula, a link or a date; dates are ISO. A table longer than a sheet
    (`rows_per_sheet`, header included) goes on in the next, with its header. Rows are streamed.
    """
    book = _Book(fileobj)
    count = 0
    try:
        for sheet in sheets:
            count += _write_sheet(book, sheet, rows_per_sheet)
        if not book.used:
            raise ValueError("a workbook needs a sheet")
    finally:
        book.book.close()
    return count


def _write_sheet(book: _Book, sheet: Sheet, rows_per_sheet: int) -> int:
    rows = (cells_of(record, sheet.columns) for record in sheet.rows)
    sample = [cells for _number, cells in zip(range(100), rows, strict=False)]
    codes = [column.name in sheet.codes for column in sheet.columns]
    part, row, count = 1, 0, 0
    page = book.add(sheet, part, sample)
    for cells in chain(sample, rows):
        row += 1
        if row >= rows_per_sheet:
            part, row = part + 1, 1
            page = book.add(sheet, part, sample)
        for index, value in enumerate(cells):
            if value is not None:
                book.put(page, row, index, value, codes[index])
        count += 1
    return count
