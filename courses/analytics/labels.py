"""The words for risk and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.analytics.types import Reason, Risk
from trainhub.kernel.i18n import _l

RISKS: Mapping[Risk, Any] = {Risk.HIGH: _l("需要重点帮助"), Risk.MEDIUM: _l("需要关注"), Risk.NONE: _l("正常")}
LOOKS: Mapping[Risk, str] = {Risk.HIGH: "bad", Risk.MEDIUM: "wait", Risk.NONE: "ok"}
REASONS: Mapping[Reason, Any] = {
    Reason.NEVER_STARTED: _l("一直没有开始学习"),
    Reason.INACTIVE: _l("两周以上没有学习"),
    Reason.BEHIND: _l("进度明显落后"),
    Reason.OVERDUE: _l("有内容逾期未完成"),
    Reason.LOW_SCORE: _l("已评成绩低于合格线"),
}
