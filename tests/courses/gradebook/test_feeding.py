"""Grades of a run go into a training plan by themselves: only final ones, only of students of the plan, and again without effect."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.assignments.operations import releasing
from courses.curriculum import marking
from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curricula
from courses.curriculum.types import AssessmentKind, CourseCategory
from courses.gradebook import feed_queries, rules
from courses.gradebook.operations import books, feeding, grades
from courses.gradebook.tasks import feed_plans
from courses.gradebook.types import CategoryRule, Cell, ColumnRule, GradeKind
from courses.standards import operations as standards
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from tests.factories.parallel import linger
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Running
from trainhub.programmes import operations as programmes

W: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}
DAY = make.NOW.date()


@pytest.mark.parametrize(
    ("cell", "missing_is_zero", "column", "total"),
    [
        (Cell(800), True, 800, 700),
        (Cell(), True, 0, 300),
        (Cell(), False, None, 600),
        (Cell(None, GradeKind.EXCUSED), True, None, 600),
    ],
)
def test_what_a_line_gives(cell: Cell, missing_is_zero: bool, column: int | None, total: int) -> None:
    columns = [ColumnRule(1, 1, "作业", 1000), ColumnRule(2, 1, "考试", 1000)]
    whole = rules.total([CategoryRule(1, "全部", 1000)], columns, {1: cell, 2: Cell(600)}, missing_is_zero=missing_is_zero)
    assert (rules.fed(whole, 1), rules.fed(whole, None), rules.fed(whole, 9)) == (column, total, None)


def test_final_grades_become_marks_and_conclusions(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        run = make.run(is_published=True)
        task = made.assignment(run)
        programme = ground.programme()
        version = ground.version(programme)
        programmes.create_cohort(programme=programme, year=2023, version=version, **W)
        mine, other = ground.person(), ground.person()
        student = ground.student(programme, year=2023, who=mine)
        rows = [made.learner(task, who) for who in (mine, other)]
        for row in rows:
            made.grade(made.hand_in(task, row), 800)
        book = books.make(run=make.loaded(run), **W)
        releasing.release(assignment=task, **W)
        course = curriculum.add_course(
            version=version, code="C1", name="设计", category=CourseCategory.SPECIALTY, hours=32, credits_x10=20, term=3, **W
        )
        objective = curriculum.add_objective(course=course, text="设计", **W)
        item = curriculum.add_assessment(course=course, kind=AssessmentKind.HOMEWORK, weight_percent=100, **W)
        marking.set_shares(course=course, shares=[(item, objective, 100)], **W)
        with pytest.raises(Refused, match="没有学习这期课程"):
            feeding.connect(item=item, run=make.run(), column_id=None, **W)
        feed = feeding.connect(item=item, run=run, column_id=None, **W)
        assert feeding.connect(item=item, run=run, column_id=None, **W).id == feed.id
        assert not feeding.is_final(book, run, DAY)
        assert feeding.take(feed=feed, today=DAY, **W) == (0, 0), "what there is so far is no result"
        run.ends_on = DAY
        found = [feeding.is_final(book, run, DAY + timedelta(days=days)) for days in (0, 1)]
        assert found == [False, True], "a run that has ended is final"
        run.ends_on = None
        books.lock(book=book, is_locked=True, **W)
        ids = programme.id, version.id, course.id, feed.id, student.id, objective.id, book.id
    session.commit()
    assert feed_plans(Running(0, {}, None)) == {"feeds": 1, "marks": 1, "conclusions": 1}
    assert feed_plans(Running(0, {}, None)) == {"feeds": 1, "marks": 0, "conclusions": 0}
    assert curricula.marks_of(ids[1], [ids[4]]) == {ids[4]: {ids[5]: 800}}
    # a grade that is corrected later comes along
    with transaction():
        opened = books.queries.book_of(run.id)
        assert opened is not None
        books.lock(book=opened, is_locked=False, **W)
        column = books.queries.columns_of(opened.id)[0]
        grades.set_grade(book=opened, column=column, enrolment=rows[0], kind=GradeKind.OVERRIDE, points_x10=900, reason="复核", version=None, **W)
        books.lock(book=opened, is_locked=True, **W)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=ids[0])
    at = f"/curriculum/{ids[1]}/courses/{ids[2]}/sources"
    assert "已计入" in head.get(f"{at}?run={run.id}").get_data(as_text=True)
    assert head.post(f"{at}/{ids[3]}").status_code == 303
    assert curricula.marks_of(ids[1], [ids[4]]) == {ids[4]: {ids[5]: 900}}
    assert head.post(f"{at}/{ids[3]}", data={"do": "remove"}).status_code == 303
    assert (feed_queries.every_feed(), curricula.marks_of(ids[1], [ids[4]])) == ([], {ids[4]: {ids[5]: 900}})
    form = {"item_id": str(item.id), "what": "0"}
    assert head.post(f"{at}?run={run.id}", data=form).status_code == 303
    assert len(feed_queries.every_feed()) == 1
    assert as_role(Role.STUDENT).get(at).status_code == 403


def test_a_student_who_learns_under_another_row_of_theirs_is_fed(session: Session) -> None:
    run = make.run(is_published=True)
    programme = ground.programme()
    version = ground.version(programme)
    programmes.create_cohort(programme=programme, year=2023, version=version, **W)
    stays, gone = ground.person(), ground.person()
    row = make.enrolment(run, gone)
    student = ground.student(programme, year=2023, who=stays)
    assert feed_queries.students_of(run.id, version.id) == []
    ground.merge(stays, gone)
    assert feed_queries.students_of(run.id, version.id) == [(row.id, student.id)]
    assert [found.id for found, _title in feed_queries.runs_of_plan(version.id)] == []
    books.make(run=make.loaded(run), **W)
    assert [found.id for found, _title in feed_queries.runs_of_plan(version.id)] == [run.id]


def test_a_feed_that_is_taken_away_at_that_moment_stops_no_other(committed: Flask) -> None:
    """Whoever stops a feed while it is taken is waited for; the others are taken in the same tick."""
    with committed.app_context():
        with transaction():
            programme = ground.programme()
            version = ground.version(programme)
            programmes.create_cohort(programme=programme, year=2023, version=version, **W)
            who = ground.person()
            student_id = ground.student(programme, year=2023, who=who).id
            facts: dict[str, Any] = {"category": CourseCategory.SPECIALTY, "hours": 32, "credits_x10": 20, "term": 3, **W}
            course = curriculum.add_course(version=version, code="C1", name="设计", **facts)
            course_id, feeds = course.id, []
            for number in range(2):
                run = make.run(is_published=True)
                task = made.assignment(run)
                made.grade(made.hand_in(task, made.learner(task, who)), 800)
                book = books.make(run=make.loaded(run), **W)
                releasing.release(assignment=task, **W)
                item = curriculum.add_assessment(course=course, kind=AssessmentKind.HOMEWORK, weight_percent=50, title=f"{number}", **W)
                feeds.append(feeding.connect(item=item, run=run, column_id=None, **W).id)
                books.lock(book=book, is_locked=True, **W)
            version_id = version.id
        db.session.remove()

        def stop() -> object:
            row = feed_queries.feed(feeds[0])
            assert row is not None
            return feeding.disconnect(feed=row, **W)

        gone, told = Event(), []

        def stopping() -> None:
            with committed.app_context():
                with transaction():
                    stop()
                    gone.set()
                    linger(1.5)
                db.session.remove()

        def ticking() -> None:
            gone.wait(10)
            with committed.app_context():
                told.append(feed_plans(Running(0, {}, None)))
                db.session.remove()

        with ThreadPoolExecutor(2) as pool:
            for one in [pool.submit(stopping), pool.submit(ticking)]:
                one.result()
        assert told[0]["marks"] == 1
        assert feed_queries.every_feed() == feeds[1:]
        assert len(curricula.scores_of(course_id, {student_id})) == 1
        assert version_id
        db.session.remove()


def test_a_course_that_takes_grades_leaves_its_plan_once_that_is_stopped(session: Session) -> None:
    """Nothing stops without a word: the feed is named, and stopped by whoever takes it away."""
    programme = ground.programme()
    version = ground.version(programme)
    programmes.create_cohort(programme=programme, year=2023, version=version, **W)
    run = make.run(is_published=True)
    make.enrolment(run, who := ground.person())
    ground.student(programme, year=2023, who=who)
    books.make(run=make.loaded(run), **W)
    facts: dict[str, Any] = {"category": CourseCategory.SPECIALTY, "hours": 32, "credits_x10": 20, "term": 3, **W}
    course = curriculum.add_course(version=version, code="C1", name="设计", **facts)
    item = curriculum.add_assessment(course=course, kind=AssessmentKind.HOMEWORK, weight_percent=100, **W)
    feed = feeding.connect(item=item, run=run, column_id=None, **W)
    with pytest.raises(Refused, match="成绩来源"):
        standards.remove_course(course=course, reason="误加", **W)
    feeding.disconnect(feed=feed, **W)
    standards.remove_course(course=course, reason="误加", **W)
    assert curricula.courses_of(version.id) == []
