"""XML in and out: a hardened parser, and markup as text that reads back to itself."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from courses.interop.packages import PackageRefused
from trainhub.kernel.i18n import _

if TYPE_CHECKING:
    from lxml.etree import _Element

    Element = _Element
else:  # lxml is loaded only where a file is read
    Element = object

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"])
ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "gb2312", "gbk", "gb18030", "windows-1252"})
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_FIRST_TAG = re.compile(rb"<[A-Za-z_]")
# /asset-v1:Org+Course+Run+type@asset+block@name and /c4x/Org/Course/asset/name are the same file as /static/name.
_ASSET_V1 = re.compile(r"/?asset-v1:[^\"'\s<>()]*?type@asset\+block@/?")
_ASSET_C4X = re.compile(r"(?<![\w.])/c4x/[^/\"'\s]+/[^/\"'\s]+/asset/")


def parse(raw: bytes, file: str) -> Element:
    """The root element of an XML file; no entities, no DTD, no network. Refuses naming file and line."""
    from lxml import etree

    first = _FIRST_TAG.search(raw)
    head = raw[: first.start()] if first else raw
    declared = _DECLARED.match(raw)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise PackageRefused(file, _("含有 DOCTYPE 或实体声明，出于安全不予读取；请删除该声明"), code="broken_file")
    if b"\x00" in raw or (declared and declared[1].decode().lower() not in ENCODINGS):
        raise PackageRefused(file, _("不是 UTF-8 编码的 XML；请另存为 UTF-8"), code="broken_file")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        problem = _("不是完整的 XML（%(why)s）；请修复或重新导出该文件", why=error.msg)
        raise PackageRefused(file, problem, line=error.lineno or 1, code="broken_file") from error
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise PackageRefused(file, _("含有 DOCTYPE 或实体声明，出于安全不予读取；请删除该声明"), code="broken_file")
    return root


def pointer(tag: str, name: str) -> Element:
    """An element that stands for a definition elsewhere."""
    from lxml import etree

    return etree.Element(tag, url_name=clean(name))


def tag_of(element: Element) -> str:
    """The tag without namespace; "" for what is no element (an unresolved entity)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attributes(element: Element) -> dict[str, str]:
    """The attributes of an element."""
    return {str(name): str(value) for name, value in element.attrib.items()}


def outer(element: Element) -> str:
    """An element as XHTML text without what follows it; empty elements that HTML cannot self-close stay open and closed."""
    from lxml import etree

    for node in element.iter():
        if isinstance(node.tag, str) and node.tag.lower() not in VOID and len(node) == 0 and not node.text:
            node.text = ""
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def inner(element: Element) -> str:
    """What an element contains, as text, stripped."""
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        parts += [outer(child), escape(child.tail or "", quote=False)]
    return with_static_links("".join(parts).strip())


def text_of(element: Element) -> str:
    """All text inside, with runs of white space as one space."""
    return " ".join("".join(str(part) for part in element.itertext()).split())


def plain(markup: str) -> str:
    """Markup without its tags, for comparing and for titles."""
    from html import unescape

    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def is_blank(markup: str) -> bool:
    """Whether markup shows nothing: no word, and nothing to look at or to open."""
    return not plain(markup).strip() and not re.search(r"<(?:img|a|video|audio|iframe|object|embed)\b", markup, re.IGNORECASE)


def with_static_links(markup: str) -> str:
    """Addresses of course assets in one form: `/static/<name>`."""
    if "asset-v1:" in markup:
        markup = _ASSET_V1.sub("/static/", markup)
    return _ASSET_C4X.sub("/static/", markup) if "/c4x/" in markup else markup


def fragment(markup: str) -> Element:
    """Markup as an element <x>…</x>: as XML when well-formed, else repaired the way browsers read HTML."""
    from lxml import etree
    from lxml import html as lxml_html

    text = clean(markup)
    try:
        return parse(f"<x>{text}</x>".encode(), "markup")
    except PackageRefused:
        pass
    try:
        wrapped = lxml_html.fragment_fromstring(text, create_parent="x")
        return parse(etree.tostring(wrapped, encoding="utf-8"), "markup")
    except (PackageRefused, etree.ParserError, ValueError):  # names that XML cannot carry, such as Word's <o:p>
        return parse(f"<x>{escape(plain(text), quote=False)}</x>".encode(), "markup")


def sound(markup: str) -> str:
    """An HTML page unchanged when every tag is closed properly, else repaired the way browsers read it."""
    from lxml import etree
    from lxml import html as lxml_html

    try:
        etree.fromstring(markup, etree.HTMLParser(recover=False))
        return markup
    except (etree.XMLSyntaxError, ValueError):
        pass
    try:
        parts = lxml_html.fragments_fromstring(clean(markup))
    except (etree.ParserError, ValueError):
        return f"<p>{escape(plain(markup), quote=False)}</p>"
    texts = [str(lxml_html.tostring(part, encoding="unicode")) if hasattr(part, "tag") else escape(str(part), quote=False) for part in parts]
    return "".join(texts).strip()


def clean(text: str) -> str:
    """Text without the control characters that XML cannot carry."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)


def put(parent: Element, markup: str) -> None:
    """Append markup to an element."""
    source = fragment(markup)
    add_text(parent, source.text or "")
    for child in list(source):
        parent.append(child)


def add_text(parent: Element, text: str) -> None:
    """Append text behind everything an element holds."""
    if not text:
        return
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def detach(element: Element, instead: str = "") -> None:
    """Take an element out of its parent; the text behind it, and `instead`, stay."""
    parent = element.getparent()
    if parent is None:
        return
    text = instead + (element.tail or "")
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    element.tail = None
    parent.remove(element)
