"""Pinyin for search: "zengxiaoxian zxx" (the whole reading, then the initials), lower case, without tones.

A dictionary reads a surname as the common word (曾 as céng, 单 as dān); SURNAMES holds the readings of names.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

SURNAMES: dict[str, str] = {
    "万俟": "mo qi", "尉迟": "yu chi", "令狐": "ling hu", "澹台": "tan tai", "单于": "chan yu", "长孙": "zhang sun", "宰父": "zai fu",
    "皇甫": "huang fu", "贺若": "he ruo", "仆固": "pu gu", "鲜于": "xian yu", "夏侯": "xia hou", "曾": "zeng",
    "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "朴": "piao", "查": "zha", "盖": "ge", "缪": "miao", "乐": "yue", "召": "shao",
    "员": "yun", "黑": "he", "种": "chong", "逄": "pang", "逢": "pang", "冼": "xian", "洗": "xian", "翟": "zhai", "任": "ren", "华": "hua",
    "宁": "ning", "燕": "yan", "应": "ying", "纪": "ji", "葛": "ge", "哈": "ha", "那": "na", "覃": "qin", "訾": "zi", "臧": "zang",
    "晁": "chao", "邸": "di", "句": "gou", "干": "gan", "过": "guo", "郇": "xun", "郗": "xi", "隗": "wei", "麻": "ma", "柏": "bai",
    "牟": "mu", "能": "nai", "祭": "zhai", "幺": "yao", "乜": "nie", "折": "she", "卜": "bu", "阚": "kan", "车": "che", "石": "shi",
    "薄": "bo", "曲": "qu", "重": "chong", "相": "xiang", "省": "xing", "会": "gui", "适": "kuo", "恽": "yun", "沈": "shen", "谌": "chen",
    "芮": "rui", "贾": "jia", "粘": "nian", "亓": "qi", "瞿": "qu", "殷": "yin", "褚": "chu", "娄": "lou", "佴": "nai", "厍": "she",
}  # fmt: skip
"""Readings of surnames; two-character surnames are tried first."""


def is_chinese(text: str) -> bool:
    """Whether a text holds a Chinese character."""
    return any("\u3400" <= c <= "\u9fff" or c > "\U00020000" for c in text)


def _plain(syllable: str) -> str:
    """ASCII letters and digits only: ü is v (how people type it), other accents fall away."""
    folded = unicodedata.normalize("NFKD", syllable.replace("ü", "v")).casefold()
    return "".join(c for c in folded if c.isascii() and c.isalnum())


def _words(other: str) -> Any:
    """What is no Chinese character falls into words; pypinyin takes a list although its types say text."""
    return other.split()


def _syllables(text: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    parts = lazy_pinyin(" ".join(text.split()), style=Style.NORMAL, errors=_words)
    return [plain for part in parts if (plain := _plain(part))]


def _joined(syllables: list[str], most: int) -> str:
    full, initials = "".join(syllables), "".join(s[0] for s in syllables)
    return f"{full[: most - len(initials) - 1]} {initials}" if full else ""


@lru_cache(maxsize=4096)
def of_name(name: str, most: int = 300) -> str:
    """The search text of a person's name; a name without Chinese characters is its own reading."""
    compact = "".join(name.split()) if is_chinese(name) else name
    for length in (2, 1):
        reading = SURNAMES.get(compact[:length]) if len(compact) > length or length == 1 else None
        if reading:
            return _joined([*reading.split(), *_syllables(compact[length:])], most)
    return _joined(_syllables(compact), most)


_PARTS = re.compile(r"[\s,，·\-'’]+")


def readings(text: str) -> tuple[str, ...]:
    """What somebody who typed this may look for, in small letters: the text, and where it is several words of letters also the reading they make
    with the family name in front (`Zeng xiao xian`) or behind (`Xiaoxian Zeng`, as English and most forms have it).
    """
    plain = text.strip().casefold()
    words = [word for word in _PARTS.split(plain) if word]
    if len(words) < 2 or not all(word.isascii() and word.isalpha() for word in words):
        return (plain,)
    return tuple(dict.fromkeys((plain, "".join(words), "".join((words[-1], *words[:-1])))))


@lru_cache(maxsize=4096)
def of_text(text: str, most: int = 300) -> str:
    """The search text of any other name (an organisation, a programme)."""
    return _joined(_syllables(text), most)


@lru_cache(maxsize=4096)
def of_place(name: str) -> str:
    """The reading of a place as maps write it: one word, a capital in front, an apostrophe before a, e, o (Yong'an)."""
    first, *more = _syllables(name) or [""]
    return first.capitalize() + "".join(f"'{one}" if one[0] in "aeo" else one for one in more)
