"""What is wrong with a template's own wording and arrangement, in words that name the element: told when it is saved, handed in, approved and used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from trainhub.certificates import labels
from trainhub.certificates.layouts.fitting import labels_of, unprintable, why_told
from trainhub.certificates.layouts.model import ALWAYS, FIELD, KINDS, Divider, Element, Image, Layout, Panel, Qr, Rosette, Rule, Seal, Signature, Text
from trainhub.certificates.layouts.typeset import POINTS_PER_MM
from trainhub.kernel.i18n import _, listed

_BRACED = re.compile(r"\{[^{}]*\}|[{}]")
_NAME = re.compile(r"[a-z_]+")
_KIND_OF = {made: kind for kind, made in KINDS.items()}
_HAIR = 0.01
"""Millimetres by which rounding may put an element beyond the page."""


def faults(layout: Layout) -> list[str]:
    """What would be printed wrong by every certificate of this layout, whatever its facts; in the order of the elements."""
    found = list(_titles_wrong(layout))
    for position, one in enumerate(layout.elements, 1):
        wrong = [*_fields_wrong(layout, one), *_place_wrong(layout, one)]
        found += [_("%(element)s：%(wrong)s", element=_called(position, one), wrong=said) for said in wrong]
    for field in layout.fields:
        if not _NAME.fullmatch(field.name):
            found.append(_("字段“%(label)s”的名称 %(name)s 只能用小写字母和下划线。", label=field.label, name=field.name))
        if not field.label.strip():
            found.append(_("字段 %(name)s 没有中文名称（label）：它的值在页面和文件上会没有说明。", name=field.name))
        if _BRACED.search(field.default):
            found.append(_("字段“%(name)s”的默认值：这里不能用字段，花括号会照原样印出。", name=field.label))
    return found


MOST_TITLE, MOST_TITLE_EN = 60, 120
"""Characters of a template's titles: they name the certificate in lists, files, credentials and notices."""


def _titles_wrong(layout: Layout) -> Iterator[str]:
    for label, title, most in ((_("模板名称（title）"), layout.title, MOST_TITLE), (_("模板英文名称（title_en）"), layout.title_en, MOST_TITLE_EN)):
        if not title.strip():
            yield _("%(label)s不能为空。", label=label)
        elif len(title) > most or any(char < " " for char in title):
            yield _("%(label)s应为一行，不超过 %(most)d 个字符，现在有 %(n)d 个。", label=label, most=most, n=len(title))


LEAST_QR = 15.0
"""Millimetres of a code's side: its 33 to 41 modules are then at least two dots wide at 150 dpi."""
LEAST_CONTRAST = 3.0
"""Of letters and codes to what lies behind them (WCAG 2.1, 1.4.11)."""


def lacks(layout: Layout) -> list[str]:
    """What every certificate must show and this layout does not, or not so that it can be read: name, number, a code that can be scanned."""
    found = []
    for name, label in (("name", _("姓名")), ("number", _("证书编号"))):
        texts = [one for one in layout.elements if isinstance(one, Text) and name in FIELD.findall(one.text)]
        if not any(_is_always_there(layout, one) for one in texts):
            found.append(_("页面上没有%(what)s。", what=label))
        elif not any(_is_always_there(layout, one) and _contrast(layout, one) >= LEAST_CONTRAST for one in texts):
            found.append(_("%(what)s的颜色与底色太接近，看不清。", what=label))
    codes = [one for one in layout.elements if isinstance(one, Qr)]
    if not codes:
        found.append(_("页面上没有%(what)s。", what=_("查验二维码")))
    elif not any(_is_scannable(layout, one) for one in codes):
        least = f"{LEAST_QR:g}"
        found.append(_("查验二维码扫不出：应为边长至少 %(least)s 毫米的正方形，颜色明显深于底色。", least=least))
    return found


def _is_always_there(layout: Layout, one: Text) -> bool:
    asked = layout.field(one.needs) if one.needs else None
    return not one.unless and (not one.needs or one.needs in ALWAYS or (asked is not None and asked.required))


def _is_scannable(layout: Layout, one: Qr) -> bool:
    short, long = sorted((one.box.w, one.box.h))
    is_dark = _luminance(one.color) < _luminance(_ground(layout, one))  # few readers take light modules on a dark ground
    return short >= LEAST_QR and long <= short * 1.1 and is_dark and _contrast(layout, one) >= LEAST_CONTRAST


def _contrast(layout: Layout, one: Text | Qr) -> float:
    dark, light = sorted((_luminance(one.color), _luminance(_ground(layout, one))))
    return (light + 0.05) / (dark + 0.05)


def _ground(layout: Layout, one: Text | Qr) -> str:
    """The colour behind the middle of an element: of the last filled rectangle there, or of the paper."""
    x, y = one.box.x + one.box.w / 2, one.box.y + one.box.h / 2
    behind = [panel for panel in layout.elements if isinstance(panel, Panel) and _holds(panel, x, y)]
    return behind[-1].color if behind else "#ffffff"


def _holds(panel: Panel, x: float, y: float) -> bool:
    box = panel.box
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h


def _luminance(color: str) -> float:
    """The relative luminance of #rrggbb (WCAG 2.1)."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
