"""Small real files that people upload in the journeys."""

from __future__ import annotations

import io


def one_page_pdf() -> bytes:
    """A PDF of one page with a line of text."""
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 740, "journey")
    canvas.save()
    return buffer.getvalue()
