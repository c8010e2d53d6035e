"""Certificate numbers, verification codes and masked names: pure text in, text out.

A number has 18 digits: 2 province, 4 issuing unit, 1 kind, 4 year, 6 serial, and a check digit (ISO 7064 MOD 11,10
over the 17 before it). It must read neither as a diploma number (5 school, 1 type, 4 **year**, ...) nor as a
resident identity number (6 region, 4 **year of birth**, ...): both carry a year in digits 7 to 10, where ours has the
kind and three digits of the year, so 1202, 2202, ..., 7202, which is nobody's year.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from trainhub.certificates.types import Kind, Number

LENGTH = 18
KIND_DIGITS: dict[Kind, str] = {
    Kind.COMPLETION: "1",
    Kind.PLACEMENT: "2",
    Kind.CAPSTONE: "3",
    Kind.PROGRAMME: "4",
    Kind.TRAINING: "5",
    Kind.MENTOR: "6",
    Kind.EXAM: "7",
}
FIRST_YEAR, LAST_YEAR = 2000, 2099
LAST_SERIAL = 999_999

CODE_LENGTH = 12
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = re.compile(r"[0-9]{18}", re.ASCII)
_CODE = re.compile(f"[{CROCKFORD}]{{{CODE_LENGTH}}}")
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Blanks, hyphens and dashes of all kinds (U+2010 to U+2015), underscores and dots between the groups.
_IGNORED = re.compile("[\\s\\-\u2010-\u2015_·.]+")

# GB: the two-character surnames in use; a name that begins with one keeps both characters when masked.
_COMPOUND = """
欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 夏侯 轩辕 端木 百里 呼延 南宫 西门 东郭 独孤 长孙 宇文 闻人 澹台 公冶
淳于 单于 太史 申屠 仲孙 钟离 司空 鲜于 闾丘 亓官 司寇 子车 颛孙 公西 漆雕 乐正 壤驷 公良 拓跋 夹谷 谷梁 段干 东门 南门 赫连
万俟 第五 左丘 梁丘 羊舌 微生 宗政 濮阳 公羊 巫马 歐陽 諸葛 東方 司馬
"""
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())


def check_digit(digits: str) -> str:
    """The ISO 7064 MOD 11,10 check digit of a run of digits (17 of them in a certificate number)."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def compose(number: Number) -> str:
    """The 18 digits of a number; ValueError when a part is out of range."""
    parts_fit = (
        re.fullmatch(r"[1-9][0-9]", number.province, re.ASCII)
        and re.fullmatch(r"[0-9]{4}", number.unit, re.ASCII)
        and number.kind in KIND_DIGITS.values()
        and FIRST_YEAR <= number.year <= LAST_YEAR
        and 1 <= number.serial <= LAST_SERIAL
    )
    if not parts_fit:
        raise ValueError(f"not the parts of a certificate number: {number}")
    body = f"{number.province}{number.unit}{number.kind}{number.year:04d}{number.serial:06d}"
    return body + check_digit(body)


def parse(text: str) -> Number | None:
    """The parts of a number, or None when it has another shape, a wrong check digit, or parts out of range."""
    if not _DIGITS.fullmatch(text) or check_digit(text[:-1]) != text[-1]:
        return None
    number = Number(text[0:2], text[2:6], text[6], int(text[7:11]), int(text[11:17]))
    try:
        compose(number)
    except ValueError:
        return None
    return number


def is_number(text: str) -> bool:
    """Whether the text is a well-formed certificate number with its right check digit."""
    return parse(text) is not None


def has_number_shape(text: str) -> bool:
    """Whether the text is 18 ASCII digits; what is printed is checked for this, not for the check digit."""
    return _DIGITS.fullmatch(text) is not None


def read_number(typed: str) -> str:
    """A number as a person typed it: full-width digits, blanks and hyphens are put right; nothing is judged."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", typed))


def new_code(choice: Callable[[str], str]) -> str:
    """A verification code: 12 characters of Crockford's base 32 (60 bits); `choice` is `secrets.choice`."""
    return "".join(choice(CROCKFORD) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    """Whether the text is a verification code in its canonical spelling."""
    return _CODE.fullmatch(text) is not None


def read_code(typed: str) -> str:
    """A code as a person typed it: any case, full width, with hyphens or blanks, O for 0, I or L for 1."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", typed)).upper().translate(_READ_AS)


def show_code(code: str) -> str:
    """A code in groups of four, as it is printed: ABCD-EFGH-JKMN."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def show_number(number: str) -> str:
    """A number in its parts, as it is printed for people: 35 0001 1 2026 000001 7."""
    cuts = (0, 2, 6, 7, 11, 17, 18)
    if len(number) != LENGTH:
        return number
    return " ".join(number[start:end] for start, end in pairwise(cuts))


def mask_name(name: str) -> str:
    """A name as public pages show it: enough for its owner to recognise, too little to look somebody up.

    张三 is 张*, 欧阳娜娜 is 欧阳**, 阿卜杜拉·买买提 is 阿***·***, John Smith is J*** S****. The number of stars tells
    the length. A single character is hidden whole.
    """
    name = name.strip()
    if len(name) <= 1:
        return "*" * len(name)
    if any("LATIN" in unicodedata.name(char, "") or "CYRILLIC" in unicodedata.name(char, "") for char in name):
        return re.sub(r"[^\s\-]+", lambda word: word[0][0] + "*" * (len(word[0]) - 1), name)
    if "·" in name:
        first, *others = name.split("·")
        return "·".join([first[:1] + "*" * (len(first) - 1), *("*" * len(other) for other in others)])
    shown = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:shown] + "*" * (len(name) - shown)
