"""Why a course of a plan cannot leave it: registers of the evaluation name it."""

from __future__ import annotations

from courses.curriculum.models import CurriculumCourse
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.queries import registers


def why_course_stays(course: CurriculumCourse) -> str:
    """The register that names it, in words; empty when none does."""
    is_compared, is_case = registers.naming_course(course.id)
    if is_compared:
        return _("等效课程登记用到了这门课程，请先删除那条登记。")
    return _("课程案例与项目的登记用到了这门课程，请先删除那条登记。") if is_case else ""
