"""A report as a workbook: one sheet for each section with its table and a chart that Excel and WPS draw from the cells."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.text import neutralised
from trainhub.oversight.reports.types import Cell, Column, Document, Plot, PlotKind, Section

FONT = "Microsoft YaHei"
WHOLE, TENTHS, CENTS, PERCENT = "#,##0", "#,##0.0", "#,##0.00", "0.0%"
NUMBER = re.compile(r"(-?[\d,]+)(\.\d{1,2})?(%?)")
ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def workbook(document: Document, *, stamp: str, which: str = "") -> bytes:
    """The whole document; `stamp` says of which moment and with which checksum, `which` (see `told_in`) what report it is."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": document.title, "subject": which})
    looks = {
        "title": book.add_format({"font_name": FONT, "font_size": 16, "bold": True}),
        "text": book.add_format({"font_name": FONT, "font_size": 10, "text_wrap": True, "valign": "top"}),
        "head": book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "bg_color": "#E7F0F3", "bottom": 1}),
        "number head": book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "bg_color": "#E7F0F3", "bottom": 1, "align": "right"}),
        "cell": book.add_format({"font_name": FONT, "font_size": 10}),
        "sum": book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "top": 1}),
    }
    for shape in (WHOLE, TENTHS, CENTS, PERCENT):
        looks[f"cell {shape}"] = book.add_format({"font_name": FONT, "font_size": 10, "num_format": shape})
        looks[f"sum {shape}"] = book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "top": 1, "num_format": shape})
    _cover(book, document, looks, stamp)
    names: set[str] = {_("概要")}
    for number, section in enumerate(document.sections, start=1):
        _sheet(book, section, _name(section.title, number, names), looks)
    book.close()
    return target.getvalue()


def told_in(file: Path) -> str | None:
    """What report a workbook of ours is, as its `which` said; None: it does not say."""
    try:
        with zipfile.ZipFile(file) as package:
            found = re.search(r"<dc:subject>([^<]*)</dc:subject>", package.read("docProps/core.xml").decode("utf-8", "replace"))
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    return found[1] if found else None


def _name(title: str, number: int, used: set[str]) -> str:
    name = title.translate(ILLEGAL)[:28] or _("第%(n)s节", n=number)
    while name in used:
        name = f"{name[:26]}{number}"
    used.add(name)
    return name


def _cover(book: Any, document: Document, looks: dict[str, Any], stamp: str) -> None:
    sheet = book.add_worksheet(_("概要"))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 70)
    sheet.write_string(0, 0, document.title, looks["title"])
    sheet.write_string(1, 0, document.subtitle, looks["cell"])
    row = 3
    for figure in document.figures:
        for column, text in enumerate((figure.label, figure.value, figure.hint)):
            sheet.write_string(row, column, neutralised(text), looks["cell"])
        row += 1
    for title, lines in ((_("计算方法"), document.method), (_("依据"), document.sources), ("", (stamp,))):
        row += 1
        for line in lines:
            sheet.write_string(row, 0, title, looks["head" if title else "cell"])
            sheet.merge_range(row, 1, row, 2, line, looks["text"])
            sheet.set_row(row, 15 * (1 + len(line) // 48))
            row, title = row + 1, ""


def _sheet(book: Any, section: Section, name: str, looks: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    row = 0
    for text in section.paragraphs:
        sheet.merge_range(row, 0, row, 6, text, looks["text"])
        sheet.set_row(row, 15 * (1 + len(text) // 60))
        row += 1
    if section.table is not None:
        top = row + bool(row)
        for column, one in enumerate(section.table.columns):
            sheet.set_column(column, column, 14 if one.is_number else 32)
            sheet.write_string(top, column, one.name, looks["number head" if one.is_number else "head"])
        row = top + 1
        for line in section.table.rows:
            _line(sheet, row, line, section.table.columns, looks, "cell")
            row += 1
        if section.table.total:
            _line(sheet, row, section.table.total, section.table.columns, looks, "sum")
            row += 1
    if section.plot is not None:
        _chart(book, sheet, section.plot, name, row + 1, looks)


def _line(sheet: Any, row: int, cells: tuple[Cell, ...], columns: tuple[Column, ...], looks: dict[str, Any], look: str) -> None:
    for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        found = _number(cell) if column.is_number else None
        if found is not None:
            sheet.write_number(row, place, found[0], looks[f"{look} {found[1]}"])
        elif cell is not None:
            sheet.write_string(row, place, neutralised(str(cell)), looks[look])


def _number(cell: Cell) -> tuple[float, str] | None:
    """The value of a cell and how it is shown, so that a sheet can reckon with it; None for what is no number ("*", "—")."""
    if isinstance(cell, int):
        return cell, WHOLE
    if isinstance(cell, float):
        return cell, TENTHS
    match = NUMBER.fullmatch(cell) if cell is not None else None
    if match is None:
        return None
    whole, decimals, percent = match[1].replace(",", ""), match[2] or "", match[3]
    if percent:
        return float(whole + decimals) / 100, PERCENT
    return float(whole + decimals), WHOLE if not decimals else TENTHS if len(decimals) == 2 else CENTS


def _chart(book: Any, sheet: Any, plot: Plot, name: str, row: int, looks: dict[str, Any]) -> None:
    """The plot's own numbers stand to the right of the table, so that the chart is drawn from cells."""
    first = 20
    sheet.write_string(0, first, plot.title, looks["head"])
    for place, label in enumerate(plot.labels, start=1):
        sheet.write_string(place, first, neutralised(label), looks["cell"])
    chart = book.add_chart({"type": "bar" if plot.kind is PlotKind.BARS else "column"})
    for number, (series, values) in enumerate(plot.series, start=1):
        sheet.write_string(0, first + number, series, looks["head"])
        for place, value in enumerate(values, start=1):
            sheet.write_number(place, first + number, value, looks["cell"])
        chart.add_series(
            {
                "name": [name, 0, first + number],
                "categories": [name, 1, first, len(plot.labels), first],
                "values": [name, 1, first + number, len(plot.labels), first + number],
                "fill": {"color": ("#17586F", "#C08A3E", "#7A9E7E")[(number - 1) % 3]},
            }
        )
    chart.set_title({"name": plot.title, "name_font": {"name": FONT, "size": 12}})
    if plot.kind is PlotKind.BARS:
        chart.set_y_axis({"reverse": True})
    if len(plot.series) == 1:
        chart.set_legend({"none": True})
    chart.set_size({"width": 760, "height": max(260, 40 + 26 * len(plot.labels))})
    sheet.insert_chart(row, 0, chart)
