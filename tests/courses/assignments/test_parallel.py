"""Marks that are given while they are released, or while a rule changes: on PostgreSQL two transactions stand side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask

from courses.assignments.operations import grading as judging
from courses.assignments.operations import handing_in, holding, joining, lateness, releasing, setup
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import peers as peer_queries
from courses.assignments.queries import work
from courses.assignments.types import Marking, SubmissionState
from courses.learning import queries as learners
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from tests.factories.identity import signed_in_client
from tests.factories.parallel import linger, together
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

NOW, DUE = made.NOW, made.DUE
LATE = DUE + timedelta(days=1)


def handed_in(app: Flask, *, due_at: datetime = DUE, now: datetime = LATE, is_group: bool = False) -> tuple[int, int, int]:
    """An assignment of two works, the first graded: (assignment, graded work, work that waits)."""
    if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "sqlite").startswith("sqlite"):
        pytest.skip("one writer at a time on SQLite")
    with app.app_context(), transaction():
        task = made.assignment(make.run(make.course(ground.university())), percent_per_day=10, due_at=due_at, is_group=is_group)
        authors = [made.learner(task) for _ in range(2)]
        for author in authors if is_group else ():
            run = make.queries.run_by_id(task.run_id)
            assert run is not None
            team = setup.add_group(run=run, name=str(author.id), by=SYSTEM, now=NOW)
            setup.put_into_group(run=run, person_id=author.person_id, group_id=team.id, by=SYSTEM, now=NOW)
        graded, waiting = (made.hand_in(task, author, now=now) for author in authors)
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
                linger(0.4)

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
            linger(0.4)

    both(release, grading(committed, waiting, begun, after=released))
    with committed.app_context():
        row = work.submission_by_id(waiting)
        assert row is not None
        assert row.released_at is not None


def test_who_is_taken_in_and_what_is_remarked_during_a_release_is_released_too(committed: Flask) -> None:
    task_id, _graded, _waiting = handed_in(committed, is_group=True)
    with committed.app_context(), transaction():
        task = work.assignment_by_id(task_id)
        assert task is not None
        run = make.queries.run_by_id(task.run_id)
        assert run is not None
        row, block_id = work.handed_in(task_id)[0], task.block_id
        late, work_id = made.learner(task), row.id
        setup.put_into_group(run=run, person_id=late.person_id, group_id=row.group_id, by=SYSTEM, now=NOW)
        late_id, person_id = late.id, late.person_id
    released = Event()

    def release() -> None:
        with committed.app_context(), transaction():
            task = work.assignment_by_id(task_id)
            assert task is not None
            releasing.release(assignment=task, by=SYSTEM, now=LATE)
            released.set()
            linger(0.6)

    def take_in() -> None:
        released.wait(5)
        with committed.app_context(), transaction():
            row = work.submission_by_id(work_id)
            assert row is not None
            joining.take_in(submission=row, person_id=person_id, by=SYSTEM, now=LATE)

    def remark() -> None:
        released.wait(5)
        with committed.app_context(), transaction():
            row = work.submission_by_id(work_id)
            assert row is not None
            judging.add_comment(submission=row, body="写得清楚", by=SYSTEM, now=LATE)

    both(release, take_in, remark)
    with committed.app_context():
        assert [one.shown_at is not None for one in work.comments_of(work_id)] == [True]
        assert learners.states_of(late_id)[block_id].score_x10 == 400, "500 and a tenth of 1000 for a day late"


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


def test_a_further_version_waits_for_a_recount_of_lateness_before_it_writes_anything(committed: Flask) -> None:
    """The draft is written after the hold too: else the author holds the work and waits for the rules, the recount the other way round."""
    task_id, _graded, waiting = handed_in(committed, due_at=clock.now() - timedelta(days=1), now=clock.now())
    with committed.app_context(), transaction():
        row = work.submission_by_id(waiting)
        assert row is not None
        block_id, person_id = row.assignment.block_id, row.members[0].person_id
        row.assignment.due_at = clock.now() + timedelta(days=1)
    committed.config["WTF_CSRF_ENABLED"] = False
    learner = signed_in_client(committed, Role.TRAINEE, person_id=person_id)
    held = Event()

    def recount() -> None:
        """A piece of the job."""
        with committed.app_context(), transaction():
            task = work.assignment_by_id(task_id)
            assert task is not None
            holding.alone(task)
            held.set()
            linger(0.8)
            assert lateness.recount(submissions=list(work.whole([waiting]).values()), by=SYSTEM, now=clock.now()) == 1

    answers = []

    def hand_in() -> None:
        held.wait(5)
        with committed.app_context():
            row = work.submission_by_id(waiting)
            assert row is not None
            form = {"do": "submit", "text": "第二版。", "version": str(row.version), "submission_key": f"k{len(answers)}"}
        answers.append(learner.post(f"/assignments/{block_id}", data=form).status_code)

    both(recount, hand_in)
    hand_in()
    with committed.app_context():
        row = work.submission_by_id(waiting)
        assert row is not None
        assert (answers, row.number, row.late_days) == ([409, 303], 2, 0), "what was counted anew meanwhile is seen first, as after any other change"


def test_what_another_window_saves_while_a_file_arrives_is_not_handed_in_unseen(committed: Flask) -> None:
    if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "sqlite").startswith("sqlite"):
        pytest.skip("one writer at a time on SQLite")
    with committed.app_context(), transaction():
        task = made.assignment(make.run(make.course(ground.university())), due_at=clock.now() + timedelta(days=1))
        me = made.learner(task)
        block_id, person_id = task.block_id, me.person_id
        row = handing_in.open_draft(assignment=task, person_id=person_id, by=SYSTEM, now=NOW)
        row_id, version = row.id, str(row.version)
    committed.config["WTF_CSRF_ENABLED"] = False
    learner = signed_in_client(committed, Role.TRAINEE, person_id=person_id)
    saved = Event()

    def save() -> None:
        with committed.app_context(), transaction():
            row = work.submission_by_id(row_id)
            assert row is not None
            handing_in.save_draft(
                assignment=row.assignment, submission=row, text="另一窗口", version=None, person_id=person_id, by=SYSTEM, now=clock.now()
            )
            saved.set()
            linger(0.6)

    answers = []

    def hand_in() -> None:
        saved.wait(5)
        form = {"do": "submit", "text": "", "version": version, "submission_key": "k", "files": (made.pdf(300), "图纸.pdf")}
        answers.append(learner.post(f"/assignments/{block_id}", data=form).status_code)

    both(save, hand_in)
    with committed.app_context():
        row = work.submission_by_id(row_id)
        assert row is not None
        assert (answers, row.number, row.draft_text, len(work.draft_files(row_id))) == ([409], 0, "另一窗口", 0)


@pytest.mark.parametrize(("max_files", "codes"), [(1, ["", "not_possible"]), (2, ["", ""])])
def test_of_two_files_that_come_at_once_no_more_are_taken_than_the_work_takes(committed: Flask, max_files: int, codes: list[str]) -> None:
    with committed.app_context(), transaction():
        task = made.assignment(make.run(make.course(ground.university())), max_files=max_files)
        me = made.learner(task)
        task_id, person_id = task.id, me.person_id
        row_id = handing_in.open_draft(assignment=task, person_id=person_id, by=SYSTEM, now=NOW).id

    def add(size: int) -> None:
        task, row = work.assignment_by_id(task_id), work.submission_by_id(row_id)
        assert task is not None
        assert row is not None
        given: dict[str, Any] = {"assignment": task, "submission": row, "person_id": person_id, "by": SYSTEM, "now": NOW}
        handing_in.add_file(file=made.pdf(size), name=f"{size}.pdf", **given)

    assert together(committed, lambda: add(300), lambda: add(400)) == codes
    with committed.app_context():
        assert len(work.draft_files(row_id)) == codes.count("")


def test_an_example_that_is_judged_twice_at_once_is_judged_once_and_says_so(committed: Flask) -> None:
    with committed.app_context(), transaction():
        task = made.assignment(make.run(make.course(ground.university())), peers=2, peers_needed=2, peer_due_at=DUE + timedelta(days=7))
        task_id, person_id = task.id, made.learner(task).person_id
        given: dict[str, Any] = {"assignment": task, "by": SYSTEM, "now": NOW}
        setup.add_example(title="样例", text="正文", marking=Marking({"points": 800}), **given)

    def judge() -> None:
        task = work.assignment_by_id(task_id)
        assert task is not None
        (example,) = peer_queries.examples_of(task_id)
        reviewing.calibrate(example=example, assignment=task, person_id=person_id, marking=Marking({"points": 700}), by=SYSTEM, now=DUE)

    assert together(committed, judge, judge) == ["", "not_reviewable"]
