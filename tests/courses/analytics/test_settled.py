"""Who is excused of work, or was given a mark for it, is neither behind nor overdue with it, nor stuck there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from courses.analytics import operations, risk_queries, stuck_queries
from courses.analytics.types import LearnerRisk, Reason
from courses.assignments.models import Assignment, AssignmentExtension
from courses.catalogue.models import Block, Run
from courses.gradebook.models import Gradebook
from courses.gradebook.operations import books
from courses.gradebook.types import GradeKind
from courses.learning import operations as learning
from courses.learning.models import BlockProgress, Enrolment
from tests.courses.gradebook.test_settled import write
from tests.factories import courses as make
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM

NOW = make.NOW
LATER = NOW + timedelta(days=20)


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def taught(session: Session) -> tuple[Run, Assignment, Block, Gradebook]:
    """An assignment that is past its date, then a text; the run lasts two months."""
    run = make.run(ends_on=date(2026, 4, 30))
    task = made.assignment(run, due_at=datetime(2026, 3, 12, tzinfo=UTC))
    text = make.text(make.unit(run))
    run = make.publish(run)
    return run, task, text, books.make(run=make.loaded(run), by=SYSTEM, now=NOW)


def risk(run: Run, who: Enrolment, days: int = 20) -> LearnerRisk:
    (found,) = [row for row in risk_queries.at_risk(run, NOW + timedelta(days=days)) if row.enrolment_id == who.id]
    return found


@pytest.mark.parametrize(
    ("kind", "points", "is_overdue"),
    [(GradeKind.EXCUSED, None, False), (GradeKind.OVERRIDE, 800, False), (GradeKind.OVERRIDE, 0, True), (None, None, True)],
)
def test_nobody_is_overdue_with_what_a_person_settled(
    session: Session, taught: tuple[Run, Assignment, Block, Gradebook], kind: GradeKind | None, points: int | None, is_overdue: bool
) -> None:
    run, task, _text, book = taught
    me, other = made.learner(task), made.learner(task)
    write(book, task, me, kind, points)
    assert [risk(run, one).overdue for one in (me, other)] == [int(is_overdue), 1]
    made_up = operations.summarise(run_id=run.id, now=LATER)
    assert [unit.stuck for unit in made_up.units if unit.stuck] == [1 + is_overdue, *([] if is_overdue else [1])]
    assert sum(unit.finished for unit in made_up.units) == 0, "nobody has touched anything"
    for unit in made_up.units:
        step = stuck_queries.step(make.loaded(run), unit.id)
        assert step is not None
        assert len(session.execute(stuck_queries.learners(step)).all()) == unit.stuck


def test_what_was_settled_beside_other_work_hides_nothing_else(session: Session, taught: tuple[Run, Assignment, Block, Gradebook]) -> None:
    """Handed in and excused is one block, not two; so is excused and given more time."""
    run, task, _text, book = taught
    second = made.assignment(run, due_at=datetime(2026, 3, 12, tzinfo=UTC))
    first = made.learner(task)
    books.add_missing(book=book, by=SYSTEM, now=NOW)
    write(book, task, first, GradeKind.EXCUSED)
    session.add(BlockProgress(enrolment_id=first.id, block_id=task.block_id, waits_for_grade=True))
    session.flush()
    assert risk(run, first).overdue == 1
    other = made.learner(task)
    write(book, task, other, GradeKind.EXCUSED)
    session.add(
        AssignmentExtension(
            assignment_id=task.id, person_id=other.person_id, until_at=LATER + timedelta(days=1), reason="病", given_by="", given_at=NOW
        )
    )
    session.flush()
    assert risk(run, other).overdue == 1
    write(book, second, other, GradeKind.OVERRIDE, 500)
    assert risk(run, other).overdue == 0


def test_who_has_done_all_that_is_asked_of_them_is_not_behind(session: Session, taught: tuple[Run, Assignment, Block, Gradebook]) -> None:
    run, task, text, book = taught
    second = made.assignment(run, due_at=datetime(2026, 5, 1, tzinfo=UTC))
    books.add_missing(book=book, by=SYSTEM, now=NOW)
    me = made.learner(task)
    write(book, task, me, GradeKind.EXCUSED)
    learning.mark_done(enrolment=me, block=text, by=SYSTEM, now=NOW)
    assert risk(run, me, 40).judged.reasons == (Reason.INACTIVE,)  # half of what is asked, and half is expected
    session.add(BlockProgress(enrolment_id=me.id, block_id=second.block_id, waits_for_grade=True))
    session.flush()
    assert risk(run, me, 55).judged.reasons == ()
