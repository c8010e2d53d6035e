"""Answers go when their period is over; marks stay."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.operations import attempts
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
    assert ([one.response for one in gone.answers], gone.score_x10) == ([{}], 1000)
    assert [one.response for one in kept.answers] == [{"choice": "b"}]


def test_who_still_learns_is_in_use(session: Session) -> None:
    made: Enrolment = make.enrolment(make.run(is_published=True))
    idle = ground.person()
    later = NOW.replace(year=2036)
    used = session.scalars(select(Person.id).where(Person.id.in_([made.person_id, idle.id]), is_used(Person.id, uses_since(later)))).all()
    assert used == [made.person_id]
