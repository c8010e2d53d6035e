"""Rules of persons: identity numbers, names, and how long somebody worked in enterprises."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from functools import lru_cache

from trainhub.kernel.characters import GB18030_2022, without_invisible
from trainhub.kernel.contacts import mask_phone as mask_phone
from trainhub.kernel.roles import Role
from trainhub.kernel.sheets.parsers import narrow_code
from trainhub.people.types import Gender, IdCheck, IdProblem, IdType, NationalityKind, WorkSpan

OFFICES = frozenset(
    {
        Role.SYSTEM_ADMIN,
        Role.UNIVERSITY_ADMIN,
        Role.PROGRAMME_ADMIN,
        Role.PREFECTURE_OPERATOR,
        Role.DEPT_EDU,
        Role.DEPT_HR,
        Role.DEPT_ST,
        Role.DEPT_FIN,
    }
)
"""Schools and authorities: what they say of who somebody is holds. Who only hosts people vouches for nobody."""

_RESIDENT = re.compile(r"\d{17}[\dX]\Z", re.ASCII)
_PASSPORT = re.compile(r"(?=.*\d)[A-Z0-9]{5,17}\Z", re.ASCII)
# 回乡证: H (Hong Kong) or M (Macao) with 8 digits; older cards print two more digits, the count of re-issues.
_HK_MO = re.compile(r"([HM]\d{8})(\d{2})?\Z", re.ASCII)
# 台胞证: 8 digits for life since 2015; before 10 digits, often with a letter behind.
_TAIWAN = re.compile(r"(\d{8}|\d{10}[A-Z]?)\Z", re.ASCII)
_DOTS = re.compile(r"[\u00b7\u2022\u2027\u2219\u30fb\uff65.]")

_HK_MO_TW_CODES = frozenset(["HK", "MO", "TW"])

# Prefixes that are no county: residents' cards of Hong Kong, Macao, Taiwan people; cards of foreigners (2023) begin with 9.
_HK_MO_TW_PREFIXES = ("810000", "820000", "830000")


def normalise_number(number: str) -> str:
    """A number as it is compared and stored: narrow, upper case, no spaces, dashes or brackets."""
    return re.sub(r"[\s\-()\u2010\u2013\u2014]+", "", unicodedata.normalize("NFKC", number)).upper()


_ANY_DASH = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


def school_number(text: str) -> str:
    """A student or staff number as a school prints it and as it is stored: narrow, upper case, without spaces, one kind of dash.

    Unlike the number of a document it keeps dashes and brackets: 2023-001 and 20230-01 are two students of one school.
    """
    return narrow_code(text).translate(_ANY_DASH)


def school_number_spellings(text: str) -> tuple[str, ...]:
    """Under which spellings a student or staff number may be stored, the right one first: until 2026 dashes and brackets were taken away."""
    return tuple(dict.fromkeys((school_number(text), normalise_number(text))))


def normalise_name(name: str) -> str:
    """A name as it is stored: in the code points of GB 18030-2022, composed, without what nobody sees, no spaces at the ends or between Chinese characters, one kind of dot."""
    plain = " ".join(unicodedata.normalize("NFKC", without_invisible(name).translate(GB18030_2022)).split())
    if re.search(r"[\u3400-\u9fff]", plain):
        plain = _DOTS.sub("·", plain).replace(" ", "")
    return plain


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: case and spaces do not count."""
    return normalise_name(one).casefold().replace(" ", "") == normalise_name(other).casefold().replace(" ", "")


def check_resident_id(number: str) -> IdCheck:
    """Check a resident number (GB 11643-1999): 18 characters, a day that exists, the check digit.

    The county in front is only looked up for a warning: real people hold numbers whose code was abolished, or was made
    after they were born.
    """
    from stdnum.cn import ric
    from stdnum.exceptions import InvalidComponent

    number = normalise_number(number)
    if len(number) != 18:
        return IdCheck(number, IdProblem.OLD_15 if len(number) == 15 and number.isdigit() else IdProblem.LENGTH)
    if not _RESIDENT.match(number):
        return IdCheck(number, IdProblem.CHARACTERS)
    try:
        birth_on: date = ric.get_birth_date(number)
    except InvalidComponent:
        return IdCheck(number, IdProblem.BIRTH_DATE)
    if not 1880 <= birth_on.year <= 2200:
        return IdCheck(number, IdProblem.BIRTH_DATE)
    if number[-1] != ric.calc_check_digit(number):
        return IdCheck(number, IdProblem.CHECK_DIGIT)
    kind, is_unknown = NationalityKind.CHINA, False
    if number.startswith(_HK_MO_TW_PREFIXES):
        kind = NationalityKind.HK_MO_TW
    elif number.startswith("9"):
        kind = NationalityKind.FOREIGN
    else:
        is_unknown = not _is_known_prefix(number[:6])
    gender = Gender.MALE if int(number[16]) % 2 else Gender.FEMALE
    return IdCheck(number, None, birth_on, gender, kind, is_unknown)


@lru_cache(maxsize=8192)
def _is_known_prefix(prefix: str) -> bool:
    """Whether GB/T 2260 ever held the code (the table carries the years, which are not compared)."""
    from stdnum import numdb

    found = numdb.get("cn/loc").info(prefix)
    return any("county" in facts for _part, facts in found)


def check_number(id_type: IdType, number: str) -> IdCheck:
    """Check the number of any identity document of the contract; the result holds it as it is stored."""
    if id_type is IdType.RESIDENT_ID:
        return check_resident_id(number)
    number = normalise_number(number)
    if id_type is IdType.PASSPORT:
        return IdCheck(number, None if _PASSPORT.match(number) else IdProblem.PATTERN, nationality_kind=NationalityKind.FOREIGN)
    found = (_HK_MO if id_type is IdType.MAINLAND_PERMIT_HK_MO else _TAIWAN).match(number)
    if found is None:
        return IdCheck(number, IdProblem.PATTERN)
    return IdCheck(found[1], None, nationality_kind=NationalityKind.HK_MO_TW)


_IN_TEXT = re.compile(r"\d{17}[\dX]", re.ASCII)


def has_number(text: str, *numbers: str) -> bool:
    """Whether a text that is kept for good says a number of a document: one of these however it is spaced, or any that looks like a resident card's."""
    bare = re.sub(r"[^0-9A-Z]", "", normalise_number(text))
    return any(number and number in bare for number in numbers) or _IN_TEXT.search(normalise_number(text)) is not None


def kind_of_nationality(nationality: str) -> NationalityKind:
    """The kind that a nationality alone says: foreign is who is no citizen of China; people of Hong Kong, Macao and Taiwan are citizens (PETOE-9.8),
    though ISO 3166 has codes of their own for them."""
    if nationality == "CN":
        return NationalityKind.CHINA
    return NationalityKind.HK_MO_TW if nationality in _HK_MO_TW_CODES else NationalityKind.FOREIGN


def nationality_agrees(nationality: str, kind: NationalityKind) -> bool:
    """Whether a kind is possible with a nationality: a citizen (CN) may be of Hong Kong, Macao or Taiwan."""
    return kind is kind_of_nationality(nationality) or (nationality == "CN" and kind is NationalityKind.HK_MO_TW)


def is_resident_number(text: str, *, mistyped: bool) -> bool:
    """Whether a text is the number of a resident card; with `mistyped` also one whose check digit is wrong, which is nearly somebody's."""
    found = check_resident_id(text)
    return found.problem is None or (mistyped and found.problem is IdProblem.CHECK_DIGIT)


def mask_number(id_type: IdType | None, number: str) -> str:
    """What pages show: 3502**********1234; of shorter numbers one character in front and two behind."""
    if not number:
        return ""
    ahead, behind = (4, 4) if id_type is IdType.RESIDENT_ID and len(number) == 18 else (1, 2)
    if len(number) <= ahead + behind:
        return "*" * len(number)
    return number[:ahead] + "*" * (len(number) - ahead - behind) + number[-behind:]


def mask_email(email: str) -> str:
    """An e-mail address of which only the first sign and the domain show: l***@example.edu.cn, however long it is."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}" if at else "*" * len(email)


def age_on(birth_on: date, on: date) -> int:
    """Full years of age on a day."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


STUDIES_FROM, WORKS_FROM = 6, 14
"""Ages in years before which nobody goes to any school, and nobody works: a day before is a slip, no exception."""
AHEAD = timedelta(days=366)
"""Lists of those who come are sent before they come; a day further ahead than a year has a slip in its year."""


def is_too_young(birth_on: date | None, day: date, age: int) -> bool:
    """Whether somebody is below an age on a day; nobody is of whom no birth date is known."""
    return birth_on is not None and age_on(birth_on, day) < age


def is_slip_ahead(day: date, today: date | None) -> bool:
    """Whether a day is further ahead than anybody plans; without `today` it is not judged."""
    return today is not None and day > today + AHEAD


def merged_spans(spans: Iterable[WorkSpan], on: date) -> list[tuple[date, date]]:
    """Spans up to a day, as (first, last) without overlap; those that touch become one."""
    ended = sorted((s.since, min(s.until or on, on)) for s in spans if s.since <= on)
    merged: list[tuple[date, date]] = []
    for since, until in ended:
        if merged and since <= merged[-1][1] + timedelta(days=1):
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def months_worked(spans: Iterable[WorkSpan], on: date) -> int:
    """Whole months of work up to a day, each month once whatever overlaps (PETOE-5, 002:271: "5 年及以上企业工作经历").

    Whole months of each span are added; days left over of several spans make a month for each 30. Five years are 60
    months: from 2019-03-01 they are reached on 2024-02-29, not before.
    """
    months = days = 0
    for since, until in merged_spans(spans, on):
        after = until + timedelta(days=1)
        whole = (after.year - since.year) * 12 + after.month - since.month
        while whole > 0 and _add_months(since, whole) > after:
            whole -= 1
        months += whole
        days += (after - _add_months(since, whole)).days
    return months + days // 30


def _add_months(day: date, months: int) -> date:
    """The same day `months` later; where that month is shorter, the first day after it."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        year, month = divmod(index + 1, 12)
        return date(year, month + 1, 1)


def is_within(since: date, until: date | None, on: date) -> bool:
    """Whether a day lies in a span whose end is included."""
    return since <= on and (until is None or on <= until)


def overlaps(since: date, until: date | None, others: Iterable[tuple[date, date | None]]) -> bool:
    """Whether a span shares a day with any of the others."""
    return any((until is None or other_since <= until) and (other_until is None or since <= other_until) for other_since, other_until in others)


def humans(pairs: Iterable[tuple[int, int]], *, without_number: Collection[int] = ()) -> dict[int, int]:
    """Persons decided to be one human, each with the person they stand for: the first of the group that has a number."""
    parent: dict[int, int] = {}

    def root(person: int) -> int:
        parent.setdefault(person, person)
        while parent[person] != person:
            parent[person] = parent[parent[person]]
            person = parent[person]
        return person

    def rank(person: int) -> tuple[bool, int]:
        return person in without_number, person

    for one, other in pairs:
        a, b = root(one), root(other)
        if a != b:
            parent[max(a, b, key=rank)] = min(a, b, key=rank)
    return {person: root(person) for person in sorted(parent)}
