"""XLSX files: one sheet as rows of text, with the cells that cannot be trusted named."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any

from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.package import Marks, Package
from trainhub.kernel.sheets.source import Source
from trainhub.kernel.sheets.text import EXACT_DIGITS, cell_text, number_text
from trainhub.kernel.sheets.types import SheetError, shown

NOTES_SHEET = "说明"
EXAMPLES_SHEET = "示例"


class Workbook:
    """One opened sheet of a workbook."""

    def __init__(self, source: Source, sheet: str | None) -> None:
        self.name = source.name
        package = Package(source.stream, source.name)
        parts = package.sheet_parts()
        self.titles = tuple(parts)
        self._source: IO[bytes] | None = None
        # The tab is chosen before anything is parsed; hidden tabs, and the notes and examples of our own templates, are passed over.
        self._book = self._open(source, package, parts, sheet)

    def _open(self, source: Source, package: Package, parts: dict[str, str], sheet: str | None) -> Any:
        from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

        part_of_asked = parts.get(sheet) if sheet is not None else None
        if sheet is not None and part_of_asked is None:
            raise SheetError(
                _(
                    "工作簿中没有名为“%(sheet)s”的工作表。现有：%(found)s。",
                    sheet=sheet,
                    found=listed(shown(title) for title in parts),
                ),
                file=self.name,
                sheet=sheet,
                code="missing_sheet",
            )
        package.check_parts()
        try:
            if source.path is not None:
                book = CalamineWorkbook.from_path(source.path)
            else:
                self._source = source.copy()
                book = CalamineWorkbook.from_filelike(self._source)
            visible = [
                found.name for found in book.sheets_metadata if found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
            ]
            self.tables = tuple(title for title in visible if title not in (NOTES_SHEET, EXAMPLES_SHEET)) or tuple(visible)
            if not self.tables and sheet is None:
                raise SheetError(_("工作簿“%(file)s”中没有工作表。", file=self.name), file=self.name, code="empty_file")
            self.title: str = sheet if sheet is not None else self.tables[0]
            self.marks: Marks = package.marks(parts.get(self.title, ""))
            self._sheet = book.get_sheet_by_name(self.title)
        except SheetError:
            self._let_go()
            raise
        except BaseException as error:  # a panic of the parser is no Exception
            self._let_go()
            if not isinstance(error, CalamineError | OSError | ValueError | KeyError) and "Panic" not in type(error).__name__:
                raise
            raise SheetError(
                _("工作簿“%(file)s”已损坏，打不开。请在 Excel 或 WPS 中重新保存后再上传。", file=self.name or "—"),
                file=self.name,
                code="broken_file",
            ) from None
        return book

    @property
    def height(self) -> int:
        """The number of the last row with content."""
        end = self._sheet.end
        marked = max((row for row, _column in self.marks.formulas | self.marks.errors), default=-1)
        return max(marked, -1 if end is None else int(end[0])) + 1

    def merged(self, columns: Collection[int]) -> dict[int, list[tuple[int, int, int]]]:
        """By column (from 0, of those asked for) the merged ranges that touch it, in order: (first row, last row, first column), rows from 0."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or ():
            for column in columns:
                if left <= column <= right:
                    found.setdefault(column, []).append((top, bottom, left))
        return {column: sorted(ranges) for column, ranges in found.items()}

    def records(self) -> Iterator[tuple[int, list[Any]]]:
        """Rows with their number from 1, raw values, position 0 = column A."""
        start = self._sheet.start
        number = 0
        if start is not None:
            pad: list[Any] = [""] * start[1]
            for number, values in enumerate(self._sheet.iter_rows(), start=1):
                yield number, pad + values if pad else values
        # A formula without a stored value is no content to the parser; below the last value it still is a row.
        marked = {row for row, _column in self.marks.formulas | self.marks.errors if row >= number}
        for row in sorted(marked):
            yield row + 1, []

    def close(self) -> None:
        """Release the workbook."""
        self._book.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()


def value_text(value: Any) -> tuple[str, str | None]:
    """A cell as text, and the problem when its content was lost before it came here."""
    if isinstance(value, str):
        return value, None
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), None
    if isinstance(value, int | float):
        number = float(value)
        if number - number != 0:
            return "", _("数值无效。")
        text = number_text(number)
        if abs(number) >= 10**EXACT_DIGITS:
            return text, _("超过15位的数字在 Excel 中会丢失末位。请先把该列设为“文本”格式，再重新填写完整号码。")
        return text, None
    if isinstance(value, datetime):
        return cell_text(value.date() if value.time() == time.min else value), None
    if isinstance(value, date | time | timedelta):
        return cell_text(value), None
    return str(value), None
