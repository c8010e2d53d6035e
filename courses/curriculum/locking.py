"""Who changes a plan comes one after the other, and nothing begins to name a course that is leaving it.

The order is the same everywhere: the plan, then a course of it. Who only names a course shares it with others who do; who removes it waits
for all of them, and they for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from courses.curriculum import queries
from courses.curriculum.models import CurriculumCourse
from trainhub.kernel.db import lock, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.programmes.models import ProgrammeVersion


class CourseGone(Refused):
    """The course has left its plan since it was read."""

    code = "curriculum_course_gone"


def hold_plan(version_id: int) -> None:
    """Hold a plan whose courses are about to change: what is read of it afterwards stands."""
    lock(ProgrammeVersion, version_id)


def hold_course(course: CurriculumCourse) -> None:
    """Hold a course in which something is about to change, and read it as it stands. Raises CourseGone."""
    if not queries.hold_to_change(_key(course)):
        raise CourseGone(_("这门课程刚从培养方案中删除。"))
    session().refresh(course)


def name_course(course: CurriculumCourse) -> None:
    """Keep a course in its plan until what is about to name it is written. Raises CourseGone."""
    if not queries.hold_to_name(_key(course)):
        raise CourseGone(_("这门课程刚从培养方案中删除。"), field="course_id")


def _key(course: CurriculumCourse) -> int:
    state: Any = inspect(course)
    return int(state.identity[0])
