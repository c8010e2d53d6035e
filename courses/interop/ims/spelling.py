"""Names of QTI 2 and 3 in one spelling: version 3 writes the same with `qti-` and hyphens."""

from __future__ import annotations

from courses.interop.olx import markup
from courses.interop.olx.markup import Element


def name(node: Element) -> str:
    """A tag in one spelling: qti-choice-interaction and choiceInteraction are `choiceinteraction`."""
    return markup.tag_of(node).lower().removeprefix("qti-").replace("-", "")


def value(node: Element, wanted: str) -> str:
    """An attribute in either spelling."""
    for key, text in node.attrib.items():
        if str(key).rpartition("}")[2].lower().replace("-", "") == wanted:
            return str(text)
    return ""


def is_version_3(node: Element) -> bool:
    """Whether an element is written as QTI 3 writes it."""
    return markup.tag_of(node).lower().startswith("qti-")
