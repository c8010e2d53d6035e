"""What authors write, made safe: Markdown or HTML in, sanitised HTML out. Formulas stay as text; pages set them (`formulas`)."""

from __future__ import annotations

import html
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from courses.catalogue.types import BodyFormat
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.mathml import FORMULA

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt",
    "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp",
    "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"title", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "code": {"class"},
    "col": {"span"},
}
ASSETS = "/static/"
"""How texts refer to files of their run, as in OLX."""


class TooTangled(Refused):
    """HTML in which so much is left open that reading it would take for ever, or make pages of many megabytes."""

    code = "too_tangled"


_CLOSES_ITSELF = frozenset({
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "rt", "rp", "option", "a", "br", "img", "hr", "col", "wbr", "input",
    "meta", "link", "area", "base", "source", "track", "embed", "param",
})  # fmt: skip
_REPEATED = frozenset({"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
"""What a browser opens again in every paragraph that follows, when it was not closed: a few kilobytes become tens of megabytes."""
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")


def _refuse_tangled(markup: str) -> None:
    """Refuse what grows with the square of its length: at each tag, what stands open; real pages need a hundredth of what is allowed."""
    open_tags: Counter[str] = Counter()
    levels = repeated = nested = again = 0
    for is_end, name in _ANY_TAG.findall(markup):
        tag = name.lower()
        if tag not in _CLOSES_ITSELF and (not is_end or open_tags[tag]):
            step = -1 if is_end else 1
            open_tags[tag] += step
            levels += step
            repeated += step if tag in _REPEATED else 0
        nested += levels
        again += repeated
    if nested > 100_000 + 100 * len(markup) or again > 10_000 + 2 * len(markup):
        raise TooTangled(_("内容里有太多没有关闭的标签，或嵌套太深，无法显示。请删去多余的 HTML 标签再保存。"), field="body")


def sanitise(markup: str) -> str:
    """HTML without anything that runs, loads from elsewhere by itself, or looks like our own controls. Raises TooTangled.

    A page has one h1 of its own: headings of an author begin at h2.
    """
    import nh3

    _refuse_tangled(markup)

    lowered = re.sub(r"<(/?)h1\b", r"<\1h2", markup, flags=re.IGNORECASE)
    return nh3.clean(
        lowered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        clean_content_tags={"script", "style"},
    )


@cache
def _parser() -> MarkdownIt:
    """Made once: making it costs more than reading most texts."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _markdown(text: str) -> str:
    """CommonMark with tables; formulas are taken out first, because a backslash means something else there."""
    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        formulas.append(match.group(0))
        return f"\ue000{len(formulas) - 1}\ue001"

    text = FORMULA.sub(keep, text.replace("\ue000", "").replace("\ue001", ""))
    rendered = _parser().render(text)
    return re.sub("\ue000(\\d+)\ue001", lambda m: html.escape(formulas[int(m.group(1))], quote=False), str(rendered))


def to_html(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN, *, assets: str = "") -> str:
    """The HTML that is shown for what was written. `assets`: the address under which the run's files are found."""
    if not body.strip():
        return ""
    rendered = sanitise(_markdown(body) if body_format is BodyFormat.MARKDOWN else body)
    if assets:
        rendered = re.sub(rf'((?:src|href)="){re.escape(ASSETS)}', rf"\g<1>{assets}", rendered)
    return rendered


_PLACED = re.compile(rf'((?:src|href)=")(?:{re.escape(ASSETS)}|/learning/runs/\d+/assets/)')


def placed(markup: str, assets: str) -> str:
    """HTML that is shared by the runs of a course, for one of them: its files are found under `assets`. Also where another run's address was stored."""
    return _PLACED.sub(rf"\g<1>{assets}", markup) if assets else markup


_ACTIVE = frozenset({
    "script", "style", "link", "iframe", "frame", "object", "embed", "applet", "form", "input", "select", "textarea", "button", "video",
    "audio", "canvas", "svg", "math",
})  # fmt: skip
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_HANDLER = re.compile(r"<[A-Za-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE)
_SCRIPT_LINK = re.compile(r"""(?:href|src)\s*=\s*["']?\s*javascript:""", re.IGNORECASE)


def lost(*texts: str) -> tuple[str, ...]:
    """What `sanitise` takes away of HTML together with what it shows or does, in a stable order: tags, handlers, links that run code."""
    found: set[str] = set()
    for text in texts:
        found.update(name for name in map(str.lower, _TAG.findall(text)) if name in _ACTIVE)
        found.update(["on…"] if _HANDLER.search(text) else [])
        found.update(["javascript:"] if _SCRIPT_LINK.search(text) else [])
    return tuple(sorted(found))


def has_math(*texts: str) -> bool:
    """Whether any of the texts holds a formula, so that the page loads what sets it."""
    return any(FORMULA.search(text) for text in texts)


def has_code(*texts: str) -> bool:
    """Whether any of the texts (HTML) holds code that says in which language, so that the page loads what colours it."""
    return any('<code class="language-' in text for text in texts)


def plain(markup: str, most: int = 200) -> str:
    """The text of HTML without its tags, cut; for titles and search."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", markup))
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= most else text[: most - 1] + "…"
