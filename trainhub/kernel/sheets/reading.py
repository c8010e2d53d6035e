"""Reading a table: every refusal of the whole file comes from `read_table`, every bad cell from the row that holds it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import IO, Any, Self

from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets import csvfile
from trainhub.kernel.sheets.headers import Match, match, refuse_unless_complete, warnings_of
from trainhub.kernel.sheets.package import Marks
from trainhub.kernel.sheets.source import Source, kind_of
from trainhub.kernel.sheets.text import clean, has_control, looks_like_formula, lost_digits, restored
from trainhub.kernel.sheets.types import EXCEL_CELL, EXCEL_ROWS, MAX_BYTES, MAX_ROWS, Column, Problem, Row, SheetError, shown
from trainhub.kernel.sheets.xlsxfile import Workbook, value_text

HEADER_WITHIN = 5
"""A title above the table is tolerated: the header is looked for in the first rows that are not empty."""


def read_table(
    file: str | os.PathLike[str] | IO[Any],
    columns: Sequence[Column],
    *,
    filename: str | None = None,
    sheet: str | None = None,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Table:
    """Open a CSV or XLSX file given by path or as an open binary file, and find the declared columns.

    `filename` is the name shown in problems and compared with the content (default: the file's own). `sheet` names a tab
    (default: the first visible one that is not 说明). `max_rows` counts data rows, `max_bytes` the file as it is stored.
    Raises SheetError when the file as a whole cannot be used; afterwards `rows()` never raises it. Close the table, or use
    it in a `with` statement, when the file was given by path.
    """
    source = Source(file, filename, max_bytes)
    try:
        return Table(source, kind_of(source), columns, sheet, max_rows)
    except BaseException:
        source.close()
        raise


class Table:
    """A table that was opened and whose header is understood.

    `file`, `sheet` (None for CSV), `header` (texts found), `header_row`, `row_count` (data rows; in XLSX empty ones between them count),
    `encoding` (None for XLSX), `problems` (about the file: unknown columns and the like, all warnings).
    """

    def __init__(self, source: Source, kind: str, columns: Sequence[Column], sheet: str | None, max_rows: int) -> None:
        self._source = source
        self._book = Workbook(source, sheet) if kind == "xlsx" else None
        try:
            self._open(columns, max_rows)
        except BaseException:
            self.close()
            raise

    def _open(self, columns: Sequence[Column], max_rows: int) -> None:
        source, book = self._source, self._book
        self.file = source.name
        self.columns = tuple(columns)
        self.sheet: str | None = book.title if book else None
        self.encoding: str | None = None
        self._delimiter = ","
        self._marks = book.marks if book else Marks()
        if book is None:
            self.encoding = csvfile.encoding_of(source)
            self._delimiter = csvfile.delimiter_of(source, self.encoding)
        self.header_row, self.header, self._match = self._find_header()
        refuse_unless_complete(self._match, self.header, file=self.file, sheet=self.sheet, row=self.header_row)
        self.row_count = self._count(max_rows)
        self._merged = book.merged(set(self._match.positions.values())) if book else {}
        self.problems = warnings_of(self._match, file=self.file, sheet=self.sheet, row=self.header_row)
        if book is not None and len(book.tables) > 1 and book.title in book.tables:
            others = listed(shown(title) for title in book.tables if title != book.title)
            text = _("只读取工作表“%(sheet)s”，未读取：%(others)s。", sheet=book.title, others=others)
            self.problems += (Problem(self.file, self.sheet, None, None, None, text, "warning"),)

    def _records(self) -> Iterator[tuple[int, list[Any]]]:
        if self._book is not None:
            return self._book.records()
        return csvfile.records(self._source, self.encoding or "utf-8", self._delimiter)

    def _find_header(self) -> tuple[int, tuple[str, ...], Match]:
        candidates: list[tuple[int, tuple[str, ...], Match]] = []
        for number, raw in self._records():
            texts = tuple(value_text(value)[0] for value in raw)
            if not any(text.strip() for text in texts):
                continue
            found = match(texts, self.columns)
            candidates.append((number, texts, found))
            if (found.positions and not found.missing) or len(candidates) == HEADER_WITHIN:
                break
        if not candidates:
            raise SheetError(_("文件“%(file)s”中没有内容。", file=self.file or "—"), file=self.file, sheet=self.sheet, code="empty_file")
        # The first complete header, else the row that knows most of the columns, else the first.
        return max(candidates, key=lambda c: (bool(c[2].positions and not c[2].missing), len(c[2].positions), -c[0]))

    def _count(self, max_rows: int) -> int:
        """Count data rows; going through the whole of a CSV also finds quotes that do not match."""
        if self._book is not None and self._book.height - self.header_row <= max_rows:
            return max(0, self._book.height - self.header_row)
        count = 0
        for number, raw in self._records():
            if number > self.header_row and any(value != "" for value in raw):
                count += 1
                if count > max_rows:
                    raise SheetError(
                        _("数据超过 %(limit)d 行的上限。请拆成几个文件分别导入。", limit=max_rows),
                        file=self.file,
                        sheet=self.sheet,
                        row=number,
                        code="too_many_rows",
                    )
        return count

    def rows(self) -> Iterator[Row]:
        """Data rows that are not empty, in order, numbered as Excel shows them; may be called again
        when the former call is done with."""
        positions = self._match.positions
        places = tuple((column.name, positions.get(column.name)) for column in self.columns)
        for number, raw in self._records():
            if number <= self.header_row:
                continue
            values: dict[str, str] = {}
            problems: list[Problem] = []
            for name, place in places:
                text, said = self._cell(number, place, raw)
                values[name] = text
                if said is not None:
                    problems.append(Problem(self.file, self.sheet, number, name, shown(text), said))
            if not problems and not any(values.values()) and not any(map(_has_text, raw)):
                continue
            if self._merged:
                problems += self._covered(number, places, values)
            problems += self._beyond(number, raw)
            yield Row(number, values, tuple(problems))

    def _covered(self, number: int, places: Iterable[tuple[str, int | None]], values: dict[str, str]) -> Iterable[Problem]:
        """Cells that a merged one lies over: the file holds its value in the first alone, so the rows below would lose it unsaid.

        It is refused, not filled: whether it was meant for every row, only who made the file knows.
        """
        for name, place in places:
            ranges = self._merged.get(place, ()) if place is not None else ()
            found = bisect_right(ranges, (number - 1, EXCEL_ROWS, 0)) - 1
            if found < 0 or values[name]:
                continue
            top, bottom, left = ranges[found]
            if top <= number - 1 <= bottom and (top, left) != (number - 1, place) and top >= self.header_row:
                said = _("这是合并单元格的一部分（从第 %(row)d 行起），文件里只有左上角的一格有内容。请取消合并，并在每一行填写。", row=top + 1)
                yield Problem(self.file, self.sheet, number, name, "", said)

    def _cell(self, number: int, place: int | None, raw: list[Any]) -> tuple[str, str | None]:
        if place is None:
            return "", None
        value = raw[place] if place < len(raw) else ""
        if self._book is None:
            text, said = str(value), None
            if text and text[0] in "=+-@\t" and looks_like_formula(text):
                said = _("疑似公式：以 = + - @ 或制表符开头。请改为普通文字或数值。")
            elif lost_digits(text):
                said = _("长号码被 Excel 保存成了科学计数。请先把该列设为“文本”格式，重新填写完整号码再导出。")
        else:
            text, said = value_text(value)
            marks = self._marks
            if marks.formulas and (number - 1, place) in marks.formulas:
                said = _("单元格是公式。请“复制—选择性粘贴—数值”后再导入。")
            elif marks.errors and (number - 1, place) in marks.errors:
                said = _("单元格是错误值（如 #N/A）。请改为实际内容。")
        if not text:
            return "", said
        if text[0] == "'":
            text = restored(text)
        text = clean(text)
        if said is None and has_control(text):
            said = _("含有不可见的控制字符。请删除后重新填写。")
        if said is None and len(text) > EXCEL_CELL:
            said = _("内容超过 %(limit)d 个字符。", limit=EXCEL_CELL)
        return text, said

    def _beyond(self, number: int, raw: list[Any]) -> Iterable[Problem]:
        """Content to the right of the last header: in a CSV most often a comma inside a text that is not quoted."""
        extra = raw[self._match.width :]
        if not extra or not any(map(_has_text, extra)):
            return
        text = next(value_text(value)[0] for value in extra if _has_text(value))
        if self._book is None:
            said = _("这一行比表头多出单元格。如文字中含有逗号，请用英文双引号括起来。")
            yield Problem(self.file, self.sheet, number, None, shown(text), said)
        else:
            said = _("表头以外的列有内容，已忽略。")
            yield Problem(self.file, self.sheet, number, None, shown(text), said, "warning")

    def close(self) -> None:
        """Release the file."""
        if self._book is not None:
            self._book.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: BaseException | None, _tb: TracebackType | None) -> None:
        self.close()


def _has_text(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
