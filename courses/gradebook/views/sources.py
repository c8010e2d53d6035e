"""Where the marks of a course of a training plan come from: gradebooks of runs that its students learn in."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from courses.catalogue import labels as words
from courses.curriculum import labels
from courses.curriculum import queries as curriculum
from courses.curriculum.loading import load_course, subject_of
from courses.curriculum.models import CurriculumCourse
from courses.gradebook import feed_queries, forms, queries
from courses.gradebook.models import GradeFeed
from courses.gradebook.operations import feeding
from courses.gradebook.views.book import blueprint
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.programmes.models import Programme, ProgrammeVersion

Loaded = tuple[Programme, ProgrammeVersion, CurriculumCourse]
HERE = "gradebook.sources"


def _form(version: ProgrammeVersion, course: CurriculumCourse, run_id: int | None) -> forms.FeedForm | None:
    """The form for a run of the list; without one there is nothing to choose from."""
    run = next((one for one, _title in feed_queries.runs_of_plan(version.id) if one.id == run_id), None)
    book = queries.book_of(run.id) if run is not None else None
    if book is None:
        return None
    items = [(item.id, f"{labels.ASSESSMENTS[item.kind]} {item.title} {item.weight_percent}%") for item in curriculum.assessments_of(course.id)]
    return forms.FeedForm(items=items, columns=[(row.id, row.title) for row in queries.columns_of(book.id)])


@blueprint.route("/curriculum/<int:version_id>/courses/<int:course_id>/sources", methods=["GET", "POST"])
@guard(Can.CURRICULUM_EDIT, load=load_course, subject=subject_of)
def sources(thing: Loaded) -> Any:
    """The gradebooks that feed the course; `run` in the address chooses one to connect."""
    programme, version, course = thing
    run_id = request.args.get("run", type=whole)
    form = _form(version, course, run_id)
    if form is None and (request.method == "POST" or run_id is not None):
        raise Refused(_("本培养方案的学生没有学习这期课程，或这期课程还没有成绩册。"), field="run_id")
    if form is not None and form.validate_on_submit():
        run = next(one for one, _title in feed_queries.runs_of_plan(version.id) if one.id == run_id)
        item = next((one for one in curriculum.assessments_of(course.id) if one.id == form.item_id.data), None)
        if item is None:
            raise NotFound(_("没有这项考核方式。"))
        with transaction():
            if once(form.submission_key.data or ""):
                feed = feeding.connect(item=item, run=run, column_id=form.what.data or None, by=who(), now=clock.now())
                feeding.take(feed=feed, by=who(), today=clock.today(), now=clock.now())
        return done(_("已设定成绩来源。成绩册锁定或课程结束后，成绩自动计入。"), HERE, version_id=version.id, course_id=course.id)
    today = clock.today()
    rows = feed_queries.feeds_of_course(course.id)
    body = render_template(
        "courses/gradebook/sources.html",
        programme=programme,
        plan=version,
        course=course,
        rows=[(row, feeding.is_final(row.book, row.run, today)) for row in rows],
        items={item.id: item for item in curriculum.assessments_of(course.id)},
        runs=feed_queries.runs_of_plan(version.id),
        run_id=run_id,
        form=form,
        labels=labels,
        words=words,
    )
    return body, 422 if form is not None and form.is_submitted() else 200


def load_feed(version_id: int, course_id: int, feed_id: int) -> tuple[Programme, CurriculumCourse, GradeFeed]:
    """A feed of a course of a plan."""
    programme, _version, course = load_course(version_id, course_id)
    row = feed_queries.feed(feed_id)
    if row is None or all(one.id != row.item_id for one in curriculum.assessments_of(course.id)):
        raise NotFound(_("没有这个成绩来源。"))
    return programme, course, row


@blueprint.post("/curriculum/<int:version_id>/courses/<int:course_id>/sources/<int:feed_id>")
@guard(Can.CURRICULUM_EDIT, load=load_feed, subject=subject_of)
def change_source(thing: tuple[Programme, CurriculumCourse, GradeFeed]) -> Any:
    """Take the grades now, or stop taking them."""
    _programme, course, feed = thing
    with transaction():
        if request.form.get("do") == "remove":
            feeding.disconnect(feed=feed, by=who(), now=clock.now())
            message = _("已停止取成绩；已计入的成绩保留。")
        else:
            marks, conclusions = feeding.take(feed=feed, by=who(), today=clock.today(), now=clock.now())
            message = _("已更新 %(n)s 个成绩，%(m)s 个达成结论有变化。", n=marks, m=conclusions)
    return done(message, HERE, version_id=course.version_id, course_id=course.id)
