"""What the texts of a layout say with the facts of a certificate: fields filled in, dates worded, missing facts named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from trainhub.certificates.layouts.model import FIELD, Layout, Text

Facts = Mapping[str, str]
LABELS = {"number": ("编号", "number"), "code": ("核验码", "code"), "name": ("姓名", "name")}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MISSING = {"zh": "〔缺：%s〕", "en": "[missing: %s]"}
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@lru_cache(maxsize=1024)
def show_date(value: str, lang: str) -> str:
    """2026-03-05 as 2026年3月5日 or 5 March 2026; another text is left as it is."""
    match = _ISO_DATE.fullmatch(value)
    if match is None:
        return value
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        return value
    return f"{day.year}年{day.month}月{day.day}日" if lang == "zh" else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def given(layout: Layout, facts: Facts, name: str) -> str:
    """The fact or its default; the default of an English form does not stand beside a Chinese form that was given."""
    text = facts.get(name, "")
    if text:
        return text
    field = layout.field(name)
    if field is None or (name.endswith("_en") and facts.get(name.removesuffix("_en"))):
        return ""
    return field.default


def _value(layout: Layout, facts: Facts, name: str, lang: str) -> tuple[str, str]:
    """(text to print, name of the missing field or nothing) of a `{name}` in a text."""
    text = given(layout, facts, name)
    field = layout.field(name)
    if text:
        return (show_date(text, lang) if field is not None and field.type == "date" else text), ""
    label = (field.label, field.label_en or field.label) if field else LABELS.get(name, (name, name))
    return MISSING[lang] % label[0 if lang == "zh" else 1], name


def is_left_out(layout: Layout, item: Text, facts: Facts) -> bool:
    """Whether a text stays away: the fact it needs is not there, or the one it stands in for is."""
    return bool(item.needs and not given(layout, facts, item.needs)) or bool(item.unless and given(layout, facts, item.unless))


def hangs_on_facts(item: Text) -> bool:
    """Whether a text says a fact, or is there or not by one: no blank has it, each overprint does."""
    return bool(FIELD.search(item.text) or item.needs or item.unless)


@lru_cache(maxsize=1024)
def optional_in(layout: Layout, text: str) -> tuple[tuple[str, ...], bool]:
    """The fields of a text that nobody has to give, and whether it has no others: then it is left out when one lacks, not printed with a gap."""
    names = tuple(dict.fromkeys(FIELD.findall(text)))
    found = tuple(name for name in names if (field := layout.field(name)) is not None and not field.required)
    return found, bool(found) and len(found) == len(names)


def worded(layout: Layout, item: Text, facts: Facts) -> tuple[str, tuple[str, ...]]:
    """What a text says, and which facts it says to be missing; empty when it is left out."""
    if is_left_out(layout, item, facts):
        return "", ()
    text, missing = fill(layout, item.text, facts, item.lang)
    return ("", ()) if missing and optional_in(layout, item.text)[1] else (text, missing)


def gaps(layout: Layout, facts: Facts) -> list[str]:
    """The optional facts whose lack a page would say, because a text has them beside others that are there."""
    found: list[str] = []
    for item in layout.elements:
        if isinstance(item, Text) and optional_in(layout, item.text)[0]:
            found += worded(layout, item, facts)[1]
    return found


def told_lacking(layout: Layout, facts: Facts) -> list[str]:
    """Every fact whose lack a page would say, each once."""
    texts = [item for item in layout.elements if isinstance(item, Text)]
    return list(dict.fromkeys(name for item in texts for name in worded(layout, item, facts)[1]))


def printed_text(layout: Layout, item: Text, facts: Facts) -> str:
    """What a text of the layout says with these facts; empty when it is left out or a fact is not known yet."""
    text, missing = worded(layout, item, facts)
    return "" if missing else text


@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[str, ...]:
    """A text cut at its fields: words, name, words, name, ..., words."""
    return tuple(FIELD.split(text))


def fill(layout: Layout, text: str, facts: Facts, lang: str) -> tuple[str, tuple[str, ...]]:
    """A text with its fields filled in, and the names of those that are missing."""
    pieces = list(_pieces(text))
    missing: list[str] = []
    for index in range(1, len(pieces), 2):
        pieces[index], absent = _value(layout, facts, pieces[index], lang)
        if absent:
            missing.append(absent)
    return "".join(pieces), tuple(missing)
