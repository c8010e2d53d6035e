"""Characters of names: one spelling for each, whatever system the name came from.

GB 18030-2022 moved 18 characters, and Unicode 4.1 another set, from private use to standard code points. Python's
``gb18030`` codec and older registers still hand out the private ones (FE59 gives U+E81E, now U+9FB4 龴), which
print as boxes and never compare equal. Everything else in private use means something only inside the system it came
from and is refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

# The rows FE50-FEA0 of GB 18030 are U+E815..U+E864 in old fonts and converters. The codec knows the standard code
# points of most; these 14 it still answers with private use.
_STILL_PRIVATE = {
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE831: 0x215D7,
    0xE832: 0x9FB8,
    0xE83B: 0x2298F,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE855: 0x241FE,
    0xE864: 0x9FBB,
}
# Vertical punctuation (A6D9-A6F3) and ḿ (A8BC).
_PUNCTUATION = {
    0xE78D: 0xFE10,
    0xE78E: 0xFE12,
    0xE78F: 0xFE11,
    0xE790: 0xFE13,
    0xE791: 0xFE14,
    0xE792: 0xFE15,
    0xE793: 0xFE16,
    0xE794: 0xFE17,
    0xE795: 0xFE18,
    0xE796: 0xFE19,
    0xE7C7: 0x1E3F,
}
# Dots that people type between the parts of a name; the standard one is U+00B7 (GB/T 2312 A1A4).
_DOTS = {0x2022: 0xB7, 0x2027: 0xB7, 0x2219: 0xB7, 0x22C5: 0xB7, 0x30FB: 0xB7, 0xFF65: 0xB7}

# What is pasted along from web pages and chats and nobody sees: blanks without width, soft hyphens, fillers, marks of direction. Fonts draw them as
# nothing (or as a box), so a name would print well and never compare equal; marks of direction would even show it in another order than it has.
_FILLERS = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200E, 0x200F, 0x2800, 0x3164, 0xFEFF, 0xFFA0)
_INVISIBLE: dict[int, str | None] = {
    **dict.fromkeys((*_FILLERS, *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080))),
    0x2028: " ",  # what separates lines and paragraphs separates words
    0x2029: " ",
}

# Scripts whose letters are joined, stacked or reordered by whoever sets them (Indic, Thai, Tibetan, Burmese, Khmer, Mongolian, single Jamo of Korean and
# others). What runs from right to left is told apart by its direction.
_SET_TOGETHER = (
    *((0x0900, 0x109F), (0x1100, 0x11FF), (0x1700, 0x18AF), (0x1900, 0x194F), (0x1A00, 0x1AAF), (0x1B00, 0x1C4F)),
    *((0x1CD0, 0x1CFF), (0xA800, 0xA8FF), (0xA900, 0xAAFF), (0xABC0, 0xABFF), (0xD7B0, 0xD7FF), (0x11000, 0x11FFF)),
)
_JOINERS = "\u200c\u200d"
_JOINED_BEFORE = "\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufefc" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _SET_TOGETHER)
_STRAY_JOINERS = re.compile(f"(?<![{_JOINED_BEFORE}])[{_JOINERS}]+")
_LOOSE_JOINERS = re.compile(f"(?<![{_JOINED_BEFORE}\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[{_JOINERS}]+")
"""Joiners that neither spell nor make one picture of two."""

_JAMO = "\u1100-\u115e\u1161-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"
_SINGLE_JAMO = "\u3131-\u3163\u3165-\u318e"
_SPELLED = re.compile(
    "((?<=[\u1820-\u18aa])\u180e"  # Mongolian: the vowel behind it stands apart
    # Korean: the place of a letter that a syllable does not have; a run is looked at from its start alone, or a long one would be read again from each sign
    f"|(?<=[{_JAMO}])[\u115f\u1160]+|(?<![\u115f\u1160])[\u115f\u1160]+(?=[{_JAMO}])"
    f"|(?<=[{_SINGLE_JAMO}])\u3164+|(?<!\u3164)\u3164+(?=[{_SINGLE_JAMO}])"
    "|(?<=[\u2801-\u28ff])\u2800+(?=[\u2801-\u28ff])"  # the blank between words of braille
    "|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f)"  # whose flag it is
)
"""Signs of `_FILLERS` where they are spelling."""


def _table() -> dict[int, int]:
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    table = {}
    for private, trail in zip(range(0xE815, 0xE865), trails, strict=True):
        table[private] = _STILL_PRIVATE.get(private) or ord(bytes([0xFE, trail]).decode("gb18030"))
    return {**table, **_PUNCTUATION}


GB18030_2022: dict[int, int] = _table()
"""Private-use code points of older GB 18030 systems and their standard code points."""


class BadCharacters(Refused):
    """A text holds characters that cannot be stored or printed; `details` name each with its code point."""

    code = "bad_characters"


# Ideographs of Unicode 15 to 17 (the rest of extension C, extensions I, H, J): the tables of Python 3.11 end with Unicode 14 and call
# them unassigned, while identity documents and fonts have them.
_YOUNG_IDEOGRAPHS = ((0x2B739, 0x2B73F), (0x2EBF0, 0x2EE5D), (0x31350, 0x33479))


LOST = "\ufffd"
"""What a converter leaves where it could not read a character: the text was damaged on its way here."""
STAND_INS = f"{LOST}\u25a1\u3013"
"""What stands where somebody could not type or print a character (□, 〓), or a converter not read it."""
# U+2FF0.. and U+31EF say how an ideograph is put together (⿰木木): a description, not the ideograph.
_DESCRIBING = ((0x2FF0, 0x2FFF), (0x31EF, 0x31EF))
# Letters of flags and shades of skin: two characters are one picture.
_PICTURED = ((0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF))


def bad_characters(text: str) -> list[str]:
    """Characters of a normalised text that must be refused: private use, control, surrogate or unassigned ones, and what was lost on its way."""
    return [char for char in dict.fromkeys(text) if char == LOST or (unicodedata.category(char) in {"Co", "Cc", "Cs", "Cn"} and not _is_young(char))]


def is_describing(char: str) -> bool:
    """Whether a character only says how an ideograph is put together."""
    return char >= "\u2ff0" and any(first <= ord(char) <= last for first, last in _DESCRIBING)


def is_pictured(char: str) -> bool:
    """Whether a character makes one picture together with another: set by itself it is something else."""
    return char >= "\U0001f1e6" and any(first <= ord(char) <= last for first, last in _PICTURED)


def _is_young(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _YOUNG_IDEOGRAPHS)


def is_right_to_left(char: str) -> bool:
    """Whether a character belongs to a script that runs from right to left (Arabic, Hebrew, Syriac): it must be ordered, and mostly joined."""
    return unicodedata.bidirectional(char) in {"R", "AL", "AN"}


def is_mark(char: str) -> bool:
    """Whether a character is set over, under or into the one before it. What composition (NFC) leaves of them has no letter of its own with the mark."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me"}


def is_set_together(char: str) -> bool:
    """Whether a character belongs to a script whose letters are joined, stacked or reordered when they are set."""
    point = ord(char)
    return point >= 0x0900 and any(first <= point <= last for first, last in _SET_TOGETHER)


def is_invisible(char: str) -> bool:
    """Whether a character leaves no ink and takes no room that anybody would notice."""
    return ord(char) in _INVISIBLE or char in _JOINERS


def without_invisible(text: str) -> str:
    """The text without what nobody sees and nothing means; separators of lines become a blank.

    The joiners U+200C and U+200D stay after a letter of a script that needs them: there they are spelling.
    """
    if text.isascii():
        return text
    plain = text.translate(_INVISIBLE)
    return _STRAY_JOINERS.sub("", plain) if "\u200c" in plain or "\u200d" in plain else plain


def clean_line(text: str) -> str:
    """One line as somebody typed or pasted it, whatever it names: without what nobody sees, without blanks at its ends; refuses nothing.

    What is spelling stays: the joiners, also in pictures made of several characters (a family is three faces), the separator of Mongolian vowels, fillers
    of Korean syllables, blanks of braille, the letters of a flag.
    """
    if text.isascii():
        return text.strip()
    plain = text.translate(_INVISIBLE)
    if len(plain) < len(text):
        plain = "".join(part if place % 2 else part.translate(_INVISIBLE) for place, part in enumerate(_SPELLED.split(text)))
    return (_LOOSE_JOINERS.sub("", plain) if "\u200c" in plain or "\u200d" in plain else plain).strip()


def clean_text(text: str) -> str:
    """A text as it is stored, compared and printed: `normalise` without what nobody sees; refuses nothing."""
    return normalise(without_invisible(text))


def normalise(text: str) -> str:
    """The same text with GB 18030-2022 code points, in NFC, without surrounding blanks; refuses nothing."""
    return unicodedata.normalize("NFC", text.translate(GB18030_2022)).strip()


def clean_name(text: str, *, field: str | None = "name") -> str:
    """A person's name as it is stored, compared and printed.

    U+00B7 is kept and its look-alikes become it; inner blanks collapse to one; what nobody sees is left out. Raises BadCharacters for private-use
    characters without a standard code point and for control characters.
    """
    name = " ".join(clean_text(text.translate(_DOTS)).split())
    bad = bad_characters(name)
    if bad:
        codes = "、".join(f"U+{ord(char):04X}" for char in bad)
        raise BadCharacters(
            _("姓名中有无法识别的字符（%(codes)s）：请改用国家标准 GB 18030-2022 的汉字重新填写。", codes=codes),
            field=field,
            details=[{"column": field, "value": f"U+{ord(char):04X}", "problem": "bad_character"} for char in bad],
        )
    return name


def plain_words(text: str) -> str:
    """A text as it is compared: width, case and blanks do not count; a telephone types them as it likes."""
    return _remembered(text) if len(text) <= 400 else _made_plain(text)  # titles and names come again, whole documents do not


def _made_plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


_remembered = lru_cache(maxsize=4096)(_made_plain)
