"""A table as a PDF on landscape A4: title, head on every page, page numbers; a character that no font has shows as 〓, never as a blank."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Any

from trainhub.kernel import fonts

GETA = "〓"


def table_pdf(title: str, note: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]) -> bytes:
    """The bytes of the PDF. `widths` are shares of the width of the page, one a column."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

    text, bold = fonts.text_font("sans"), fonts.text_font("sans-bold")
    for name, font in (("list", text), ("list-bold", bold)):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(font.path)))
    body = ParagraphStyle("body", fontName="list", fontSize=8, leading=11, wordWrap="CJK")
    head = ParagraphStyle("head", parent=body, fontName="list-bold")
    big = ParagraphStyle("big", parent=body, fontName="list-bold", fontSize=15, leading=22)

    def cell(value: Any, style: ParagraphStyle) -> Paragraph:
        plain = "".join(c if ord(c) in text.covered or c in "\n " else GETA for c in str(value if value is not None else ""))
        return Paragraph(escape(plain).replace("\n", "<br/>"), style)

    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=landscape(A4), leftMargin=36, rightMargin=36, topMargin=36, bottomMargin=36, title=title, invariant=1
    )
    whole = sum(widths)
    table = LongTable(
        [[cell(one, head) for one in heads], *([cell(value, body) for value in row] for row in rows)],
        colWidths=[document.width * width / whole for width in widths],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9b4a8")),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#efede7")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )

    def number(canvas: Any, document: Any) -> None:
        canvas.setFont("list", 8)
        canvas.drawRightString(document.pagesize[0] - 36, 20, str(document.page))

    document.build([cell(title, big), cell(note, body), Spacer(1, 8), table], onFirstPage=number, onLaterPages=number)
    return target.getvalue()
