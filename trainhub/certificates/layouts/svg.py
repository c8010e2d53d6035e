"""A page as SVG, for previews in a browser: the operators that the PDF holds, one by one, with the outlines of the same glyphs.

So a preview shows what will be printed, whatever fonts the reader's device has. Only the operators that `drawing` and `art` write
are known; anything else raises, so that a preview never lies by leaving something out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import Any

from trainhub.certificates.layouts import qr
from trainhub.certificates.layouts.drawing import Press, common_facts
from trainhub.certificates.layouts.filling import Facts
from trainhub.certificates.layouts.model import Layout, Qr
from trainhub.certificates.layouts.pictures import Picture
from trainhub.certificates.layouts.typeset import POINTS_PER_MM
from trainhub.kernel.fonts import Font

_TOKEN = re.compile(r"<[0-9A-Fa-f]*>|/[A-Za-z0-9]+|\[[^\]]*\]|[-+]?[0-9]*\.?[0-9]+|[A-Za-z][A-Za-z]?\*?")
_SAMPLE = "/V/000000000000000000/000000000000"


class _Pen:
    """Takes an outline down as an SVG path; y stays upward, the group around it turns it over."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the names of a FontTools pen
        self.parts.append(f"M{point[0]:.0f} {point[1]:.0f}")

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append(f"L{point[0]:.0f} {point[1]:.0f}")

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("Q" + " ".join(f"{x:.0f} {y:.0f}" for x, y in points))

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("C" + " ".join(f"{x:.0f} {y:.0f}" for x, y in points))

    def closePath(self) -> None:  # noqa: N802
        self.parts.append("Z")


@lru_cache(maxsize=4096)
def _outline(font: Font, char: str) -> str:
    import uharfbuzz as hb

    pen = _Pen()
    hb.Font(font.face).draw_glyph_with_pen(font.glyph(char)[0], pen)
    return "".join(pen.parts)


class _Machine:
    """Runs operators and collects SVG elements."""

    def __init__(self, fonts: dict[str, tuple[Font, str]], pictures: dict[str, Picture]) -> None:
        self.fonts = fonts
        self.pictures = pictures
        self.out: list[str] = []
        self.used: dict[tuple[Font, str], str] = {}
        self.state: dict[str, Any] = {"stroke": "#000000", "fill": "#000000", "width": 1.0}
        self.kept: list[dict[str, Any]] = []
        self.path: list[str] = []
        self.matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        self.font, self.size, self.spacing = "", 1.0, 0.0

    def run(self, code: str) -> None:
        stack: list[str] = []
        for token in _TOKEN.findall(code):
            if token[0] in "<[/" or token[0].isdigit() or token[0] in "-+.":
                stack.append(token)
                continue
            self._operator(token, stack)
            stack.clear()

    def _operator(self, name: str, given: list[str]) -> None:
        if name in ("m", "l", "c", "re", "h"):
            self._build(name, [float(one) for one in given])
        elif name.rstrip("*") in ("S", "f", "F", "B", "b", "s", "n"):
            self._paint(name)
        elif name in ("RG", "rg"):
            color = "#" + "".join(f"{round(float(one) * 255):02x}" for one in given)
            self.state["stroke" if name == "RG" else "fill"] = color
        elif name == "w":
            self.state["width"] = float(given[0])
        elif name == "q":
            self.kept.append(dict(self.state))
        elif name == "Q":
            self.state = self.kept.pop()
        elif name in ("BT", "Td", "Tm", "Tf", "Tc", "Tj", "ET"):
            self._text(name, given)
        elif name == "cm":
            a, b, c, d, e, f = map(float, given)
            self.state["matrix"] = (a, b, c, d, e, f)
        elif name == "Do" and given[0][1:] in self.pictures:
            self._show_picture(given[0][1:])
        elif name not in ("j", "J", "M", "d", "Do"):
            raise ValueError(f"unknown operator {name}")

    def _show_picture(self, name: str) -> None:
        w, _b, _c, h, x, y = self.state["matrix"]
        place = f"{w / 100:.4f} 0 0 {-h / 100:.4f} {x:.2f} {y + h:.2f}"
        image = f'<image href="{escape(self.pictures[name].uri)}" width="100" height="100" preserveAspectRatio="none"'
        self.out.append(f'{image} transform="matrix({place})"/>')

    def _build(self, name: str, at: list[float]) -> None:
        if name == "re":
            x, y, w, h = at
            self.path.append(f"M{x:g} {y:g}h{w:g}v{h:g}h{-w:g}Z")
        elif name == "h":
            self.path.append("Z")
        else:
            self.path.append({"m": "M", "l": "L", "c": "C"}[name] + " ".join(f"{one:g}" for one in at))

    def _paint(self, name: str) -> None:
        rule = ' fill-rule="evenodd"' if name.endswith("*") else ""
        name = name.rstrip("*")
        fill = self.state["fill"] if name not in ("S", "s", "n") else "none"
        stroke = self.state["stroke"] if name in ("S", "s", "B", "b") else "none"
        if name in ("s", "b"):
            self.path.append("Z")
        if self.path and name != "n":
            width = f' stroke="{stroke}" stroke-width="{self.state["width"]:g}"' if stroke != "none" else ""
            self.out.append(f'<path d="{"".join(self.path)}" fill="{fill}"{rule}{width}/>')
        self.path.clear()

    def _text(self, name: str, given: list[str]) -> None:
        if name == "BT":
            self.matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        elif name == "Td":
            self.matrix = (*self.matrix[:4], float(given[0]), float(given[1]))
        elif name == "Tm":
            a, b, c, d, e, f = map(float, given)
            self.matrix = (a, b, c, d, e, f)
        elif name == "Tf":
            self.font, self.size = given[0][1:], float(given[1])
        elif name == "Tc":
            self.spacing = float(given[0])
        elif name == "Tj":
            self._show(given[0][1:-1])

    def _show(self, codes: str) -> None:
        font, chars = self.fonts[self.font]
        a, b, c, d, e, f = self.matrix
        scale = self.size / font.face.upem
        shift = 0.0
        for at in range(0, len(codes), 4):
            char = chars[int(codes[at : at + 4], 16) - 1]
            key = self.used.setdefault((font, char), f"g{len(self.used)}")
            x, y = e + a * shift, f + b * shift
            if not char.isspace():
                place = f"{a * scale:.5g} {b * scale:.5g} {c * scale:.5g} {d * scale:.5g} {x:.2f} {y:.2f}"
                self.out.append(f'<use href="#{key}" fill="{self.state["fill"]}" transform="matrix({place})"/>')
            shift += font.glyph(char)[1] / 1000 * self.size + self.spacing
        self.matrix = (a, b, c, d, e + a * shift, f + b * shift)


def _symbol(layout: Layout, item: Qr, text: str) -> str:
    """The QR code as one path of squares."""
    coder = qr.fitting(text, item.level)
    rows = coder.image(text)
    stride = coder.stride
    unit = item.box.w * POINTS_PER_MM / coder.size
    left, top = item.box.x * POINTS_PER_MM, (layout.height - item.box.y) * POINTS_PER_MM
    squares = [
        f"M{left + x * unit:.2f} {top - (y + 1) * unit:.2f}h{unit:.2f}v{unit:.2f}h{-unit:.2f}Z"
        for y in range(coder.size)
        for x in range(coder.size)
        if rows[y * stride + (x >> 3)] & (0x80 >> (x & 7))
    ]
    return f'<path d="{"".join(squares)}" fill="#{int(item.color[1:7], 16):06x}"/>'


def svg(layout: Layout, facts: Facts, *, base_url: str, bleed: float = 0) -> str:
    """The page with these facts, whole in one SVG; a missing fact shows as it would in print.

    With a `bleed` in millimetres the paper beyond the page is shown too, and the line along which it is trimmed.
    """
    press = Press(layout, common_facts(layout, facts), base_url=base_url)
    below, above, fonts = press.operators(facts)
    machine = _Machine(fonts, dict(press.background.pictures))
    machine.run(below)
    machine.run(above)
    held, code = facts.get("number", ""), facts.get("code", "")
    text = press.base_url + (f"/V/{held}/{code}" if held and code and held.isdigit() else _SAMPLE)
    symbols = "".join(_symbol(layout, one, text) for one in layout.elements if isinstance(one, Qr))
    glyphs = "".join(f'<path id="{key}" d="{_outline(font, char)}"/>' for (font, char), key in machine.used.items())
    width, height = layout.width * POINTS_PER_MM, layout.height * POINTS_PER_MM
    out = bleed * POINTS_PER_MM
    trim = f'<rect width="{width:.2f}" height="{height:.2f}" fill="none" stroke="#c3272b" stroke-width="0.6" stroke-dasharray="6 4"/>' if out else ""
    paper = f'<rect x="{-out:.2f}" y="{-out:.2f}" width="{width + 2 * out:.2f}" height="{height + 2 * out:.2f}" fill="#fff"/>'
    box = f"0 0 {width:.2f} {height:.2f}" if not out else f"{-out:.2f} {-out:.2f} {width + 2 * out:.2f} {height + 2 * out:.2f}"
    title = escape(f"{layout.title} {facts.get('name', '')}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{title}">'
        f"<defs>{glyphs}</defs>{paper}"
        f'<g transform="matrix(1 0 0 -1 0 {height:.2f})">{"".join(machine.out)}{symbols}</g>{trim}</svg>'
    )
