"""Facts as people type them: checked by the type of the layout's field."""

from __future__ import annotations

from trainhub.certificates.layouts.model import Field
from trainhub.kernel.characters import bad_characters, normalise
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_date, parse_decimal


def checked(field: Field, text: str) -> str:
    """The text of one of a layout's own fields as it is stored; ValueError, in words, when it is none of its type."""
    text = normalise(text)
    if not text:
        return ""
    if bad_characters(text):
        raise ValueError(_("有无法识别的字符，请改用国家标准字符。"))
    if field.type == "date":
        return parse_date(text).isoformat()
    if field.type == "number":
        parse_decimal(text)
    return text
