"""Whether facts fit a layout, asked before anything is drawn: what would be cut on paper waits for a person instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import bidirectional

from trainhub.certificates.layouts.drawing import signature_labels, widths_of
from trainhub.certificates.layouts.filling import Facts, printed_text
from trainhub.certificates.layouts.model import FIELD, Field, Layout, Signature, Text
from trainhub.certificates.layouts.typeset import fit
from trainhub.kernel import fonts
from trainhub.kernel.i18n import _, either, listed

Cut = tuple[str, int]
"""The name of a fact that does not fit, and by how many characters."""


def cuts(layout: Layout, facts: Facts) -> tuple[Cut, ...]:
    """The facts that would be cut: longer than their box holds at the smallest size. In the order of the page."""
    cut: dict[str, int] = {}
    for item in layout.elements:
        if not isinstance(item, Text) or "{" not in item.text:
            continue
        text = printed_text(layout, item, facts)
        if text and (lost := fit(text, item, widths_of(item.font)).lost):
            for name in FIELD.findall(item.text):
                cut[name] = max(lost, cut.get(name, 0))
    return tuple(cut.items())


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


def lacking(layout: Layout, facts: Facts) -> list[str]:
    """The characters of the printed facts that no font installed here draws, each once: they would come out blank."""
    printed = {"name", *(field.name for field in layout.fields)}
    return fonts.missing_glyphs("".join(str(value) for name, value in sorted(facts.items()) if name in printed))


def named(chars: Iterable[str]) -> str:
    """Characters with their code points, for a person who looks for a font; letters written from right to left keep beside theirs."""
    return listed(f"\u2068{char}\u2069 U+{ord(char):04X}" if bidirectional(char) in ("R", "AL") else f"{char} U+{ord(char):04X}" for char in chars)


def labels_of(layout: Layout, names: Sequence[str]) -> list[str]:
    """What people call the fields, in the reader's language."""
    common = {"name": _("姓名"), "number": _("证书编号"), "code": _("核验码")}
    found: list[Field | None] = [layout.field(name) for name in names]
    return [str(either(one.label, one.label_en)) if one else common.get(name, name) for name, one in zip(names, found, strict=True)]
