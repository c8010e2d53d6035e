"""Why a course of a plan cannot leave it: grades of runs go into it."""

from __future__ import annotations

from courses.curriculum.models import CurriculumCourse
from courses.gradebook import feed_queries
from trainhub.kernel.i18n import _


def why_course_stays(course: CurriculumCourse) -> str:
    """The run whose grades go into it, in words; empty when there is none."""
    feeds = feed_queries.feeds_of_course(course.id)
    return _("在线课程“%(title)s”的成绩计入这门课程，请先在它的成绩来源中停止计入。", title=feeds[0].course) if feeds else ""
