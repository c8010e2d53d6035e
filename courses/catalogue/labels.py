"""The words for the values of courses, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.catalogue.types import BlockKind, CatalogueSort, ConditionKind, EducationType, Family, PartKind, RunMode, RunState, StaffRole
from trainhub.kernel.i18n import _l
from trainhub.ledger.types import Category
from trainhub.programmes import reference

FAMILIES: Mapping[Family, Any] = {
    Family.GENERAL_QUALITY: _l("通用素质"),
    Family.PROFESSIONAL: _l("专业能力"),
    Family.TEACHER_TRAINING: _l("教师教学能力"),
}
EDUCATION_TYPES: Mapping[EducationType, Any] = {
    EducationType.DEGREE: _l("学历教育"),
    EducationType.CONTINUING: _l("继续教育"),
    EducationType.POPULAR_SCIENCE: _l("科普教育"),
}
LANGUAGES: Mapping[str, Any] = {"zh": _l("中文"), "en": _l("英文"), "zh-en": _l("中英双语")}
SORTS: Mapping[CatalogueSort, Any] = {
    CatalogueSort.NEWEST: _l("最近开课"),
    CatalogueSort.STARTS_SOON: _l("开课时间从早到晚"),
    CatalogueSort.TITLE: _l("课程名称"),
    CatalogueSort.POPULAR: _l("学习人数"),
    CatalogueSort.HOURS: _l("学时从少到多"),
}
MODES: Mapping[RunMode, Any] = {
    RunMode.OPEN: _l("开放报名"),
    RunMode.APPROVAL: _l("报名后审核"),
    RunMode.INVITATION: _l("凭邀请加入"),
    RunMode.COHORT: _l("指定年级加入"),
}
STATES: Mapping[RunState, Any] = {RunState.DRAFT: _l("草稿"), RunState.PUBLISHED: _l("已发布"), RunState.CLOSED: _l("已结束")}
STAFF_ROLES: Mapping[StaffRole, Any] = {
    StaffRole.LEAD: _l("主讲教师"),
    StaffRole.CO_AUTHOR: _l("共同作者"),
    StaffRole.ASSISTANT: _l("助教（批阅，不编辑）"),
}
PARTS: Mapping[PartKind, Any] = {PartKind.SECTION: _l("章"), PartKind.UNIT: _l("单元"), PartKind.BLOCK: _l("内容块")}
KINDS: Mapping[BlockKind, Any] = {
    BlockKind.TEXT: _l("图文"),
    BlockKind.VIDEO: _l("视频"),
    BlockKind.FILE: _l("文件"),
    BlockKind.QUIZ: _l("测验"),
    BlockKind.DISCUSSION: _l("讨论"),
    BlockKind.ASSIGNMENT: _l("作业"),
    BlockKind.LINK: _l("链接"),
    BlockKind.VSIM: _l("虚拟仿真实验"),
    BlockKind.POLL: _l("投票"),
    BlockKind.LIVE: _l("直播课"),
    BlockKind.UNKNOWN: _l("无法显示的内容"),
}
KIND_ICONS: Mapping[BlockKind, str] = {
    BlockKind.TEXT: "book",
    BlockKind.VIDEO: "play",
    BlockKind.FILE: "file",
    BlockKind.QUIZ: "clipboard",
    BlockKind.DISCUSSION: "chat",
    BlockKind.ASSIGNMENT: "pen",
    BlockKind.LINK: "link",
    BlockKind.VSIM: "layers",
    BlockKind.POLL: "chart",
    BlockKind.LIVE: "calendar",
    BlockKind.UNKNOWN: "alert",
}
CONDITIONS: Mapping[ConditionKind, Any] = {
    ConditionKind.DATE: _l("日期"),
    ConditionKind.DONE: _l("完成某项内容"),
    ConditionKind.GRADE: _l("某项成绩达到"),
    ConditionKind.GROUP: _l("属于某个分组"),
}
CATEGORIES: Mapping[Category, Any] = {Category.FOUNDER: _l("互联网经济创业人员"), Category.WORKER: _l("互联网经济从业人员")}
KEY_FIELDS: Mapping[int, Any] = reference.named("key_fields.json")
FOCUS_AREAS: Mapping[int, Any] = reference.named("focus_areas.json")


def choices(labels: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """(value, label) for a form."""
    return [(str(value), label) for value, label in labels.items()]
