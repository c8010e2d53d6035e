"""Names of appraisals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.mentors.types import AppraisalGrade
from trainhub.kernel.i18n import _l

GRADES: Mapping[AppraisalGrade, Any] = {
    AppraisalGrade.EXCELLENT: _l("优秀"),
    AppraisalGrade.GOOD: _l("合格"),
    AppraisalGrade.FAIR: _l("基本合格"),
    AppraisalGrade.POOR: _l("不合格"),
}
GRADE_LOOKS: Mapping[AppraisalGrade, str] = {
    AppraisalGrade.EXCELLENT: "ok",
    AppraisalGrade.GOOD: "ok",
    AppraisalGrade.FAIR: "wait",
    AppraisalGrade.POOR: "bad",
}
