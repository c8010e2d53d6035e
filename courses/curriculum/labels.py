"""How the values of curricula are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.curriculum.types import AssessmentKind, CourseCategory, DeliveryMode, Importance, Language, ResearchMethod
from trainhub.kernel.i18n import _l

CATEGORIES: Mapping[CourseCategory, Any] = {
    CourseCategory.GENERAL: _l("通识课"),
    CourseCategory.PUBLIC: _l("公共课"),
    CourseCategory.SPECIALTY: _l("专业课"),
}
IMPORTANCE: Mapping[Importance, Any] = {Importance.CORE: _l("核心"), Importance.MAJOR: _l("主要"), Importance.ORDINARY: _l("一般")}
MODES: Mapping[DeliveryMode, Any] = {
    DeliveryMode.LECTURE: _l("讲授"),
    DeliveryMode.LAB: _l("实验"),
    DeliveryMode.PROJECT: _l("项目"),
    DeliveryMode.SEMINAR: _l("研讨"),
    DeliveryMode.ONLINE: _l("在线"),
    DeliveryMode.BLENDED: _l("混合"),
    DeliveryMode.FIELD: _l("现场"),
}
METHODS: Mapping[ResearchMethod, Any] = {
    ResearchMethod.PROBLEM: _l("基于问题"),
    ResearchMethod.CASE: _l("基于案例"),
    ResearchMethod.PROJECT: _l("基于项目"),
}
LANGUAGES: Mapping[Language, Any] = {Language.CHINESE: _l("中文"), Language.ENGLISH: _l("英文"), Language.BILINGUAL: _l("双语")}
ASSESSMENTS: Mapping[AssessmentKind, Any] = {
    AssessmentKind.EXAM: _l("考试"),
    AssessmentKind.PROJECT: _l("项目"),
    AssessmentKind.PRESENTATION: _l("答辩"),
    AssessmentKind.LAB: _l("实验"),
    AssessmentKind.HOMEWORK: _l("作业"),
    AssessmentKind.REPORT: _l("报告"),
}
