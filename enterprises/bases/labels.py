"""Names of base types, steps, topics and figures, in the words of the documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseLevel, BaseType, Conclusion, InspectionKind, LeaderSide, Refusal
from trainhub.kernel.i18n import _l

BASE_TYPES: Mapping[BaseType, Any] = {
    BaseType.EPEC: _l("工程实践教育中心"),
    BaseType.PRACTICE_BASE: _l("教育实践基地"),
    BaseType.TRAINING_INSTITUTION: _l("培训机构"),
    BaseType.TRAINING_BASE: _l("培训基地"),
    BaseType.JOINT_TRAINING_BASE: _l("联合实训基地"),
    BaseType.INCUBATION_BASE: _l("创业孵化基地"),
    BaseType.INCUBATOR: _l("互联网孵化器"),
    BaseType.RURAL_PARK: _l("农村电商创业园"),
    BaseType.INTERNET_ZONE: _l("互联网经济集聚区"),
    BaseType.MAKER_SPACE: _l("众创空间"),
    BaseType.INNOVATION_TRAINING_CENTRE: _l("创新实训中心"),
    BaseType.INTERNATIONAL_TRAINING: _l("国际化培训基地"),
    BaseType.ENGINEERING_TRAINING_CENTRE: _l("综合性工程训练中心"),
    BaseType.OFF_CAMPUS_TRAINING: _l("校外人才培养基地"),
    BaseType.ENTERPRISE_TRAINING: _l("企业教育培训基地"),
    BaseType.COACHING_STATION: _l("中小企业信息化辅导站"),
    BaseType.EXPERIENCE_CENTRE: _l("中小企业信息化体验中心"),
}
LEVELS: Mapping[BaseLevel, Any] = {
    BaseLevel.NATIONAL: _l("国家级"),
    BaseLevel.PROVINCIAL: _l("省级"),
    BaseLevel.CITY: _l("市级"),
    BaseLevel.SCHOOL: _l("校级"),
    BaseLevel.ENTERPRISE: _l("企业自建"),
}
STEPS: Mapping[AcceptanceStep, Any] = {
    AcceptanceStep.RECOGNISED: _l("认定"),
    AcceptanceStep.ACCEPTED: _l("验收"),
    AcceptanceStep.REVOKED: _l("撤销"),
}
TOPICS: Mapping[AgreementTopic, Any] = {
    AgreementTopic.OPERATION: _l("中心建设与运行合作方式"),
    AgreementTopic.TRAINING_MODEL: _l("工程人才联合培养模式"),
    AgreementTopic.DUTIES: _l("校企双方责任与义务"),
    AgreementTopic.TERM: _l("合作期限"),
}
SIDES: Mapping[LeaderSide, Any] = {LeaderSide.SCHOOL: _l("学校一方"), LeaderSide.ENTERPRISE: _l("企业一方")}
DEPARTMENTS: Mapping[str, Any] = {"dept_edu": _l("省教育厅"), "dept_hr": _l("省人社厅"), "dept_st": _l("省科技厅")}
FIGURES: Mapping[str, Any] = {
    "is_on_campus": _l("设在校内"),
    "opened_on": _l("启用日期"),
    "capacity_per_term": _l("每期可接收学生（人）"),
    "area_new_m2": _l("新建面积（平方米）"),
    "area_extended_m2": _l("扩建面积（平方米）"),
    "startup_entities": _l("吸纳创业主体（户）"),
    "workers": _l("从业人员（人）"),
    "latitude_e5": _l("纬度（度）"),
    "longitude_e5": _l("经度（度）"),
    "level": _l("级别"),
    "school_invested_fen": _l("学校投入（元）"),
    "enterprise_invested_fen": _l("企业投入（元）"),
    "facilities": _l("场所与设备"),
    "summary": _l("基地简介"),
}
FINDINGS: Mapping[str, Any] = {"6.1": _l("接收能力满足实习安排"), "6.2": _l("校企双方负责人"), "6.6": _l("合作教育文本在有效期内且内容完整")}
INSPECTIONS: Mapping[InspectionKind, Any] = {
    InspectionKind.ON_SITE: _l("实地考察"),
    InspectionKind.SAFETY: _l("安全检查"),
    InspectionKind.QUALITY: _l("质量评估"),
}
CONCLUSIONS: Mapping[Conclusion, Any] = {
    Conclusion.PASSED: _l("通过"),
    Conclusion.CONDITIONAL: _l("整改后通过"),
    Conclusion.FAILED: _l("不通过"),
}
CONCLUSION_LOOKS: Mapping[Conclusion, str] = {Conclusion.PASSED: "ok", Conclusion.CONDITIONAL: "wait", Conclusion.FAILED: "bad"}
REFUSALS: Mapping[Refusal, Any] = {
    Refusal.NO_SEATS: _l("没有合适的岗位"),
    Refusal.NO_MENTORS: _l("指导教师不足"),
    Refusal.NO_PROJECTS: _l("没有合适的项目"),
    Refusal.SAFETY: _l("安全与保密限制"),
    Refusal.COST: _l("成本与场地"),
    Refusal.PAST: _l("以往合作的问题"),
    Refusal.OTHER: _l("其他"),
}
