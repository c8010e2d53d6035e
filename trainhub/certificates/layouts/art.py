"""The ornaments of a certificate, drawn as vectors on a ReportLab canvas: frame, guilloche, seal, divider.

All functions take millimetres from the top left corner and draw with thin lines, so that a print run costs little
toner and a copy loses the fine structure.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, radians, sin
from typing import Any

from trainhub.certificates.layouts.ink import Ink, number, rgb
from trainhub.certificates.layouts.model import Border, Divider, Panel, Rosette, Rule, Seal
from trainhub.certificates.layouts.typeset import POINTS_PER_MM as MM

Place = Callable[[float, float], tuple[float, float]]
"""Millimetres from the top left to points from the bottom left."""

_CONTROL = (0.512286623625222, 1.002313685767898)  # cubic control points of a quarter of a sine


def paper(width: float, height: float) -> tuple[Any, Place]:
    """A canvas of so many millimetres whose operators are taken from it (`_code`), and where on it a place of the layout is."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("background.pdf", pagesize=(width * MM, height * MM), pageCompression=1, invariant=1)
    canvas._code.clear()
    return canvas, lambda x, y: (round(x * MM, 2), round((height - y) * MM, 2))


@lru_cache(maxsize=256)
def ornament(item: Panel | Border | Rosette | Divider | Rule, width: float, height: float) -> str:
    """The operators of an ornament on a page of so many millimetres: the same whatever stands beside it, and thousands of numbers."""
    canvas, place = paper(width, height)
    match item:
        case Panel():
            panel(canvas, place, item)
        case Border():
            border(canvas, place, item, width, height)
        case Rosette():
            rosette(canvas, place, item)
        case Divider():
            divider(canvas, place, item)
        case Rule():
            rule(canvas, place, item)
    return "\n".join(canvas._code)


def _color(canvas: Any, stroke: str | None = None, fill: str | None = None) -> None:
    if stroke:
        canvas._code.append(f"{rgb(stroke)} RG")
    if fill:
        canvas._code.append(f"{rgb(fill)} rg")


def rule(canvas: Any, place: Place, item: Rule) -> None:
    """A straight line."""
    _color(canvas, stroke=item.color)
    canvas.setLineWidth(item.width * MM)
    canvas.line(*place(item.x1, item.y1), *place(item.x2, item.y2))


def panel(canvas: Any, place: Place, item: Panel) -> None:
    """A filled rectangle."""
    _color(canvas, fill=item.color)
    left, bottom = place(item.box.x, item.box.y + item.box.h)
    canvas.rect(left, bottom, item.box.w * MM, item.box.h * MM, stroke=0, fill=1)


def _wave(canvas: Any, point: Place, length: float, waves: int, shape: tuple[float, float]) -> None:
    """A sine of so many waves along a side; `shape` is (amplitude, sign of the first half wave)."""
    amplitude, sign = shape
    quarter = length / waves / 4
    unit = quarter / (pi / 2)
    path = canvas.beginPath()
    path.moveTo(*point(0, 0))
    at = 0.0
    for _ in range(waves):
        for half in (1, -1):
            top = amplitude * sign * half
            c1, c2 = _CONTROL
            path.curveTo(*point(at + c1 * unit, top * c1), *point(at + c2 * unit, top), *point(at + quarter, top))
            peak = at + quarter
            path.curveTo(
                *point(peak + quarter - c2 * unit, top),
                *point(peak + quarter - c1 * unit, top * c1),
                *point(peak + quarter, 0),
            )
            at = peak + quarter
    canvas.drawPath(path)


def _closed(canvas: Any, place: Place, centre: tuple[float, float], radius: Callable[[float], float], points: int) -> None:
    """A smooth closed curve given in polar form, through so many points (Catmull-Rom as cubics)."""
    corners = [
        place(centre[0] + radius(angle) * cos(angle), centre[1] + radius(angle) * sin(angle))
        for angle in (2 * pi * step / points for step in range(points))
    ]
    path = canvas.beginPath()
    path.moveTo(*corners[0])
    for step in range(points):
        before, here, there, after = (corners[(step + shift) % points] for shift in (-1, 0, 1, 2))
        path.curveTo(
            round(here[0] + (there[0] - before[0]) / 6, 2),
            round(here[1] + (there[1] - before[1]) / 6, 2),
            round(there[0] - (after[0] - here[0]) / 6, 2),
            round(there[1] - (after[1] - here[1]) / 6, 2),
            *there,
        )
    path.close()
    canvas.drawPath(path)


def _petals(radius: float, mean: float, swing: float, wave: tuple[int, float]) -> Callable[[float], float]:
    """A radius that swings around its mean; `wave` is (petals, phase)."""
    petals, phase = wave
    return lambda angle: radius * (mean + swing * cos(petals * angle + phase))


def _corner(canvas: Any, place: Place, x: float, y: float, half: float, item: Border) -> None:
    """A small rosette in a square, where two bands meet."""
    _color(canvas, stroke=item.color, fill="#ffffff")
    canvas.setLineWidth(0.25 * MM)
    left, bottom = place(x - half, y + half)
    canvas.rect(left, bottom, 2 * half * MM, 2 * half * MM, stroke=1, fill=1)
    canvas.setLineWidth(0.11 * MM)
    for turn in range(4):
        _closed(canvas, place, (x, y), _petals(half, 0.56, 0.26, (4, turn * pi / 2)), 32)
    canvas.circle(*place(x, y), half * 0.2 * MM, stroke=1, fill=0)


def border(canvas: Any, place: Place, item: Border, width: float, height: float) -> None:
    """Two rules with a woven band between them, a hairline inside, a rosette in each corner."""
    outer, inner = item.inset, item.inset + item.band + 1.2
    for inset, thickness in ((outer, 0.75), (inner, 0.3), (inner + 1.3, 0.12)):
        _color(canvas, stroke=item.color)
        canvas.setLineWidth(thickness * MM)
        left, bottom = place(inset, height - inset)
        canvas.rect(left, bottom, (width - 2 * inset) * MM, (height - 2 * inset) * MM, stroke=1, fill=0)
    middle = item.inset + (item.band + 1.2) / 2
    half = item.band / 2 + 0.6
    long, tall = width - 2 * (middle + half), height - 2 * (middle + half)
    start = middle + half
    sides: tuple[tuple[float, Callable[[float, float], tuple[float, float]]], ...] = (
        (long, lambda s, d: place(start + s, middle + d)),
        (long, lambda s, d: place(start + s, height - middle - d)),
        (tall, lambda s, d: place(middle + d, start + s)),
        (tall, lambda s, d: place(width - middle - d, start + s)),
    )
    canvas.setLineWidth(0.13 * MM)
    for length, point in sides:
        waves = round(length / 11)
        for color, amplitude, factor in ((item.light, 0.4, 1), (item.light, 0.22, 2), (item.color, 0.31, 1)):
            _color(canvas, stroke=color)
            for sign in (1.0, -1.0):
                _wave(canvas, point, length, waves * factor, (amplitude * item.band, sign))
    for x in (middle, width - middle):
        for y in (middle, height - middle):
            _corner(canvas, place, x, y, half, item)


def rosette(canvas: Any, place: Place, item: Rosette) -> None:
    """A pale guilloche: the same petal curve turned and scaled a few times."""
    _color(canvas, stroke=item.color)
    canvas.setLineWidth(0.16 * MM)
    for ring, petals in ((1.0, 24), (0.66, 18), (0.36, 12)):
        for turn in range(5):
            curve = _petals(item.radius * ring, 0.86, 0.14, (petals, turn * 2 * pi / 5))
            _closed(canvas, place, (item.x, item.y), curve, petals * 4)


def divider(canvas: Any, place: Place, item: Divider) -> None:
    """A lozenge between two rules."""
    _color(canvas, stroke=item.color, fill=item.color)
    canvas.setLineWidth(0.2 * MM)
    half = item.width / 2
    canvas.line(*place(item.x - half, item.y), *place(item.x - 4, item.y))
    canvas.line(*place(item.x + 4, item.y), *place(item.x + half, item.y))
    for offset, size in ((0.0, 1.3), (-2.7, 0.55), (2.7, 0.55)):
        path = canvas.beginPath()
        path.moveTo(*place(item.x + offset - size, item.y))
        for dx, dy in ((0, -size), (size, 0), (0, size)):
            path.lineTo(*place(item.x + offset + dx, item.y + dy))
        path.close()
        canvas.drawPath(path, stroke=0, fill=1)


def seal(canvas: Any, place: Place, item: Seal, ink: Ink, text: str) -> None:
    """A round seal: ring, five-pointed star, the text clockwise along the upper arc, a line below the star.

    Long texts are set closer and narrower, so that the arc never closes below.
    """
    _color(canvas, stroke=item.color, fill=item.color)
    centre = place(item.x, item.y)
    canvas.setLineWidth(item.radius * 0.055 * MM)
    canvas.circle(*centre, item.radius * MM, stroke=1, fill=0)
    canvas.setLineWidth(item.radius * 0.012 * MM)
    canvas.circle(*centre, item.radius * 0.93 * MM, stroke=1, fill=0)
    path = canvas.beginPath()
    for tip in range(10):
        reach = item.radius * (0.32 if tip % 2 == 0 else 0.32 * 0.381966)
        angle = pi / 2 + tip * pi / 5
        corner = (centre[0] + reach * MM * cos(angle), centre[1] + reach * MM * sin(angle))
        (path.lineTo if tip else path.moveTo)(*corner)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)
    if text:
        span = min(212.0, 21.0 * len(text))
        step = span / len(text)
        height = item.radius * 0.27 * MM
        room = radians(step) * item.radius * 0.72 * MM * 0.94
        narrow = min(0.82, room / height)
        base = item.radius * 0.635 * MM
        for index, char in enumerate(text):
            tilt = radians(span / 2 - step * (index + 0.5))
            right, up = (cos(tilt), sin(tilt)), (-sin(tilt), cos(tilt))
            foot = height * narrow / 2
            x = centre[0] + up[0] * base - right[0] * foot
            y = centre[1] + up[1] * base - right[1] * foot
            matrix = (right[0] * narrow, right[1] * narrow, up[0], up[1])
            turned = " ".join(f"{value:.4f}" for value in matrix)
            canvas._code.append(f"BT {turned} {number(x)} {number(y)} Tm{ink.show(char, 'serif-bold', height)} ET")
    if item.line:
        size = item.radius * 0.17 * MM
        tracking = size * 0.08
        width = size * len(item.line) + tracking * (len(item.line) - 1)
        x, y = centre[0] - width / 2, centre[1] - item.radius * 0.56 * MM
        shown = ink.show(item.line, "serif-bold", size)
        canvas._code.append(f"BT {number(tracking)} Tc {number(x)} {number(y)} Td{shown} 0 Tc ET")
