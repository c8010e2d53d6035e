"""Who is excused of work, or has a mark that a teacher wrote for work done on paper, completes the course without handing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.agenda import queries as agenda
from courses.assignments.models import Assignment
from courses.assignments.operations import releasing
from courses.assignments.queries import work
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import groups
from courses.catalogue.types import Access, Condition, ConditionKind
from courses.gradebook import queries
from courses.gradebook.models import Gradebook
from courses.gradebook.operations import books, grades
from courses.gradebook.types import GradeKind
from courses.learning import opening, operations
from courses.learning import queries as learners
from courses.learning.models import Enrolment
from courses.learning.operations import checking
from courses.learning.types import EnrolmentState
from tests.courses.discussion.test_migration import put as row
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import migrations
from trainhub.kernel.access import SYSTEM, Role

NOW = make.NOW
BY: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def taught(**given: object) -> tuple[Run, Assignment, Block, Gradebook]:
    """A run of one text and one graded assignment, with a gradebook."""
    run = make.run(**given)
    task = made.assignment(run)
    text = make.text(make.unit(run))
    run = make.publish(run)
    return run, task, text, books.make(run=make.loaded(run), **BY)


def write(book: Gradebook, task: Assignment, who: Enrolment, kind: GradeKind | None, points: int | None = None) -> None:
    (column,) = [one for one in queries.columns_of(book.id) if one.block_id == task.block_id]
    grades.set_grade(book=book, column=column, enrolment=who, kind=kind, points_x10=points, reason="病假", version=None, **BY)
    grades.hand_down(run_id=book.run_id, enrolment_ids=[who.id], **BY)


def read(session: Session, run: Run, text: Block, who: Enrolment, book: Gradebook) -> None:
    operations.mark_done(enrolment=who, block=text, **BY)
    grades.hand_down(run_id=run.id, enrolment_ids=[who.id], **BY)
    session.refresh(who)


@pytest.mark.parametrize(
    ("kind", "points", "state", "score"),
    [
        (GradeKind.EXCUSED, None, EnrolmentState.COMPLETED, None),
        (GradeKind.OVERRIDE, 900, EnrolmentState.COMPLETED, 900),
        (GradeKind.OVERRIDE, 600, EnrolmentState.COMPLETED, 600),
        (GradeKind.OVERRIDE, 599, EnrolmentState.ACTIVE, 599),
        (None, None, EnrolmentState.ACTIVE, 0),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_nothing_is_left_to_do(
    session: Session, kind: GradeKind | None, points: int | None, state: EnrolmentState, score: int | None, is_first: bool
) -> None:
    run, task, text, book = taught()
    me = made.learner(task)
    if is_first:
        write(book, task, me, kind, points)
    read(session, run, text, me, book)
    if not is_first:
        write(book, task, me, kind, points)
    session.refresh(me)
    assert (me.state, me.score_x10) == (state, score)
    session.expire_all()
    assert checking.check(run_ids=[run.id], now=NOW).differ == []
    assert operations.recompute(enrolment=me, **BY) == []
    session.refresh(me)
    assert me.state is state


@pytest.mark.parametrize(("points", "state"), [(0, EnrolmentState.ACTIVE), (1, EnrolmentState.COMPLETED)])
def test_a_zero_that_closes_a_line_is_no_work_that_was_done(session: Session, points: int, state: EnrolmentState) -> None:
    run, task, text, book = taught(pass_mark_x10=0)
    me = made.learner(task)
    read(session, run, text, me, book)
    write(book, task, me, GradeKind.OVERRIDE, points)
    session.refresh(me)
    assert me.state is state
    assert opening.door(me, NOW).is_done(task.block_id) is (points > 0)
    if not points:
        write(book, task, me, GradeKind.EXCUSED)
        session.refresh(me)
        assert me.state is EnrolmentState.COMPLETED


def test_what_is_for_other_groups_is_settled_by_nobody(session: Session) -> None:
    """Whoever comes into the group is asked for it."""
    run, task, _text, book = taught()
    group = groups.add_group(run=make.loaded(run), name="甲", **BY)
    graded = session.get_one(Block, task.block_id)
    graded.access = Access((Condition(ConditionKind.GROUP, group.key),)).plain()
    session.flush()
    me = made.learner(task)
    for kind in (GradeKind.OVERRIDE, None):
        write(book, task, me, kind, 800)
    mark = learners.mark_of(me)
    assert mark is not None
    assert (mark.settled, mark.is_written) == ({}, False)


def test_what_is_taken_back_before_the_completion_is_asked_for_again(session: Session) -> None:
    run, task, text, book = taught()
    me = made.learner(task)
    for kind, points in ((GradeKind.EXCUSED, None), (GradeKind.OVERRIDE, 900)):
        write(book, task, me, kind, points)
        write(book, task, me, None)
    read(session, run, text, me, book)
    assert (me.state, me.progress_x1000) == (EnrolmentState.ACTIVE, 500)


def test_it_stays_where_its_column_is_taken_out(session: Session) -> None:
    """The block is still graded, so that it would be asked for again."""
    run, task, text, book = taught()
    me, other = made.learner(task), made.learner(task)
    write(book, task, me, GradeKind.EXCUSED)
    (column,) = queries.columns_of(book.id)
    books.remove_column(book=book, column=column, **BY)
    for one in (me, other):
        read(session, run, text, one, book)
    assert [(one.state, one.progress_x1000) for one in (me, other)] == [(EnrolmentState.COMPLETED, 1000), (EnrolmentState.ACTIVE, 500)]


def test_who_is_excused_of_everything_completes(session: Session) -> None:
    run = make.run()
    task = made.assignment(run)
    book = books.make(run=make.loaded(run), **BY)
    me, other = made.learner(task), made.learner(task)
    write(book, task, me, GradeKind.EXCUSED)
    grades.hand_down(run_id=run.id, enrolment_ids=[other.id], **BY)
    for one in (me, other):
        session.refresh(one)
    assert [one.state for one in (me, other)] == [EnrolmentState.COMPLETED, EnrolmentState.ACTIVE]


@pytest.mark.parametrize(
    ("kind", "points", "is_open"),
    [(GradeKind.EXCUSED, None, True), (GradeKind.OVERRIDE, 700, True), (GradeKind.OVERRIDE, 699, False), (None, None, False)],
)
def test_what_waits_for_it_opens(session: Session, kind: GradeKind | None, points: int | None, is_open: bool) -> None:
    run, task, text, book = taught()
    graded = session.get_one(Block, task.block_id)
    waits = Condition(ConditionKind.GRADE, f"block:{graded.key}", min_x10=700)
    text.access = Access((waits,)).plain()
    session.flush()
    me = made.learner(task)
    write(book, task, me, kind, points)
    session.expire_all()
    one = opening.door(me, NOW)
    many, mine = opening.doors_of([me], NOW)[me.id], opening.doors(me.person_id, [run.id], NOW)[run.id]
    assert [door.is_open(text.unit_id, text.id) for door in (one, many, mine)] == [is_open] * 3


@pytest.mark.parametrize(("points", "is_open"), [(0, False), (700, True)])
def test_a_zero_that_was_written_over_a_result_keeps_closed_what_asks_for_a_mark(session: Session, points: int, is_open: bool) -> None:
    _run, task, text, book = taught()
    graded = session.get_one(Block, task.block_id)
    text.access = Access((Condition(ConditionKind.GRADE, f"block:{graded.key}", min_x10=700),)).plain()
    session.flush()
    me = made.learner(task)
    made.grade(made.hand_in(task, me), 900)
    releasing.release(assignment=task, **BY)
    write(book, task, me, GradeKind.OVERRIDE, points)
    session.expire_all()
    assert opening.door(me, NOW).is_open(text.unit_id, text.id) is is_open


def test_it_is_not_asked_for_and_the_page_says_why(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    run, task, _text, book = taught()
    me, other = made.learner(task, ground.person()), made.learner(task)
    write(book, task, me, GradeKind.EXCUSED)
    assert [len(work.to_hand_in(one.person_id, made.DUE, NOW)) for one in (me, other)] == [0, 1]
    write(book, task, other, GradeKind.OVERRIDE, 0)
    assert len(work.to_hand_in(other.person_id, made.DUE, NOW)) == 1
    days = [agenda.items(one.person_id, since=made.DUE.date(), until=made.DUE.date(), now=NOW) for one in (me, other)]
    assert [sum(item.uid.startswith("assignment-") for item in found) for found in days] == [0, 1]
    session.commit()
    browser = as_role(Role.TRAINEE, person_id=me.person_id)
    unit_id = session.get_one(Block, task.block_id).unit_id
    assert "免计" in browser.get(f"/learning/runs/{run.id}/units/{unit_id}").text
    page = browser.get(f"/learning/runs/{run.id}/progress").text
    assert "教师已免计这一项" in page
    assert "还没有提交作业" not in page


def test_the_upgrade_completes_nobody_by_itself(history: Callable[[str], sa.Engine]) -> None:
    before = history("0112")
    with before.connect() as connection:
        row(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
        row(connection, "course", id=1, code="C", title="t", owner_id=1, family="professional", education_type="degree")
        row(
            connection, "course_run", id=1, code="R", course_id=1, mode="open", state="published", goal_category="worker", completion_share_x1000=1000
        )
        row(connection, "gradebook", id=1, run_id=1)
        row(connection, "grade_category", id=1, book_id=1, name="n", weight_x10=10, position=1)
        row(connection, "grade_column", id=1, book_id=1, category_id=1, title="t", position=1, max_x10=1000)
        for key, kind in ((1, "excused"), (2, "override"), (3, "manual"), (4, None)):
            row(connection, "person", id=key, name="张三", gender="unknown", nationality_kind="china")
            row(connection, "enrolment", id=key, run_id=1, person_id=key, state="active")
            row(connection, "enrolment_mark", enrolment_id=key, is_due=False)
            row(connection, "grade", id=key, column_id=1, enrolment_id=key, kind=kind, points_x10=500 if kind in ("override", "manual") else None)
        connection.commit()
    migrations.upgrade(before, "0113")
    with before.connect() as connection:
        found = connection.execute(sa.text("SELECT enrolment_id, is_due, is_written, settled FROM enrolment_mark ORDER BY enrolment_id")).all()
    told = [(key, bool(is_due), bool(written), stored) for key, is_due, written, stored in found]
    assert told == [(1, False, True, None), (2, False, True, None), (3, False, False, None), (4, False, False, None)]
    migrations.downgrade(before, "0112")
