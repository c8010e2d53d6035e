"""A report as a PDF on A4: title, figures, sections with plot and table, method and sources. Same document, same bytes."""

from __future__ import annotations

import io
import re
import textwrap
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from trainhub.kernel import fonts
from trainhub.kernel.i18n import _
from trainhub.oversight.reports.types import Cell, Document, Plot, PlotKind, Section, Table

INK, LINE, SOFT = "#17586F", "#CDC8BC", "#F3F1EB"
FILLS = ("#17586F", "#C08A3E", "#7A9E7E")
WIDTH = 481.0
"""Points between the margins of A4."""
SANS, BOLD = "report-sans", "report-bold"


def pdf(document: Document, *, stamp: str, made_at: datetime) -> bytes:
    """The whole document. Raises FontsMissing."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    _register()
    target = io.BytesIO()
    paper = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=57, rightMargin=57, topMargin=60, bottomMargin=56, title=document.title, author=document.subtitle, invariant=1
    )

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(SANS, 7.5)
        canvas.setFillGray(0.45)
        canvas.drawString(57, 32, stamp)
        canvas.drawRightString(538, 32, _("第 %(n)s 页", n=page.page))
        canvas.restoreState()

    paper.build(_story(document), onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def _register() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name, style in ((SANS, "sans"), (BOLD, "sans-bold")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(fonts.text_font(style).path)))


CHINESE = re.compile(r"[\u3000-\u9fff]")
"""What may be broken anywhere; other text is broken between its words."""


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    def style(name: str, **given: Any) -> Any:
        return ParagraphStyle(name, **{"fontName": SANS, "fontSize": 9.5, "leading": 15, "wordWrap": "CJK", **given})

    made = {
        "title": style("title", fontName=BOLD, fontSize=19, leading=27, textColor=HexColor(INK), spaceAfter=4),
        "subtitle": style("subtitle", fontSize=10.5, textColor=HexColor("#6B675E"), spaceAfter=14),
        "h2": style("h2", fontName=BOLD, fontSize=13, leading=20, textColor=HexColor(INK), spaceBefore=14, spaceAfter=5, keepWithNext=1),
        "text": style("text", spaceAfter=5),
        "small": style("small", fontSize=8.5, leading=13, spaceAfter=3),
        "cell": style("cell", fontSize=8.2, leading=11.5),
        "number": style("number", fontSize=8.2, leading=11.5, alignment=2, wordWrap=None),
        "head": style("head", fontName=BOLD, fontSize=8.2, leading=11.5),
        "number head": style("number head", fontName=BOLD, fontSize=8.2, leading=11.5, alignment=2),
        "figure": style("figure", fontName=BOLD, fontSize=17, leading=23, textColor=HexColor(INK)),
        "hint": style("hint", fontSize=7.8, leading=11, textColor=HexColor("#6B675E")),
    }
    words = {f"{name} words": ParagraphStyle(f"{name} words", parent=one, wordWrap=None) for name, one in made.items()}
    return made | words


def _story(document: Document) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer

    looks = _styles()
    story: list[Any] = [Paragraph(escape(document.title), looks["title"]), Paragraph(escape(document.subtitle), looks["subtitle"])]
    if document.figures:
        story += [_figures(document, looks), Spacer(1, 8)]
    for section in document.sections:
        story += _section(section, looks)
    for title, lines in ((_("计算方法"), document.method), (_("依据"), document.sources)):
        if lines:
            story += [Paragraph(title, looks["h2"]), *[Paragraph(f"{n}. {escape(line)}", looks["small"]) for n, line in enumerate(lines, start=1)]]
    return story


def _figures(document: Document, looks: dict[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Paragraph
    from reportlab.platypus import Table as Grid

    cells = [
        [Paragraph(escape(f.label), looks["small"]), Paragraph(escape(f.told), looks["figure"]), Paragraph(escape(f.hint), looks["hint"])]
        for f in document.figures
    ]
    grid = Grid([cells], colWidths=[WIDTH / len(cells)] * len(cells))
    grid.setStyle([("BACKGROUND", (0, 0), (-1, -1), HexColor(SOFT)), ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 9)])
    return grid


def _section(section: Section, looks: dict[str, Any]) -> list[Any]:
    from reportlab.platypus import KeepTogether, Paragraph, Spacer

    head: list[Any] = [Paragraph(escape(section.title), looks["h2"]), *[Paragraph(escape(text), looks["text"]) for text in section.paragraphs]]
    if section.plot is not None:
        head += [_drawing(section.plot), Spacer(1, 6)]
    if section.table is None:
        return [KeepTogether(head)]
    if not section.table.rows:
        return [KeepTogether([*head, Paragraph(_("当期没有数据。"), looks["small"])])]
    return [KeepTogether(head), _grid(section.table, looks)]


def _grid(table: Table, looks: dict[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph
    from reportlab.platypus import Table as Grid

    widths, size = _widths(table)
    names = [f"{name}{words}" for name in ("cell", "number", "head", "number head") for words in ("", " words")]
    sized = {name: ParagraphStyle(name, parent=looks[name], fontSize=size, leading=size * 1.4) for name in names}

    def cell(value: Cell, is_number: bool, look: str = "") -> Any:
        text, look = _text(value), look or ("number" if is_number else "cell")
        return Paragraph(escape(text), sized[look if CHINESE.search(text) else f"{look} words"])

    numbers = [column.is_number for column in table.columns]
    rows = [[cell(column.name, False, "number head" if column.is_number else "head") for column in table.columns]]
    rows += [[cell(value, is_number) for value, is_number in zip(row, numbers, strict=True)] for row in table.rows]
    if table.total:
        rows.append([cell(value, is_number) for value, is_number in zip(table.total, numbers, strict=True)])
    grid = Grid(rows, colWidths=widths, repeatRows=1)
    lines: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#E7F0F3")),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(LINE)),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    if table.total:
        lines.append(("LINEABOVE", (0, -1), (-1, -1), 0.9, HexColor(INK)))
    grid.setStyle(lines)
    return grid


SIZES = (8.2, 7.5, 6.8, 6.2)
"""Points of the type of a table: the largest in which no word is broken."""


def _widths(table: Table) -> tuple[list[float], float]:
    """The widths of the columns and the size of the type. Columns of text take more than those of numbers; no word of a head or a cell is
    broken where the page has room for it, in smaller type if need be."""
    weights = [1.0 if column.is_number else 2.4 for column in table.columns]
    widths = [WIDTH * weight / sum(weights) for weight in weights]
    for size in SIZES:
        least = [_least(table, place, size) for place in range(len(table.columns))]
        if all(need <= width for need, width in zip(least, widths, strict=True)):
            return widths, size
        spare, texts = WIDTH - sum(least), sum(not column.is_number for column in table.columns)
        if spare >= 0:
            share = spare / (texts or len(least))
            return [need + (0.0 if texts and column.is_number else share) for need, column in zip(least, table.columns, strict=True)], size
    return widths, SIZES[-1]


def _least(table: Table, place: int, size: float) -> float:
    """How wide a column has to be for its longest word; Chinese may be broken anywhere, three characters of it stay together."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    found = 30.0 if table.columns[place].is_number else 60.0
    for font, text in ((BOLD, table.columns[place].name), *((SANS, _text(row[place])) for row in table.rows)):
        words = [text[:3]] if CHINESE.search(text) else text.split()
        found = max(found, *(stringWidth(word, font, size) + 9 for word in words or [""]))
    return found


def _text(value: Cell) -> str:
    return "—" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _drawing(plot: Plot) -> Any:
    return _bars(plot) if plot.kind is PlotKind.BARS else _columns(plot)


def _titled(plot: Plot) -> str:
    return _("%(title)s（%(unit)s）", title=plot.title, unit=plot.unit) if plot.unit else plot.title


def _lines(label: str, slot: float) -> list[str]:
    """A label under a column in the lines it takes: Chinese is broken anywhere, other text between its words."""
    if CHINESE.search(label):
        per_line = max(3, int(slot / 7.2))
        return [label[at : at + per_line] for at in range(0, min(len(label), per_line * 3), per_line)]
    return textwrap.wrap(label, max(6, int(slot / 3.9)))[:4]


def _short(label: str, most: int) -> str:
    most = most if CHINESE.search(label) else most * 2
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _bars(plot: Plot) -> Any:
    from reportlab.graphics.shapes import Drawing, Rect, String
    from reportlab.lib.colors import HexColor

    values = plot.series[0][1]
    top, height, left = max([*values, 1.0]), 16, 150.0
    drawing = Drawing(WIDTH, height * len(values) + 22)
    drawing.add(
        String(
            0,
            height * len(values) + 8,
            _titled(plot),
            fontName=BOLD,
            fontSize=9,
        )
    )
    for place, (label, value) in enumerate(zip(plot.labels, values, strict=True)):
        y = height * (len(values) - 1 - place) + 3
        drawing.add(String(left - 6, y + 2, _short(label, 17), fontName=SANS, fontSize=8, textAnchor="end"))
        drawing.add(Rect(left, y, max(0.5, (WIDTH - left - 50) * value / top), 10, fillColor=HexColor(INK), strokeColor=None))
        drawing.add(String(left + (WIDTH - left - 50) * value / top + 4, y + 2, f"{value:,.10g}", fontName=SANS, fontSize=8))
    return drawing


def _columns(plot: Plot) -> Any:
    from reportlab.graphics.shapes import Drawing, Line, Rect, String
    from reportlab.lib.colors import HexColor
    from reportlab.pdfbase.pdfmetrics import stringWidth

    top = max([value for _name, values in plot.series for value in values] or [1.0]) or 1.0
    drawing, base, tall = Drawing(WIDTH, 190), 46.0, 112.0
    drawing.add(String(0, 176, _titled(plot), fontName=BOLD, fontSize=9))
    key = max(250.0, stringWidth(_titled(plot), BOLD, 9) + 14)
    slot = WIDTH / len(plot.labels)
    width = min(20.0, slot * 0.7 / len(plot.series))
    drawing.add(Line(0, base, WIDTH, base, strokeColor=HexColor(LINE)))
    for number, (name, values) in enumerate(plot.series):
        fill = HexColor(FILLS[number % len(FILLS)])
        drawing.add(Rect(key, 175, 8, 8, fillColor=fill, strokeColor=None))
        drawing.add(String(key + 12, 176, name, fontName=SANS, fontSize=8))
        key += max(90.0, stringWidth(name, SANS, 8) + 26)
        for place, value in enumerate(values):
            x = slot * place + slot / 2 - width * len(plot.series) / 2 + width * number
            drawing.add(Rect(x, base, width - 1.5, tall * value / top, fillColor=fill, strokeColor=None))
            drawing.add(String(x + width / 2 - 1, base + tall * value / top + 2, f"{value:,.10g}", fontName=SANS, fontSize=6.5, textAnchor="middle"))
    for place, label in enumerate(plot.labels):
        for line, text in enumerate(_lines(label, slot)):
            drawing.add(String(slot * place + slot / 2, base - 10 - 9 * line, text, fontName=SANS, fontSize=7, textAnchor="middle"))
    return drawing
