"""Stored progress is what the log gives; where it is not, the command says so and can put it right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from courses.catalogue.models import Run
from courses.catalogue.operations import content
from courses.learning import operations
from courses.learning.models import BlockProgress, Enrolment, LearningEvent
from courses.learning.operations import checking
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM

NOW = make.NOW


@pytest.fixture
def run(session: Session) -> Run:
    """A run in which four learners did different things."""
    made = make.run()
    unit = make.unit(made)
    text, video, quiz = make.text(unit), make.video(unit), make.quiz(unit, of=made)
    made = make.publish(made)
    for number in range(4):
        row = make.enrolment(made)
        if number > 0:
            operations.mark_done(enrolment=row, block=text, by=SYSTEM, now=NOW)
        if number > 1:
            operations.start_video(enrolment=row, block=video, by=SYSTEM, now=NOW)
            operations.watch(enrolment=row, block=video, start=0, end=30 * number, by=SYSTEM, now=NOW + timedelta(seconds=60))
    make.enrolment(made)
    assert quiz.id
    return made


def test_nothing_differs_after_learning(session: Session, run: Run) -> None:
    seen = checking.check(run_ids=[run.id], now=NOW)
    assert (seen.enrolments, seen.events, seen.blocks, seen.totals) == (5, 7, [], [])


def test_a_stored_value_that_was_changed_is_found_and_put_right(session: Session, run: Run) -> None:
    row = session.scalars(select(BlockProgress).order_by(BlockProgress.id.desc())).first()
    assert row is not None
    kept = (row.share_x1000, row.is_done, row.position_x10)
    session.execute(update(BlockProgress).where(BlockProgress.id == row.id).values(share_x1000=3, is_done=False, position_x10=0))
    session.execute(update(Enrolment).where(Enrolment.id == row.enrolment_id).values(progress_x1000=7))
    session.expire_all()
    seen = checking.check(run_ids=None, now=NOW)
    assert (seen.blocks, seen.totals, seen.differ) == ([(row.enrolment_id, row.block_id)], [row.enrolment_id], [row.enrolment_id])
    checking.repair(enrolment_id=row.enrolment_id, by=SYSTEM, now=NOW)
    session.refresh(row)
    assert (row.share_x1000, row.is_done, row.position_x10) == kept
    assert checking.check(run_ids=None, now=NOW).differ == []


def test_progress_of_which_the_log_knows_nothing_is_found_and_taken_away(session: Session, run: Run) -> None:
    row = session.scalars(select(BlockProgress).order_by(BlockProgress.id.desc())).first()
    assert row is not None
    session.execute(delete(LearningEvent).where(LearningEvent.enrolment_id == row.enrolment_id, LearningEvent.block_id == row.block_id))
    session.expire_all()
    found = (row.enrolment_id, row.block_id)
    assert checking.check(run_ids=None, now=NOW).blocks == [found]
    assert checking.repair(enrolment_id=found[0], by=SYSTEM, now=NOW) == [found[1]]
    assert checking.check(run_ids=None, now=NOW).differ == []


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_total_of_the_gradebook_is_no_difference(session: Session, run: Run, is_shown: bool) -> None:
    operations.take_marks_from_book(run_id=run.id, is_shown=is_shown, now=NOW)
    session.expire_all()
    assert checking.check(run_ids=[run.id], now=NOW).totals == []  # still to be computed
    rows = session.scalars(select(Enrolment).where(Enrolment.run_id == run.id).order_by(Enrolment.id)).all()
    for row in rows:
        operations.take_mark(enrolment=row, score_x10=625, by=SYSTEM, now=NOW)
    assert {row.score_x10 for row in rows} == {625 if is_shown else None}
    assert checking.check(run_ids=[run.id], now=NOW).totals == []
    session.execute(update(Enrolment).where(Enrolment.id == rows[1].id).values(score_x10=640))
    session.expire_all()
    assert checking.check(run_ids=[run.id], now=NOW).totals == [rows[1].id]


def test_progress_of_a_removed_block_stays_and_is_no_difference(session: Session, run: Run) -> None:
    block_id = session.scalars(select(BlockProgress.block_id).order_by(BlockProgress.id)).first()
    from courses.catalogue import queries as catalogue

    block = catalogue.block_by_id(block_id or 0)
    assert block is not None
    content.remove(part=block, by=SYSTEM, now=NOW)
    session.expire_all()
    assert checking.check(run_ids=[run.id], now=NOW).blocks == []
    assert session.scalars(select(BlockProgress).where(BlockProgress.block_id == block_id)).all() != []
