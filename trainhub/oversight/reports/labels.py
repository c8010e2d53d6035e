"""Names of the values of reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainhub.kernel.i18n import TAGS, _, _l, format_datetime, in_language
from trainhub.oversight.reports.types import ReportKind, ReportState

KINDS: Mapping[ReportKind, Any] = {
    ReportKind.CONTRIBUTION: _l("企业贡献度报告"),
    ReportKind.CSR: _l("企业社会责任专章"),
    ReportKind.TALENT: _l("人才状况报告"),
    ReportKind.DEMAND: _l("人才需求预测报告"),
    ReportKind.OUTCOME: _l("毕业生就业质量报告"),
    ReportKind.UNIVERSITY: _l("高校贡献报告"),
    ReportKind.QUALITY: _l("年度质量报告"),
    ReportKind.SCORECARD: _l("基地评分卡"),
}
MEANINGS: Mapping[ReportKind, Any] = {
    ReportKind.CONTRIBUTION: _l("接纳学生实习、教师践习，按公布的公式排序。"),
    ReportKind.CSR: _l("一家企业参与人才培养的情况，供其社会责任报告引用。"),
    ReportKind.TALENT: _l("十大重点领域的在岗人才、入库人才和考试合格人员。"),
    ReportKind.DEMAND: _l("企业需求与毕业生的缺口，按十大重点领域。"),
    ReportKind.OUTCOME: _l("毕业生跟踪调查的结果，小单元隐去。"),
    ReportKind.UNIVERSITY: _l("各校进企业学习、毕业设计、兼职教师、开放课程和社会培训。"),
    ReportKind.QUALITY: _l("企业学习、毕业设计、课程、证书和培训目标的年度总览。"),
    ReportKind.SCORECARD: _l("一个基地接纳的学生、人周、培训、指导教师、成绩和奖励。"),
}
STATES: Mapping[ReportState, Any] = {
    ReportState.ASKED: _l("生成中"),
    ReportState.MADE: _l("已生成"),
    ReportState.PUBLISHED: _l("已发布"),
    ReportState.FAILED: _l("没有生成"),
}
PILLS: Mapping[ReportState, str] = {
    ReportState.ASKED: "running",
    ReportState.MADE: "info",
    ReportState.PUBLISHED: "ok",
    ReportState.FAILED: "bad",
}
LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}
"""The languages a report is written in, each by its own name."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around a document, in its own language."""

    tag: str
    unit: str
    method: str
    nothing: str


def frame(code: str) -> Frame:
    """What the page of a report says around its document, whatever its reader's language."""
    with in_language(code):
        return Frame(TAGS[code], _("单位："), _("计算方法和依据"), _("当期没有数据。"))


def stamp(known_at: datetime, sha256: str) -> str:
    """Of which moment a file is, and its checksum."""
    return _("统计时点 %(at)s　校验 %(sum)s", at=format_datetime(known_at), sum=sha256[:16])
