"""Lines of Chinese and Latin text in a box: breaking, balancing, shrinking. Pure: widths are handed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from trainhub.certificates.layouts.model import Text

POINTS_PER_MM = 72 / 25.4
STEP = 0.5
"""Points by which a text that does not fit is made smaller."""
HAIR = 0.01
"""Points by which rounding may make a line taller than its box."""

# GB/T 15834: these may not begin a line; those may not end one.
NOT_FIRST = frozenset("，。、；：！？）》」』】〕〉’”…—·％%,.;:!?)]}")
NOT_LAST = frozenset("（《「『【〔〈‘“([{")
_TOKEN = re.compile(r"[!-~À-ɏ]+|.", re.DOTALL)

Width = Callable[[str], float]
"""Width of a text at 1 point of size, in points."""


@dataclass(frozen=True)
class Fitted:
    """A text broken into lines at a size in points; `lost`: how many characters found no room at the smallest size."""

    lines: tuple[str, ...]
    size: float
    lost: int = 0

    @property
    def overflows(self) -> bool:
        """Whether the text did not fit."""
        return self.lost > 0


def tokens(text: str) -> list[str]:
    """Pieces that stay on one line: Latin words, single characters, punctuation with what it belongs to."""
    pieces: list[str] = []
    for token in _TOKEN.findall(text):
        if pieces and not pieces[-1].isspace() and (token in NOT_FIRST or pieces[-1][-1] in NOT_LAST):
            pieces[-1] += token
        else:
            pieces.append(token)
    return pieces


def break_lines(pieces: list[str], limit: float, width: Width) -> list[str]:
    """Greedy lines no wider than `limit`; a piece wider than that is cut."""
    lines: list[str] = []
    line, used = "", 0.0
    for piece in pieces:
        advance = width(piece)
        if line and used + advance > limit and not piece.isspace():
            lines.append(line.rstrip())
            line, used = "", 0.0
        if not line and piece.isspace():
            continue
        if advance > limit:
            for char in piece:
                if line and used + width(char) > limit:
                    lines.append(line)
                    line, used = "", 0.0
                line += char
                used += width(char)
            continue
        line += piece
        used += advance
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _balanced(pieces: list[str], lines: list[str], limit: float, width: Width) -> list[str]:
    """The same number of lines, as even as they get: no single character alone on the last line of a title."""
    low, high = limit / len(lines) * 0.5, limit
    for _ in range(7):
        middle = (low + high) / 2
        attempt = break_lines(pieces, middle, width)
        if len(attempt) <= len(lines) and all(width(line) <= middle + 1e-6 for line in attempt):
            high, lines = middle, attempt
        else:
            low = middle
    return lines


def fit(text: str, element: Text, width: Width) -> Fitted:
    """The text at the largest size that fits the element's box, in width and height, and its number of lines.

    A box lower than the smallest size is no template's any more (`checking.faults`): a text of an older one stands out of it, whole.
    At the smallest size whatever does not fit is cut and ends in an ellipsis, and `lost` counts it (white space does not count).
    """
    box_width, box_height = element.box.w * POINTS_PER_MM, element.box.h * POINTS_PER_MM
    spacing = element.tracking / 1000

    def spaced(piece: str) -> float:
        return width(piece) + spacing * len(piece)

    natural, room = spaced(text), max(box_height, element.min_size) + HAIR
    if "\n" not in text and natural * element.size <= box_width and element.size <= room:
        return Fitted((text,), element.size)
    pieces = tokens(text)
    size = element.size
    while True:
        limit = box_width / size
        allowed = max(1, min(element.max_lines, _lines(box_height, size, element.leading)))
        if size <= room and natural <= limit * allowed:
            lines = break_lines(pieces, limit, spaced)
            if len(lines) <= allowed:
                if len(lines) > 1 and element.align == "center":
                    lines = _balanced(pieces, lines, limit, spaced)
                return Fitted(tuple(lines), size)
        if size <= element.min_size:
            break
        size = max(element.min_size, size - STEP)
    lines = break_lines(pieces, limit, spaced)[:allowed]
    last = lines[-1]
    while last and spaced(last + "…") > limit:
        last = last[:-1]
    kept = "".join((*lines[:-1], last))
    return Fitted((*lines[:-1], last + "…"), size, lost=max(1, _solid(text) - _solid(kept)))


def _lines(height: float, size: float, leading: float) -> int:
    """How many lines a box holds: with room above and below at the usual leading, and never more than reach from its top to its foot."""
    return min(int(height / (size * leading) + 0.12), 1 + int((height - size + HAIR) / (size * leading)))


def _solid(text: str) -> int:
    """How many characters of a text leave ink."""
    return len("".join(text.split()))
