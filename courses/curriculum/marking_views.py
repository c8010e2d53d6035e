"""The marks of a course for a cohort in a grid, and how much each assessment item says about each objective."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from courses.curriculum import labels, marking, queries
from courses.curriculum.loading import load_course, subject_of
from courses.curriculum.models import AssessmentItem, CurriculumCourse
from courses.curriculum.views import blueprint as blueprint
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year, decimal_of, is_key, whole
from trainhub.kernel.web import done
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion

Loaded = tuple[Programme, ProgrammeVersion, CurriculumCourse]


def _cohort(version: ProgrammeVersion) -> tuple[Cohort | None, list[Cohort]]:
    cohorts = programmes.cohorts_following(version.id)
    year = request.args.get("year", type=a_year)
    return next((row for row in cohorts if row.year == year), cohorts[0] if cohorts else None), cohorts


@blueprint.get("/<int:version_id>/courses/<int:course_id>/marks")
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def marks(thing: Loaded) -> Any:
    """The students of a cohort by assessment item."""
    programme, version, course = thing
    cohort, cohorts = _cohort(version)
    students = queries.students_of_cohort(cohort.id) if cohort is not None else []
    number, size = paging.wanted()
    page = paging.slice_of(students, number=number, size=size)
    ids = [key for key, _name, _number in page.items]
    return render_template(
        "courses/curriculum/marks.html",
        programme=programme,
        plan=version,
        course=course,
        cohort=cohort,
        cohorts=cohorts,
        page=page,
        items=queries.assessments_of(course.id),
        objectives=queries.objectives_of(course.id),
        shares=queries.shares_of(course.id),
        scores=queries.scores_of(course.id, ids),
        reached=queries.marks_of(version.id, ids),
        labels=labels,
    )


def _tenths(text: str, where: str) -> int:
    mark = decimal_of(text, places=30)
    if mark is None:
        raise Refused(_("“%(text)s”不是成绩（%(where)s）。", text=text[:20], where=where))
    if mark * 10 != int(mark * 10):
        raise Refused(_("成绩最多保留一位小数（%(where)s）。", where=where))
    return int(mark * 10)


@blueprint.post("/<int:version_id>/courses/<int:course_id>/marks")
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def save_marks(thing: Loaded) -> Any:
    """Save the marks of the page and conclude what they complete; a cell that was emptied takes its mark away."""
    _programme, version, course = thing
    cohort, _cohorts = _cohort(version)
    if cohort is None:
        raise NotFound(_("这版培养方案还没有年级。"))
    known = {key for key, _name, _number in queries.students_of_cohort(cohort.id)}
    items = {item.id: item for item in queries.assessments_of(course.id)}
    found: list[tuple[int, AssessmentItem, int | None]] = []
    opened: dict[tuple[int, int], int | None] = {}
    for name, text in request.form.items():
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "m" and is_key(parts[1]) and is_key(parts[2]):
            student, item = int(parts[1]), items.get(int(parts[2]))
            if student in known and item is not None:
                was = request.form.get(f"was-{student}-{item.id}", "").strip()
                if text.strip() or was:  # what was filled and is empty now is taken away
                    found.append((student, item, _tenths(text, name) if text.strip() else None))
                    opened[student, item.id] = _tenths(was, name) if was else None
    with transaction():
        changed, concluded = marking.record_scores(course=course, marks=found, opened=opened, concluded_on=clock.today(), by=who(), now=clock.now())
    said = _("已保存 %(n)s 个成绩，%(m)s 个达成结论有变化。", n=changed, m=concluded)
    return done(said, "curriculum.marks", version_id=version.id, course_id=course.id, year=cohort.year)


@blueprint.post("/<int:version_id>/courses/<int:course_id>/shares")
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def save_shares(thing: Loaded) -> Any:
    """Save how much each item says about each objective."""
    _programme, version, course = thing
    found = []
    for item in queries.assessments_of(course.id):
        for objective in queries.objectives_of(course.id):
            text = request.form.get(f"s-{item.id}-{objective.id}", "").strip() or "0"
            if not is_key(text):
                raise Refused(_("占比应为 0 至 100 的整数。"))
            found.append((item, objective, int(text)))
    with transaction():
        marking.set_shares(course=course, shares=found, opened_at=request.form.get("version", type=whole), by=who(), now=clock.now())
    return done(_("已保存。"), "curriculum.marks", version_id=version.id, course_id=course.id)


def load_item(version_id: int, course_id: int, item_id: int) -> tuple[Programme, AssessmentItem]:
    """A part of the assessment of a course."""
    programme, _version, course = load_course(version_id, course_id)
    item = next((one for one in queries.assessments_of(course.id) if one.id == item_id), None)
    if item is None:
        raise NotFound(_("没有这项考核方式。"))
    return programme, item


@blueprint.post("/<int:version_id>/courses/<int:course_id>/assessments/<int:item_id>/remove")
@guard(Can.CURRICULUM_EDIT, load=load_item, subject=subject_of)
def remove_assessment(pair: tuple[Programme, AssessmentItem]) -> Any:
    """Take a part of the assessment away that has no marks."""
    _programme, item = pair
    course = queries.course(item.course_id)
    assert course is not None
    with transaction():
        marking.remove_assessment(item=item, by=who(), now=clock.now())
    return done(_("已删除。"), "curriculum.course", version_id=course.version_id, course_id=course.id)
