"""Editing a plan: the whole plan by terms in one grid, the facts of a course, its objectives and the parts of its assessment."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from courses.curriculum import forms, labels, operations, queries, rules
from courses.curriculum.loading import load, load_course, load_objective, subject_of
from courses.curriculum.locking import CourseGone
from courses.curriculum.marking_views import load_item
from courses.curriculum.models import AssessmentItem, CourseObjective, CurriculumCourse
from courses.curriculum.types import CourseCategory, Importance, ResearchMethod
from courses.curriculum.views import blueprint
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, is_key
from trainhub.kernel.web import done
from trainhub.programmes.models import Programme, ProgrammeVersion

Pair = tuple[Programme, ProgrammeVersion]
LAST_TERM = 12


@blueprint.route("/<int:version_id>/terms", methods=["GET", "POST"])
@guard(Can.CURRICULUM_EDIT, load=load, subject=subject_of)
def terms(pair: Pair) -> Any:
    """The plan by terms in a grid: term, hours, credits, category, standing, whether it is optional and research methods of every course, saved together."""
    programme, version = pair
    refused: Refused | None = None
    if request.method == "POST":
        try:
            with transaction():
                operations.hold_plan(version.id)
                changed = sum(_save_line(course) for course in queries.rows_of(version.id))
                operations.check_order(version.id)
            return done(_("已保存，%(n)s 门课程有改动。", n=changed), "curriculum.terms", version_id=version.id)
        except Refused as found:
            refused = found
    rows = queries.courses_of(version.id)
    body = render_template(
        "courses/curriculum/terms.html",
        programme=programme,
        plan=version,
        rows=rows,
        versions={row.id: row.version for row in queries.rows_of(version.id)},
        sums=rules.by_term(rows),
        last=LAST_TERM,
        labels=labels,
        refused=refused,
        typed=request.form,
    )
    return body, 422 if refused is not None else 200


def _save_line(course: CurriculumCourse) -> bool:
    """One line of the grid; a course that somebody added meanwhile is not in it and stays. Raises Refused and Stale."""
    key, sent = course.id, request.form
    if f"t-{key}" not in sent:
        return False
    fields: dict[str, Any] = {
        "term": _whole(course, sent[f"t-{key}"]),
        "hours": _whole(course, sent.get(f"h-{key}", "")),
        "credits_x10": _tenths(course, sent.get(f"c-{key}", "")),
        "category": _member(CourseCategory, course, sent.get(f"k-{key}", "")),
        "importance": _member(Importance, course, sent.get(f"i-{key}", "")),
        "is_optional": f"o-{key}" in sent,
        "research_methods": [one for one in ResearchMethod if one.value in sent.getlist(f"r-{key}")],
    }
    given = sent.get(f"v-{key}", "")
    try:
        fields |= {"version": int(given) if is_key(given) else None, "reason": sent.get("reason", "")[:400]}
        return bool(operations.change_course(course=course, is_alone=False, by=who(), now=clock.now(), **fields))
    except operations.BadCourse as wrong:
        raise operations.BadCourse(_("%(course)s：%(why)s", course=course.name, why=wrong.message)) from wrong


def _whole(course: CurriculumCourse, text: str) -> int:
    if not is_key(text.strip()) or len(text.strip()) > 4:
        raise operations.BadCourse(_("%(course)s：“%(text)s”不是整数。", course=course.name, text=text[:12]))
    return int(text)


def _tenths(course: CurriculumCourse, text: str) -> int:
    number = decimal_of(text, places=30)
    if number is None:
        raise operations.BadCourse(_("%(course)s：“%(text)s”不是学分。", course=course.name, text=text[:12]))
    if not 0 <= number <= 100 or number * 10 != int(number * 10):
        raise operations.BadCourse(_("%(course)s：学分应在 0 至 100 之间，最多一位小数。", course=course.name))
    return int(number * 10)


def _member(kind: Any, course: CurriculumCourse, text: str) -> Any:
    try:
        return kind(text)
    except ValueError as wrong:
        raise operations.BadCourse(_("%(course)s：请从列出的选项中选择。", course=course.name)) from wrong


@blueprint.route("/<int:version_id>/courses/<int:course_id>/edit", methods=["GET", "POST"])
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def edit_course(thing: tuple[Programme, ProgrammeVersion, CurriculumCourse]) -> Any:
    """Change the facts of a course; what changed stays readable on its page."""
    _programme, version, row = thing
    form = forms.CourseChangeForm(obj=row, credits=row.credits_x10 / 10, required=[one.required_id for one in queries.premises_of(row.id)])
    form.offer(queries.courses_of(version.id), row.id)
    if queries.is_concluded(row.id) and "code" not in request.form:  # who opened the form before the first mark is told
        del form.code
    if form.validate_on_submit():
        facts = {name: form[name].data for name in ("name", "category", "importance", "is_optional", "term", "hours", "language", "revised_on")}
        facts |= {name: form[name].data or [] for name in ("delivery_modes", "research_methods")}
        facts |= {name: form[name].data for name in ("code", "reason") if name in form and form[name].data}
        try:
            with transaction():
                operations.hold_plan(version.id)
                credits_x10, opened_at = int((form.credits.data or 0) * 10), form.version.data
                by: dict[str, Any] = {"by": who(), "now": clock.now()}
                operations.change_course(course=row, credits_x10=credits_x10, version=opened_at, is_alone=False, **facts, **by)
                operations.require_courses(course=row, required_ids=form.required.data or (), **by)
                operations.check_order(version.id)
            return done(_("已保存。"), "curriculum.course", version_id=version.id, course_id=row.id)
        except CourseGone:
            raise  # nothing is left to draw a form of
        except Refused as refused:
            form.refuse(refused)
    return _form_page(thing, form, _("修改课程"))


def _form_page(thing: tuple[Any, ...], form: Any, title: str) -> Any:
    programme, version, row = thing
    body = render_template(
        "courses/curriculum/edit.html",
        programme=programme,
        plan=version,
        course=row,
        form=form,
        title=title,
        back=url_for("curriculum.course", version_id=version.id, course_id=row.id),
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.route("/<int:version_id>/courses/<int:course_id>/objectives/<int:objective_id>", methods=["GET", "POST"])
@guard(Can.CURRICULUM_EDIT, load=load_objective, subject=subject_of)
def edit_objective(thing: tuple[Programme, ProgrammeVersion, CurriculumCourse, CourseObjective]) -> Any:
    """Word an objective anew."""
    *place, row = thing
    form = forms.ObjectiveForm(obj=row, version=thing[2].version)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_objective(objective=row, text=form.text.data or "", opened_at=form.version.data, by=who(), now=clock.now())
            return done(_("已保存。"), "curriculum.course", version_id=thing[1].id, course_id=row.course_id)
        except CourseGone:
            raise  # nothing is left to draw a form of
        except Refused as refused:
            form.refuse(refused)
    return _form_page(tuple(place), form, _("修改课程目标 %(n)s", n=row.number))


@blueprint.route("/<int:version_id>/courses/<int:course_id>/assessments/<int:item_id>", methods=["GET", "POST"])
@guard(Can.CURRICULUM_EDIT, load=load_item, subject=subject_of)
def edit_assessment(pair: tuple[Programme, AssessmentItem]) -> Any:
    """Change kind, name and weight of a part of the assessment."""
    _programme, item = pair
    course = queries.course(item.course_id)
    assert course is not None
    form = forms.AssessmentForm(obj=item, version=course.version)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_assessment(
                    item=item,
                    kind=form.kind.data,
                    title=form.title.data or "",
                    weight_percent=form.weight_percent.data or 0,
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。"), "curriculum.course", version_id=course.version_id, course_id=course.id)
        except CourseGone:
            raise  # nothing is left to draw a form of
        except Refused as refused:
            form.refuse(refused)
    return _form_page(load_course(course.version_id, course.id), form, _("修改考核方式"))
