"""Divisions in English: 福州市 is Fuzhou, 鼓楼区 is Gulou District; the nine cities as the reference names them, counties by pinyin."""

from __future__ import annotations

import json
from functools import lru_cache

from trainhub.assets import asset_dir
from trainhub.kernel import pinyin
from trainhub.kernel.i18n import language

KINDS = {"区": "District", "县": "County", "市": "City"}
NAMES = {"福建省": "Fujian", "平潭综合实验区": "Pingtan", "平潭县": "Pingtan", "马尾区": "Mawei District", "长泰区": "Changtai District"}
"""Short forms, and what the rule below would get wrong: a dictionary reads 马尾 as a tail and 长 as growing."""


def place(name: str | None) -> str:
    """A division as the reader's language names it; empty for none."""
    if not name:
        return ""
    return in_english(name) if language() == "en" else name


@lru_cache(maxsize=4096)
def in_english(name: str) -> str:
    """The English name of a division; what is no division of ours stays as it is."""
    known = NAMES.get(name) or _reference().get(name)
    if known:
        return known
    stem, kind = name[:-1], KINDS.get(name[-1:])
    if kind is None or len(stem) < 1 or not pinyin.is_chinese(stem):
        return name
    return f"{pinyin.of_place(stem)} {kind}"


@lru_cache(maxsize=1)
def _reference() -> dict[str, str]:
    rows = json.loads((asset_dir("seeds") / "reference" / "prefectures.json").read_text(encoding="utf-8"))
    return {row["zh"]: row["en"] for row in rows} | {row["zh"].removesuffix("市"): row["en"] for row in rows}
