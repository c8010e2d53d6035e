"""Questions keep their versions, attempts survive, a hand-in counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from courses.assessment import queries
from courses.assessment.operations import attempts, bank
from courses.assessment.types import AttemptState, QuestionKind
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.errors import Stale

NOW = make.NOW


def test_an_attempt_survives_and_is_handed_in_once(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), of=run)
    first = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=first.id, responses={1: {"choice": "b"}, 9: {"choice": "a"}}, by=SYSTEM, now=NOW)
    session.expire_all()  # the browser was closed, the server restarted
    again = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW + timedelta(days=1))
    assert again.id == first.id
    done, is_first = attempts.submit(attempt_id=first.id, by=SYSTEM, now=NOW)
    assert (is_first, done.state, done.score_x10) == (True, AttemptState.GRADED, 1000)
    _done, is_first = attempts.submit(attempt_id=first.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=NOW)
    assert is_first is False
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=first.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=NOW)
    kept = queries.attempt_by_id(first.id)
    assert kept is not None
    assert [a.response for a in kept.answers] == [{"choice": "b"}]


def test_attempts_run_out(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), of=run, attempts=1)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    attempts.submit(attempt_id=one.id, by=SYSTEM, now=NOW)
    with pytest.raises(attempts.NoAttempt):
        attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)


def test_after_the_time_nothing_is_saved_but_what_was_saved_counts(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), of=run, minutes=10)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW + timedelta(minutes=10, seconds=30))
    late = NOW + timedelta(minutes=11)
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=one.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=late)
    done, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=late)
    assert done.score_x10 == 1000


def test_a_changed_question_leaves_a_running_attempt_as_it_was_asked(session: Session) -> None:
    run, who = make.run(), ground.person()
    question = make.single(run)
    quiz = make.quiz(make.unit(run), question, of=run)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    options = [{"body": "1", "is_correct": True}, {"body": "2"}]
    bank.save_question(
        course_id=run.course_id,
        kind=QuestionKind.SINGLE,
        question=question,
        version=question.version,
        stem="改过的题",
        data={"options": options},
        by=SYSTEM,
        now=NOW,
    )
    done, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    assert (done.score_x10, done.answers[0].version.stem) == (1000, "1 + 1 = ?")
    two = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    assert queries.attempt_by_id(two.id).answers[0].version.stem == "改过的题"  # type: ignore[union-attr]


def test_an_essay_is_graded_by_a_person(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), make.single(run), make.essay(run), of=run)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    waits, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": "b"}, 2: {"text": "我认为"}}, by=SYSTEM, now=NOW)
    assert (waits.state, waits.score_x10) == (AttemptState.SUBMITTED, None)
    with pytest.raises(attempts.NoAttempt):
        attempts.grade(attempt_id=one.id, points={2: 101}, feedback={}, by=SYSTEM, now=NOW)
    done = attempts.grade(attempt_id=one.id, points={2: 50}, feedback={2: "再具体些"}, by=SYSTEM, now=NOW)
    assert (done.state, done.score_x10, done.answers[1].feedback) == (AttemptState.GRADED, 750, "再具体些")


def test_nobody_grades_the_own_attempt_under_whatever_record(session: Session) -> None:
    run, stays, gone = make.run(), ground.person(), ground.person()
    quiz = make.quiz(make.unit(run), make.essay(run), of=run, attempts=2)
    for who in (stays, gone):
        attempts.submit(
            attempt_id=attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW).id, responses={1: {"text": "我认为"}}, by=SYSTEM, now=NOW
        )
    ground.merge(stays, gone)
    rows = queries.attempts_of(quiz.id, stays.id)
    assert {row.person_id for row in rows} == {stays.id, gone.id}
    for row in rows:
        with pytest.raises(attempts.NoAttempt, match="自己"):
            attempts.grade(attempt_id=row.id, points={1: 100}, feedback={}, by=Identity(account_id=None, person_id=stays.id, name="教师"), now=NOW)


def test_two_editors_of_a_question_the_second_is_told(session: Session) -> None:
    run = make.run()
    question = make.single(run)
    with pytest.raises(Stale):
        bank.save_question(course_id=run.course_id, kind=question.kind, question=question, version=question.version + 1, stem="x", by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("kind", "stem", "data", "field"),
    [
        (QuestionKind.SINGLE, " ", {}, "stem"),
        (QuestionKind.SINGLE, "x", {"options": [{"body": "1", "is_correct": True}]}, "options"),
        (QuestionKind.SINGLE, "x", {"options": [{"body": "1"}, {"body": "2"}]}, "options"),
        (QuestionKind.MULTIPLE, "x", {"options": [{"body": "1"}, {"body": "2"}]}, "options"),
        (QuestionKind.TEXT, "x", {}, "answers"),
        (QuestionKind.NUMERIC, "x", {"answers": [{"text": "abc"}]}, "answers"),
        (QuestionKind.NUMERIC, "x", {"answers": [{"text": "1"}], "tolerance": "about"}, "tolerance"),
    ],
)
def test_a_question_nobody_could_answer_is_refused(session: Session, kind: QuestionKind, stem: str, data: dict[str, object], field: str) -> None:
    with pytest.raises(bank.BadQuestion) as refused:
        bank.save_question(course_id=make.course().id, kind=kind, stem=stem, data=data, by=SYSTEM, now=NOW)
    assert refused.value.field == field


def test_a_script_in_a_question_does_not_survive(session: Session) -> None:
    run = make.run()
    question = bank.save_question(
        course_id=run.course_id,
        kind=QuestionKind.TEXT,
        stem='<script>alert(1)</script><img src="x" onerror="alert(1)"><b>题</b>',
        data={"answers": [{"text": "1"}]},
        by=SYSTEM,
        now=NOW,
    )
    assert "script" not in queries.current_version(question).stem_html
    assert "onerror" not in queries.current_version(question).stem_html
