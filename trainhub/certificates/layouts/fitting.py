"""Whether facts fit a layout, asked before anything is drawn: what would be cut on paper waits for a person instead."""

from __future__ import annotations

from collections.abc import Iterable

from trainhub.certificates.layouts.drawing import widths_of
from trainhub.certificates.layouts.filling import Facts, printed_text
from trainhub.certificates.layouts.model import FIELD, Field, Layout, Text
from trainhub.certificates.layouts.typeset import fit
from trainhub.kernel import fonts


def cut_fields(layout: Layout, facts: Facts) -> tuple[str, ...]:
    """The names of the facts that would be cut: longer than their box holds at the smallest size. In the order of the page."""
    cut: list[str] = []
    for item in layout.elements:
        if not isinstance(item, Text) or "{" not in item.text:
            continue
        text = printed_text(layout, item, facts)
        if text and fit(text, item, widths_of(item.font)).overflows:
            cut += FIELD.findall(item.text)
    return tuple(dict.fromkeys(cut))


def lacking(layout: Layout, facts: Facts) -> list[str]:
    """The characters of the printed facts that no font installed here draws, each once: they would come out blank."""
    printed = {"name", *(field.name for field in layout.fields)}
    return fonts.missing_glyphs("".join(str(value) for name, value in sorted(facts.items()) if name in printed))


def named(chars: Iterable[str]) -> str:
    """Characters with their code points, for a person who looks for a font."""
    return "、".join(f"{char} U+{ord(char):04X}" for char in chars)


def labels_of(layout: Layout, names: Iterable[str]) -> list[str]:
    """What people call the fields."""
    common = {"name": "姓名", "number": "证书编号", "code": "核验码"}
    found: list[Field | None] = [layout.field(name) for name in names]
    return [one.label if one is not None else common.get(name, name) for name, one in zip(names, found, strict=True)]
