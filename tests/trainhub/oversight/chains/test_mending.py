"""The programme certificate follows its chain: issued when the last part comes, suspended when one goes, corrected when less is left than it says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON
from tests.factories.identity import account
from tests.trainhub.oversight.chains.test_chains import _student
from trainhub.certificates import operations as certifying
from trainhub.certificates import queries as certificates
from trainhub.certificates import verifying
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind, State, Status
from trainhub.identity.models import RoleGrant
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import local
from trainhub.kernel.jobs import Job
from trainhub.kernel.roles import ScopeKind
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import ConfirmedDay
from trainhub.ledger.types import Source
from trainhub.notifications.models import Notice
from trainhub.oversight.chains import mending
from trainhub.people.models import Student
from trainhub.people.types import StudentState

pytestmark = pytest.mark.database
PUSH: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _settle(session: Session) -> None:
    session.commit()
    jobs.run_all()


def _held(student: Student) -> Certificate | None:
    return next((one for one in certificates.of_person(student.person_id) if one.kind is Kind.PROGRAMME), None)


def _issued(session: Session, **given: Any) -> tuple[Student, Certificate]:
    student = _student(ground.programme(), **given)
    _settle(session)
    made = _held(student)
    assert made is not None
    return student, made


def _withdraw(session: Session, student: Student, days: int) -> None:
    for one in session.scalars(select(ConfirmedDay).where(ConfirmedDay.student_id == student.id).order_by(ConfirmedDay.on.desc()).limit(days)).all():
        ledger.withdraw_day(student_id=student.id, enterprise_id=one.enterprise_id, day=one.on, reason="误登", **PUSH)


def _lose(student: Student, source: Source) -> None:
    ledger.withdraw_milestone(person_id=student.person_id, source=source, key=f"{source.value}:{student.id}", reason="申诉", **PUSH)


def test_the_last_part_asks_for_the_certificate(session: Session) -> None:
    student = _student(ground.programme(), capstone=False)
    _settle(session)
    assert _held(student) is None
    assert session.scalar(select(Job).where(Job.task == mending.TASK)) is None, "nothing is queued before the chain is whole"
    ledger.reach_milestone(
        person_id=student.person_id, source=Source.CAPSTONE, key=f"capstone:{student.id}", title="压装机", reached_on=date(2026, 3, 2), **PUSH
    )
    _settle(session)
    made = _held(student)
    assert made is not None
    assert (made.state, made.facts["weeks"], made.facts["capstone"]) == (State.ISSUED, "32", "压装机")


def test_who_left_is_not_issued_one(session: Session) -> None:
    student = _student(ground.programme(), capstone=False)
    student.state = StudentState.WITHDRAWN
    ledger.reach_milestone(
        person_id=student.person_id, source=Source.CAPSTONE, key=f"capstone:{student.id}", title="压装机", reached_on=date(2026, 3, 2), **PUSH
    )
    _settle(session)
    assert _held(student) is None


def test_a_day_below_the_year_suspends_and_tells_the_heads(session: Session) -> None:
    student, made = _issued(session)
    head = account()
    session.add(
        RoleGrant(
            account_id=head.id,
            role=Role.PROGRAMME_ADMIN,
            scope_kind=ScopeKind.PROGRAMME,
            programme_id=student.programme_id,
            granted_at=ground.NOW,
            since=date(2020, 1, 1),
        )
    )
    _withdraw(session, student, 1)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED
    assert verifying.check(made.number, made.code).status is Status.SUSPENDED
    told = session.scalars(select(Notice).where(Notice.account_id == head.id, Notice.kind == "chains.broken")).one()
    assert (told.values["number"], told.url) == (made.number, f"/certificates/{made.number}")
    count = len(certificates.events_of([made]))
    assert mending.judge(student=student, today=local(ground.NOW).date(), now=ground.NOW) == "", "doing it again changes nothing"
    assert len(certificates.events_of([made])) == count


@pytest.mark.parametrize("source", [Source.COURSE, Source.CAPSTONE])
def test_a_part_that_goes_suspends(session: Session, source: Source) -> None:
    student, made = _issued(session)
    _lose(student, source)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED


def test_an_appeal_that_leaves_the_chain_whole_suspends_nothing(session: Session) -> None:
    student, made = _issued(session)
    _lose(student, Source.CAPSTONE)
    again = {"person_id": student.person_id, "source": Source.CAPSTONE, "key": f"capstone:{student.id}", "reached_on": date(2026, 3, 2)}
    ledger.reach_milestone(title="压装机控制系统", **again, **PUSH)
    _settle(session)
    session.refresh(made)
    assert made.state is State.ISSUED


def test_weeks_that_are_gone_are_corrected_and_those_earned_since_are_not_added(session: Session) -> None:
    student, made = _issued(session, days=175)
    assert made.facts["weeks"] == "35"
    _withdraw(session, student, 10)
    _settle(session)
    session.refresh(made)
    held = _held(student)
    assert held is not None
    assert (made.state, held.state, held.facts["weeks"]) == (State.SUPERSEDED, State.ISSUED, "33")
    more = [date(2026, 1, 5) + timedelta(days=day) for day in range(5)]
    ledger.confirm_days(student_id=student.id, enterprise_id=ground.enterprise().id, base_id=None, days=more, source_id=1, **PUSH)
    ledger.reach_milestone(person_id=student.person_id, source=Source.COURSE, key="another", title="另一门", reached_on=date(2026, 3, 2), **PUSH)
    _settle(session)
    assert [one.id for one in certificates.of_person(student.person_id) if one.kind is Kind.PROGRAMME] == [held.id]


def test_a_suspended_one_stays_so_until_somebody_resumes_it(session: Session) -> None:
    student, made = _issued(session, days=175)
    certifying.suspend(certificate=made, **{**REASON, "today": made.issued_on, "on": made.issued_on})
    _withdraw(session, student, 10)
    _settle(session)
    held = _held(student)
    assert held is not None
    assert (held.id != made.id, held.state, held.facts["weeks"]) == (True, State.SUSPENDED, "33")
