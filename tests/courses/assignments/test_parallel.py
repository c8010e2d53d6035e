"""Marks that are given while they are released, or while a rule changes: on PostgreSQL two transactions stand side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import sleep

import pytest
from flask import Flask

from courses.assignments.operations import releasing, setup
from courses.assignments.queries import work
from courses.assignments.types import SubmissionState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

NOW, DUE = made.NOW, made.DUE
LATE = DUE + timedelta(days=1)


def handed_in(app: Flask) -> tuple[int, int, int]:
    """An assignment of two works, the first graded: (assignment, graded work, work that waits)."""
    if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "sqlite").startswith("sqlite"):
        pytest.skip("one writer at a time on SQLite")
    with app.app_context(), transaction():
        task = made.assignment(make.run(make.course(ground.university())), percent_per_day=10)
        graded, waiting = (made.hand_in(task, made.learner(task), now=LATE) for _ in range(2))
        made.grade(graded, 500)
        return task.id, graded.id, waiting.id


def both(*calls: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


def grading(app: Flask, submission_id: int, begun: Event, after: Event | None = None) -> Callable[[], None]:
    """Somebody gives a mark; the transaction stays open a moment, as where the server is busy."""

    def run() -> None:
        if after is not None:
            after.wait(5)
        with app.app_context(), transaction():
            row = work.submission_by_id(submission_id)
            assert row is not None
            if after is not None:
                begun.set()
            made.grade(row, 800, by=made.acting(ground.person()))
            if after is None:
                begun.set()
                sleep(0.4)

    return run


def test_a_mark_that_is_given_while_marks_are_released_is_released(committed: Flask) -> None:
    task_id, graded, waiting = handed_in(committed)
    begun = Event()

    def release() -> None:
        begun.wait(5)
        with committed.app_context(), transaction():
            task = work.assignment_by_id(task_id)
            assert task is not None
            releasing.release(assignment=task, by=SYSTEM, now=LATE)

    both(grading(committed, waiting, begun), release)
    with committed.app_context():
        rows = [work.submission_by_id(key) for key in (graded, waiting)]
        assert [(row.state, row.released_at is not None) for row in rows if row] == [(SubmissionState.GRADED, True)] * 2


def test_a_mark_that_is_given_just_after_the_release_is_shown_at_once(committed: Flask) -> None:
    task_id, _graded, waiting = handed_in(committed)
    released, begun = Event(), Event()

    def release() -> None:
        with committed.app_context(), transaction():
            task = work.assignment_by_id(task_id)
            assert task is not None
            releasing.release(assignment=task, by=SYSTEM, now=LATE)
            released.set()
            begun.wait(5)
            sleep(0.4)

    both(release, grading(committed, waiting, begun, after=released))
    with committed.app_context():
        row = work.submission_by_id(waiting)
        assert row is not None
        assert row.released_at is not None


def test_another_due_date_waits_for_who_is_grading_and_counts_that_mark_too(committed: Flask) -> None:
    task_id, _graded, waiting = handed_in(committed)
    begun = Event()

    def save() -> None:
        begun.wait(5)
        with committed.app_context(), transaction():
            task = work.assignment_by_id(task_id)
            assert task is not None
            setup.save(block=task.block, version=None, by=SYSTEM, now=LATE, due_at=LATE)

    both(grading(committed, waiting, begun), save)
    with committed.app_context():
        row = work.submission_by_id(waiting)
        assert row is not None
        assert (row.late_days, row.penalty_x10, row.score_x10) == (0, 0, 800)
