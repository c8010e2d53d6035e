"""A waiting list does not outlive its run: nobody is put into what is over, and who waits is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run
from courses.catalogue.operations import offerings
from courses.learning import operations as learning
from courses.learning import rules, tasks
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground, identity
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.jobs import Running
from trainhub.notifications.models import Notice

NOW = make.NOW
LAST = date(2026, 6, 30)
ENROL = date(2026, 9, 30)


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def waiting(**given: object) -> tuple[Run, Enrolment, Enrolment]:
    """A run of one seat, who holds it and who waits for it."""
    run = make.run(quota=1, is_published=True, ends_on=LAST, **given)  # type: ignore[arg-type]
    who = ground.person()
    identity.account(person=who)
    return run, make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run), who)


@pytest.mark.parametrize(
    ("today", "enrol_until", "is_over"),
    [(LAST, None, False), (LAST + timedelta(days=1), None, True), (LAST + timedelta(days=1), ENROL, False), (ENROL, ENROL, False),
     (ENROL + timedelta(days=1), ENROL, True), (LAST + timedelta(days=1), date(2026, 3, 31), True)],
)  # fmt: skip
def test_a_run_is_over_behind_its_last_day_and_its_last_day_of_enrolment(
    session: Session, today: date, enrol_until: date | None, is_over: bool
) -> None:
    assert rules.is_over(LAST, enrol_until, today) is is_over
    _run, seated, waits = waiting(enrol_until=enrol_until)
    now = NOW.astimezone(SHANGHAI).replace(year=today.year, month=today.month, day=today.day)
    learning.withdraw(enrolment=seated, by=SYSTEM, now=now)
    session.refresh(waits)
    assert waits.state is (EnrolmentState.WAITING if is_over else EnrolmentState.ACTIVE)
    session.commit()
    with time_machine.travel(now, tick=False):
        assert tasks.close_waiting(Running(0, {}, None)) == {"runs": int(is_over)}
        assert tasks.close_waiting(Running(0, {}, None)) == {"runs": 0}
    session.refresh(waits)
    assert waits.state is (EnrolmentState.WITHDRAWN if is_over else EnrolmentState.ACTIVE)
    assert len(session.scalars(select(Notice).where(Notice.kind == "courses.waiting_closed")).all()) == int(is_over)


def test_a_run_without_a_last_day_is_never_over() -> None:
    assert not rules.is_over(None, date(2026, 3, 1), date(2030, 1, 1))


def test_nobody_is_put_into_a_closed_run(session: Session) -> None:
    run, seated, waits = waiting()
    offerings.close_run(run=make.loaded(run), by=SYSTEM, now=NOW)
    learning.withdraw(enrolment=seated, by=SYSTEM, now=NOW)
    session.refresh(waits)
    assert waits.state is EnrolmentState.WAITING
    session.commit()
    assert tasks.close_waiting(Running(0, {}, None)) == {"runs": 1}
