"""How a report of an import words a cell that changes: what stands and what comes never read the same, and no number of a person stands there in full.

What a refusal repeats of a cell (`sheets.types.told`) is made to be recognised by who typed it; here two values are held against each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from trainhub.kernel.characters import is_mark
from trainhub.kernel.contacts import mask_phone
from trainhub.kernel.i18n import _, format_date, listed
from trainhub.kernel.sheets.text import has_control
from trainhub.kernel.sheets.types import SHOWN, masked, told

PHONES = frozenset(["phone", "guardian_phone"])
AHEAD = 20
"""Characters of what two long texts have in common that are shown before they differ."""


def in_words(column: str, old: Any, new: Any, labels: Mapping[str, Mapping[Any, Any]]) -> tuple[str, str]:
    """What stands in a column and what comes, in the reader's language; what cannot be shown to differ is marked as changed."""
    before, after = (_worded(column, value, labels) for value in (old, new))
    if isinstance(old, str) and isinstance(new, str) and column not in labels and _as_seen(before) == _as_seen(after) != "":
        before, after = _named(before), _named(after)
    if column not in labels and not isinstance(new, list | tuple):
        before, after = _cut(before, after)
    return before, after if before != after or old == new else _("%(value)s（与现有的不同）", value=after)


def _worded(column: str, value: Any, labels: Mapping[str, Mapping[Any, Any]]) -> str:
    if value is None or value == "" or value == []:
        return _("（空）")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, (list, tuple)):
        return listed(told(column, str(one)) for one in value)
    words = labels.get(column, {}).get(value)
    return str(words) if words is not None else _text(column, str(value))


def _text(column: str, value: str) -> str:
    """The whole text; of a telephone what every page shows, of any other number of a person its ends."""
    if column in PHONES:
        return mask_phone(value)
    whole = masked(column, value)
    return _named(whole) if has_control(whole) else whole


def _as_seen(text: str) -> str:
    """A text as an eye takes it: without what leaves no ink, each blank like any other."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return plain if plain.isprintable() else "".join(sign for sign in plain if sign.isprintable())


def _named(text: str) -> str:
    """A text with a name for each sign that nobody sees, or that is set over the one before it."""
    named = re.sub(r"(?:(?<=\s) )|(?:^ )|(?: $)", lambda _found: "〔U+0020〕", text)
    return "".join(sign if sign.isprintable() and not is_mark(sign) else f"〔U+{ord(sign):04X}〕" for sign in named)


def _cut(old: str, new: str) -> tuple[str, str]:
    """Two texts of at most some eighty characters each, from shortly before the first that differs where that would not be seen otherwise."""
    if max(len(old), len(new)) <= SHOWN:
        return old, new
    same = next((place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    start = max(same - AHEAD, 0) if same >= SHOWN - AHEAD else 0
    return _part(old, start), _part(new, start)


def _part(text: str, start: int) -> str:
    return ("…" if start else "") + text[start : start + SHOWN] + ("…" if len(text) > start + SHOWN else "")
