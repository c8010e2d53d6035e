"""Why a course of a plan cannot leave it: cohorts are taught it."""

from __future__ import annotations

from courses.curriculum.models import CurriculumCourse
from courses.teaching import queries
from trainhub.kernel.i18n import _, listed


def why_course_stays(course: CurriculumCourse) -> str:
    """The cohorts to which it is offered, in words; empty when there are none."""
    years = taught_to(course)
    return _("已为 %(years)s 级安排开课，请先在教学安排中收回开课。", years=years) if years else ""


def taught_to(course: CurriculumCourse) -> str:
    """The years of those cohorts, in words; empty when there are none."""
    return listed([str(year) for year in queries.years_offered(course.id)])
