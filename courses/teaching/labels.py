"""How the values of teaching are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.teaching.types import AppraisalResult, SecondmentState
from trainhub.kernel.i18n import _l

SECONDMENTS: Mapping[SecondmentState, Any] = {
    SecondmentState.PLANNED: _l("已计划"),
    SecondmentState.STARTED: _l("进行中"),
    SecondmentState.DONE: _l("已完成"),
    SecondmentState.EXEMPT: _l("免予选送"),
}
APPRAISALS: Mapping[AppraisalResult, Any] = {
    AppraisalResult.EXCELLENT: _l("优秀"),
    AppraisalResult.PASSED: _l("合格"),
    AppraisalResult.FAILED: _l("不合格"),
}
