"""Many windows at once, each with its own connection and commit: one attempt, one hand-in, no answer lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select

from courses.assessment import queries
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts
from courses.assessment.types import AttemptState
from courses.catalogue import queries as catalogue
from courses.learning.log_queries import events_of
from courses.learning.operations.progress import note_attempt
from courses.learning.queries import enrolment_of
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction


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
