"""A run prepared anew has what its lecturers set up, at moved dates, and nothing that its learners left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assessment.operations import quizzes
from courses.assessment.types import QuizSettings
from courses.assignments.models import Submission
from courses.assignments.operations import peers as reviewing
from courses.assignments.operations import setup
from courses.assignments.queries import peers, work
from courses.assignments.types import Marking
from courses.catalogue import queries
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.gradebook import queries as gradebook
from courses.gradebook.operations import books, grades
from courses.gradebook.types import GradeKind
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM, Role

NOW = make.NOW


def test_the_next_run_asks_for_the_same_work_and_counts_it_the_same_way(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    unit = make.unit(run)
    quiz = make.quiz(unit, of=run)
    quizzes.set_up(block=quiz, version=None, settings={"password": "开考", "minutes": 30}, by=SYSTEM, now=NOW)
    block = made.block(unit)
    later = made.DUE + timedelta(days=7)
    task = made.assignment(of=block, rubric=made.RUBRIC, peers=2, peers_needed=2, peer_due_at=later, percent_per_day=10)
    setup.add_example(assignment=task, title="样例", text="正文", marking=Marking({"c1": 600, "c2": 300}), by=SYSTEM, now=NOW)
    book = books.make(run=run, by=SYSTEM, now=NOW)
    first = gradebook.categories_of(book.id)[0]
    exam = books.save_category(book=book, category_id=None, name="平时", weight_x10=500, drop=1, is_extra=False, by=SYSTEM, now=NOW)
    attendance = {"title": "出勤", "max_x10": 100, "weight_x10": 10, "is_extra": False, "is_hidden": True, "is_locked": False}
    books.save_column(book=book, column_id=None, category_id=exam.id, by=SYSTEM, now=NOW, **attendance)
    learner = made.learner(task)
    made.hand_in(task, learner)
    reviewing.begin(assignment=task, by=SYSTEM, now=NOW)
    column = gradebook.columns_of(book.id)[0]
    override = {"kind": GradeKind.OVERRIDE, "points_x10": 900, "reason": "改", "version": None}
    grades.set_grade(book=book, column=column, enrolment=learner, by=SYSTEM, now=NOW, **override)
    books.lock(book=book, is_locked=True, by=SYSTEM, now=NOW)
    owner = run.course.owner_id
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=owner, person_id=lead.id)
    asked = {"code": "next", "starts_on": (run.starts_on + timedelta(days=100)).isoformat(), "submission_key": "k"}
    assert teacher.post(f"/teaching/runs/{run.id}/copy", data=asked).status_code == 303

    new = session.scalars(select(Run).where(Run.code == "next")).one()
    kinds = {node.kind: node.id for node in queries.outline(new.id).blocks}
    rules = QuizSettings.of(session.get_one(Block, kinds[BlockKind.QUIZ]).settings)
    assert (rules.minutes, rules.password) == (30, ""), "the class of before knows the password"
    copied = work.assignment_of(kinds[BlockKind.ASSIGNMENT])
    assert copied is not None
    by_days = timedelta(days=100)
    assert (copied.run_id, copied.rubric, copied.due_at, copied.peer_due_at) == (new.id, task.rubric, made.DUE + by_days, later + by_days)
    assert (copied.peers, copied.percent_per_day, copied.allocated_at, copied.peers_closed_at) == (2, 10, None, None)
    assert [example.title for example in peers.examples_of(copied.id)] == ["样例"]
    assert session.scalar(select(func.count()).select_from(Submission).where(Submission.assignment_id == copied.id)) == 0

    again = gradebook.book_of(new.id)
    assert again is not None
    assert again.locked_at is None
    assert [(c.name, c.weight_x10, c.drop_lowest) for c in gradebook.categories_of(again.id)] == [(first.name, first.weight_x10, 0), ("平时", 500, 1)]
    shown = {(c.title, c.block_id, c.is_hidden) for c in gradebook.columns_of(again.id)}
    assert shown == {("单元测验", kinds[BlockKind.QUIZ], False), ("课程设计", kinds[BlockKind.ASSIGNMENT], False), ("出勤", None, True)}
    assert quiz.id not in {c.block_id for c in gradebook.columns_of(again.id)}


def test_a_copied_part_asks_for_the_same_work_at_the_same_date(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, starts_on=date(2026, 3, 1))
    block = made.block(make.unit(run))
    task = made.assignment(of=block, rubric=made.RUBRIC)
    owner = run.course.owner_id
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=owner, person_id=lead.id)
    assert teacher.post(f"/teaching/unit/{block.unit_id}/duplicate").status_code == 303
    copies = [work.assignment_of(node.id) for node in queries.outline(run.id).blocks]
    assert [(row.rubric, row.due_at) for row in copies if row is not None] == [(task.rubric, task.due_at)] * 2
