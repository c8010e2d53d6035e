"""Names of the values of awards."""

from __future__ import annotations

from typing import Any

from enterprises.awards.types import Action, AwardState, PoolKind, RuleCode, StepKind, Verdict
from trainhub.kernel.i18n import _l

RULES: dict[RuleCode, Any] = {
    RuleCode.PRACTICE_BASE: _l("教育实践基地、培训机构一次性奖励"),
    RuleCode.LEADING_FIRM_BASE: _l("龙头企业培训或创业基地（参照奖励）"),
    RuleCode.INTERNET_ZONE: _l("互联网经济集中区"),
    RuleCode.INCUBATOR_NEW: _l("互联网孵化器（新建）补助"),
    RuleCode.INCUBATOR_EXTENDED: _l("互联网孵化器（扩建）补助"),
    RuleCode.INCUBATOR_NATIONAL: _l("国家级孵化器推荐"),
    RuleCode.INCUBATION_BASE: _l("创业孵化基地奖励"),
    RuleCode.RURAL_PARK: _l("农村互联网创业园奖励"),
    RuleCode.SOFTWARE_PARK_PLATFORM: _l("软件园转型支撑平台经费"),
}
STATES: dict[AwardState, Any] = {
    AwardState.DRAFT: _l("草稿"),
    AwardState.APPLIED: _l("已申请"),
    AwardState.RECOGNISED: _l("已认定"),
    AwardState.ACCEPTED: _l("已验收"),
    AwardState.DECIDED: _l("已决定"),
    AwardState.PAID: _l("已拨付"),
    AwardState.CLOSED: _l("已办结"),
    AwardState.REJECTED: _l("未通过"),
    AwardState.REVOKED: _l("已撤销"),
}
PILLS: dict[AwardState, str] = {
    AwardState.DRAFT: "mute",
    AwardState.APPLIED: "wait",
    AwardState.RECOGNISED: "info",
    AwardState.ACCEPTED: "info",
    AwardState.DECIDED: "ok",
    AwardState.PAID: "ok",
    AwardState.CLOSED: "mute",
    AwardState.REJECTED: "bad",
    AwardState.REVOKED: "bad",
}
ACTIONS: dict[Action, Any] = {
    Action.APPLY: _l("申请"),
    Action.RECOGNISE: _l("认定"),
    Action.ACCEPT: _l("验收"),
    Action.DECIDE: _l("决定金额"),
    Action.PAY: _l("登记拨付"),
    Action.CLOSE: _l("办结"),
    Action.REJECT: _l("不予通过"),
    Action.REVOKE: _l("撤销"),
}
VERDICTS: dict[Verdict, Any] = {
    Verdict.ELIGIBLE: _l("符合条件"),
    Verdict.TO_JUDGE: _l("待人判断"),
    Verdict.MISSING: _l("条件未齐"),
    Verdict.AWARDED: _l("已获得"),
    Verdict.NOT_OF_TYPE: _l("不属于该类"),
}
VERDICT_PILLS: dict[Verdict, str] = {
    Verdict.ELIGIBLE: "ok",
    Verdict.TO_JUDGE: "wait",
    Verdict.MISSING: "bad",
    Verdict.AWARDED: "info",
    Verdict.NOT_OF_TYPE: "mute",
}
STEPS: dict[StepKind, Any] = {StepKind.CHECK: _l("设区市初审"), StepKind.INSPECTION: _l("现场考察")}
POOLS: dict[PoolKind, Any] = {
    PoolKind.INTEGRATED: _l("整合的专项资金"),
    PoolKind.NEW: _l("新增引导资金"),
    PoolKind.DEPARTMENT: _l("部门自有资金"),
}
CONDITIONS: dict[str, Any] = {
    "type": _l("基地类型"),
    "form": _l("举办形式"),
    "leading": _l("互联网龙头企业"),
    "partner": _l("合作的科研院所（校）"),
    "recognised": _l("认定"),
    "accepted": _l("验收"),
    "once": _l("未重复享受"),
    "credit": _l("信用状况"),
    "place": _l("建在福建"),
    "reference": _l("参照的政策"),
    "area": _l("建筑面积（平方米）"),
    "entities": _l("创业主体（户）"),
    "workers": _l("从业人数（人）"),
    "standard": _l("国家级标准"),
    "platform": _l("转型支撑平台"),
}
WORDS: dict[str, Any] = {
    "training_institution": _l("培训机构"),
    "joint_practice_base": _l("合作建立的教育实践基地"),
    "practice_base": _l("教育实践基地"),
    "training_base": _l("实训基地"),
    "joint_training_base": _l("联合实训基地"),
    "incubation_base": _l("创业孵化基地"),
    "incubator": _l("孵化器"),
    "rural_park": _l("农村互联网创业园"),
    "internet_zone": _l("互联网经济集中区"),
    "maker_space": _l("众创空间"),
    "innovation_training_centre": _l("创新实训中心"),
    "international_training": _l("国际化培训基地"),
    "epec": _l("工程实践教育中心"),
    "未曾获得": _l("未曾获得"),
    "不在失信名单": _l("不在失信名单"),
    "未见失信记录": _l("未见失信记录"),
}
