"""How the values of the ledger are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import N_, _, _l
from trainhub.ledger.types import Category, HolidayKind, Source

CATEGORIES: Mapping[Category, Any] = {Category.FOUNDER: _l("创业人员"), Category.WORKER: _l("从业人员")}
SOURCES: Mapping[Source, Any] = {
    Source.ROSTER: _l("培训花名册"),
    Source.COURSE: _l("在线课程"),
    Source.PLACEMENT: _l("企业实践"),
    Source.CAPSTONE: _l("毕业设计"),
}
HOLIDAY_KINDS: Mapping[HolidayKind, Any] = {HolidayKind.OFF: _l("放假"), HolidayKind.ON: _l("调休上班")}

PLACED = N_("学员登记了所属县区，原记录不属于任何设区市")
JOINED = N_("与有所属县区的人判定为同一人，原记录不属于任何设区市")
PARTED = N_("改判为不同的人，记录回到此人自己的县区")
BY_ITSELF = frozenset([PLACED, JOINED, PARTED])
"""Kept beside the records as they are, like the reasons that people write."""


def reason(kept: str) -> str:
    """Why a record was cancelled, as it is shown: what the product wrote by itself in the language of the reader, what people wrote as they wrote it."""
    return _(kept) if kept in BY_ITSELF else kept
