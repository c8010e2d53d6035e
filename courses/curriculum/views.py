"""Pages of curricula: the courses of a plan by term, one course with its objectives and assessment."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from courses.curriculum import forms, labels, operations, queries, rules
from courses.curriculum.loading import load, load_course, subject_of
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import DeliveryMode, ResearchMethod
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion

blueprint = Blueprint("curriculum", __name__, url_prefix="/curriculum")


@blueprint.route("/<int:version_id>", methods=["GET", "POST"])
@guard(Can.CURRICULUM_VIEW, load=load, subject=subject_of)
def show(thing: tuple[Programme, ProgrammeVersion]) -> Any:
    """The courses of a plan by term; the form adds one."""
    programme, version = thing
    subject = programmes.subject_of(programme)
    form = forms.CourseForm()
    if form.is_submitted():
        demand(who(), Can.CURRICULUM_EDIT, subject)
    if form.validate_on_submit():
        facts = {name: form[name].data for name in ("code", "name", "category", "importance", "is_optional", "term", "hours", "language")}
        facts |= {name: form[name].data or [] for name in ("delivery_modes", "research_methods")}
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    operations.add_course(version=version, credits_x10=int((form.credits.data or 0) * 10), by=who(), now=clock.now(), **facts)
            return done(_("已增加课程。"), "curriculum.show", version_id=version.id)
        except Refused as refused:
            form.refuse(refused)
    rows = queries.courses_of(version.id)
    page = render_template(
        "courses/curriculum/show.html",
        programme=programme,
        plan=version,
        rows=rows,
        terms=rules.by_term(rows),
        others=[one for one in programmes.versions_of(programme.id) if one.id != version.id],
        labels=labels,
        form=form if may(who(), Can.CURRICULUM_EDIT, subject) else None,
        action=url_for("curriculum.show", version_id=version.id),
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/<int:version_id>/courses/<int:course_id>", methods=["GET", "POST"])
@guard(Can.CURRICULUM_VIEW, load=load_course, subject=subject_of)
def course(thing: tuple[Programme, ProgrammeVersion, CurriculumCourse]) -> Any:
    """One course; two small forms add an objective or a part of the assessment (`what` says which was sent)."""
    programme, version, row = thing
    subject = programmes.subject_of(programme)
    sent = request.form.get("what", "") if request.method == "POST" else ""
    if sent:
        demand(who(), Can.CURRICULUM_EDIT, subject)
    objective = forms.ObjectiveForm(request.form if sent == "objective" else None, prefix="o-")
    assessment = forms.AssessmentForm(request.form if sent == "assessment" else None, prefix="a-")
    chosen: Any = {"objective": objective, "assessment": assessment}.get(sent)
    if chosen is not None and chosen.validate():
        try:
            with transaction():
                if once(chosen.submission_key.data or ""):
                    if sent == "objective":
                        operations.add_objective(course=row, text=objective.text.data or "", by=who(), now=clock.now())
                    else:
                        operations.add_assessment(
                            course=row,
                            kind=assessment.kind.data,
                            title=assessment.title.data or "",
                            weight_percent=assessment.weight_percent.data or 0,
                            by=who(),
                            now=clock.now(),
                        )
            return done(_("已保存。"), "curriculum.course", version_id=version.id, course_id=row.id)
        except Refused as refused:
            chosen.refuse(refused)
    before, of_plan = queries.required_in(version.id), queries.rows_of(version.id)
    page = render_template(
        "courses/curriculum/course.html",
        required=[one for one in of_plan if one.id in before.get(row.id, ())],
        following=[one for one in of_plan if row.id in before.get(one.id, ())],
        programme=programme,
        plan=version,
        course=row,
        objectives=queries.objectives_of(row.id),
        assessments=queries.assessments_of(row.id),
        reached=queries.attainment(version.id),
        is_concluded=queries.is_concluded(row.id),
        history=organisations.history_of("curriculum_course", row.id),
        labels=labels,
        modes=[labels.MODES[DeliveryMode(one)] for one in row.delivery_modes],
        methods=[labels.METHODS[ResearchMethod(one)] for one in row.research_methods],
        objective=objective,
        assessment=assessment,
        may_edit=may(who(), Can.CURRICULUM_EDIT, subject),
    )
    return page, 422 if chosen is not None else 200
