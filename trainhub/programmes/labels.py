"""How the values of programmes are called on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l
from trainhub.programmes.types import AccreditationResult, DegreeLevel, PointKind, VersionState

DEGREES: Mapping[DegreeLevel, Any] = {
    DegreeLevel.VOCATIONAL: _l("高职专科"),
    DegreeLevel.BACHELOR: _l("本科"),
    DegreeLevel.MASTER: _l("硕士"),
    DegreeLevel.DOCTOR: _l("博士"),
}
POINTS: Mapping[PointKind, Any] = {
    PointKind.KNOWLEDGE: _l("知识"),
    PointKind.ABILITY: _l("能力"),
    PointKind.QUALITY: _l("素质"),
}
VERSION_STATES: Mapping[VersionState, Any] = {
    VersionState.DRAFT: _l("草稿"),
    VersionState.PUBLISHED: _l("已发布"),
    VersionState.RETIRED: _l("已停用"),
}
RESULTS: Mapping[AccreditationResult, Any] = {
    AccreditationResult.PASSED: _l("通过认证"),
    AccreditationResult.FAILED: _l("未通过认证"),
}
EVENTS: Mapping[str, Any] = {
    "programmes.programme.created": _l("设立专业"),
    "programmes.programme.changed": _l("修改专业信息"),
    "programmes.version.created": _l("新建培养方案"),
    "programmes.version.changed": _l("修改培养方案"),
    "programmes.version.published": _l("发布培养方案"),
    "programmes.version.retired": _l("停用培养方案"),
    "programmes.cohort.created": _l("增加年级"),
    "programmes.cohort.changed": _l("修改年级"),
    "programmes.requirement.added": _l("增加毕业要求"),
    "programmes.requirement.changed": _l("修改毕业要求"),
    "programmes.requirement.removed": _l("删除毕业要求"),
    "programmes.requirement.mapped": _l("对应通用标准"),
    "programmes.point.added": _l("增加指标点"),
    "programmes.point.changed": _l("修改指标点"),
    "programmes.point.removed": _l("删除指标点"),
    "programmes.accreditation.entered": _l("登记认证结论"),
    "programmes.accreditation.confirmed": _l("确认认证结论"),
    "programmes.accreditation.withdrawn": _l("撤销对认证结论的确认"),
}
