"""What ends an attempt beside its time: the end of the run, leaving it; and how often somebody may begin one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.assessment import queries
from courses.assessment.operations import attempts, quizzes
from courses.assessment.types import AttemptState
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import offerings
from courses.learning import operations, tasks
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.jobs import Running

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def sitting(lead_id: int | None = None) -> tuple[Run, Block, Enrolment]:
    """A quiz without an end, and a learner of its run."""
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    quiz = make.quiz(unit, of=run)
    make.text(unit)
    make.publish(run)
    return make.loaded(run), quiz, make.enrolment(make.loaded(run))


def test_who_was_taken_out_of_a_run_neither_reads_nor_writes_an_attempt(as_role: AsRole, session: Session) -> None:
    _run, quiz, me = sitting()
    row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=clock.now())
    session.commit()
    browser = as_role(Role.TRAINEE, person_id=me.person_id)
    session.commit()
    url = f"/learning/attempts/{row.id}"
    assert browser.get(url).status_code == 200
    operations.withdraw(enrolment=me, note="不是本班学员", by=SYSTEM, now=clock.now())
    session.commit()
    for answer in (browser.get(url), browser.post(f"{url}/save", data={"q1-shown": "1", "q1": "a"}), browser.post(f"{url}/submit")):
        assert answer.status_code == 403
        assert "不再是这期课程的学员" in answer.text
    session.refresh(row)
    assert row.state is AttemptState.IN_PROGRESS


def test_the_end_of_a_run_ends_what_is_being_written_and_nothing_begins_after_it(as_role: AsRole, session: Session) -> None:
    run, quiz, me = sitting()
    row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=clock.now() - timedelta(minutes=5))
    attempts.save(attempt_id=row.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=clock.now() - timedelta(minutes=4))
    session.commit()
    teacher = as_role(Role.LECTURER, person_id=run.staff[0].person_id)
    session.commit()
    assert teacher.post(f"/teaching/runs/{run.id}/close").status_code == 303
    session.refresh(row)
    assert row.due_at is not None
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=row.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=clock.now() + timedelta(minutes=1))
    session.rollback()
    row.due_at = clock.now() - timedelta(minutes=2)
    session.commit()
    tasks.close_overdue(Running(0, {}, None))
    found = queries.attempt_by_id(row.id)
    assert found is not None
    assert (found.state, found.score_x10) == (AttemptState.GRADED, 1000)  # what was saved in time counts
    with pytest.raises(attempts.NoAttempt, match="已结束"):
        attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=clock.now())


def test_an_attempt_with_a_nearer_end_keeps_it_when_the_run_ends(session: Session) -> None:
    run, quiz, me = sitting()
    now = clock.now()
    row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=now)
    row.due_at = now - timedelta(seconds=10)
    session.flush()
    offerings.close_run(run=run, by=SYSTEM, now=now)
    assert quizzes.end_running(run_id=run.id, now=now) == 0
    assert row.due_at == now - timedelta(seconds=10)


@pytest.mark.parametrize(
    ("before", "is_refused"), [(attempts.MOST_A_MINUTE - 1, False), (attempts.MOST_A_MINUTE, True), (attempts.MOST_A_MINUTE + 1, True)]
)
def test_so_many_attempts_begin_in_a_minute(session: Session, before: int, is_refused: bool) -> None:
    _run, quiz, me = sitting()
    now = clock.now()
    for n in range(min(before, attempts.MOST_A_MINUTE)):
        row = attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=now + timedelta(seconds=n))
        attempts.submit(attempt_id=row.id, by=SYSTEM, now=now + timedelta(seconds=n))
    if is_refused:
        with pytest.raises(attempts.NoAttempt, match="一分钟"):
            attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=now + timedelta(seconds=30))
    assert attempts.start(block=quiz, person_id=me.person_id, by=SYSTEM, now=now + timedelta(seconds=90)).id
