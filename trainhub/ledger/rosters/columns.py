"""The columns of a roster, as the contract names them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from trainhub.kernel.sheets.parsers import parse_bool, parse_code, parse_date, parse_decimal, parse_enum, parse_name, parse_text, parse_title
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.ledger.types import Category
from trainhub.organisations.rules import normalise_code
from trainhub.people.types import IdType

MOST_HOURS = 10_000
ID_TYPES = {
    "resident_id": IdType.RESIDENT_ID,
    "passport": IdType.PASSPORT,
    "mainland_permit_hk_mo": IdType.MAINLAND_PERMIT_HK_MO,
    "mainland_permit_tw": IdType.MAINLAND_PERMIT_TW,
    "居民身份证": IdType.RESIDENT_ID,
    "身份证": IdType.RESIDENT_ID,
    "护照": IdType.PASSPORT,
    "港澳居民来往内地通行证": IdType.MAINLAND_PERMIT_HK_MO,
    "台湾居民来往大陆通行证": IdType.MAINLAND_PERMIT_TW,
}
CATEGORIES = {"founder": Category.FOUNDER, "worker": Category.WORKER, "创业": Category.FOUNDER, "从业": Category.WORKER}


def _remembered(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser for columns in which few values come again and again; a refusal is never remembered."""
    return lru_cache(maxsize=4096)(parse)


def parse_hours(text: str) -> int:
    """Hours with at most one decimal, as whole tenths."""
    return int(parse_decimal(text, least=Decimal(0), most=MOST_HOURS, places=1) * 10)


def schema(*, has_base: bool) -> Schema:
    """The declared columns; with a base given from outside the column of the base may be absent."""
    return Schema(
        [
            Field("name", "姓名", parse_name(most=120), required=True),
            Field("id_type", "证件类型", _remembered(parse_enum(ID_TYPES)), required=True, choices=tuple(kind.value for kind in IdType)),
            Field("id_number", "证件号码", parse_text(most=40), required=True, is_code=True, aliases=("身份证号", "身份证号码")),
            Field("category", "类别", _remembered(parse_enum(CATEGORIES)), required=True, choices=tuple(kind.value for kind in Category)),
            Field("county_code", "所属县区代码", _remembered(parse_code), required=True, is_code=True),
            Field("base_code", "培训机构代码", _remembered(normalise_code), required=True, is_code=True, may_be_absent=has_base),
            Field("course", "课程", parse_title(most=200), required=True),
            Field("hours", "学时", _remembered(parse_hours), required=True),
            Field("completed_on", "完成日期", _remembered(parse_date), required=True),
            Field("counted", "是否计入", _remembered(parse_bool), required=True, choices=("yes", "no")),
        ]
    )
