"""Full points do not change under judgements, and one assignment that cannot be closed keeps no other from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.orm import Session

from courses.assignments.models import Assignment
from courses.assignments.operations import peers as reviewing
from courses.assignments.operations import setup
from courses.assignments.queries import peers, work
from courses.assignments.tasks import tend_peer_review
from courses.assignments.types import Marking, Queue, SubmissionState
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.jobs import Running

NOW, DUE = made.NOW, made.DUE
PEER_DUE = DUE + timedelta(days=5)
RUNNING = Running(0, {}, None)


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def change(task: Assignment, max_x10: int = 500) -> Assignment:
    """Other full points."""
    return setup.save(block=task.block, version=None, by=SYSTEM, now=NOW, max_x10=max_x10)


def reviewed(points: int = 800) -> Assignment:
    """An assignment of which each piece of work has one review."""
    task = made.assignment(peers=1, peers_needed=1, peer_due_at=PEER_DUE)
    for _n in range(2):
        made.hand_in(task, made.learner(task))
    reviewing.begin(assignment=task, by=SYSTEM, now=DUE)
    for row in peers.all_reviews(task.id):
        review = peers.review_by_id(row.id)
        assert review is not None
        reviewing.write(review=review, version=None, marking=Marking({"points": points}, "写得清楚，建议补充图表。"), by=SYSTEM, now=DUE)
    return task


def test_full_points_change_until_somebody_has_judged(session: Session) -> None:
    task = made.assignment()
    made.hand_in(task, made.learner(task))
    assert change(task).max_x10 == 500


@pytest.mark.parametrize("max_x10", [500, 2000])
def test_full_points_stay_under_reviews(session: Session, max_x10: int) -> None:
    task = reviewed()
    with pytest.raises(setup.BadAssignment, match="满分"):
        change(task, max_x10)
    assert change(task, 1000).max_x10 == 1000  # the same ones are no change


def test_full_points_stay_under_the_first_of_two_marks(session: Session) -> None:
    task = made.assignment(is_double=True)
    row = made.grade(made.hand_in(task, made.learner(task)), 600)
    assert (row.state, row.queue) == (SubmissionState.SUBMITTED, Queue.SECOND_GRADER)
    with pytest.raises(setup.BadAssignment, match="满分"):
        change(task)


def test_full_points_stay_under_an_example(session: Session) -> None:
    task = made.assignment(peers=1, peers_needed=1, peer_due_at=PEER_DUE)
    setup.add_example(assignment=task, title="样例", text="样例正文", marking=Marking({"points": 800}, ""), by=SYSTEM, now=NOW)
    with pytest.raises(setup.BadAssignment, match="满分"):
        change(task)


def test_one_assignment_that_cannot_be_closed_keeps_no_other_from_it(session: Session) -> None:
    broken, whole = reviewed(), reviewed()
    session.execute(text("UPDATE assignment SET max_x10 = 500 WHERE id = :id"), {"id": broken.id})  # as an older version of the page did
    session.commit()
    with time_machine.travel(PEER_DUE, tick=False), pytest.raises(Exception, match="score_range"):
        tend_peer_review(RUNNING)
    session.expire_all()
    assert {row.score_x10 for row in work.handed_in(whole.id)} == {800}
    assert {row.score_x10 for row in work.handed_in(broken.id)} == {None}
