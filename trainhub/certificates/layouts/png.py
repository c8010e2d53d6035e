"""A page as PNG, for places that take no PDF: social networks, chats, a résumé. What the PDF holds, at about 126 dpi.

Everything is drawn three times as large and averaged down, so that hairlines and strokes of characters stay smooth.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from itertools import pairwise
from typing import Any

from trainhub.certificates.layouts.drawing import Press, common_facts
from trainhub.certificates.layouts.filling import Facts
from trainhub.certificates.layouts.machine import Machine, Matrix, Step, outline
from trainhub.certificates.layouts.model import Layout, Qr
from trainhub.certificates.layouts.pictures import Picture
from trainhub.certificates.layouts.svg import address_on, squares
from trainhub.certificates.layouts.typeset import POINTS_PER_MM
from trainhub.kernel.fonts import Font

PIXELS_PER_POINT = 1.75
SMOOTHING = 3
CURVE_STEPS = 10

Point = tuple[float, float]


def _bezier(points: tuple[Point, ...], steps: int) -> list[Point]:
    """Points along a curve of any degree, the first left out (de Casteljau)."""
    found = []
    for step in range(1, steps + 1):
        part, row = step / steps, list(points)
        while len(row) > 1:
            row = [(x1 + (x2 - x1) * part, y1 + (y2 - y1) * part) for (x1, y1), (x2, y2) in pairwise(row)]
        found.append(row[0])
    return found


def _quadratic(start: Point, points: list[Point], steps: int) -> list[Point]:
    """A TrueType curve: between two control points lies the one in their middle."""
    found: list[Point] = []
    for index, control in enumerate(points[:-1]):
        after = points[index + 1]
        end = after if index == len(points) - 2 else ((control[0] + after[0]) / 2, (control[1] + after[1]) / 2)
        found += _bezier((start, control, end), steps)
        start = end
    return found


def flattened(path: tuple[Step, ...] | list[Step], steps: int = CURVE_STEPS) -> list[tuple[list[Point], bool]]:
    """(points, is closed) of the parts of a path, curves as short lines."""
    parts: list[tuple[list[Point], bool]] = []
    points: list[Point] = []
    for name, at in path:
        pairs = list(zip(at[::2], at[1::2], strict=True))
        if name == "M":
            if len(points) > 1:
                parts.append((points, False))
            points = pairs
        elif name == "L":
            points += pairs
        elif name == "C":
            points += _bezier((points[-1], *pairs), steps)
        elif name == "Q":
            points += _quadratic(points[-1], pairs, steps)
        elif points:
            parts.append(([*points, points[0]], True))
            points = [points[0]]
    if len(points) > 1:
        parts.append((points, False))
    return parts


@lru_cache(maxsize=4096)
def _contours(font: Font, char: str) -> tuple[tuple[tuple[Point, ...], bool], ...]:
    """(points, is ink) of a glyph's contours, the largest first: holes are cut after what surrounds them is filled."""
    areas = []
    for points, _closed in flattened(outline(font, char), 5):
        doubled = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(points))
        areas.append((doubled, tuple(points)))
    areas.sort(key=lambda one: -abs(one[0]))
    return tuple((points, area * areas[0][0] > 0) for area, points in areas)


class _Canvas(Machine):
    """Draws on a Pillow image; y goes down there."""

    def __init__(self, layout: Layout, fonts: dict[str, tuple[Font, str]], pictures: dict[str, Picture]) -> None:
        from PIL import Image, ImageDraw

        super().__init__(fonts, pictures)
        self.scale = PIXELS_PER_POINT * SMOOTHING
        self.height = layout.height * POINTS_PER_MM
        size = [round(length * POINTS_PER_MM * PIXELS_PER_POINT) * SMOOTHING for length in (layout.width, layout.height)]
        self.image = Image.new("RGB", (size[0], size[1]), "#ffffff")
        self.pen: Any = ImageDraw.Draw(self.image)

    def to(self, points: list[Point]) -> list[Point]:
        """Points of the page as pixels."""
        return [(x * self.scale, (self.height - y) * self.scale) for x, y in points]

    def shape(self, path: list[Step], *, fill: str, stroke: str, width: float, is_even_odd: bool) -> None:
        for points, _closed in flattened(path):
            at = self.to(points)
            if fill and len(at) > 2:
                self.pen.polygon(at, fill=fill)
            if stroke:
                self.pen.line(at, fill=stroke, width=max(1, round(width * self.scale)))

    def glyph(self, font: Font, char: str, matrix: Matrix, fill: str) -> None:
        from PIL import Image, ImageDraw

        a, b, c, d, e, f = matrix
        parts = [(self.to([(a * x + c * y + e, b * x + d * y + f) for x, y in points]), is_ink) for points, is_ink in _contours(font, char)]
        if not parts:
            return
        across, down = [x for points, _ink in parts for x, _y in points], [y for points, _ink in parts for _x, y in points]
        left, top = int(min(across)) - 1, int(min(down)) - 1
        mask = Image.new("L", (int(max(across)) - left + 2, int(max(down)) - top + 2))
        pen = ImageDraw.Draw(mask)
        for points, is_ink in parts:
            if len(points) > 2:
                pen.polygon([(x - left, y - top) for x, y in points], fill=255 if is_ink else 0)
        self.image.paste(fill, (left, top), mask)

    def picture(self, picture: Picture, matrix: Matrix) -> None:
        from PIL import Image

        w, _b, _c, h, x, y = matrix
        data = base64.b64decode(picture.uri.partition(",")[2])
        with Image.open(io.BytesIO(data)) as opened:
            held = opened.convert("RGBA").resize((max(1, round(w * self.scale)), max(1, round(h * self.scale))))
        self.image.paste(held, (round(x * self.scale), round((self.height - y - h) * self.scale)), held)


def png(layout: Layout, facts: Facts, *, base_url: str) -> bytes:
    """The page with these facts; a missing fact shows as it would in print. Equal facts give equal bytes. Takes about half a second."""
    press = Press(layout, common_facts(layout, facts), base_url=base_url)
    below, above, fonts = press.operators(facts)
    canvas = _Canvas(layout, fonts, dict(press.background.pictures))
    canvas.run(below)
    canvas.run(above)
    text = address_on(press, facts)
    for item in layout.elements:
        for x, y, side in squares(layout, item, text) if isinstance(item, Qr) else ():
            (left, top), (right, low) = canvas.to([(x, y + side), (x + side, y)])
            canvas.pen.rectangle((round(left), round(top), round(right) - 1, round(low) - 1), fill=item.color)  # type: ignore[union-attr]
    target = io.BytesIO()
    canvas.image.reduce(SMOOTHING).quantize(128).save(target, "PNG")
    return target.getvalue()
