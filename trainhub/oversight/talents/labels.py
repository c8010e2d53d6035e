"""Names of the values of the talent databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.oversight.talents.types import ExamKind, ExamLevel, Origin, TalentKind, TalentState

KINDS: Mapping[TalentKind, Any] = {
    TalentKind.PART_TIME_MENTOR: _l("兼职导师库"),
    TalentKind.HIGH_LEVEL: _l("高层次人才库"),
    TalentKind.LEADING: _l("领军人才（团队）"),
}
STATES: Mapping[TalentState, Any] = {
    TalentState.NOMINATED: _l("已推荐"),
    TalentState.REVIEWED: _l("已评审"),
    TalentState.RECOGNISED: _l("已认定"),
    TalentState.REJECTED: _l("未通过"),
    TalentState.ENDED: _l("已出库"),
}
JOINED: Mapping[str, Any] = {"joined": _l("已并入另一条"), "parted": _l("恢复为单独一条"), "moved": _l("变更工作单位")}
PILLS: Mapping[TalentState, str] = {
    TalentState.NOMINATED: "wait",
    TalentState.REVIEWED: "info",
    TalentState.RECOGNISED: "ok",
    TalentState.REJECTED: "bad",
    TalentState.ENDED: "mute",
}
ORIGINS: Mapping[Origin, Any] = {
    Origin.FUJIAN: _l("省内"),
    Origin.CHINA: _l("省外"),
    Origin.TAIWAN: _l("台湾"),
    Origin.ABROAD: _l("海外"),
}
EXAMS: Mapping[ExamKind, Any] = {
    ExamKind.SOFTWARE: _l("计算机技术与软件专业技术资格（水平）考试"),
    ExamKind.TELECOM: _l("通信专业技术水平考试"),
}
LEVELS: Mapping[ExamLevel, Any] = {ExamLevel.JUNIOR: _l("初级"), ExamLevel.INTERMEDIATE: _l("中级"), ExamLevel.SENIOR: _l("高级")}
URGENCIES: Mapping[int, Any] = {3: _l("特别急需"), 2: _l("急需"), 1: _l("紧缺")}
CONDITIONS: Mapping[str, Any] = {
    "rank": _l("原单位排名"),
    "rank_year": _l("排名的年度"),
    "years": _l("工作年限"),
    "post": _l("职务级别"),
    "project": _l("创业项目"),
    "recognised": _l("认定入库"),
}
"""The conditions of FJ-15b and of money for talent by the last word of their code."""
