"""Who gets more time or attempts at a quiz is told, in words, once for each grant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment.errors import NoAttempt
from courses.learning import operations as learning
from tests.factories import courses as make
from tests.factories import ground, identity
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.people.models import Person

NOW = make.NOW


def told(session: Session, account_id: int) -> list[str]:
    rows = session.execute(select(Notice.message, Notice.values).where(Notice.account_id == account_id).order_by(Notice.id))
    return [text_of(message, values) for message, values in rows]


@pytest.mark.parametrize(
    ("more", "words", "english"),
    [
        ({"extra_minutes": 15}, "测验《单元测验》为你加时 15 分钟。", "15"),
        ({"extra_attempts": 2}, "测验《单元测验》为你增加 2 次作答机会。", "2"),
        ({"extra_minutes": 15, "extra_attempts": 1}, "测验《单元测验》为你加时 15 分钟，并增加 1 次作答机会。", "15"),
        ({"closes_at": NOW + timedelta(days=3)}, "测验《单元测验》的开放时间或作答条件为你单独作了设置，请在测验页查看。", "quiz"),
    ],
)
def test_a_learner_is_told_of_a_grant_once(session: Session, more: dict[str, Any], words: str, english: str) -> None:
    run = make.run()
    block = make.quiz(make.unit(run), of=run)
    make.publish(run)
    who = ground.person()
    account = identity.account(person=who)
    make.enrolment(run, who)
    for _time in range(2):
        learning.allow(block=block, person_id=who.id, **more, by=SYSTEM, now=NOW)
    assert told(session, account.id) == [words]
    with in_language("en"):
        (said,) = told(session, account.id)
    assert (english in said, "测验" in said.replace("单元测验", "")) == (True, False)
    learning.allow(block=block, person_id=who.id, extra_minutes=40, by=SYSTEM, now=NOW)
    assert len(told(session, account.id)) == 2


def test_a_grant_to_a_cohort_tells_its_students_in_the_run_only(session: Session) -> None:
    run = make.run()
    block = make.quiz(make.unit(run), of=run)
    make.publish(run)
    programme, people = ground.programme(), [ground.person() for _n in range(3)]
    inside, outside, other = people
    cohort_id = ground.student(programme, who=inside).cohort_id
    ground.student(programme, who=outside)
    ground.student(programme, who=other, year=2021)
    accounts = [identity.account(person=person) for person in people]
    for person in (inside, other):
        make.enrolment(run, person)
    learning.allow(block=block, cohort_id=cohort_id, extra_minutes=5, by=SYSTEM, now=NOW)
    assert [len(told(session, account.id)) for account in accounts] == [1, 0, 0]


def test_a_grant_of_nothing_tells_nobody(session: Session) -> None:
    run = make.run()
    block = make.quiz(make.unit(run), of=run)
    make.publish(run)
    account = identity.account(person=ground.person())
    make.enrolment(run, session.get_one(Person, account.person_id))
    with pytest.raises(NoAttempt, match="至少填写一项"):
        learning.allow(block=block, person_id=account.person_id, by=SYSTEM, now=NOW)
    assert told(session, account.id) == []


def test_who_is_not_in_the_run_is_given_nothing(session: Session) -> None:
    """A login typed wrong would otherwise be granted, and told, something it cannot use. Under whichever row of a human it is."""
    run = make.run()
    block = make.quiz(make.unit(run), of=run)
    make.publish(run)
    stays, gone, stranger = ground.person(), ground.person(), ground.person()
    account = identity.account(person=stranger)
    row = make.enrolment(run, stays)
    ground.merge(stays, gone)
    given = {"block": block, "extra_minutes": 5, "by": SYSTEM, "now": NOW}
    with pytest.raises(NoAttempt, match="不是本期课程的学员"):
        learning.allow(person_id=stranger.id, **given)
    assert told(session, account.id) == []
    for who in (stays, gone):
        assert learning.allow(person_id=who.id, **given).extra_minutes == 5
    learning.withdraw(enrolment=row, by=SYSTEM, now=NOW)
    with pytest.raises(NoAttempt, match="不是本期课程的学员"):
        learning.allow(person_id=stays.id, **given)
