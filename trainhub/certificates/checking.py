"""What is wrong with a template's own wording and arrangement, in words that name the element: told when it is saved, handed in, approved and used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from trainhub.certificates import labels
from trainhub.certificates.layouts.fitting import labels_of, unprintable, why_told
from trainhub.certificates.layouts.model import FIELD, KINDS, Divider, Element, Image, Layout, Panel, Qr, Rosette, Rule, Seal, Signature, Text
from trainhub.certificates.layouts.typeset import POINTS_PER_MM
from trainhub.kernel.i18n import _, listed

_BRACED = re.compile(r"\{[^{}]*\}|[{}]")
_NAME = re.compile(r"[a-z_]+")
_KIND_OF = {made: kind for kind, made in KINDS.items()}
_HAIR = 0.01
"""Millimetres by which rounding may put an element beyond the page."""


def faults(layout: Layout) -> list[str]:
    """What would be printed wrong by every certificate of this layout, whatever its facts; in the order of the elements."""
    found: list[str] = []
    for position, one in enumerate(layout.elements, 1):
        wrong = [*_fields_wrong(layout, one), *_place_wrong(layout, one)]
        found += [_("%(element)s：%(wrong)s", element=_called(position, one), wrong=said) for said in wrong]
    for field in layout.fields:
        if not _NAME.fullmatch(field.name):
            found.append(_("字段“%(label)s”的名称 %(name)s 只能用小写字母和下划线。", label=field.label, name=field.name))
        if _BRACED.search(field.default):
            found.append(_("字段“%(name)s”的默认值：这里不能用字段，花括号会照原样印出。", name=field.label))
    return found


def unprintable_wording(layout: Layout) -> list[str]:
    """The template's own words with characters that would not come out right: which element, which character, why and what to do."""
    return [_("%(element)s：%(wrong)s", element=where, wrong=why_told(chars)) for where, text in _wording(layout) if (chars := unprintable(text))]


@lru_cache(maxsize=64)
def is_wording_printable(layout: Layout) -> bool:
    """Whether every character of the template's own words comes out right."""
    return not any(unprintable(text) for _where, text in _wording(layout))


def _wording(layout: Layout) -> Iterator[tuple[str, str]]:
    for position, one in enumerate(layout.elements, 1):
        text = "".join(FIELD.sub("", words) for _property, words in _words(one))
        if text:
            yield _called(position, one), text
    for field in layout.fields:
        if field.default:
            yield _("字段“%(name)s”的默认值", name=field.label), field.default


def _words(one: Element) -> list[tuple[str, str]]:
    """The words of an element by property."""
    if isinstance(one, Text):
        return [("text", one.text)]
    if isinstance(one, Seal):
        return [("text", one.text), ("line", one.line)]
    return [("label", one.label), ("label_en", one.label_en)] if isinstance(one, Signature) else []


def _called(position: int, one: Element) -> str:
    """第 3 个元素（文字“共 {hours} 学时”）."""
    kind, words = labels.ELEMENTS[_KIND_OF[type(one)]], " ".join(next((text for _property, text in _words(one) if text), "").split())
    if words:
        return _("第 %(n)d 个元素（%(kind)s“%(words)s”）", n=position, kind=kind, words=words[:20])
    return _("第 %(n)d 个元素（%(kind)s）", n=position, kind=kind)


def _fields_wrong(layout: Layout, one: Element) -> Iterator[str]:
    for name, words in _words(one):
        for braced in _BRACED.findall(words):
            if name != "text":
                yield _("“%(property)s”里不能用字段，%(found)s会照原样印出。", property=labels.PROPERTIES[name], found=braced)
            elif not FIELD.fullmatch(braced):
                yield _no_field(layout, braced)
    if isinstance(one, Seal):
        own = [name for name in dict.fromkeys(FIELD.findall(one.text)) if (field := layout.field(name)) is None or not field.common]
        if own:
            yield _("印章整份文件只画一次，不能用每张证书不同的“%(fields)s”。", fields=listed(labels_of(layout, own)))
    if isinstance(one, Text):
        for name in ("needs", "unless"):
            asked = getattr(one, name)
            if asked and asked not in ("name", "number", "code") and layout.field(asked) is None:
                yield _("“%(property)s”中的 %(field)s 不是这个模板的字段。", property=labels.PROPERTIES[name], field=asked)


def _no_field(layout: Layout, braced: str) -> str:
    inner = braced.strip("{} \t").casefold()
    fields = [one for one in layout.fields if _NAME.fullmatch(one.name)]
    names = {name: name for name in ("name", "number", "code")} | {one.name: one.name for one in fields}
    names |= {one.label.casefold(): one.name for one in fields} | {one.label_en.casefold(): one.name for one in fields}
    meant = names.get(inner) or names.get(inner.replace(" ", "_").replace("-", "_"))
    if meant:
        return _("%(found)s不是字段，会照原样印出：应写作 %(meant)s。", found=braced, meant=f"{{{meant}}}")
    return _(
        "%(found)s不是字段，会照原样印出：字段写作花括号中的小写名称，可用的有 %(known)s。", found=braced, known=listed(sorted({*names.values()}))
    )


def _place_wrong(layout: Layout, one: Element) -> Iterator[str]:
    spans = _extent(one)
    if spans is None:
        return
    (left, right), (top, bottom) = spans
    must_lie_inside = isinstance(one, Text | Qr | Seal | Signature)
    if right <= 0 or bottom <= 0 or left >= layout.width or top >= layout.height:
        yield _("在页面之外，印不出来。")
    elif must_lie_inside and (left < -_HAIR or top < -_HAIR or right > layout.width + _HAIR or bottom > layout.height + _HAIR):
        yield _("超出页面，会被裁掉：请移回页面内。")
    if isinstance(one, Text) and one.min_size > one.box.h * POINTS_PER_MM + _HAIR:
        room = f"{one.box.h * POINTS_PER_MM:.1f}"
        yield _("最小字号 %(size)g 磅高于方框（%(room)s 磅）：请加高方框或减小最小字号。", size=one.min_size, room=room)


def _extent(one: Element) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """From where to where an element reaches, across and down, in millimetres; None for a frame, which follows the page."""
    if isinstance(one, Text | Panel | Qr | Image | Signature):
        box = one.box
        return (box.x, box.x + box.w), (box.y, box.y + box.h)
    if isinstance(one, Seal | Rosette):
        return (one.x - one.radius, one.x + one.radius), (one.y - one.radius, one.y + one.radius)
    if isinstance(one, Divider):
        return (one.x - one.width / 2, one.x + one.width / 2), (one.y - 1.3, one.y + 1.3)
    if isinstance(one, Rule):
        (left, right), (top, bottom) = sorted((one.x1, one.x2)), sorted((one.y1, one.y2))
        return (left, max(right, left + one.width)), (top, max(bottom, top + one.width))
    return None
