"""How the values of organisations are called on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.organisations.types import EnterpriseSize, HostSide, OrganisationKind, OrganisationState, RegionLevel, UsccProblem

KINDS: Mapping[OrganisationKind, Any] = {
    OrganisationKind.UNIVERSITY: _l("高等学校"),
    OrganisationKind.VOCATIONAL_SCHOOL: _l("职业院校"),
    OrganisationKind.TECHNICAL_SCHOOL: _l("技工院校"),
    OrganisationKind.RESEARCH_INSTITUTE: _l("科研院所"),
    OrganisationKind.ENTERPRISE: _l("企业"),
    OrganisationKind.BASE: _l("实践基地"),
    OrganisationKind.ASSOCIATION: _l("行业协会"),
    OrganisationKind.ALLIANCE: _l("产业联盟"),
    OrganisationKind.INNOVATION_CENTRE: _l("制造业创新中心"),
    OrganisationKind.DEMO_COLLEGE: _l("示范性学院"),
    OrganisationKind.SOCIAL_EDUCATION: _l("社会教育机构"),
    OrganisationKind.TALENT_SERVICE: _l("人才服务机构"),
    OrganisationKind.EVALUATOR: _l("第三方评价机构"),
    OrganisationKind.DEPARTMENT: _l("政府部门"),
    OrganisationKind.EXPERT_GROUP: _l("专家组"),
    OrganisationKind.PARK: _l("产业园区"),
}
STATES: Mapping[OrganisationState, Any] = {
    OrganisationState.REGISTERED: _l("待核验"),
    OrganisationState.VERIFIED: _l("已核验"),
    OrganisationState.CLOSED: _l("已停用"),
}
STATE_LOOKS: Mapping[OrganisationState, str] = {
    OrganisationState.REGISTERED: "wait",
    OrganisationState.VERIFIED: "ok",
    OrganisationState.CLOSED: "mute",
}
SIZES: Mapping[EnterpriseSize, Any] = {
    EnterpriseSize.LARGE: _l("大型"),
    EnterpriseSize.MEDIUM: _l("中型"),
    EnterpriseSize.SMALL: _l("小型"),
    EnterpriseSize.MICRO: _l("微型"),
}
SIDES: Mapping[HostSide, Any] = {
    HostSide.SCHOOL: _l("学校方"),
    HostSide.ENTERPRISE: _l("企业方"),
    HostSide.INSTITUTE: _l("科研院所方"),
    HostSide.GOVERNMENT: _l("政府方"),
}
LEVELS: Mapping[RegionLevel, Any] = {
    RegionLevel.PROVINCE: _l("省"),
    RegionLevel.PREFECTURE: _l("设区市"),
    RegionLevel.COUNTY: _l("县（市、区）"),
}
USCC_PROBLEMS: Mapping[UsccProblem, Any] = {
    UsccProblem.LENGTH: _l("统一社会信用代码应为 18 位，请按营业执照核对。"),
    UsccProblem.CHARACTERS: _l("统一社会信用代码含有不应出现的字符（不使用 I、O、S、V、Z，第 3 至 8 位为数字），请按营业执照核对。"),
    UsccProblem.CHECK_DIGIT: _l("统一社会信用代码的校验位不符，至少有一位填错，请按营业执照核对。"),
}
EVENTS: Mapping[str, Any] = {
    "organisations.organisation.registered": _l("登记"),
    "organisations.organisation.changed": _l("修改"),
    "organisations.organisation.verified": _l("核验通过"),
    "organisations.organisation.closed": _l("停用"),
    "organisations.organisation.reopened": _l("恢复使用"),
    "organisations.organisation.imported": _l("批量导入"),
    "organisations.host.added": _l("增加共建单位"),
    "organisations.host.ended": _l("结束共建"),
}
FIELDS: Mapping[str, Any] = {
    "code": _l("代码"),
    "kind": _l("类型"),
    "name": _l("名称"),
    "name_en": _l("英文名称"),
    "short_name": _l("简称"),
    "uscc": _l("统一社会信用代码"),
    "region_code": _l("所在地区"),
    "address": _l("地址"),
    "parent_id": _l("上级单位"),
    "level": _l("办学层次"),
    "supervising_department": _l("主管部门"),
    "ownership": _l("性质"),
    "size": _l("企业规模"),
    "is_internet_enterprise": _l("互联网企业"),
    "is_leading_internet": _l("互联网龙头企业"),
    "allows_self_registration": _l("允许学员自行注册"),
    "contact_name": _l("联系人"),
    "contact_phone": _l("联系电话"),
    "cio_name": _l("首席信息官"),
    "credit_status": _l("信用状况"),
    "credit_checked_on": _l("信用核查日期"),
    "reason": _l("理由"),
}
SCHOOL_LEVELS: Mapping[str, Any] = {"本科": _l("本科"), "专科": _l("专科")}
OWNERSHIPS: Mapping[str, Any] = {"公办": _l("公办"), "民办": _l("民办"), "中外合作办学": _l("中外合作办学")}
"""The ministry's words in its list of institutions; other words that an office typed are shown as they are."""
