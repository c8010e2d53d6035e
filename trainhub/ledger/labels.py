"""How the values of the ledger are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.ledger.types import Category, HolidayKind, Source

CATEGORIES: Mapping[Category, Any] = {Category.FOUNDER: _l("创业人员"), Category.WORKER: _l("从业人员")}
SOURCES: Mapping[Source, Any] = {
    Source.ROSTER: _l("培训花名册"),
    Source.COURSE: _l("在线课程"),
    Source.PLACEMENT: _l("企业实践"),
    Source.CAPSTONE: _l("毕业设计"),
}
HOLIDAY_KINDS: Mapping[HolidayKind, Any] = {HolidayKind.OFF: _l("放假"), HolidayKind.ON: _l("调休上班")}
