"""Fonts inside a PDF: the characters used, their codes, and the embedded subset with a right ToUnicode map.

ReportLab 5.1 embeds TrueType in pieces of 256 glyphs and writes a wrong ToUnicode entry above U+FFFF (a name with
U+20BB7 is extracted as another character). Here one font object serves all characters: two bytes a character, numbered
in order of first use so that equal input gives equal bytes, with surrogate pairs in the map. HarfBuzz makes the subset
(half a millisecond from a font of 15 MB).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from trainhub.kernel.fonts import Font, runs

KEPT_TABLES = ("OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post", "cvt ", "fpgm", "prep")
_CMAP_HEAD = (
    "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)"
    "/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange<0000><FFFF>"
    "endcodespacerange\n"
)
_CMAP_TAIL = "endcmap CMapName currentdict/CMap defineresource pop end end"


@dataclass(frozen=True)
class Program:
    """A subset, compressed for embedding: the font file, its length, and the map from our codes to its glyphs."""

    name: str
    file: bytes
    length: int
    glyph_map: bytes
    to_unicode: bytes
    widths: str
    box: tuple[int, int, int, int]
    ascent: int
    descent: int


def _widths(font: Font, chars: str) -> str:
    """The /W array: runs of characters that are not as wide as the square of a Chinese one."""
    parts: list[str] = []
    expected = -1
    for code, char in enumerate(chars, 1):
        width = font.glyph(char)[1]
        if width == 1000:
            continue
        if code != expected:
            parts.append(f"{']' if parts else ''}{code}[{width}")
        else:
            parts.append(f" {width}")
        expected = code + 1
    return f"[{''.join(parts)}{']' if parts else ''}]"


def _to_unicode(chars: str) -> str:
    lines = [f"<{code:04X}><{char.encode('utf-16-be').hex().upper()}>" for code, char in enumerate(chars, 1)]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    body = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
    return _CMAP_HEAD + body + _CMAP_TAIL


@lru_cache(maxsize=64)
def program(font: Font, chars: str) -> Program:
    """The embeddable subset of a font for the characters, whose codes are 1, 2, 3, ... in this order."""
    import uharfbuzz as hb

    face = font.face
    request = hb.SubsetInput()
    request.sets(hb.SubsetInputSets.UNICODE).update(map(ord, chars))
    request.sets(hb.SubsetInputSets.DROP_TABLE_TAG).update(
        int.from_bytes(tag.encode("ascii"), "big") for tag in face.table_tags if tag not in KEPT_TABLES
    )
    request.flags = hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
    plan = hb.SubsetPlan(face, request)
    subset = plan.execute()
    moved = dict(plan.old_to_new_glyph_mapping)
    glyphs = [0, *(moved.get(font.glyph(char)[0], 0) for char in chars)]
    data = subset.blob.data
    upem = face.upem
    extents = hb.Font(face).get_font_extents("ltr")
    scale = 1000 / upem
    tag = "".join(chr(65 + byte % 26) for byte in sha256(f"{font.name} {chars}".encode()).digest()[:6])
    return Program(
        name=f"{tag}+{font.path.stem.replace('_', '-')}",
        file=zlib.compress(data, 9 if len(data) < 300_000 else 6),
        length=len(data),
        glyph_map=zlib.compress(b"".join(glyph.to_bytes(2, "big") for glyph in glyphs), 9),
        to_unicode=zlib.compress(_to_unicode(chars).encode("ascii"), 9),
        widths=_widths(font, chars),
        box=(-1000, round(extents.descender * scale), 2000, round(extents.ascender * scale)),
        ascent=round(extents.ascender * scale),
        descent=round(extents.descender * scale),
    )


class Typeface:
    """One font in one file: hands out codes and remembers which characters were used."""

    def __init__(self, font: Font, resource: str) -> None:
        self.font = font
        self.resource = resource
        self._codes: dict[str, str] = {}

    @property
    def chars(self) -> str:
        """The characters used, in the order of their codes."""
        return "".join(self._codes)

    def knows(self, text: str) -> bool:
        """Whether all characters of the text were used before."""
        return self._codes.keys() >= set(text)

    def encode(self, text: str) -> str:
        """The hexadecimal string that shows the text."""
        codes = self._codes
        try:
            return "".join([codes[char] for char in text])
        except KeyError:
            for char in text:
                if char not in codes:
                    codes[char] = f"{len(codes) + 1:04X}"
            return self.encode(text)


class Ink:
    """The typefaces of one file (or of its background), made as they are needed.

    `prefix` keeps the names of background and page fonts apart.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.typefaces: dict[str, Typeface] = {}
        self._usual: dict[str, Typeface] = {}

    def typeface(self, font: Font) -> Typeface:
        """The typeface of a font."""
        found = self.typefaces.get(font.name)
        if found is None:
            found = Typeface(font, f"{self.prefix}{len(self.typefaces) + 1}")
            self.typefaces[font.name] = found
        return found

    def show(self, text: str, style: str, size: float) -> str:
        """The operators that show a text at the current position, cut into runs where the font changes."""
        usual = self._usual.get(style)
        if usual is not None and usual.knows(text):
            return f"/{usual.resource} {number(size)} Tf<{usual.encode(text)}>Tj"
        parts = []
        for font, piece in runs(text, style):
            if font.name == style:
                self._usual[style] = self.typeface(font)
            face = self.typeface(font)
            parts.append(f"/{face.resource} {number(size)} Tf<{face.encode(piece)}>Tj")
        return "".join(parts)


@lru_cache(maxsize=8192)
def number(value: float) -> str:
    """A number as PDF wants it: at most two decimals, no exponent, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=64)
def rgb(color: str) -> str:
    """Three components of `#rrggbb` for the operators rg and RG."""
    return " ".join(number(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
