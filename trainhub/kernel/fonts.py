"""Fonts for documents: which TrueType files there are, what they cover, and which of them draws a character.

The text fonts (Noto Serif SC, Noto Sans SC) are copied to ``static/vendor/fonts`` at set-up. A character they lack is
looked for in the fonts of the system that hold rare names, in the order of `FALLBACKS`; a character in none of them
is *missing*, and whoever asked has to stop, because a PDF would print it blank without an error. ReportLab and the
embedding in ``certificates`` need TrueType outlines, so CFF fonts (``.otf``, ``fonts-noto-cjk``) are not considered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from trainhub.assets import asset_dir
from trainhub.kernel.characters import bad_characters, is_describing, is_mark, is_pictured, is_right_to_left, is_set_together
from trainhub.kernel.errors import Refused

STYLES: dict[str, str] = {
    "serif": "NotoSerifSC_400Regular.ttf",
    "serif-bold": "NotoSerifSC_700Bold.ttf",
    "sans": "NotoSansSC_400Regular.ttf",
    "sans-bold": "NotoSansSC_700Bold.ttf",
}
"""The text fonts by style: file names of the npm packages @expo-google-fonts/noto-serif-sc and noto-sans-sc."""

FALLBACKS: dict[str, str] = {
    "LXGWWenKai-Regular.ttf": "fonts-lxgw-wenkai",
    "HanaMinA.ttf": "fonts-hanazono",  # the basic plane and extension A
    "HanaMinB.ttf": "fonts-hanazono",  # extensions B to F
    "BabelStoneHan.ttf": "fonts-babelstone-han",  # extensions up to H
    "DejaVuSerif.ttf": "fonts-dejavu-core",  # Latin letters with marks that Chinese fonts leave out, Greek, Cyrillic
    "DejaVuSerif-Bold.ttf": "fonts-dejavu-core",  # the same for what is set in bold
}
"""For rare names, in the order tried when installed: the file and its Debian package."""
LETTERS = ("DejaVuSerif", "DejaVuSerif-Bold")
"""Of these, those that letters of European scripts are looked for in first: fonts of rare ideographs have some of them too, in another design."""
_LETTERS = ((0x0000, 0x052F), (0x1E00, 0x1FFF), (0x2C60, 0x2C7F), (0xA640, 0xA69F), (0xA720, 0xA7FF))

SYSTEM_FOLDERS: tuple[Path, ...] = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts").expanduser())


class FontsMissing(Refused):
    """None of the text fonts is installed: documents cannot be drawn on this machine yet."""

    code = "fonts_missing"
    status = 503


class Font:
    """One TrueType file; read lazily, shared by everything in the process.

    Widths are in thousandths of the font size. `face` is a `uharfbuzz.Face` (untyped there).
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._glyphs: dict[str, tuple[int, int]] = {}
        self._face: Any = None
        self._font: Any = None
        self._covered: frozenset[int] | None = None

    def __repr__(self) -> str:
        return f"Font({self.name})"

    @property
    def face(self) -> Any:
        """The opened face; the file is mapped, not read."""
        if self._face is None:
            import uharfbuzz as hb

            face = hb.Face(hb.Blob.from_file_path(str(self.path)))
            self._font = hb.Font(face)  # first: another thread takes a face that is there for the sign that both are
            self._face = face
        return self._face

    @property
    def covered(self) -> frozenset[int]:
        """The code points that have a glyph."""
        if self._covered is None:
            self._covered = frozenset(self.face.unicodes)
        return self._covered

    def glyph(self, char: str) -> tuple[int, int]:
        """(glyph number, width in 1/1000 of the size) of one character; (0, width) when the font lacks it."""
        found = self._glyphs.get(char)
        if found is None:
            upem = self.face.upem
            number = self._font.get_nominal_glyph(ord(char)) or 0
            found = (number, round(self._font.get_glyph_h_advance(number) * 1000 / upem))
            self._glyphs[char] = found
        return found

    def has(self, char: str) -> bool:
        """Whether the font has a glyph for the character."""
        return self.glyph(char)[0] != 0


def _find(name: str, folders: Iterable[Path]) -> Path | None:
    for folder in folders:
        if folder.is_dir():
            for path in sorted(folder.rglob(name)):
                return path
    return None


@cache
def _text_fonts() -> dict[str, Font]:
    folder = asset_dir("static") / "vendor" / "fonts"
    found = {style: _find(file, (folder,)) for style, file in STYLES.items()}
    return {style: Font(style, path) for style, path in found.items() if path is not None}


@cache
def fallback_fonts() -> tuple[Font, ...]:
    """The installed fonts for rare names, in the order tried."""
    found = ((name, _find(name, SYSTEM_FOLDERS)) for name in FALLBACKS)
    return tuple(Font(name.removesuffix(".ttf"), path) for name, path in found if path is not None)


@dataclass(frozen=True, slots=True)
class FontNote:
    """What documents may be drawn with: a font, the package it comes from, and what it says of itself when it is installed."""

    file: str
    package: str
    is_installed: bool
    is_fallback: bool
    characters: int = 0
    version: str = ""
    copyright: str = ""
    licence: str = ""
    licence_url: str = ""


_TEXT_PACKAGES = {"NotoSerifSC": "@expo-google-fonts/noto-serif-sc", "NotoSansSC": "@expo-google-fonts/noto-sans-sc"}


@cache
def inventory() -> tuple[FontNote, ...]:
    """Every font that documents use, in the order tried. Version and licence are read from the font itself (its `name` table)."""
    text = [(file, _TEXT_PACKAGES[file.partition("_")[0]], _text_fonts().get(style)) for style, file in STYLES.items()]
    installed = {font.path.name: font for font in fallback_fonts()}
    rare = [(file, package, installed.get(file)) for file, package in FALLBACKS.items()]
    return tuple(_note(file, package, font, is_fallback=file in FALLBACKS) for file, package, font in (*text, *rare))


def _note(file: str, package: str, font: Font | None, *, is_fallback: bool) -> FontNote:
    if font is None:
        return FontNote(file, package, is_installed=False, is_fallback=is_fallback)
    copyright_, version, licence, url = ((font.face.get_name(key, "en") or "").strip() for key in (0, 5, 13, 14))
    return FontNote(
        file,
        package,
        is_installed=True,
        is_fallback=is_fallback,
        characters=len(font.covered),
        version=version.removeprefix("Version ").partition(";")[0],
        copyright=copyright_,
        licence="SIL Open Font License 1.1" if "SIL Open Font License, Version 1.1" in licence else licence.partition("\n")[0].strip(),
        licence_url=url if url.startswith(("https://", "http://")) else "",
    )


def available() -> bool:
    """Whether the text fonts are installed (tests skip without them)."""
    return len(_text_fonts()) == len(STYLES)


def text_font(style: str = "serif") -> Font:
    """The text font of a style in `STYLES`; FontsMissing says how to install them."""
    fonts = _text_fonts()
    if style not in STYLES:
        raise ValueError(f"unknown font style {style!r}")
    if style not in fonts:
        raise FontsMissing(
            f"缺少文档字体 {STYLES[style]}，无法生成 PDF。请在项目目录运行 make setup 安装字体后重试。",
            details=[{"file": STYLES[style], "problem": "fonts_missing"}],
        )
    return fonts[style]


@cache
def _chain(style: str, *, is_for_letters: bool) -> tuple[Font, ...]:
    """The fonts tried for a style, in order: itself, the other text family in the same weight, the rare ones."""
    other = style.replace("serif", "sans") if style.startswith("serif") else style.replace("sans", "serif")
    first = (LETTERS[::-1] if style.endswith("-bold") else LETTERS) if is_for_letters else ()
    rare = sorted(fallback_fonts(), key=lambda font: first.index(font.name) if font.name in first else len(first))
    return (text_font(style), text_font(other), *rare)


def _is_beyond(char: str) -> bool:
    """Whether a glyph says nothing about the character: private use means something else in every font; a mark stands over, under or in the character
    before it, and a variation selector asks for another form of that; letters that run from right to left, and those of scripts that are joined or
    stacked, must be ordered and shaped; two letters of a flag are one picture, and ⿰木木 describes a letter. Nothing here does that: glyphs are set one
    beside the other."""
    if is_mark(char) or is_set_together(char) or is_right_to_left(char):
        return True
    return is_describing(char) or is_pictured(char) or bool(bad_characters(char))


@cache
def font_of(char: str, style: str = "serif") -> Font | None:
    """The first font that draws the character; None when no installed font has it, or when what a font has would be wrong."""
    if _is_beyond(char):
        return None
    for font in _chain(style, is_for_letters=any(first <= ord(char) <= last for first, last in _LETTERS)):
        if font.has(char):
            return font
    return None


def missing_glyphs(text: str, style: str = "serif") -> list[str]:
    """The characters of the text that no installed font can draw, each once, in order of appearance."""
    return [char for char in dict.fromkeys(text) if font_of(char, style) is None]


def runs(text: str, style: str = "serif") -> Iterator[tuple[Font, str]]:
    """The text cut into pieces that one font draws; a missing character stays in the text font (it prints a box)."""
    current: Font | None = None
    piece: list[str] = []
    for char in text:
        font = font_of(char, style) or text_font(style)
        if font is not current and current is not None:
            yield current, "".join(piece)
            piece = []
        current = font
        piece.append(char)
    if current is not None:
        yield current, "".join(piece)
