"""Certificates as PDF: `render(layout, facts) -> bytes`, and `Press` for files of many pages.

A missing fact shows on the page instead of an error, so that a draft can be looked at; a text that does
not fit at its smallest size is cut and reported; what is handed out is drawn with `is_whole`, which gives such a text no page. Fixed text and ornaments are one Form XObject with font subsets of
their own, cached in the process; a page holds its own texts and the QR code as an inline 1-bit image.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

from trainhub.certificates.layouts import art, qr
from trainhub.certificates.layouts.document import Attached, Book
from trainhub.certificates.layouts.filling import Facts, fill, gaps, hangs_on_facts, worded
from trainhub.certificates.layouts.ink import Ink, Program, number, program, rgb
from trainhub.certificates.layouts.model import (
    ALWAYS,
    FIELD,
    Border,
    Box,
    Divider,
    Field,
    Image,
    Layout,
    Panel,
    Qr,
    Rosette,
    Rule,
    Seal,
    Signature,
    Text,
)
from trainhub.certificates.layouts.pictures import Picture
from trainhub.certificates.layouts.sheet import PLAIN, Sheet, marks
from trainhub.certificates.layouts.typeset import POINTS_PER_MM, fit
from trainhub.kernel.fonts import Font, font_of, text_font

_REMEMBERED = 4096


@dataclass(frozen=True)
class PageReport:
    """What a person should know about a page: fields without a fact, and fields too long for their boxes with the characters too many."""

    missing: tuple[str, ...] = ()
    cut: tuple[tuple[str, int], ...] = ()

    @property
    def overflows(self) -> tuple[str, ...]:
        """The fields that had to be cut."""
        return tuple(name for name, _lost in self.cut)


_CUT = "0.76 0.15 0.17 RG"
"""The colour of the frame that marks a cut text in a preview."""


class _Widths(dict[str, float]):
    """Advance of a character at 1 point, by character, for one style."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style = style

    def __missing__(self, char: str) -> float:
        font = font_of(char, self.style) or text_font(self.style)
        width = self[char] = font.glyph(char)[1] / 1000
        return width

    def of(self, text: str) -> float:
        """The width of a text."""
        return sum(map(self.__getitem__, text))


@lru_cache(maxsize=8)
def _widths(style: str) -> _Widths:
    return _Widths(style)


def widths_of(style: str) -> Callable[[str], float]:
    """The width of a text at 1 point in a style."""
    return _widths(style).of


def set_text(item: Text, text: str, ink: Ink, page_height: float, *, has_marks: bool = False) -> tuple[str, int]:
    """The operators that draw a text in its box, and how many characters did not fit; with marks its box is then framed."""
    widths = _widths(item.font)
    fitted = fit(text, item, widths.of)
    size, spacing = fitted.size, fitted.size * item.tracking / 1000
    line_height, first = _baselines(item, size, len(fitted.lines), page_height)
    left, room = item.box.x * POINTS_PER_MM, item.box.w * POINTS_PER_MM
    parts = [f"{rgb(item.color)} rg"]
    for index, line in enumerate(fitted.lines):
        x = left
        if item.align != "left":
            spare = room - widths.of(line) * size - spacing * max(0, len(line) - 1)
            x += spare / 2 if item.align == "center" else spare
        y = number(first - index * line_height)
        shown = ink.show(line, item.font, size)
        if spacing:
            parts.append(f"BT {number(spacing)} Tc {number(x)} {y} Td{shown} 0 Tc ET")
        else:
            parts.append(f"BT {number(x)} {y} Td{shown} ET")
    if fitted.lost and has_marks:
        box = item.box
        at = (box.x, page_height - box.y - box.h, box.w, box.h)
        parts.append(f"q {_CUT} 1 w {' '.join(number(value * POINTS_PER_MM) for value in at)} re S Q")
    return "\n".join(parts), fitted.lost


def _note_cut(cut: dict[str, int], item: Text, lost: int) -> None:
    """Remember the fields of a text that lost characters, each with the most it lost."""
    for name in FIELD.findall(item.text) if lost else ():
        cut[name] = max(lost, cut.get(name, 0))


@lru_cache(maxsize=1024)
def _baselines(item: Text, size: float, lines: int, page_height: float) -> tuple[float, float]:
    """(distance between lines, first baseline) in points of a text of so many lines in its box."""
    line_height = size * item.leading
    spare = item.box.h * POINTS_PER_MM - line_height * (lines - 1) - size
    above = {"top": 0.0, "middle": spare / 2, "bottom": spare}[item.valign]
    return line_height, (page_height - item.box.y) * POINTS_PER_MM - above - size * 0.88


def picture_in(box: Box, held: Picture, page_height: float, resource: str) -> str:
    """The operators that show a picture as large as its box allows, in its middle, undistorted."""
    w = min(box.w, box.h * held.ratio)
    h = w / held.ratio
    x, y = box.x + (box.w - w) / 2, page_height - box.y - (box.h + h) / 2
    wide, high, left, low = (number(value * POINTS_PER_MM) for value in (w, h, x, y))
    return f"q {wide} 0 0 {high} {left} {low} cm /{resource} Do Q"


def signature_labels(item: Signature) -> list[Text]:
    """The words under a place to sign, in their boxes: one line for each language, at the foot of its box."""
    label_h = 4.4 if item.label_en else 4.8
    top = item.box.y + item.box.h - (label_h * 2 if item.label_en else label_h)
    lines = [(item.label, 9.0), (item.label_en, 7.5)]
    return [
        Text(words, Box(item.box.x, top + index * label_h, item.box.w, label_h), size=size, min_size=5, color=item.color)
        for index, (words, size) in enumerate(lines)
        if words
    ]


def signature(item: Signature, layout: Layout, ink: Ink, resource: str) -> str:
    """The operators of a place to sign: the lower part of the box holds the labels, the line runs above them."""
    line_y = item.box.y + item.box.h - (8.8 if item.label_en else 4.8) - 1
    room = Box(item.box.x, item.box.y, item.box.w, max(1.0, line_y - item.box.y - 0.6))
    left, right = number(item.box.x * POINTS_PER_MM), number((item.box.x + item.box.w) * POINTS_PER_MM)
    y = number((layout.height - line_y) * POINTS_PER_MM)
    parts = [f"{rgb(item.color)} RG {number(0.18 * POINTS_PER_MM)} w {left} {y} m {right} {y} l S"]
    if resource:
        parts.append(picture_in(room, layout.images[item.image], layout.height, resource))
    parts += [set_text(words, words.text, ink, layout.height)[0] for words in signature_labels(item)]
    return "\n".join(parts)


@dataclass(frozen=True)
class Background:
    """What all pages of a file share: a content stream and the fonts it uses."""

    code: str
    faces: tuple[tuple[str, Font, str], ...]
    report: PageReport
    pictures: tuple[tuple[str, Picture], ...] = ()

    @cached_property
    def stream(self) -> bytes:
        """What is drawn, deflated: by the first file that holds it, and by no preview."""
        return zlib.compress(self.code.encode("latin-1"), 9)

    @property
    def fonts(self) -> tuple[tuple[str, Program], ...]:
        """The subsets to embed, by the name they have in the stream."""
        return tuple((name, program(font, chars)) for name, font, chars in self.faces)


@lru_cache(maxsize=32)
def background(layout: Layout, common: tuple[tuple[str, str], ...], sheet: Sheet = PLAIN, *, has_cut_marks: bool = False) -> Background:
    """Draw everything that is the same on all pages, on a ReportLab canvas; cached for the process.

    For an overprint only the texts with common facts, or that hang on one, are drawn (the issuer): the rest stands on the blank,
    and the seal is put on it by hand.
    """
    facts = dict(common)
    canvas, place = art.paper(layout.width, layout.height)
    ink = Ink("A")
    missing: list[str] = []
    cut: dict[str, int] = {}
    shown: dict[str, str] = {}

    for item in layout.elements:
        if sheet.is_overprint and not (isinstance(item, Text) and hangs_on_facts(item)):
            continue
        canvas._code.append("q")
        match item:
            case Panel() | Border() | Rosette() | Divider() | Rule():
                canvas._code.append(art.ornament(item, layout.width, layout.height))
            case Image():
                canvas._code.append(
                    picture_in(item.box, layout.images[item.image], layout.height, shown.setdefault(item.image, f"I{len(shown) + 1}"))
                )
            case Signature():
                name = shown.setdefault(item.image, f"I{len(shown) + 1}") if item.image else ""
                canvas._code.append(signature(item, layout, ink, name))
            case Seal():
                text, absent = fill(layout, item.text, facts, "zh")
                missing += absent
                art.seal(canvas, place, item, ink, text)
            case Text() if layout.is_fixed(item) and (said := worded(layout, item, facts))[0]:
                text, missing = said[0], [*missing, *said[1]]
                code, lost = set_text(item, text, ink, layout.height, has_marks=has_cut_marks)
                _note_cut(cut, item, lost)
                canvas._code.append(code)
        canvas._code.append("Q")
    if sheet.has_marks:
        canvas._code.append(f"q {marks(sheet, layout.width, layout.height)} Q")
    faces = tuple((face.resource, face.font, face.chars) for face in ink.typefaces.values())
    pictures = tuple((resource, layout.images[name]) for name, resource in shown.items())
    return Background("\n".join(canvas._code), faces, PageReport(tuple(missing), tuple(cut.items())), pictures)


class Press:
    """Draws pages of one layout into one file.

    `common` are the facts that are the same on all pages (issuer and the like); `base_url` is where certificates are
    verified. Add pages with `add`, then take the bytes with `finish`, once. Equal input gives equal bytes. For previews:
    `has_cut_marks` frames the texts that had to be cut.
    """

    def __init__(
        self,
        layout: Layout,
        common: Facts | None = None,
        *,
        base_url: str,
        level: int = 9,
        is_sealed: bool = False,
        sheet: Sheet = PLAIN,
        has_cut_marks: bool = False,
    ) -> None:
        self.layout = layout
        self._has_cut_marks = has_cut_marks
        self._common = tuple(sorted((name, value) for name, value in (common or {}).items() if value))
        self._facts = dict(self._common)
        self.background = background(layout, self._common, sheet, has_cut_marks=has_cut_marks)
        self.base_url = base_url.rstrip("/")
        if "/" not in self.base_url.partition("://")[2]:
            # Scheme and host read the same in capitals, and capitals make a smaller, clearer symbol.
            self.base_url = self.base_url.upper()
        self._level = level
        self._ink = Ink("F")
        self._book = Book(layout.title, layout.width, layout.height, is_sealed=is_sealed, sheet=sheet)
        self._drawers = [self._drawer(item) for item in layout.elements if self._is_own(item)]
        self._coders: dict[int, qr.Coder] = {}
        self._good: set[str] = set()
        self.pages = 0

    def _is_own(self, item: object) -> bool:
        return isinstance(item, Qr) or (isinstance(item, Text) and not self.layout.is_fixed(item))

    def _drawer(self, item: object) -> Callable[[Facts, list[str], dict[str, int]], bytes]:
        if isinstance(item, Qr):
            return partial(self._draw_qr, item)
        assert isinstance(item, Text)
        names = set(FIELD.findall(item.text))
        unique = bool(names & set(ALWAYS))
        return partial(self._draw_text, item, None if unique else {})

    def _draw_text(
        self,
        item: Text,
        drawn: dict[str, tuple[bytes, int]] | None,
        facts: Facts,
        missing: list[str],
        cut: dict[str, int],
    ) -> bytes:
        text, absent = worded(self.layout, item, facts)
        if not text:
            return b""
        missing += absent
        known = drawn.get(text) if drawn is not None else None
        if known is None:
            code, lost = set_text(item, text, self._ink, self.layout.height, has_marks=self._has_cut_marks)
            known = (code.encode("ascii"), lost)
            if drawn is not None and len(drawn) < _REMEMBERED:
                drawn[text] = known
        if known[1]:
            _note_cut(cut, item, known[1])
        return known[0]

    def _draw_qr(self, item: Qr, facts: Facts, _missing: list[str], _cut: dict[str, int]) -> bytes:
        held, code = facts.get("number", ""), facts.get("code", "")
        if not held or not code:
            return b""
        text = f"{self.base_url}/V/{held}/{code}"
        coder = self._coders.get(len(text))
        if coder is None or not qr.is_alphanumeric(text):
            coder = self._coders[len(text)] = qr.fitting(text, item.level)
        image = coder.image(text)
        if b"EI" in image:
            # Some readers look for this word instead of counting bytes.
            data, encoding = image.hex().upper().encode("ascii") + b">", b"/F/AHx"
        else:
            data, encoding = image, b""
        box = item.box
        x, y = number(box.x * POINTS_PER_MM), number((self.layout.height - box.y - box.h) * POINTS_PER_MM)
        w, h = number(box.w * POINTS_PER_MM), number(box.h * POINTS_PER_MM)
        head = f"q {rgb(item.color)} rg {w} 0 0 {h} {x} {y} cm BI/W {coder.size}/H {coder.size}/IM true/D[1 0]"
        return b"%b%b ID %b\nEI Q" % (head.encode("ascii"), encoding, data)

    def needs_glyph(self, facts: Facts) -> list[str]:
        """Characters of the facts that no installed font draws: such a certificate waits for a person."""
        chars = set().union(*facts.values()) - self._good
        bad = [char for char in chars if font_of(char) is None]
        self._good |= chars - set(bad)
        return sorted(bad)

    def add(self, facts: Facts, *, is_whole: bool = False) -> PageReport:
        """Draw one page; the report names what is missing and what had to be cut.

        With `is_whole` a page on which something had to be cut is not added to the file.
        """
        if self._facts:
            facts = {**facts, **self._facts}
        missing: list[str] = list(self.background.report.missing)
        cut = dict(self.background.report.cut)
        parts = [b"/B Do"]
        for draw in self._drawers:
            parts.append(draw(facts, missing, cut))
        if not (is_whole and cut):
            self._book.add_page(b"\n".join(parts), self._level)
            self.pages += 1
        return PageReport(tuple(dict.fromkeys(missing)), tuple(cut.items()))

    def operators(self, facts: Facts) -> tuple[str, str, dict[str, tuple[Font, str]]]:
        """(background, page without its QR code, fonts with their characters by name) as PDF operators: for previews."""
        facts = {**facts, **self._facts}
        own = b"\n".join(draw(facts, [], {}) for draw in self._drawers if draw.func != self._draw_qr)  # type: ignore[attr-defined]
        fonts = {name: (font, chars) for name, font, chars in self.background.faces}
        fonts |= {face.resource: (face.font, face.chars) for face in self._ink.typefaces.values()}
        return self.background.code, own.decode("ascii"), fonts

    def finish(self, attach: Attached | None = None) -> bytes:
        """The PDF of all pages added.

        With `attach` (only when `is_sealed`) one of the attachments vouches for the file it lies in.
        """
        fixed = {name: self._book.put_font(font) for name, font in self.background.fonts}
        pictures = {name: self._book.put_picture(one) for name, one in self.background.pictures}
        form = self._book.put_form(self.background.stream, self._book.put_resources(fixed, pictures))
        faces = self._ink.typefaces.values()
        own = {face.resource: self._book.put_font(program(face.font, face.chars)) for face in faces}
        return self._book.finish(own, {"B": form}) if attach is None else self._book.finish_vouched(own, {"B": form}, attach)


def common_facts(layout: Layout, facts: Facts) -> dict[str, str]:
    """Those of the facts that are the same on all pages of a file: issuer and the like."""
    names = {field.name for field in layout.fields if field.common}
    return {name: value for name, value in facts.items() if name in names}


def render(
    layout: Layout,
    facts: Facts,
    *,
    base_url: str = "http://127.0.0.1:8000",
    attach: Attached | None = None,
) -> bytes:
    """The PDF of one certificate. Common facts are taken from `facts` too; a missing fact shows on the page."""
    press = Press(layout, common_facts(layout, facts), base_url=base_url, is_sealed=attach is not None)
    press.add(facts)
    return press.finish(attach)


def missing_facts(layout: Layout, facts: Facts) -> tuple[Field, ...]:
    """The fields of a layout whose lack its page would say: the required ones without a fact, and optional ones printed among others."""
    said = gaps(layout, facts)
    return tuple(one for one in layout.fields if (one.required and not facts.get(one.name) and not one.default) or one.name in said)
