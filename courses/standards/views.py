"""What changes courses and the matrix at once: an objective goes with its place in it, a new plan takes over another one with its edges."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from courses.curriculum.loading import load, load_course, load_objective, subject_of
from courses.curriculum.models import CourseObjective, CurriculumCourse
from courses.permissions import Can
from courses.standards import operations
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion

blueprint = Blueprint("standards", __name__, url_prefix="/curriculum")


@blueprint.post("/<int:version_id>/courses/<int:course_id>/objectives/<int:objective_id>/remove")
@guard(Can.CURRICULUM_EDIT, load=load_objective, subject=subject_of)
def remove_objective(thing: tuple[Programme, ProgrammeVersion, CurriculumCourse, CourseObjective]) -> Any:
    """Take an objective away that nothing was concluded about, and its place in the matrix."""
    _programme, version, course, row = thing
    with transaction():
        operations.remove_objective(objective=row, by=who(), now=clock.now())
    return done(_("已删除。"), "curriculum.course", version_id=version.id, course_id=course.id)


@blueprint.post("/<int:version_id>/courses/<int:course_id>/remove")
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def remove_course(thing: tuple[Programme, ProgrammeVersion, CurriculumCourse]) -> Any:
    """Take a course out of the plan that was added by mistake."""
    _programme, version, row = thing
    opened_at = request.form.get("version", type=whole)
    with transaction():
        operations.remove_course(course=row, reason=request.form.get("reason", "")[:400], opened_at=opened_at, by=who(), now=clock.now())
    return done(_("已删除课程，理由记入操作记录。"), "curriculum.show", version_id=version.id)


@blueprint.post("/<int:version_id>/copy")
@guard(Can.CURRICULUM_EDIT, load=load, subject=subject_of)
def copy_plan(pair: tuple[Programme, ProgrammeVersion]) -> Any:
    """Copy the courses of another version of the programme into this one, which is empty."""
    programme, version = pair
    key = request.form.get("source", type=whole)
    source = next((row for row in programmes.versions_of(programme.id) if row.id == key), None)
    if source is None:
        raise NotFound(_("没有这版培养方案。"))
    with transaction():
        covers = operations.copy_curriculum(source=source, target=version, by=who(), now=clock.now())
    return done(_("已复制课程、课程目标和考核方式，以及 %(n)s 处对指标点的支撑。", n=covers), "curriculum.show", version_id=version.id)
