"""The plan, course or objective of an address, and what it is judged on; a part of another plan is not found."""

from __future__ import annotations

from typing import Any

from courses.curriculum import queries
from courses.curriculum.models import CourseObjective, CurriculumCourse
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion


def load(version_id: int) -> tuple[Programme, ProgrammeVersion]:
    """The plan of an address with its programme."""
    version = programmes.version_by_id(version_id)
    programme = programmes.by_id(version.programme_id) if version is not None else None
    if version is None or programme is None:
        raise NotFound(_("没有这版培养方案。"))
    return programme, version


def load_course(version_id: int, course_id: int) -> tuple[Programme, ProgrammeVersion, CurriculumCourse]:
    """The course of an address; one of another plan is not found."""
    programme, version = load(version_id)
    row = queries.course(course_id)
    if row is None or row.version_id != version.id:
        raise NotFound(_("这版培养方案中没有这门课程。"))
    return programme, version, row


def subject_of(thing: tuple[Programme, Any]) -> Any:
    """What a plan or course is judged on: its programme."""
    return programmes.subject_of(thing[0])


def load_objective(version_id: int, course_id: int, objective_id: int) -> tuple[Programme, ProgrammeVersion, CurriculumCourse, CourseObjective]:
    """An objective of a course of a plan."""
    programme, version, course = load_course(version_id, course_id)
    row = queries.objective(objective_id)
    if row is None or row.course_id != course.id:
        raise NotFound(_("这门课程没有这个目标。"))
    return programme, version, course, row
