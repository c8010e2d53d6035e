"""Names of the values of capstones for pages, tables and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Reconsideration
from enterprises.capstones.types import (
    CapstoneState,
    ChoiceState,
    Decision,
    EvidenceKind,
    EvidenceState,
    LinkPurpose,
    PlanMode,
    PlanState,
    ReasonKind,
    ReviewKind,
    RoundKind,
    RubricItem,
    Side,
    SpotOutcome,
    SpotVerdict,
    Stage,
    SupervisorRole,
    TextGrade,
    TopicOrigin,
    TopicSource,
    TopicState,
    Verdict,
    WindowStage,
)
from trainhub.kernel.i18n import N_, _, _l

TOPIC_SOURCES: dict[TopicSource, Any] = {
    TopicSource.ENGINEERING_PRACTICE: _l("工程实践"),
    TopicSource.RESEARCH: _l("科研项目"),
    TopicSource.TEACHING: _l("教学"),
    TopicSource.STUDENT: _l("学生自拟"),
}
EVIDENCE_STATES: dict[EvidenceState, Any] = {
    EvidenceState.THERE: _l("已上传"),
    EvidenceState.WAITS: _l("待学校审核"),
    EvidenceState.MISSING: _l("缺少"),
}
EVIDENCE_KINDS: dict[EvidenceKind, Any] = {
    EvidenceKind.ENTERPRISE_PROJECT: _l("企业项目立项材料"),
    EvidenceKind.TASK_ORDER: _l("企业任务书"),
    EvidenceKind.CONTRACT: _l("合同"),
    EvidenceKind.LETTER: _l("企业说明函"),
}
TOPIC_STATES: dict[TopicState, Any] = {
    TopicState.PROPOSED: _l("待审批"),
    TopicState.APPROVED: _l("已通过"),
    TopicState.REFUSED: _l("未通过"),
    TopicState.WITHDRAWN: _l("已撤回"),
}
SIDES: dict[Side, Any] = {Side.SCHOOL: _l("学校"), Side.ENTERPRISE: _l("企业")}
CAPSTONE_STATES: dict[CapstoneState, Any] = {
    CapstoneState.ASSIGNED: _l("已下达"),
    CapstoneState.OPENED: _l("已开题"),
    CapstoneState.MIDTERM: _l("已过中期"),
    CapstoneState.SUBMITTED: _l("已交论文"),
    CapstoneState.GRADED: _l("双方已评分"),
    CapstoneState.MODERATION: _l("成绩复核中"),
    CapstoneState.PASSED: _l("合格"),
    CapstoneState.FAILED: _l("不合格"),
    CapstoneState.WITHDRAWN: _l("已终止"),
}
CAPSTONE_PILLS: dict[CapstoneState, str] = {
    CapstoneState.ASSIGNED: "mute",
    CapstoneState.OPENED: "info",
    CapstoneState.MIDTERM: "info",
    CapstoneState.SUBMITTED: "wait",
    CapstoneState.GRADED: "wait",
    CapstoneState.MODERATION: "wait",
    CapstoneState.PASSED: "ok",
    CapstoneState.FAILED: "bad",
    CapstoneState.WITHDRAWN: "mute",
}
ROLES: dict[SupervisorRole, Any] = {SupervisorRole.SCHOOL: _l("校内导师"), SupervisorRole.ENTERPRISE: _l("企业指导教师")}
STAGES: dict[Stage, Any] = {
    Stage.TASK_BOOK: _l("任务书"),
    Stage.OPENING: _l("开题报告"),
    Stage.MIDTERM: _l("中期报告"),
    Stage.DRAFT: _l("论文草稿"),
    Stage.THESIS: _l("论文"),
    Stage.SIMILARITY: _l("查重报告"),
}
KEPT_STAGES: dict[str, Any] = {
    "topic": _l("选题的证明材料"),
    **{stage.value: text for stage, text in STAGES.items()},
    "anonymous": _l("匿名稿"),
    "review": _l("评阅附件"),
    "defence": _l("答辩记录附件"),
}
RUBRIC: dict[RubricItem, Any] = {
    RubricItem.TOPIC: _l("选题与调研"),
    RubricItem.WORK: _l("方案与实现"),
    RubricItem.RESULT: _l("成果与应用价值"),
    RubricItem.REPORT: _l("报告与答辩"),
}
RUBRIC_HINTS: dict[RubricItem, Any] = {
    RubricItem.TOPIC: _l("问题来自工程实践，调研充分，目标明确"),
    RubricItem.WORK: _l("方案合理，能综合运用知识，过程规范"),
    RubricItem.RESULT: _l("完成任务书要求，成果对企业有用"),
    RubricItem.REPORT: _l("论文规范，表达清楚，能回答问题"),
}
GRADES: dict[TextGrade, Any] = {
    TextGrade.EXCELLENT: _l("优秀"),
    TextGrade.GOOD: _l("良好"),
    TextGrade.FAIR: _l("中等"),
    TextGrade.PASS: _l("及格"),
    TextGrade.FAIL: _l("不及格"),
}
FINDINGS: dict[str, Any] = {
    "8.1": _l("选题源于工程实践"),
    "8.2": _l("全过程在选题相关企业完成"),
    "8.3": _l("校企双导师实质指导"),
    "8.4": _l("双方考核评价"),
    "8.1.source": _l("选题来源"),
    "8.1.evidence": _l("选题证明材料"),
    "8.3.school": _l("校内导师"),
    "8.3.enterprise": _l("企业指导教师"),
    "8.3.guidance_school": _l("校内导师指导记录（经确认）"),
    "8.3.guidance_enterprise": _l("企业指导教师指导记录（经确认）"),
}
ORIGINS: dict[TopicOrigin, Any] = {
    TopicOrigin.ENTERPRISE: _l("企业提出"),
    TopicOrigin.TEACHER: _l("教师与企业共同提出"),
    TopicOrigin.STUDENT: _l("学生自拟，企业与学校审批"),
}
WINDOWS: dict[WindowStage, Any] = {
    WindowStage.TASK_BOOK: _l("下达任务书"),
    WindowStage.OPENING: _l("开题"),
    WindowStage.MIDTERM: _l("中期检查"),
    WindowStage.DRAFT: _l("提交草稿"),
    WindowStage.THESIS: _l("提交论文"),
    WindowStage.SIMILARITY: _l("查重"),
    WindowStage.REVIEW: _l("评阅"),
    WindowStage.DEFENCE: _l("答辩"),
    WindowStage.GRADING: _l("导师评分"),
}
REVIEW_KINDS: dict[ReviewKind, Any] = {ReviewKind.BLIND: _l("盲评"), ReviewKind.CROSS: _l("交叉评阅")}
VERDICTS: dict[Verdict, Any] = {Verdict.PASS: _l("通过"), Verdict.REVISE: _l("修改后再审"), Verdict.FAIL: _l("不通过")}
REASON_KINDS: dict[ReasonKind, Any] = {ReasonKind.MODERATION: _l("成绩复核"), ReasonKind.APPEAL: _l("成绩申诉")}
DECISIONS: dict[Decision, Any] = {Decision.UPHELD: _l("维持原成绩"), Decision.CHANGED: _l("更改成绩")}
ROUND_KINDS: dict[RoundKind, Any] = {RoundKind.FIRST: _l("首轮"), RoundKind.SUPPLEMENTARY: _l("补选"), RoundKind.FINAL: _l("终轮")}
CHOICE_STATES: dict[ChoiceState, Any] = {
    ChoiceState.DRAFT: _l("未开放"),
    ChoiceState.OPEN: _l("填报中"),
    ChoiceState.CLOSED: _l("已截止"),
    ChoiceState.PLANNED: _l("已计算"),
    ChoiceState.PUBLISHED: _l("已公布"),
}
CHOICE_PILLS: dict[ChoiceState, str] = {
    ChoiceState.DRAFT: "mute",
    ChoiceState.OPEN: "info",
    ChoiceState.CLOSED: "wait",
    ChoiceState.PLANNED: "wait",
    ChoiceState.PUBLISHED: "ok",
}
PLAN_MODES: dict[PlanMode, Any] = {
    PlanMode.FILL: _l("只补缺，已有的不动"),
    PlanMode.REPAIR: _l("整体修复，改动最少"),
}
PLAN_STATES: dict[PlanState, Any] = {
    PlanState.WAITING: _l("计算中"),
    PlanState.READY: _l("待核对"),
    PlanState.APPLIED: _l("已采用"),
    PlanState.DISCARDED: _l("已作废"),
}
LINK_PURPOSES: dict[LinkPurpose, Any] = {LinkPurpose.GRADE: _l("评分"), LinkPurpose.GUIDANCE: _l("确认或登记指导")}
SPOT_VERDICTS: dict[SpotVerdict, Any] = {SpotVerdict.QUALIFIED: _l("合格"), SpotVerdict.UNQUALIFIED: _l("不合格")}
SPOT_OUTCOMES: dict[SpotOutcome, Any] = {
    SpotOutcome.OPEN: _l("评议中"),
    SpotOutcome.MORE_EXPERTS: _l("加送专家复评"),
    SpotOutcome.FINE: _l("未发现问题"),
    SpotOutcome.PROBLEM: _l("存在问题毕业论文"),
}
SPOT_PILLS: dict[SpotOutcome, str] = {
    SpotOutcome.OPEN: "wait",
    SpotOutcome.MORE_EXPERTS: "wait",
    SpotOutcome.FINE: "ok",
    SpotOutcome.PROBLEM: "bad",
}


FAILED_IN_REVIEW = N_("评阅不通过，不再答辩，按不合格办理。")
"""The reason that a capstone ended as failed is kept with: a message id, told in the language of the reader."""


def reason_of(row: Reconsideration) -> str:
    """Why a result was looked at again: as somebody wrote it, or in the product's own words."""
    return _(row.reason) if row.reason == FAILED_IN_REVIEW else row.reason


def items_of(rubric: Mapping[str, Mapping[str, Any]], *, is_own: bool) -> list[tuple[Any, int]]:
    """(label, points) of a grade in the order of the rubric; the policy's own items are called in the language of the reader."""
    order = {item.value: at for at, item in enumerate(RubricItem)}
    rows = sorted(rubric.items(), key=lambda pair: order.get(pair[0], len(order)))
    names = {item.value: text for item, text in RUBRIC.items()}
    return [(item["label"] if is_own or code not in names else names[code], item["points"]) for code, item in rows]


def years(year: int) -> str:
    """An academic year by its first calendar year, in figures: 2025—2026."""
    return f"{year}—{year + 1}"


OFFICES: dict[Office, Any] = {
    Office.SCHOOL: ROLES[SupervisorRole.SCHOOL],
    Office.ENTERPRISE: ROLES[SupervisorRole.ENTERPRISE],
    Office.REVIEW: _l("评阅人"),
    Office.PANEL: _l("答辩组成员"),
    Office.THIRD: _l("第三方评分人"),
}
TODO: dict[Office, Any] = {
    Office.SCHOOL: _l("不能再评分，须由专业负责人更换校内导师。"),
    Office.ENTERPRISE: _l("不能再评分，须由专业负责人更换企业指导教师。"),
    Office.REVIEW: _l("不能再签署评阅：在“评阅与答辩”撤回后另请评阅人。"),
    Office.PANEL: _l("重排时间表换到别的组，或由秘书登记时不计这一成员的分数。"),
    Office.THIRD: _l("不能再评分：请另请第三方评分人。"),
}
"""What to do about who holds an office although a conflict of interest stands."""
