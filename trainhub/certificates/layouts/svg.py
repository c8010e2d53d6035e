"""A page as SVG, for previews in a browser: what the PDF holds, with the outlines of the same glyphs."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from trainhub.certificates.layouts import qr
from trainhub.certificates.layouts.drawing import Press, common_facts
from trainhub.certificates.layouts.filling import Facts
from trainhub.certificates.layouts.machine import Machine, Matrix, Step, outline
from trainhub.certificates.layouts.model import Layout, Qr
from trainhub.certificates.layouts.pictures import Picture
from trainhub.certificates.layouts.typeset import POINTS_PER_MM
from trainhub.kernel.fonts import Font

_SAMPLE = "/V/000000000000000000/000000000000"


@lru_cache(maxsize=4096)
def _drawn(font: Font, char: str) -> str:
    return "".join(name + " ".join(f"{value:.0f}" for value in at) for name, at in outline(font, char))


class _Paper(Machine):
    """Collects SVG elements."""

    def __init__(self, fonts: dict[str, tuple[Font, str]], pictures: dict[str, Picture]) -> None:
        super().__init__(fonts, pictures)
        self.out: list[str] = []
        self.used: dict[tuple[Font, str], str] = {}

    def shape(self, path: list[Step], *, fill: str, stroke: str, width: float, is_even_odd: bool) -> None:
        rule = ' fill-rule="evenodd"' if is_even_odd else ""
        line = f' stroke="{stroke}" stroke-width="{width:g}"' if stroke else ""
        drawn = "".join(name + " ".join(f"{value:g}" for value in at) for name, at in path)
        self.out.append(f'<path d="{drawn}" fill="{fill or "none"}"{rule}{line}/>')

    def glyph(self, font: Font, char: str, matrix: Matrix, fill: str) -> None:
        key = self.used.setdefault((font, char), f"g{len(self.used)}")
        a, b, c, d, e, f = matrix
        place = f"{a:.5g} {b:.5g} {c:.5g} {d:.5g} {e:.2f} {f:.2f}"
        self.out.append(f'<use href="#{key}" fill="{fill}" transform="matrix({place})"/>')

    def picture(self, picture: Picture, matrix: Matrix) -> None:
        w, _b, _c, h, x, y = matrix
        place = f"{w / 100:.4f} 0 0 {-h / 100:.4f} {x:.2f} {y + h:.2f}"
        image = f'<image href="{escape(picture.uri)}" width="100" height="100" preserveAspectRatio="none"'
        self.out.append(f'{image} transform="matrix({place})"/>')


def squares(layout: Layout, item: Qr, text: str) -> list[tuple[float, float, float]]:
    """(left, bottom, side) in points of the dark modules of a QR code."""
    coder = qr.fitting(text, item.level)
    rows = coder.image(text)
    unit = item.box.w * POINTS_PER_MM / coder.size
    left, top = item.box.x * POINTS_PER_MM, (layout.height - item.box.y) * POINTS_PER_MM
    return [
        (left + x * unit, top - (y + 1) * unit, unit)
        for y in range(coder.size)
        for x in range(coder.size)
        if rows[y * coder.stride + (x >> 3)] & (0x80 >> (x & 7))
    ]


def address_on(press: Press, facts: Facts) -> str:
    """What the QR code of a preview says: the certificate's address, or one of the same length that leads nowhere."""
    held, code = facts.get("number", ""), facts.get("code", "")
    return press.base_url + (f"/V/{held}/{code}" if held.isdigit() and code.isalnum() else _SAMPLE)


def _symbol(layout: Layout, item: Qr, text: str) -> str:
    """The QR code as one path of squares."""
    path = "".join(f"M{x:.2f} {y:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}Z" for x, y, side in squares(layout, item, text))
    return f'<path d="{path}" fill="#{int(item.color[1:7], 16):06x}"/>'


def svg(layout: Layout, facts: Facts, *, base_url: str, bleed: float = 0) -> str:
    """The page with these facts, whole in one SVG; a missing fact shows as it would in print, a text that is cut stands in a red frame.

    With a `bleed` in millimetres the paper beyond the page is shown too, and the line along which it is trimmed.
    """
    press = Press(layout, common_facts(layout, facts), base_url=base_url, has_cut_marks=True)
    below, above, fonts = press.operators(facts)
    paper = _Paper(fonts, dict(press.background.pictures))
    paper.run(below)
    paper.run(above)
    text = address_on(press, facts)
    symbols = "".join(_symbol(layout, one, text) for one in layout.elements if isinstance(one, Qr))
    glyphs = "".join(f'<path id="{key}" d="{_drawn(font, char)}"/>' for (font, char), key in paper.used.items())
    width, height, out = layout.width * POINTS_PER_MM, layout.height * POINTS_PER_MM, bleed * POINTS_PER_MM
    trim = f'<rect width="{width:.2f}" height="{height:.2f}" fill="none" stroke="#c3272b" stroke-width="0.6" stroke-dasharray="6 4"/>' if out else ""
    sheet = f"{-out:.2f} {-out:.2f} {width + 2 * out:.2f} {height + 2 * out:.2f}" if out else f"0 0 {width:.2f} {height:.2f}"
    x, y, w, h = sheet.split()
    title = escape(f"{layout.title} {facts.get('name', '')}".strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{sheet}" role="img" aria-label="{title}">'
        f'<defs>{glyphs}</defs><rect x="{x}" y="{y}" width="{w}" height="{h}" fill="#fff"/>'
        f'<g transform="matrix(1 0 0 -1 0 {height:.2f})">{"".join(paper.out)}{symbols}</g>{trim}</svg>'
    )
