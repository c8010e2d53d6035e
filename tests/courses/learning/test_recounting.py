"""Rules of a quiz that change after attempts: what counts of them, when they end, and marks of a quiz that was removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import queries
from courses.assessment.models import Attempt, Question
from courses.assessment.operations import attempts, bank, grading, quizzes
from courses.catalogue import authoring_queries as authored
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content, judging, versions
from courses.learning import operations as learning
from courses.learning import queries as learners
from courses.learning import regrading, review_queries, tasks
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Job, Running
from trainhub.notifications.models import Notice
from trainhub.people import operations as people

NOW = make.NOW
HOUR = timedelta(hours=1)
KEY = {"options": [{"key": "a", "body": "1", "is_correct": True}, {"key": "b", "body": "2"}, {"key": "c", "body": "3"}]}
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def essay_quiz(**settings: object) -> tuple[Run, Block]:
    run = make.run()
    block = make.quiz(make.unit(run), make.essay(run), of=run, **settings)
    make.publish(run)
    return run, block


def sit(block: Block, me: Enrolment, share: int) -> Attempt:
    row = attempts.start(block=block, person_id=me.person_id, by=SYSTEM, now=NOW)
    attempts.submit(attempt_id=row.id, by=SYSTEM, now=NOW)
    grading.grade(attempt_id=row.id, points={1: share // 10}, feedback={}, by=SYSTEM, now=NOW)
    found = queries.attempt_by_id(row.id)
    assert found is not None
    learning.note_attempt(enrolment=me, attempt=found, by=SYSTEM, now=NOW)
    return found


def judge(session: Session) -> None:
    """The job that a change of the rules asks for."""
    (job,) = session.scalars(select(Job).where(Job.task == judging.TASK, Job.state == jobs.JobState.QUEUED))
    given = dict(job.args)
    session.delete(job)
    session.commit()
    tasks.judge_anew(Running(0, given, None))


def score(me: Enrolment, block: Block) -> int | None:
    row = learners.progress_row(me.id, block.id)
    return row.score_x10 if row is not None else None


def test_another_counting_rule_counts_at_once_for_everybody(session: Session) -> None:
    run, block = essay_quiz(counts="best")
    me, other = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    sit(block, me, 900)
    sit(block, me, 500)
    sit(block, other, 700)
    assert (score(me, block), score(other, block)) == (900, 700)
    quizzes.set_up(block=block, version=None, settings={"counts": "average"}, by=SYSTEM, now=NOW)
    judge(session)
    assert (score(me, block), score(other, block)) == (700, 700)
    events = len(learning.recompute(enrolment=me, by=SYSTEM, now=NOW))
    assert events == 0  # it is in the log: computing again gives the same
    first = authored.versions_of(block)[-1].number
    versions.restore_rules(block=block, number=first, version=None, by=SYSTEM, now=NOW)
    judge(session)
    assert score(me, block) == 900


def test_an_attempt_without_an_end_ends_with_a_closing_that_is_set_later(session: Session) -> None:
    run, block = essay_quiz()
    who, longer = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    one, two = (attempts.start(block=block, person_id=row.person_id, by=SYSTEM, now=NOW) for row in (who, longer))
    quizzes.allow(block=block, person_id=longer.person_id, closes_at=NOW + 3 * HOUR, by=SYSTEM, now=NOW)
    assert (one.due_at, two.due_at) == (None, None)
    assert queries.is_taken_now(block.id, NOW + 9 * HOUR)  # nobody's time ends: what is right is not shown
    quizzes.set_up(block=block, version=None, settings={"closes_at": (NOW + HOUR).isoformat()}, by=SYSTEM, now=NOW)
    assert (one.due_at, two.due_at) == (NOW + HOUR, NOW + 3 * HOUR)
    assert [queries.is_taken_now(block.id, NOW + hours * HOUR) for hours in (2, 3)] == [True, False]
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=one.id, responses={1: {"text": "晚"}}, by=SYSTEM, now=NOW + 2 * HOUR)


def test_nobodys_time_ends_in_the_past(session: Session) -> None:
    run, block = essay_quiz()
    row = attempts.start(block=block, person_id=make.enrolment(make.loaded(run)).person_id, by=SYSTEM, now=NOW)
    later = NOW + 5 * HOUR
    quizzes.set_up(block=block, version=None, settings={"closes_at": (NOW + HOUR).isoformat()}, by=SYSTEM, now=later)
    assert row.due_at == later


def test_rules_that_are_restored_end_attempts_too(session: Session) -> None:
    run, block = essay_quiz(closes_at=(clock.now() + HOUR).isoformat())
    me = make.enrolment(make.loaded(run))
    quizzes.set_up(block=block, version=None, settings={"closes_at": None}, by=SYSTEM, now=NOW)
    row = attempts.start(block=block, person_id=me.person_id, by=SYSTEM, now=NOW)
    assert row.due_at is None
    first = authored.versions_of(block)[-1].number
    versions.restore_rules(block=block, number=first, version=None, by=SYSTEM, now=NOW)
    judge(session)
    session.refresh(row)
    assert row.due_at is not None


def test_more_time_for_one_lengthens_nobody_else(session: Session) -> None:
    run, block = essay_quiz(minutes=30, closes_at=(NOW + HOUR / 4).isoformat())
    rows = [attempts.start(block=block, person_id=make.enrolment(make.loaded(run)).person_id, by=SYSTEM, now=NOW) for _n in range(2)]
    assert {row.due_at for row in rows} == {NOW + HOUR / 4}
    quizzes.set_up(block=block, version=None, settings={"closes_at": (NOW + 2 * HOUR).isoformat()}, by=SYSTEM, now=NOW)
    quizzes.allow(block=block, person_id=rows[0].person_id, extra_minutes=10, by=SYSTEM, now=NOW)
    # The later closing reaches both, who sit in it: half an hour is their time. The ten minutes are for one.
    assert [row.due_at for row in rows] == [NOW + 40 * HOUR / 60, NOW + HOUR / 2]


def test_more_time_for_a_cohort_asks_as_much_for_many(session: Session, count_queries: list[str]) -> None:
    programme = ground.programme()
    cohort = ground.cohort(programme, 2023)
    run, block = essay_quiz(minutes=30)

    def begun() -> Attempt:
        who = ground.person()
        people.add_student(
            person=who, programme=programme, cohort=cohort, student_no=f"S{ground.unique():08d}", enrolled_on=date(2023, 9, 1), by=SYSTEM, now=NOW
        )
        return attempts.start(block=block, person_id=make.enrolment(make.loaded(run), who).person_id, by=SYSTEM, now=NOW)

    def asked(minutes: int) -> int:
        session.flush()
        count_queries.clear()
        quizzes.allow(block=block, cohort_id=cohort.id, extra_minutes=minutes, by=SYSTEM, now=NOW)
        return len([one for one in count_queries if one.lstrip().upper().startswith("SELECT")])

    rows = [begun()]
    few = asked(5)
    rows += [begun() for _n in range(3)]
    assert asked(10) == few
    assert {row.due_at for row in rows} == {NOW + 40 * HOUR / 60}


def corrected(session: Session, block: Block, rows: list[Enrolment]) -> Question:
    """Everybody chose what becomes right when the key is corrected."""
    for row in rows:
        attempt = attempts.start(block=block, person_id=row.person_id, by=SYSTEM, now=NOW)
        done, _first = attempts.submit(attempt_id=attempt.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=NOW)
        learning.note_attempt(enrolment=row, attempt=done, by=SYSTEM, now=NOW)
    (item,) = queries.items_of(block.id)
    question = item.question
    bank.save_question(course_id=question.course_id, kind=question.kind, question=question, stem="改正", data=KEY, by=SYSTEM, now=NOW)
    session.commit()
    return question


def teacher_of(run: Run, lead: int, as_role: AsRole) -> FlaskClient:
    return as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead)


def test_a_removed_quiz_that_is_graded_again_has_its_new_mark(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    block = make.quiz(unit, of=run)
    make.text(unit)
    make.publish(run)
    me = make.enrolment(make.loaded(run))
    content.remove(part=block, by=SYSTEM, now=NOW)
    question = corrected(session, block, [me])
    assert score(me, block) == 0
    sent = {"run": str(run.id), "number": str(question.current_no)}
    assert teacher_of(run, lead.id, as_role).post(f"/teaching/questions/{question.id}/regrade", data=sent).status_code == 303
    session.expire_all()
    assert score(me, block) == 1000
    assert session.scalars(select(Notice).where(Notice.kind == "courses.graded")).all() == []


def test_very_many_are_graded_again_by_a_job_that_goes_on_where_it_stopped(
    as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    block = make.quiz(make.unit(run), of=run)
    make.publish(run)
    rows = [make.enrolment(make.loaded(run)) for _n in range(5)]
    question = corrected(session, block, rows)
    monkeypatch.setattr(regrading, "AT_ONCE", 2)
    sent = {"run": str(run.id), "number": str(question.current_no)}
    page = teacher_of(run, lead.id, as_role).post(f"/teaching/questions/{question.id}/regrade", data=sent, follow_redirects=True)
    assert "后台" in page.text
    (job,) = session.scalars(select(Job).where(Job.task == regrading.TASK))
    assert [score(row, block) for row in rows] == [0] * 5
    running = Running(0, dict(job.args), job.asked_by_id)
    session.commit()
    bank.save_question(course_id=question.course_id, kind=question.kind, question=question, stem="再改", data=KEY, by=SYSTEM, now=NOW)
    session.commit()
    with pytest.raises(Refused, match="又改过"):
        regrading.regrade(running)
    session.rollback()
    running = Running(0, {**running.args, "number": question.current_no}, running.asked_by_id)
    session.commit()
    assert regrading.regrade(running) == {"changed": 5}
    session.expire_all()
    assert [score(row, block) for row in rows] == [1000] * 5
    session.commit()
    assert regrading.regrade(running) == {"changed": 0}


def test_review_moments_know_attempts_without_an_end(session: Session) -> None:
    run, block = essay_quiz()
    me, other = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    sit(block, me, 900)
    attempts.start(block=block, person_id=other.person_id, by=SYSTEM, now=NOW)
    block.settings = {**block.settings, "closes_at": (NOW + HOUR).isoformat(), "review": {"after": [], "closed": ["marks"]}}
    session.flush()  # as it was stored before ends followed
    assert review_queries.unshown_in(run.id, me.person_id, NOW + 2 * HOUR) == {block.id}
