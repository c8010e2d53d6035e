"""Why a course of a plan cannot leave it: credits are recognised for it."""

from __future__ import annotations

from courses.curriculum.models import CurriculumCourse
from courses.recognition import queries
from trainhub.kernel.i18n import _


def why_course_stays(course: CurriculumCourse) -> str:
    """That a mapping or an application of a student names it, in words; empty when none does."""
    return _("学分认定对应表或学生的学分认定申请用到了这门课程，不能删除。") if queries.names_target(course.id) else ""
