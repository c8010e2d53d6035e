"""Formulas of safe HTML set on the server, as MathML that browsers draw without any script (ADR 11).

What is written between `\\( \\)`, `\\[ \\]` or `$$ $$` becomes a `<math>` that carries its source in `data-tex`: where a page loads KaTeX, the
browser puts the source back and KaTeX sets it anew (static/js/app.js). What cannot be read as a formula stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\\\[(?P<display>.+?)\\\]|\\\((?P<inline>.+?)\\\)", re.DOTALL)
"""The delimiters that static/js/app.js knows too."""
MOST = 4000
"""Characters of a formula that are set; longer ones stay as they were written."""
DEEPEST = 60
_TAG = re.compile(r'(<(?:"[^"]*"|[^">])*>)')
_UNTOUCHED = re.compile(r"<(/?)(code|pre|kbd|samp|textarea|script|style)\b", re.IGNORECASE)
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|gathered|alignedat)\}")
_ELEMENTS = frozenset({
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none", "mprescripts",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle", "fence", "form", "height",
    "largeop", "linebreak", "linethickness", "lspace", "mathcolor", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines",
    "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "width",
})  # fmt: skip


class _Unread(ValueError):
    """What came out is no MathML we know, or holds a command that was not understood."""


def formulas(html: str | None) -> Markup:
    """Safe HTML with its formulas set. Whatever is code, and what stands inside a tag, is left alone. `html` must be sanitised already."""
    if not html:
        return Markup()
    if not FORMULA.search(html):
        return Markup(html)  # noqa: S704 - sanitised by the caller
    return Markup("".join(_set(html)))  # noqa: S704 - the same, and MathML that `_written` spells out itself


def pieces(html: str) -> list[tuple[str, bool]]:
    """Text in pieces that together are the whole, each with whether it is a formula."""
    found, at = [], 0
    for match in FORMULA.finditer(html):
        found += [(html[at : match.start()], False), (match.group(0), True)]
        at = match.end()
    return [*found, (html[at:], False)]


def _set(html: str) -> Iterator[str]:
    depth = 0
    for number, part in enumerate(_TAG.split(html)):
        if number % 2:
            code = _UNTOUCHED.match(part)
            depth += 0 if code is None else -1 if code[1] else 1
            yield part
        else:
            yield part if depth > 0 else FORMULA.sub(_one, part)


def _one(match: re.Match[str]) -> str:
    inline = match["inline"]
    made = mathml(unescape(inline if inline is not None else match["block"] or match["display"]), is_block=inline is None)
    if made is None:
        return match[0]
    source = escape(unescape(match[0]), quote=True)
    return made.replace("<math", f'<math data-tex="{source}"', 1)


@lru_cache(maxsize=4096)
def mathml(tex: str, *, is_block: bool = False) -> str | None:
    """A formula in LaTeX as MathML; None for what cannot be read."""
    if not tex.strip() or len(tex) > MOST or _depth(tex) > DEEPEST:
        return None
    from latex2mathml.converter import convert_to_element

    convert: Callable[..., Element] = convert_to_element
    try:
        # The names of the unnumbered environments inside a formula differ, their layout does not.
        element = convert(_ALIGNED.sub(r"\\\1{split}", tex), display="block" if is_block else "inline")
        return _written(element)
    except Exception:
        return None


def _depth(tex: str) -> int:
    deepest = depth = 0
    for char in tex:
        depth += {"{": 1, "}": -1}.get(char, 0)
        deepest = max(deepest, depth)
    return deepest


def _written(element: Element) -> str:
    """An element of the reader, spelt out anew: only what is MathML and draws, every text escaped."""
    tag, text = element.tag, unescape(element.text or "")
    if tag not in _ELEMENTS or re.match(r"\\[A-Za-z]|&$", text) or (tag == "mfrac" and len(element) != 2):
        raise _Unread(tag)
    attributes = "".join(f' {name}="{escape(str(value), quote=True)}"' for name, value in element.items() if name in _ATTRIBUTES)
    return f"<{tag}{attributes}>{escape(text, quote=False)}{''.join(_written(child) for child in element)}</{tag}>"
