"""Whether facts fit a layout, asked before anything is drawn: what would be cut on paper waits for a person instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from trainhub.certificates.layouts.drawing import signature_labels, widths_of
from trainhub.certificates.layouts.filling import Facts, printed_text
from trainhub.certificates.layouts.model import FIELD, Field, Layout, Seal, Signature, Text
from trainhub.certificates.layouts.typeset import fit
from trainhub.kernel import fonts
from trainhub.kernel.characters import (
    STAND_INS,
    bad_characters,
    is_describing,
    is_invisible,
    is_mark,
    is_pictured,
    is_right_to_left,
    is_set_together,
)
from trainhub.kernel.i18n import _, clauses, either, listed

IN_NAMES = f"{STAND_INS}?？"
"""What stands in a name only where its character was lost; other facts may ask a question."""

Cut = tuple[str, int]
"""The name of a fact that does not fit, and by how many characters."""


def cuts(layout: Layout, facts: Facts) -> tuple[Cut, ...]:
    """The facts that would be cut: longer than their box holds at the smallest size. In the order of the page."""
    cut: dict[str, int] = {}
    for item in layout.elements:
        if not isinstance(item, Text) or "{" not in item.text:
            continue
        text = printed_text(layout, item, facts)
        if text and (lost := _lost(text, item)):
            for name in FIELD.findall(item.text):
                cut[name] = max(lost, cut.get(name, 0))
    return tuple(cut.items())


@lru_cache(maxsize=4096)
def _lost(text: str, item: Text) -> int:
    """How many characters of a text find no room in its box; a list says most texts many times."""
    return fit(text, item, widths_of(item.font)).lost


def cuts_told(layout: Layout, found: Iterable[Cut]) -> str:
    """What does not fit and by how much, for a person: 课程（多出12字）."""
    found = tuple(found)
    labels = labels_of(layout, [name for name, _lost in found])
    return listed(_("%(field)s（多出%(lost)d字）", field=label, lost=lost) for label, (_name, lost) in zip(labels, found, strict=True))


def cut_wording(layout: Layout) -> list[str]:
    """The fixed texts of a layout, those under places to sign among them, that do not fit their boxes: they would be cut on every page."""
    texts = [one for one in layout.elements if isinstance(one, Text) and not FIELD.search(one.text)]
    texts += [words for one in layout.elements if isinstance(one, Signature) for words in signature_labels(one)]
    return [one.text for one in texts if one.text and fit(one.text, one, widths_of(one.font)).overflows]


MOST_SEAL_LINE = 7
"""Characters below the star that stay within the inner ring, whatever the radius: they grow with it (`art.seal`)."""


def long_seal_lines(layout: Layout) -> list[str]:
    """The lines of seals that would run over their ring on every page."""
    return [one.line for one in layout.elements if isinstance(one, Seal) and len(one.line) > MOST_SEAL_LINE]


def lacking(layout: Layout, facts: Facts) -> list[str]:
    """The characters of the printed facts that nothing installed here draws right, each once: they would come out blank, beside their letter or
    in another order."""
    return fonts.missing_glyphs("".join(text for _name, text in _printed(layout, facts)))


def _printed(layout: Layout, facts: Facts) -> list[tuple[str, str]]:
    """The facts that a page may print, by name."""
    printed = {"name", *(field.name for field in layout.fields)}
    return [(name, str(value)) for name, value in sorted(facts.items()) if name in printed]


def unprintable(text: str) -> list[str]:
    """The characters of a text about to be issued or approved that would not come out right, each once. Without the fonts the letters cannot be judged."""
    has_fonts = fonts.available()
    return [char for char in dict.fromkeys(text) if _is_no_letter(char) or (has_fonts and fonts.font_of(char) is None)]


@cache
def _is_no_letter(char: str) -> bool:
    return is_invisible(char) or bool(bad_characters(char))


def lacking_by_field(layout: Layout, facts: Facts) -> list[tuple[str, list[str]]]:
    """The facts with characters that would not come out right (`unprintable`) or stand for another that could not be typed, by the name of the field;
    the holder's name first."""
    found = [(name, chars) for name, text in _printed(layout, facts) if (chars := list(dict.fromkeys([*_not_meant(name, text), *unprintable(text)])))]
    return sorted(found, key=lambda one: one[0] != "name")


def says_stand_ins(facts: Facts) -> bool:
    """Whether a fact holds a character that stands for one that could not be typed or was lost: `lacking_by_field` names it. Cheap: asked of every row."""
    return any(not (_IN_NAMES if name == "name" else _STAND_INS).isdisjoint(str(text)) for name, text in facts.items())


_IN_NAMES, _STAND_INS = frozenset(IN_NAMES), frozenset(STAND_INS)


def _not_meant(name: str, text: str) -> list[str]:
    stand_ins = IN_NAMES if name == "name" else STAND_INS
    return [char for char in dict.fromkeys(text) if char in stand_ins]


def characters_told(layout: Layout, found: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Which characters of which fields cannot be printed, why and what to do: 姓名：◌̌ U+030C（附加符号不能单独叠印，请改用…）."""
    found = tuple(found)
    labels = labels_of(layout, [name for name, _chars in found])
    return clauses(_("%(field)s：%(chars)s", field=label, chars=why_told(chars)) for label, (_name, chars) in zip(labels, found, strict=True))


def why_told(chars: Iterable[str]) -> str:
    """Characters that cannot be printed, with their code points, those of one cause together with what to do about it."""
    causes: dict[str, list[str]] = {}
    for char in chars:
        causes.setdefault(cause(char), []).append(char)
    return listed(_("%(chars)s（%(why)s）", chars=named(those), why=why) for why, those in causes.items())


def cause(char: str) -> str:
    """Why a character cannot be printed and what to do, in words."""
    if is_invisible(char) or char < " ":
        return _("看不见的控制符，请删除")
    if char in IN_NAMES:
        return _("是代替打不出或丢失的字的符号，请核对证件，改为原来的字")
    if is_describing(char):
        return _("只描述字形，不是字，请改用这个字本身")
    if is_pictured(char):
        return _("须与另一个符号拼成图形，不能排印，请删除")
    if is_right_to_left(char):
        return _("从右向左书写的文字不能排印，请改用证件上的汉字或拉丁字母")
    if is_set_together(char):
        return _("须连写或叠写的文字不能排印，请改用证件上的汉字或拉丁字母")
    if is_mark(char):
        return _("附加符号不能单独叠印，请改用带这个符号的整字母，或经本人同意去掉符号")
    if bad_characters(char):
        return _("不是国家标准字符，请改用 GB 18030-2022 的字")
    return _("现有字体中没有，请核对用字或安装含该字的字体")


def named(chars: Iterable[str]) -> str:
    """Characters with their code points, for a person: a mark on a dotted circle, and letters written from right to left kept beside theirs."""
    return listed(" ".join(one for one in (shown_char(char), f"U+{ord(char):04X}") if one) for char in chars)


def shown_char(char: str) -> str:
    """A character by itself as a page can show it; nothing for what nobody sees."""
    if is_invisible(char) or char < " ":
        return ""
    if is_mark(char):
        return f"\u25cc{char}"
    return f"\u2068{char}\u2069" if is_right_to_left(char) else char


def labels_of(layout: Layout, names: Sequence[str]) -> list[str]:
    """What people call the fields, in the reader's language."""
    common = {"name": _("姓名"), "number": _("证书编号"), "code": _("核验码")}
    found: list[Field | None] = [layout.field(name) for name in names]
    return [str(either(one.label, one.label_en)) if one else common.get(name, name) for name, one in zip(names, found, strict=True)]
