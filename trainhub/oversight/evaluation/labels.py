"""How the values of evaluation are called on pages, and what would make a criterion met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel.i18n import _l, language
from trainhub.oversight.evaluation.register_types import (
    ActivityKind,
    BudgetPurpose,
    BudgetSource,
    CentreRole,
    Dimension,
    ExchangeKind,
    IncentiveKind,
    OutputKind,
    ParticipationArea,
    PolicyTopic,
    ProgrammeMode,
    Quality,
)
from trainhub.oversight.evaluation.types import AccreditationStanding, JudgementResult, MarkSource, SpecialResult, Verdict
from trainhub.policy.findings import Status

STATUSES: Mapping[Status, Any] = {
    Status.MET: _l("达到"),
    Status.NOT_MET: _l("未达到"),
    Status.JUDGE: _l("待判断"),
    Status.NO_DATA: _l("无数据"),
}
LOOKS: Mapping[Status, str] = {Status.MET: "ok", Status.NOT_MET: "bad", Status.JUDGE: "wait", Status.NO_DATA: "mute"}
RESULTS: Mapping[JudgementResult, Any] = {JudgementResult.MET: _l("达到"), JudgementResult.NOT_MET: _l("未达到")}
SPECIAL: Mapping[SpecialResult, Any] = {
    SpecialResult.NOT_MET: _l("没有达到专门要求"),
    SpecialResult.MET: _l("达到专门要求"),
    SpecialResult.MET_DISTINCTIVE: _l("达到专门要求，人才培养质量具有“特色”"),
    SpecialResult.MET_EXCELLENT: _l("达到专门要求，人才培养质量达到“优秀”"),
}
ACCREDITATIONS: Mapping[AccreditationStanding, Any] = {
    AccreditationStanding.PASSED: _l("通过认证"),
    AccreditationStanding.FAILED: _l("未通过认证"),
    AccreditationStanding.PENDING: _l("通过认证，有效期尚未开始"),
    AccreditationStanding.EXPIRED: _l("认证已过有效期"),
    AccreditationStanding.DECLARED: _l("专业自行登记，尚未经他人确认"),
}
VERDICTS: Mapping[Verdict, Any] = {
    Verdict.ACCREDITED_SPECIAL_MET: _l("通过工程教育专业认证且达到卓越计划专门要求"),
    Verdict.ACCREDITED_SPECIAL_NOT_MET: _l("通过工程教育专业认证但未达到卓越计划专门要求"),
    Verdict.NOT_ACCREDITED: _l("未通过工程教育专业认证"),
}
AREAS: Mapping[ParticipationArea, Any] = {
    ParticipationArea.STANDARD: _l("学校标准制定"),
    ParticipationArea.CURRICULUM: _l("课程体系整合"),
    ParticipationArea.PLACEMENT_PLAN: _l("企业学习阶段开发"),
}
TOPICS: Mapping[PolicyTopic, Any] = {
    PolicyTopic.FULL_TIME_TEACHERS: _l("专职教师队伍"),
    PolicyTopic.PART_TIME_TEACHERS: _l("兼职教师队伍"),
    PolicyTopic.TRAINING_MODEL: _l("人才培养模式"),
    PolicyTopic.TEAM_PLAN: _l("队伍建设规划"),
    PolicyTopic.BUDGET_RULES: _l("经费管理办法"),
    PolicyTopic.OTHER: _l("其他"),
}
PURPOSES: Mapping[BudgetPurpose, Any] = {
    BudgetPurpose.TEACHING_REFORM: _l("教育教学改革"),
    BudgetPurpose.COURSES: _l("课程建设"),
    BudgetPurpose.TEXTBOOKS: _l("教材建设"),
    BudgetPurpose.TEACHER_TRAINING: _l("师资培训"),
    BudgetPurpose.TEACHER_HIRING: _l("教师聘任"),
    BudgetPurpose.JOINT_TRAINING: _l("校企联合培养"),
    BudgetPurpose.INTERNATIONAL: _l("国际合作教育"),
    BudgetPurpose.PRACTICE: _l("实训实习"),
}
SOURCES: Mapping[BudgetSource, Any] = {
    BudgetSource.UNIVERSITY: _l("学校"),
    BudgetSource.GOVERNMENT: _l("政府"),
    BudgetSource.ENTERPRISE: _l("企业"),
    BudgetSource.OTHER: _l("其他"),
}
CENTRE_ROLES: Mapping[CentreRole, Any] = {
    CentreRole.FACULTY: _l("高校教师"),
    CentreRole.TECHNICIAN: _l("企业专业技术人员"),
    CentreRole.MANAGER: _l("企业管理人员"),
}
INCENTIVES: Mapping[IncentiveKind, Any] = {
    IncentiveKind.TEACHING_REFORM: _l("参与教育教学改革"),
    IncentiveKind.ENGINEER_TRAINING: _l("投身卓越工程师培养"),
    IncentiveKind.SECONDMENT: _l("到企业挂职和顶岗"),
    IncentiveKind.PROJECTS: _l("参与工程与产学研项目"),
}
EXCHANGES: Mapping[ExchangeKind, Any] = {
    ExchangeKind.STUDY_ABROAD: _l("境外学习"),
    ExchangeKind.SHORT_VISIT: _l("短期访学"),
    ExchangeKind.JOINT_COURSE: _l("联合课程"),
    ExchangeKind.CONTEST: _l("国际竞赛"),
    ExchangeKind.CONFERENCE: _l("国际会议"),
}
MODES: Mapping[ProgrammeMode, Any] = {
    ProgrammeMode.EXCHANGE: _l("互派学生"),
    ProgrammeMode.JOINT_COLLEGE: _l("合办学院"),
    ProgrammeMode.STAGED: _l("分段合作"),
}
ACTIVITIES: Mapping[ActivityKind, Any] = {
    ActivityKind.METHODS: _l("借鉴境外教学组织、方法与评价（9.3）"),
    ActivityKind.INDUSTRY: _l("与境外企业或研发机构合作（9.5）"),
    ActivityKind.EVENT: _l("国际会议、竞赛与文化交流等活动（9.7）"),
    ActivityKind.OTHER: _l("其他国际交流合作形式（9.9）"),
}
OUTPUTS: Mapping[OutputKind, Any] = {
    OutputKind.PAPER: _l("教研论文"),
    OutputKind.TEXTBOOK: _l("教材"),
    OutputKind.PROJECT: _l("教改项目"),
    OutputKind.AWARD: _l("教学奖励"),
}
DIMENSIONS: Mapping[Dimension, Any] = {
    Dimension.PROJECT_DESIGN: _l("工程项目设计"),
    Dimension.RESEARCH: _l("开发研究"),
    Dimension.PATENT: _l("产权专利"),
    Dimension.COOPERATION: _l("产学研合作"),
    Dimension.SERVICE: _l("技术服务"),
}
MARK_SOURCES: Mapping[MarkSource, Any] = {
    MarkSource.PLACEMENT: _l("实习考核成绩"),
    MarkSource.CAPSTONE: _l("毕业设计成绩"),
    MarkSource.NONE: _l("不取成绩"),
}
READINGS: Mapping[str, Any] = {
    "9.6": _l("到香港、澳门、台湾的交流也计入：文件在这里写“国际交流”，没有像 9.1 那样区分“国外”和“境外”。"),
}
"""How the platform reads a criterion that can be read otherwise: its own decision, told where it is judged."""
REMEDIES: Mapping[str, Any] = {
    "1.1": _l("把每一条通用标准对应到至少一条毕业要求。"),
    "2.2": _l("在标准实现矩阵中为每个指标点指定课程目标或实践环节。"),
    "2.5": _l("为每门课程登记考核方式（权重合计 100%），并为每名学生录入达成结论。"),
    "4.2": _l("为没有企业经历的专职教师登记 1 至 2 年的企业工作计划，或写明免予选送的理由。"),
    "4.5": _l("增加高水平教师的教学任务，使其平均不低于专职教师的平均工作量。"),
    "4.7": _l("补全兼职教师的聘任、岗前培训和本周期的考核记录。"),
    "5.1": _l("为该年级指定 6 门主要或核心的专业课程。"),
    "5.2": _l("由企业工作经历满 1826 天并已核实的教师主讲，或核实主讲教师已有的经历。"),
    "5.4": _l("把超出两门的课程交由其他合格教师主讲，或写明豁免理由。"),
    "6.2": _l("登记校企双方的负责人，补签实习的三方协议。"),
    "6.6": _l("续签合作协议，并写全四项必备内容。"),
    "6.8": _l("为每个环节安排企业指导教师，并请其完成评分。"),
    "6.9": _l("为每个环节写明考核方式，补录考核结果。"),
    "7.1": _l("增加企业培养方案的环节，使总和达到 32 周。"),
    "7.2": _l("安排列出的学生补足企业学习天数，并由企业指导教师确认。"),
    "7.3": _l("把在校内完成的环节改到企业完成。"),
    "8.2": _l("让毕业设计全过程落在选题企业的实习期内。"),
    "8.3": _l("为每名学生配备该企业的指导教师，并补记经确认的指导记录。"),
    "9.1": _l("引进或培养具有国际背景的教师；23%—25% 之间由专家判断。"),
    "9.4": _l("登记一项当日有效的国际合作办学项目。"),
    "9.6": _l("让超过一半的学生参加国际交流并登记。"),
    "9.8": _l("使外国留学生达到本专业学生的 10%；港澳台学生不计入。"),
}


QUALITIES: Mapping[Quality | None, Any] = {
    None: _l("不作定性评价"),
    Quality.DISTINCTIVE: _l("特色"),
    Quality.EXCELLENT: _l("优秀"),
}


def titled(thing: Any) -> str:
    """A requirement or a section of the report in the reader's language: in the documents themselves it stays as the scheme calls it."""
    return str(thing.title_en or thing.title) if language() == "en" else str(thing.title)


def worded(thing: Any) -> str:
    """A requirement, criterion or material in the reader's language: what binds is the Chinese wording, which the documents quote."""
    return str(thing.text_en) if language() == "en" else str(thing.text)
