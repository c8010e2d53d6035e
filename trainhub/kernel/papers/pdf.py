"""A document as PDF, in the text fonts of the house. The same content gives the same bytes."""

from __future__ import annotations

import io
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from trainhub.kernel import fonts
from trainhub.kernel.papers.blocks import Block, Break, Bullets, Grid, Heading, Paper, Para, columns, introducing, is_wide

INK = "#1c2b30"
LINE = "#8a9aa0"
HEAD = "#e8eef0"


@cache
def _registered(name: str, path: str) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(name, path))
    return name


def _font(style: str) -> str:
    font = fonts.text_font(style)
    return _registered(f"paper-{style}", str(font.path))


def _marked(text: str, style: str) -> str:
    """The text for a paragraph; characters that another font draws are marked with it."""
    own = fonts.text_font(style)
    pieces = []
    for font, piece in fonts.runs("".join(char for char in text if char >= " "), style):
        safe = escape(piece)
        pieces.append(safe if font is own else f'<font name="{_registered("paper-" + font.name, str(font.path))}">{safe}</font>')
    return "".join(pieces)


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    serif, bold = _font("serif"), _font("sans-bold")

    def style(name: str, size: float, font: str, **more: Any) -> Any:
        return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.55, wordWrap="CJK", textColor=INK, **more)

    return {
        "title": style("title", 18, bold, alignment=1, spaceBefore=6, spaceAfter=8),
        "line": style("line", 11, serif, alignment=1, spaceAfter=2),
        "h1": style("h1", 14, bold, spaceBefore=14, spaceAfter=6, keepWithNext=1),
        "h2": style("h2", 12, bold, spaceBefore=10, spaceAfter=4, keepWithNext=1),
        "h3": style("h3", 11, bold, spaceBefore=8, spaceAfter=3, keepWithNext=1),
        "body": style("body", 10.5, serif, firstLineIndent=21, spaceAfter=3),
        "note": style("note", 9, serif, spaceAfter=3),
        "item": style("item", 10.5, serif, leftIndent=16, firstLineIndent=-8),
        "caption": style("caption", 10, bold, alignment=1, spaceBefore=6, spaceAfter=3, keepWithNext=1),
        "cell": style("cell", 8.5, serif),
        "head": style("head", 8.5, bold),
        "cell-small": style("cell-small", 7, serif),
        "head-small": style("head-small", 7, bold),
    }


def _p(text: str, style: str) -> Any:
    from reportlab.platypus import Paragraph

    face = "sans-bold" if style in ("title", "h1", "h2", "h3", "caption", "head", "head-small") else "serif"
    return Paragraph("<br/>".join(_marked(line, face) for line in text.split("\n")) or " ", _styles()[style])


FIRST_ROWS = 2
"""So many rows stand under the head of a table before it may go on on the next page."""
SHORT_ROWS = 6
"""A table of no more rows stays on one page where it takes less than a third of it."""


def _table(grid: Grid, width: float, most: float) -> tuple[Any, float]:
    """A table, and how much room its first page needs: its head with the first rows, of a short one all. `most`: the height of a page.

    A row that is longer than a page goes on on the next one.
    """
    from reportlab.platypus import Table, TableStyle

    small, size, inner = ("-small", 7.0, 2) if is_wide(grid) else ("", 8.5, 3)
    rows = [[_p(text, f"head{small}") for text in grid.columns], *([_p(text, f"cell{small}") for text in row] for row in grid.rows)]
    look = [
        ("GRID", (0, 0), (-1, -1), 0.5, LINE),
        ("BACKGROUND", (0, 0), (-1, 0), HEAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((edge, (0, 0), (-1, -1), inner) for edge in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")),
    ]
    widths = columns(grid, width=width, size=size, inner=inner)

    def made(first: int) -> Any:
        return Table(rows[: first + 1], colWidths=widths, repeatRows=1, splitInRow=1, style=TableStyle(look), spaceAfter=8)

    whole = made(SHORT_ROWS).wrap(width, most)[1] if len(grid.rows) <= SHORT_ROWS else most
    return made(len(rows)), whole if whole <= most / 3 else made(FIRST_ROWS).wrap(width, most)[1]


def _placed(found: list[Any], grid: Grid, width: float, most: float) -> list[Any]:
    """The headings at the end of `found`, taken out of it, and the table they belong to.

    Kept with a long table as a whole, they would go to the next page with it and leave half a page empty; so a page is begun only
    where the headings with the first rows have no room on this one.
    """
    from reportlab.platypus import CondPageBreak

    heads: list[Any] = []
    while found and found[-1].getKeepWithNext():
        heads.insert(0, found.pop())
    drawn, need = _table(grid, width, most)
    for head in heads:
        need += head.getSpaceBefore() + head.wrap(width, most)[1] + head.getSpaceAfter()
        head.keepWithNext = 0
    return [CondPageBreak(min(need, most / 2)), *heads, drawn]


def _flow(blocks: list[Block], width: float, most: float) -> list[Any]:
    from reportlab.platypus import PageBreak

    found: list[Any] = []
    for block, heads_table in introducing(blocks):
        match block:
            case Heading(text, level):
                found.append(_p(text, f"h{min(3, max(1, level))}"))
            case Para(text, is_note):
                lines = [_p(line, "note" if is_note else "body") for line in text.split("\n") if line.strip()]
                for line in lines:
                    line.keepWithNext = int(heads_table)
                found += lines
            case Bullets(items):
                found += [_p(f"· {item}", "item") for item in items]
            case Break():
                found.append(PageBreak())
            case Grid():
                if block.caption:
                    found.append(_p(block.caption, "caption"))
                found += _placed(found, block, width, most) if block.rows else [_p(block.nothing or "—", "note")]
    return found


def draw(paper: Paper) -> bytes:
    """The document as PDF. Raises FontsMissing where the text fonts are not installed."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    size = landscape(A4) if paper.is_landscape else A4
    target = io.BytesIO()
    template = SimpleDocTemplate(
        target, pagesize=size, leftMargin=21 * mm, rightMargin=21 * mm, topMargin=20 * mm, bottomMargin=20 * mm, title=paper.title, invariant=1
    )
    serif = _font("serif")

    def foot(canvas: Any, template: Any) -> None:
        canvas.saveState()
        canvas.setFont(serif, 8.5)
        canvas.setFillColor(INK)
        canvas.drawCentredString(size[0] / 2, 11 * mm, f"{paper.footer}　{canvas.getPageNumber()}")
        canvas.restoreState()

    story = [_p(paper.title, "title"), *(_p(line, "line") for line in paper.lines), *_flow(list(paper.blocks), template.width, template.height)]
    template.build(story, onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()
