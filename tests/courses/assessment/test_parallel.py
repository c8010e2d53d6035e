"""Many windows at once, each with its own connection and commit: one attempt, one hand-in, no answer lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from courses.assessment import queries
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts, bank, grading
from courses.assessment.types import AttemptState
from courses.catalogue import queries as catalogue
from courses.learning.log_queries import events_of
from courses.learning.operations.progress import note_attempt
from courses.learning.queries import enrolment_of, progress_row
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.parallel import linger, together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.people.models import Person

on_postgresql = pytest.mark.skipif(
    not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite"
)


def taken(app: Flask, *questions: str) -> int:
    """An attempt in progress at a quiz of two questions."""
    with app.app_context(), transaction():
        run = make.run(make.course(ground.university()))
        person_id = ground.person().id
        parts = [make.essay(run) if stem == "论述" else make.single(run, stem) for stem in questions]
        quiz = make.quiz(make.unit(run), *parts, of=run)
        found = catalogue.run_by_id(run.id)
        assert found is not None
        make.learning.enrol(run=found, person_id=person_id, by=SYSTEM, now=make.NOW, is_approved=True)
        return attempts.start(block=quiz, person_id=person_id, by=SYSTEM, now=make.NOW).id


def side_by_side(app: Flask, monkeypatch: pytest.MonkeyPatch, first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
    """Two deeds of which the second begins when the first has read the attempt: what became of each."""
    read, real = Event(), queries.attempt_by_id

    def slow(key: int) -> Attempt | None:
        found = real(key)
        if not read.is_set():
            read.set()
            linger(0.5)
        return found

    monkeypatch.setattr(queries, "attempt_by_id", slow)

    def one(deed: Callable[[], Any], *, waits: bool) -> str:
        if waits:
            read.wait(10)
        try:
            with app.app_context(), transaction():
                deed()
        except Refused as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(one, first, waits=False), pool.submit(one, second, waits=True)]
        found = [done.result() for done in both]
    monkeypatch.setattr(queries, "attempt_by_id", real)
    return found


@on_postgresql
@pytest.mark.parametrize("is_saved_first", [True, False])
def test_an_answer_that_was_saved_is_the_one_that_is_graded(committed: Flask, monkeypatch: pytest.MonkeyPatch, is_saved_first: bool) -> None:
    key = taken(committed, "一", "二")
    given: dict[str, Any] = {"attempt_id": key, "by": SYSTEM, "now": make.NOW}
    deeds = [lambda: attempts.save(responses={1: {"choice": "b"}}, **given), lambda: attempts.submit(**given)]
    found = side_by_side(committed, monkeypatch, *(deeds if is_saved_first else reversed(deeds)))
    assert found == (["done", "done"] if is_saved_first else ["done", "TooLate"])
    with committed.app_context():
        row = queries.attempt_by_id(key)
        assert row is not None
        answer = row.answers[0]
        assert (answer.response, answer.share_x1000) == (({"choice": "b"}, 1000) if is_saved_first else ({}, 0))


@on_postgresql
def test_two_who_grade_one_attempt_at_once_end_with_a_graded_one(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    key = taken(committed, "论述", "论述")
    with committed.app_context(), transaction():
        attempts.submit(attempt_id=key, by=SYSTEM, now=make.NOW)
    given: dict[str, Any] = {"attempt_id": key, "feedback": {}, "by": SYSTEM, "now": make.NOW}
    deeds = [lambda: attempts.grade(points={1: 100}, **given), lambda: attempts.grade(points={2: 50}, **given)]
    assert side_by_side(committed, monkeypatch, *deeds) == ["done", "done"]
    with committed.app_context():
        row = queries.attempt_by_id(key)
        assert row is not None
        assert (row.state, row.score_x10) == (AttemptState.GRADED, 750)


def test_one_attempt_and_one_hand_in_however_many_windows_press(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()))
        run_id, person_id = run.id, ground.person().id
        quiz = make.quiz(make.unit(run), *[make.single(run, f"第 {n} 题") for n in range(6)], of=run, attempts=1)
        quiz_id = quiz.id
    with committed.app_context(), transaction():
        found = catalogue.run_by_id(run_id)
        assert found is not None
        make.learning.enrol(run=found, person_id=person_id, by=SYSTEM, now=make.NOW, is_approved=True)

    def start(_n: int) -> int:
        with committed.app_context(), transaction():
            block = catalogue.block_by_id(quiz_id)
            assert block is not None
            return attempts.start(block=block, person_id=person_id, by=SYSTEM, now=make.NOW).id

    def save(n: int) -> None:
        with committed.app_context(), transaction():
            attempts.save(attempt_id=attempt_id, responses={n: {"choice": "b"}}, by=SYSTEM, now=make.NOW)

    def submit(_n: int) -> bool:
        with committed.app_context(), transaction():
            row, is_first = attempts.submit(attempt_id=attempt_id, by=SYSTEM, now=make.NOW)
            enrolment = enrolment_of(run_id, person_id)
            assert enrolment is not None
            if is_first:
                note_attempt(enrolment=enrolment, attempt=row, by=SYSTEM, now=make.NOW)
            return is_first

    with ThreadPoolExecutor(6) as pool:
        (attempt_id,) = set(pool.map(start, range(6)))
        list(pool.map(save, range(1, 7)))
        handed_in = list(pool.map(submit, range(6)))
    assert sum(handed_in) == 1
    with committed.app_context():
        row = queries.attempt_by_id(attempt_id)
        assert row is not None
        assert (row.state, row.score_x10, [a.response for a in row.answers]) == (AttemptState.GRADED, 1000, [{"choice": "b"}] * 6)
        assert session().scalar(select(func.count(Attempt.id))) == 1
        enrolment = enrolment_of(run_id, person_id)
        assert enrolment is not None
        assert len(events_of(enrolment.id, quiz_id)) == 1


@on_postgresql
def test_a_mark_that_a_person_gives_while_a_question_is_graded_again_stays(committed: Flask) -> None:
    key = taken(committed, "1 + 1 = ?")
    with committed.app_context(), transaction():
        row = attempts.submit(attempt_id=key, responses={1: {"choice": "b"}}, by=SYSTEM, now=make.NOW)[0]
        question_id, run_id = row.answers[0].version.question_id, row.block.run_id
        question = queries.question_by_id(question_id)
        assert question is not None
        options = [{"body": "1", "is_correct": True}, {"body": "2"}, {"body": "3"}]
        bank.save_question(
            course_id=question.course_id, kind=question.kind, question=question, stem="?", data={"options": options}, by=SYSTEM, now=make.NOW
        )
    given = Event()

    def give() -> None:
        with committed.app_context(), transaction():
            attempts.grade(attempt_id=key, points={1: 70}, feedback={}, by=replace(SYSTEM, account_id=7), now=make.NOW)
            given.set()
            linger(0.7)

    def again() -> None:
        given.wait(5)
        with committed.app_context(), transaction():
            question, run = queries.question_by_id(question_id), catalogue.run_by_id(run_id)
            assert question is not None
            assert run is not None
            grading.regrade(question=question, run=run, by=SYSTEM, now=make.NOW)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(give), pool.submit(again)]:
            done.result()
    with committed.app_context():
        kept = queries.attempt_by_id(key)
        assert kept is not None
        assert (kept.score_x10, kept.answers[0].share_x1000) == (700, 700)


@on_postgresql
@pytest.mark.parametrize(("counts", "result"), [("average", 600), ("best", 900)])
@pytest.mark.parametrize("is_turned", [False, True])
def test_two_attempts_of_one_learner_that_are_settled_at_once_both_count(committed: Flask, counts: str, result: int, is_turned: bool) -> None:
    keys = []
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()))
        person_id, run_id = ground.person().id, run.id
        quiz = make.quiz(make.unit(run), make.essay(run), of=run, counts=counts)
        make.publish(run)
        enrolment_id, block_id = make.enrolment(make.loaded(run), session().get(Person, person_id)).id, quiz.id
        for _n in range(2):
            keys.append(attempts.start(block=quiz, person_id=person_id, by=SYSTEM, now=make.NOW).id)
            attempts.submit(attempt_id=keys[-1], by=SYSTEM, now=make.NOW)

    def settle(key: int, share: int) -> None:
        row = attempts.grade(attempt_id=key, points={1: share // 10}, feedback={}, by=SYSTEM, now=make.NOW)
        enrolment = enrolment_of(run_id, person_id)
        assert enrolment is not None
        note_attempt(enrolment=enrolment, attempt=row, by=SYSTEM, now=make.NOW)

    acts = [lambda: settle(keys[0], 300), lambda: settle(keys[1], 900)]
    assert together(committed, *(reversed(acts) if is_turned else acts)) == ["", ""]
    with committed.app_context():
        row = progress_row(enrolment_id, block_id)
        assert row is not None
        assert row.score_x10 == result
