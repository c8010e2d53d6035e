"""Blocks that checkers and other platforms do not know, carried inside an ordinary html page as inert text.

A reader elsewhere sees a note and the block's source; our reader gets the block back.
"""

from __future__ import annotations

import re
from html import escape, unescape

from courses.interop.olx import markup
from courses.interop.olx.files import CourseFiles
from courses.interop.olx.markup import Element
from trainhub.kernel.i18n import _

_CARRIED = re.compile(r'<pre class="trainhub-olx">(.*?)</pre>\s*$', re.DOTALL)


def pack(source: str, tag: str) -> str:
    """The html page that carries a block's XML."""
    note = _("此处是一个 %(tag)s 组件；本页只保存它的源代码。", tag=tag)
    return f'<p>{escape(note)}</p>\n<pre class="trainhub-olx">{escape(source, quote=False)}</pre>'


def unpack(element: Element, files: CourseFiles) -> Element | None:
    """The carried block of an html element, or None for an ordinary page."""
    filename = str(element.get("filename") or "").replace(":", "/")
    file = f"html/{filename}.html"
    if filename and files.exists(file):
        match = _CARRIED.search(files.text(file))
        if match is not None:
            carried = markup.parse(unescape(match[1]).encode(), file)
            return None if markup.tag_of(carried) in ("html", "chapter", "sequential", "vertical", "course") else carried
    return None
