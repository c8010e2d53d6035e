"""Typed cells: each parser turns a cleaned text into a value, or raises ValueError worded for the person.

An empty text never reaches a parser: whether a cell may be empty is the schema's business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from flask import has_app_context

from trainhub.kernel import contacts
from trainhub.kernel.characters import clean_line
from trainhub.kernel.i18n import _, in_language, listed
from trainhub.kernel.numbers import FIRST_DAY, LAST_DAY, is_day
from trainhub.kernel.sheets.text import is_scientific, looks_like_formula

T = TypeVar("T")
Parser = Callable[[str], T]

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))\Z")
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(:00)?\Z")
_INT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.0+)?\Z")
_DECIMAL = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?\Z")
TRUE = frozenset({"yes", "y", "true", "1", "是", "对", "√", "✓"})
FALSE = frozenset({"no", "n", "false", "0", "否", "不", "×", "✗"})


def narrow(text: str) -> str:
    """Full-width digits and letters as ASCII, without spaces at the ends."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


@lru_cache(4_096)
def parse_date(text: str) -> date:
    """2016-02-03, 2016/2/3, 2016.2.3, 2016年2月3日 or 20160203; a day that does not exist is refused by its name."""
    plain = _MIDNIGHT.sub("", narrow(text)).replace(" ", "")
    found = _DATE.match(plain)
    if found is None:
        raise ValueError(_("不是日期：“%(value)s”。请写成 2016-02-03。", value=_cut(text)))
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        found_day = date(year, month, day)
    except ValueError:
        raise ValueError(_("没有这一天：%(year)d年%(month)d月%(day)d日。请核对日期。", year=year, month=month, day=day)) from None
    if not is_day(found_day):
        raise ValueError(_("请填写 %(a)s 至 %(b)s 之间的日期。", a=FIRST_DAY, b=LAST_DAY))
    return found_day


def parse_int(text: str, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number, thousands separators allowed; bounds are inclusive."""
    plain = narrow(text)
    if not _INT.match(plain) or len(plain) > 40:
        raise ValueError(_("不是整数：“%(value)s”。", value=_cut(text)))
    value = int(plain.partition(".")[0].replace(",", ""))
    _check_bounds(value, least, most)
    return value


def parse_decimal(text: str, *, least: Decimal | int | None = None, most: Decimal | int | None = None, places: int | None = None) -> Decimal:
    """A number without exponent, at most `places` digits after the point; bounds are inclusive. Never a float."""
    plain = narrow(text)
    if not _DECIMAL.match(plain) or len(plain) > 40:
        raise ValueError(_("不是数字：“%(value)s”。", value=_cut(text)))
    if places is not None and len(plain.partition(".")[2].rstrip("0")) > places:
        raise ValueError(_("最多 %(places)d 位小数：“%(value)s”。", places=places, value=_cut(text)))
    value = Decimal(plain.replace(",", ""))
    _check_bounds(value, least, most)
    return value


def _check_bounds(value: Decimal | int, least: Decimal | int | None, most: Decimal | int | None) -> None:
    if least is not None and value < least:
        raise ValueError(_("不能小于 %(least)s：%(value)s。", least=least, value=_cut(str(value))))
    if most is not None and value > most:
        raise ValueError(_("不能大于 %(most)s：%(value)s。", most=most, value=_cut(str(value))))


def parse_bool(text: str) -> bool:
    """yes/no, 是/否, true/false, 1/0."""
    plain = text if text in TRUE or text in FALSE else narrow(text).casefold()
    if plain in TRUE:
        return True
    if plain in FALSE:
        return False
    raise ValueError(_("只能填 是 或 否（yes / no），现为“%(value)s”。", value=_cut(text)))


def _in_english(choices: Mapping[str, T]) -> dict[str, set[T]]:
    """What each choice means by the word that it has in English."""
    found: dict[str, set[T]] = {}
    with in_language("en"):
        for word, value in choices.items():
            found.setdefault(narrow(_(word)).casefold(), set()).add(value)
    return found


def parse_enum(choices: Mapping[str, T]) -> Parser[T]:
    """A parser of fixed words: `parse_enum({"founder": FOUNDER, "创业": FOUNDER})` takes both, and what the Chinese one is called in English.

    Its problem names each choice once: by its Chinese word where it has one, for readers of English by what that is called there.
    """
    known = {narrow(word).casefold(): value for word, value in choices.items()}
    english: dict[str, set[T]] = {}  # made once, by the first who asks with an app to translate

    def parse(text: str) -> T:
        if text in known:
            return known[text]
        asked = narrow(text).casefold()
        if asked in known:
            return known[asked]
        if not english and has_app_context():
            english.update(_in_english(choices))
        found = english.get(asked, ())
        if len(found) == 1:
            return next(iter(found))
        chinese = {value: word for word, value in choices.items() if not word.isascii()}
        words = listed(_(word) for word in dict.fromkeys(chinese.get(value, word) for word, value in choices.items()))
        raise ValueError(_("不认识“%(value)s”，可填：%(words)s。", value=_cut(text), words=words))

    return parse


def enum_choices(kind: type[Enum], zh: Mapping[Enum, str]) -> dict[str, Enum]:
    """The words of an enum: its stored values and their Chinese names."""
    words: dict[str, Enum] = {str(member.value): member for member in kind}
    words.update({name: member for member, name in zh.items()})
    return words


def parse_text(*, most: int = 200) -> Parser[str]:
    """Any text of at most `most` characters, on one line, without what nobody sees."""

    def parse(text: str) -> str:
        text = _seen(text)
        if len(text) > most:
            raise ValueError(_("超过 %(most)d 个字：现为 %(count)d 个。", most=most, count=len(text)))
        if "\n" in text:
            raise ValueError(_("不能换行。"))
        return text

    return parse


def _seen(text: str) -> str:
    """A text without what nobody sees: what it begins with is judged behind that. Raises ValueError where nothing is left."""
    text = clean_line(text)
    if not text:
        raise ValueError(_("只有看不见的字符，请删除或重新填写。"))
    return text


def parse_title(*, most: int = 200) -> Parser[str]:
    """What something is called: a text on one line that no spreadsheet program would run.

    A cell that looked like a formula comes back from a file of ours as `'=…`, which reads as text: as a title it is refused again.
    """
    parse_line = parse_text(most=most)

    def parse(text: str) -> str:
        text = _seen(text)
        if looks_like_formula(narrow(text)):
            raise ValueError(_("疑似公式：以 = + - @ 或制表符开头。请改为普通文字或数值。"))
        return parse_line(text)

    return parse


def parse_name(*, most: int = 120) -> Parser[str]:
    """The name of a person: text on one line that begins with a letter, in any script.

    A cell that looked like a formula comes back from a file of ours as `'=…`, which reads as text: as a name it is refused again.
    """
    parse_line = parse_text(most=most)

    def parse(text: str) -> str:
        text = _seen(text)
        if not text[:1].isalpha():
            raise ValueError(_("姓名须以文字开头，现为“%(text)s”。", text=_cut(text[:20])))
        return parse_line(text)

    return parse


def narrow_code(text: str) -> str:
    """A code or number of an identity as it is kept: full-width forms made narrow, no spaces inside, letters upper case."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return re.sub(r"\s+", "", narrow(text)).upper()


def parse_code(text: str) -> str:
    """The same; one that Excel turned into scientific notation is refused: nobody can tell any more what it was."""
    code = narrow_code(text)
    check_code(code, text)
    return code


def check_code(code: str, text: str) -> None:
    """Refuse a code whose digits were lost. Raises ValueError."""
    if is_scientific(code):
        raise ValueError(
            _("“%(value)s”是被 Excel 变成科学计数的号码，末尾的数字已丢失。请先把该列设为“文本”格式，再重新填写完整号码。", value=_cut(text))
        )


def parse_phone(text: str) -> str:
    """A telephone number as it is written: 7 to 20 digits, with +, blanks, hyphens, brackets and an extension where they belong."""
    number = narrow(text).strip()
    if not contacts.is_phone(number):
        raise ValueError(no_phone(number))
    return number


def no_phone(text: str) -> str:
    """What is said of a text that can be no telephone number."""
    return _("电话号码“%(text)s”不完整或含有其他字符，应类似 13800138000 或 0591-87654321。", text=_cut(text))


def parse_email(text: str) -> str:
    """An e-mail address: one @, a dotted domain, no blanks. Whether it exists shows when something is sent."""
    if not contacts.is_email(text):
        raise ValueError(_("邮箱格式不正确，应类似 name@example.edu.cn。"))
    return text


def parse_country(text: str) -> str:
    """The two letters of ISO 3166 of a country or region."""
    code = parse_code(text)
    if not contacts.is_country(code):
        raise ValueError(_("没有代码为“%(code)s”的国家或地区，应为 ISO 3166 的两位字母，如 CN。", code=_cut(code)))
    return code


def split_list(separator: str = "|") -> Parser[tuple[str, ...]]:
    """Several codes in one cell; empty parts are dropped, a repeated one is refused."""

    def parse(text: str) -> tuple[str, ...]:
        parts = tuple(part.strip() for part in text.replace("｜", separator).split(separator) if part.strip())
        repeated = next((part for index, part in enumerate(parts) if part in parts[:index]), None)
        if repeated is not None:
            raise ValueError(_("“%(value)s”重复。", value=_cut(repeated)))
        return parts

    return parse


def _cut(text: str) -> str:
    from trainhub.kernel.sheets.types import shown

    return shown(text)
