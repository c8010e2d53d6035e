"""Answers go when their period is over; marks stay."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.operations import attempts, bank, grading
from courses.assessment.operations.retaining import forget_answers
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from trainhub.identity.retention import uses_since
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.queries import is_used

NOW = make.NOW


def test_answers_go_two_years_after_the_course_and_marks_stay(session: Session) -> None:
    run = make.run(ends_on=date(2026, 6, 30))
    quiz, who, held = make.quiz(make.unit(run), of=run), ground.person(), ground.person()
    people.place_hold(person=held, reason="成绩申诉", by=SYSTEM, now=NOW)
    ids = []
    for one in (who, held):
        row = attempts.start(block=quiz, person_id=one.id, by=SYSTEM, now=NOW)
        attempts.submit(attempt_id=row.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
        ids.append(row.id)
    assert forget_answers(today=date(2028, 6, 30)) == 0
    assert forget_answers(today=date(2028, 7, 1)) == 1
    assert forget_answers(today=date(2028, 7, 1)) == 0
    session.expire_all()
    gone, kept = (assessment.attempt_by_id(key) for key in ids)
    assert gone is not None
    assert kept is not None
    assert ([one.response for one in gone.answers], gone.score_x10) == ([{"erased": "2028-07-01"}], 1000)
    assert [one.response for one in kept.answers] == [{"choice": "b"}]
    # Corrected years later, the question is graded again only where somebody can still say what was answered.
    for older in ({"erased": "2028-07-01"}, {}):  # {}: as it was erased before it was marked
        gone.answers[0].response = older
        question = assessment.question_by_id(gone.answers[0].version.question_id)
        assert question is not None
        options = [{"body": text, "is_correct": n == question.current_no % 2 * 2} for n, text in enumerate("123")]
        bank.save_question(course_id=run.course_id, kind=question.kind, question=question, stem="更正", data={"options": options}, by=SYSTEM, now=NOW)
        assert [change.attempt_id for change in grading.regrade_preview(question)] == [ids[1]]
        grading.regrade(question=question, run=make.loaded(run), by=SYSTEM, now=NOW)
        session.expire_all()
        gone, kept = (assessment.attempt_by_id(key) for key in ids)
        assert gone is not None
        assert kept is not None
        assert (gone.score_x10, kept.score_x10) == (1000, 0)


def test_who_still_learns_is_in_use(session: Session) -> None:
    made: Enrolment = make.enrolment(make.run(is_published=True))
    idle = ground.person()
    later = NOW.replace(year=2036)
    used = session.scalars(select(Person.id).where(Person.id.in_([made.person_id, idle.id]), is_used(Person.id, uses_since(later)))).all()
    assert used == [made.person_id]
