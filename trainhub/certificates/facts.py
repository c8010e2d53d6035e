"""Facts as people type them: checked by the type of the layout's field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from trainhub.certificates.layouts.model import Field, Layout, built_in
from trainhub.certificates.rules import TELLS_APART
from trainhub.certificates.types import Kind
from trainhub.kernel.characters import bad_characters, clean_text
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_date, parse_decimal

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2099, 12, 31)
"""No fact of a certificate is older or later; a day outside is a slip of the hand (1026 for 2026)."""
MOST = 100_000
"""Hours, weeks, students: no number on a certificate is larger, or below none."""
OWN = ("course", "topic", "programme", "exam", "enterprise", "base")
"""The fact that tells certificates of a kind apart, the first that there is."""


COUNTS = frozenset({"hours", "weeks", "students"})
"""Numbers of which a certificate attests at least some."""
PAST = ("starts_on", "ends_on", "taken_on")
"""Days of what a certificate attests: it has happened."""
SPAN = ("starts_on", "ends_on")


def impossible(facts: Mapping[str, Any], today: date) -> list[tuple[str, str]]:
    """(field, what is wrong) of facts that are each of their type and cannot be true: days to come, an end before its beginning. In words."""
    days = {name: day for name in PAST if (day := _day(facts.get(name))) is not None}
    wrong = [(name, _("%(day)s 还没有到：证书只证明已经完成的事。请核对日期。", day=day.isoformat())) for name, day in days.items() if day > today]
    first, last = (days.get(name) for name in SPAN)
    if first is not None and last is not None and last < first:
        wrong.append(("ends_on", _("结束日期 %(last)s 早于开始日期 %(first)s。请核对。", first=first.isoformat(), last=last.isoformat())))
    return wrong


def _day(fact: Any) -> date | None:
    try:
        return fact if isinstance(fact, date) else date.fromisoformat(str(fact or ""))
    except ValueError:
        return None  # told as a mistake of its own


@lru_cache(maxsize=64)
def asked_fields(kind: Kind, layout: Layout) -> tuple[Field, ...]:
    """What is asked for a certificate: what its template prints and, printed or not, what tells it apart from others of its kind.

    That is typed and required as in the kind's own layout: two templates that print it differently, or not at all, tell two certificates apart alike.
    """
    telling = {name: field for name in TELLS_APART.get(kind, ()) if (field := built_in(kind.value).field(name)) is not None}
    printed = [_telling(one, telling[one.name]) if one.name in telling else one for one in layout.fields if not one.common or one.name in telling]
    return (*printed, *(one for name, one in telling.items() if layout.field(name) is None))


def _telling(printed: Field, own: Field) -> Field:
    return replace(printed, type=own.type, required=printed.required or own.required, common=False)


def told_apart(kind: Kind, layout: Layout, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with what the template prints in their stead (its defaults) where one that tells certificates apart is not given."""
    given = {one.name: one.default for one in asked_fields(kind, layout) if one.name in TELLS_APART.get(kind, ()) and one.default}
    return {**given, **{name: value for name, value in facts.items() if value}}


def untold(kind: Kind, layout: Layout, facts: Mapping[str, Any]) -> list[Field]:
    """The fields that tell certificates of the kind apart, are required and not there."""
    return [one for one in asked_fields(kind, layout) if one.name in TELLS_APART.get(kind, ()) and one.required and not facts.get(one.name)]


def own_fact(facts: Mapping[str, Any]) -> str:
    """What tells this certificate apart from others of its kind: its course, topic, programme..."""
    return str(facts.get(own_name(facts)) or "")


def own_name(facts: Mapping[str, Any]) -> str:
    """The field of `own_fact`; empty when none is given."""
    return next((name for name in OWN if facts.get(name)), "")


def checked(field: Field, text: str) -> str:
    """The text of one of a layout's own fields as it is stored; ValueError, in words, when it is none of its type."""
    text = clean_text(text)
    if not text:
        return ""
    if bad_characters(text):
        raise ValueError(_("有无法识别的字符，请改用国家标准字符。"))
    if field.type == "date":
        day = parse_date(text)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError(_("日期应在%(first)s到%(last)s之间：%(value)s。请核对年份。", first=FIRST_DAY, last=LAST_DAY, value=day))
        return day.isoformat()
    if field.type == "number":
        number = parse_decimal(text, least=0, most=MOST)
        if field.name in COUNTS and not number:
            raise ValueError(_("应大于 0：没有学时、周数或人数的，不能发证。"))
    return text
