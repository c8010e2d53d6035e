"""How a page lies on its sheet of paper: bleed for trimming, crop marks, or nothing but what differs for printed blanks.

The page keeps its own origin: the paper around it has negative coordinates, so that a page costs nothing more. `TrimBox` is
the finished page, `BleedBox` the page with its bleed, `MediaBox` the paper with room for the marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainhub.certificates.layouts.ink import number
from trainhub.certificates.layouts.typeset import POINTS_PER_MM

MARK_GAP, MARK_LENGTH = 2.0, 5.0
"""Millimetres between the bleed and a crop mark, and its length."""


@dataclass(frozen=True)
class Sheet:
    """`bleed` in millimetres on each side; with `is_overprint` only texts with facts and the QR code are drawn."""

    bleed: float = 0
    has_marks: bool = False
    is_overprint: bool = False

    @property
    def has_boxes(self) -> bool:
        """Whether the paper is larger than the page."""
        return self.bleed > 0 or self.has_marks

    @property
    def margin(self) -> float:
        """Millimetres of paper around the page."""
        return self.bleed + (MARK_GAP + MARK_LENGTH if self.has_marks else 0)


PLAIN = Sheet()


def box(width: float, height: float, around: float = 0) -> str:
    """A PDF rectangle: the page of so many millimetres with so much around it."""
    out = around * POINTS_PER_MM
    corners = (-out, -out, width * POINTS_PER_MM + out, height * POINTS_PER_MM + out)
    return f"[{' '.join(number(value) for value in corners)}]".replace("-0 ", "0 ")


def marks(sheet: Sheet, width: float, height: float) -> str:
    """The operators of eight crop marks, outside the bleed, in the colour of every separation."""
    near = (sheet.bleed + MARK_GAP) * POINTS_PER_MM
    far = near + MARK_LENGTH * POINTS_PER_MM
    right, top = width * POINTS_PER_MM, height * POINTS_PER_MM
    lines = []
    for x, outward in ((0.0, -1), (right, 1)):
        for y, upward in ((0.0, -1), (top, 1)):
            lines.append((x + outward * near, y, x + outward * far, y))
            lines.append((x, y + upward * near, x, y + upward * far))
    drawn = "\n".join(f"{number(x1)} {number(y1)} m {number(x2)} {number(y2)} l S" for x1, y1, x2, y2 in lines)
    return f"1 1 1 1 K 0.25 w\n{drawn}"
