"""Facts as people type them: checked by the type of the layout's field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.certificates.layouts.model import Field
from trainhub.kernel.characters import bad_characters, clean_text
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_date, parse_decimal

OWN = ("course", "topic", "programme", "exam", "enterprise", "base")
"""The fact that tells certificates of a kind apart, the first that there is."""


def own_fact(facts: Mapping[str, Any]) -> str:
    """What tells this certificate apart from others of its kind: its course, topic, programme..."""
    return next((str(facts[name]) for name in OWN if facts.get(name)), "")


def checked(field: Field, text: str) -> str:
    """The text of one of a layout's own fields as it is stored; ValueError, in words, when it is none of its type."""
    text = clean_text(text)
    if not text:
        return ""
    if bad_characters(text):
        raise ValueError(_("有无法识别的字符，请改用国家标准字符。"))
    if field.type == "date":
        return parse_date(text).isoformat()
    if field.type == "number":
        parse_decimal(text)
    return text
