"""Grades of runs become marks of the assessment items of a training plan, from which attainment follows (PETOE-2.5, 002:389)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from courses.catalogue.models import Run
from courses.curriculum import marking
from courses.curriculum import queries as curriculum
from courses.curriculum.models import AssessmentItem
from courses.curriculum.operations import course_to_edit
from courses.gradebook import feed_queries, queries
from courses.gradebook.models import Gradebook, GradeFeed
from courses.gradebook.operations.books import BadBook
from courses.teaching import queries as teaching
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


def is_final(book: Gradebook | None, run: Run, today: date) -> bool:
    """Whether the grades of a run stand: its book is locked, or it has ended. Before, a total is only what there is so far."""
    return book is not None and (book.locked_at is not None or (run.ends_on is not None and run.ends_on < today))


def connect(*, item: AssessmentItem, run: Run, column_id: int | None, by: Identity, now: datetime) -> GradeFeed:
    """Let the grades of a run go into an assessment item; another column of the same run replaces the first. Raises BadBook and CourseGone.

    Only a run in which students of the plan hold a seat: marks of others are not read.
    """
    course = course_to_edit(item.course_id, None)
    if all(one.id != item.id for one in curriculum.assessments_of(course.id)):
        raise BadBook(_("没有这项考核方式。"), field="item_id")
    if not any(one.id == run.id for one, _title in feed_queries.runs_of_plan(course.version_id)):
        raise BadBook(_("本培养方案的学生没有学习这期课程，或这期课程还没有成绩册。"), field="run_id")
    book = queries.book_of(run.id)
    column = queries.column_by_id(column_id) if column_id is not None else None
    if column_id is not None and (book is None or column is None or column.book_id != book.id):
        raise BadBook(_("成绩册中没有这一项，可能已被移除。"), field="what")
    row = feed_queries.feed_of(item.id, run.id)
    if row is not None and row.column_id == column_id:
        return row
    if row is None:
        row = GradeFeed(item_id=item.id, run_id=run.id, made_at=now)
        session().add(row)
    row.column_id, row.taken_at = column_id, None
    session().flush()
    audit.record(by=by, did="courses.feed.made", on=course, data={"item": item.id, "run": run.id, "column": column_id})
    return row


def disconnect(*, feed: GradeFeed, by: Identity, now: datetime) -> None:
    """Stop taking grades; the marks that were taken stay."""
    audit.record(by=by, did="courses.feed.removed", on=("course_run", str(feed.run_id)), data={"item": feed.item_id})
    session().delete(feed)
    session().flush()


def take(*, feed: GradeFeed, by: Identity, today: date, now: datetime) -> tuple[int, int]:
    """Take the grades of a feed as they stand: (marks that changed, conclusions that changed). Before they are final: nothing.

    What the gradebook says replaces a mark that was typed; taken again without a change it changes nothing. An optional course takes no grades
    of who came to the run after it was closed for their cohort, unless they are on its list or were marked before.
    """
    item, course, run = feed_queries.place_of(feed)
    book = queries.book_of(run.id)
    if book is None or not is_final(book, run, today):
        return 0, 0
    pairs = feed_queries.students_of(run.id, course.version_id)
    if course.is_optional:
        takers = _takers(course.id, [student_id for _enrolment, student_id in pairs], now)
        pairs = [pair for pair in pairs if pair[1] in takers]
    scores = feed_queries.scores_of(book, feed.column_id, [enrolment_id for enrolment_id, _student in pairs])
    marks = [(student_id, item, scores[enrolment_id]) for enrolment_id, student_id in pairs if enrolment_id in scores]
    changed = marking.record_scores(course=course, marks=marks, concluded_on=today, by=by, now=now)
    feed.taken_at, feed.students = now, len(marks)
    session().flush()
    return changed


def _takers(course_id: int, student_ids: Collection[int], now: datetime) -> set[int]:
    """Who of some students takes an optional course: by a seat in time, by its list, by a mark."""
    seated, listed = feed_queries.seated_students(course_id, now), teaching.listed_students(course_id, now)
    return seated | listed | curriculum.concluded_students(course_id, student_ids)
