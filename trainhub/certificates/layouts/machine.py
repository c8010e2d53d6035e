"""Runs the operators that a page of ours holds, so that previews show what will be printed, whatever fonts a reader's device has.

Only the operators that `drawing` and `art` write are known; anything else raises: a preview never lies by leaving something out.
What is done with shapes, glyphs and pictures is left to a subclass (`svg`, `png`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from trainhub.certificates.layouts.pictures import Picture
from trainhub.kernel.fonts import Font

Matrix = tuple[float, float, float, float, float, float]
Step = tuple[str, tuple[float, ...]]
"""One step of a path: M, L, C or Z with its coordinates in points."""
_TOKEN = re.compile(r"<[0-9A-Fa-f]*>|/[A-Za-z0-9]+|\[[^\]]*\]|[-+]?[0-9]*\.?[0-9]+|[A-Za-z][A-Za-z]?\*?")
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Pen:
    """Takes an outline down step by step (Q for the curves of TrueType); y stays upward."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the names of a FontTools pen
        self.steps.append(("M", point))

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self.steps.append(("L", point))

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.steps.append(("Q", tuple(value for point in points for value in point)))

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.steps.append(("C", tuple(value for point in points for value in point)))

    def closePath(self) -> None:  # noqa: N802
        self.steps.append(("Z", ()))


@lru_cache(maxsize=4096)
def outline(font: Font, char: str) -> tuple[Step, ...]:
    """The outline of a character's glyph in units of its font."""
    import uharfbuzz as hb

    pen = Pen()
    hb.Font(font.face).draw_glyph_with_pen(font.glyph(char)[0], pen)
    return tuple(pen.steps)


class Machine:
    """The state of a content stream: colours, line width, path, text matrix. Subclasses show what it comes to."""

    def __init__(self, fonts: dict[str, tuple[Font, str]], pictures: dict[str, Picture]) -> None:
        self.fonts = fonts
        self.pictures = pictures
        self.state: dict[str, Any] = {"stroke": "#000000", "fill": "#000000", "width": 1.0, "matrix": _SAME}
        self._kept: list[dict[str, Any]] = []
        self._path: list[Step] = []
        self._matrix: Matrix = _SAME
        self._font, self._size, self._spacing = "", 1.0, 0.0

    # -- what subclasses do ---------------------------------------------------------------------------------------------

    def shape(self, path: list[Step], *, fill: str, stroke: str, width: float, is_even_odd: bool) -> None:
        """Show a path; an empty colour: not filled, not stroked."""
        raise NotImplementedError

    def glyph(self, font: Font, char: str, matrix: Matrix, fill: str) -> None:
        """Show a character whose font units the matrix maps to points."""
        raise NotImplementedError

    def picture(self, picture: Picture, matrix: Matrix) -> None:
        """Show a picture on the unit square of the matrix."""
        raise NotImplementedError

    # -- operators ------------------------------------------------------------------------------------------------------

    def run(self, code: str) -> None:
        """Run a content stream."""
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
            self._kept.append(dict(self.state))
        elif name == "Q":
            self.state = self._kept.pop()
        elif name == "cm":
            a, b, c, d, e, f = map(float, given)
            self.state["matrix"] = (a, b, c, d, e, f)
        elif name == "Do" and given[0][1:] in self.pictures:
            self.picture(self.pictures[given[0][1:]], self.state["matrix"])
        elif name in ("BT", "Td", "Tm", "Tf", "Tc", "Tj", "ET"):
            self._text(name, given)
        elif name not in ("j", "J", "M", "d", "Do"):
            raise ValueError(f"unknown operator {name}")

    def _build(self, name: str, at: list[float]) -> None:
        if name == "re":
            x, y, w, h = at
            self._path += [("M", (x, y)), ("L", (x + w, y)), ("L", (x + w, y + h)), ("L", (x, y + h)), ("Z", ())]
        elif name == "h":
            self._path.append(("Z", ()))
        else:
            self._path.append(({"m": "M", "l": "L", "c": "C"}[name], tuple(at)))

    def _paint(self, name: str) -> None:
        is_even_odd = name.endswith("*")
        name = name.rstrip("*")
        if name in ("s", "b"):
            self._path.append(("Z", ()))
        if self._path and name != "n":
            fill = self.state["fill"] if name not in ("S", "s") else ""
            stroke = self.state["stroke"] if name in ("S", "s", "B", "b") else ""
            self.shape(self._path, fill=fill, stroke=stroke, width=self.state["width"], is_even_odd=is_even_odd)
        self._path = []

    def _text(self, name: str, given: list[str]) -> None:
        if name == "BT":
            self._matrix = _SAME
        elif name == "Td":
            self._matrix = (*self._matrix[:4], float(given[0]), float(given[1]))
        elif name == "Tm":
            a, b, c, d, e, f = map(float, given)
            self._matrix = (a, b, c, d, e, f)
        elif name == "Tf":
            self._font, self._size = given[0][1:], float(given[1])
        elif name == "Tc":
            self._spacing = float(given[0])
        elif name == "Tj":
            self._show(given[0][1:-1])

    def _show(self, codes: str) -> None:
        font, chars = self.fonts[self._font]
        a, b, c, d, e, f = self._matrix
        scale = self._size / font.face.upem
        shift = 0.0
        for at in range(0, len(codes), 4):
            char = chars[int(codes[at : at + 4], 16) - 1]
            if not char.isspace():
                place = (a * scale, b * scale, c * scale, d * scale, e + a * shift, f + b * shift)
                self.glyph(font, char, place, self.state["fill"])
            shift += font.glyph(char)[1] / 1000 * self._size + self._spacing
        self._matrix = (a, b, c, d, e + a * shift, f + b * shift)
