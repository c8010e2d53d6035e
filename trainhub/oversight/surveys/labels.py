"""Names of the values of surveys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.oversight.surveys.types import GraduateStatus, PayBand, SurveyKind

KINDS: Mapping[SurveyKind, Any] = {SurveyKind.DEMAND: _l("人才需求调查"), SurveyKind.GRADUATES: _l("毕业生跟踪调查")}
STATUSES: Mapping[GraduateStatus, Any] = {
    GraduateStatus.EMPLOYED: _l("就业"),
    GraduateStatus.STARTUP: _l("自主创业"),
    GraduateStatus.STUDYING: _l("升学"),
    GraduateStatus.SEEKING: _l("求职中"),
    GraduateStatus.OTHER: _l("其他"),
}
PAYS: Mapping[PayBand, Any] = {
    PayBand.UNDER_4: _l("4000 元以下"),
    PayBand.FROM_4: _l("4000 至 5999 元"),
    PayBand.FROM_6: _l("6000 至 7999 元"),
    PayBand.FROM_8: _l("8000 至 11999 元"),
    PayBand.FROM_12: _l("12000 元以上"),
    PayBand.UNTOLD: _l("不愿透露"),
}
