"""Who changes the programme keeps the capstone and the certificate: both follow the student, and what is withdrawn later still reaches the certificate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON
from tests.trainhub.oversight.chains.test_chains import TODAY, _student
from tests.trainhub.oversight.chains.test_mending import PUSH, _held, _lose, _settle, _withdraw
from trainhub.certificates import operations as certifying
from trainhub.certificates import queries as certificates
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Source
from trainhub.oversight.chains import mending, queries, tasks
from trainhub.people import operations as people
from trainhub.people.models import Student
from trainhub.programmes.models import Programme

AsRole = Callable[..., FlaskClient]
pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _two() -> tuple[Programme, Programme]:
    school = ground.university()
    return ground.programme(school, name="机械工程"), ground.programme(school, name="电子信息工程")


def _move(student: Student, to: Programme) -> None:
    people.move_student(
        student=student, programme=to, cohort=ground.cohort(to, 2022), on=date(2024, 9, 1), reason="教务处", by=SYSTEM, now=ground.NOW
    )


def _pass(student: Student, at: Programme) -> None:
    key = f"capstone:{student.id}"
    ledger.reach_milestone(person_id=student.person_id, source=Source.CAPSTONE, key=key, title="压装机", reached_on=TODAY, programme_id=at.id, **PUSH)


def test_a_capstone_that_was_passed_before_counts_in_the_new_programme(session: Session) -> None:
    old, new = _two()
    student = _student(old, capstone=False)
    _pass(student, old)
    other = _student(new, capstone=False)
    _pass(other, old)
    _move(student, new)
    found = {one.student_id: one.is_complete for one in queries.chains_of_programme(new, on=TODAY)}
    assert found == {student.id: True, other.id: False}, "a capstone in a programme where one never studied is another's"


@pytest.mark.parametrize("is_swept", [False, True])
def test_what_is_withdrawn_after_the_move_suspends_the_certificate(session: Session, is_swept: bool) -> None:
    old, new = _two()
    student = _student(old)
    _settle(session)
    held = _held(student)
    assert held is not None
    _move(student, new)
    _settle(session)
    assert mending.may_be_due(new, today=TODAY) == [], "one chain, one certificate"
    (chain,) = queries.chains_of_programme(new, on=TODAY)
    assert chain.certificate_number == held.number
    _withdraw(session, student, 1)
    if is_swept:
        session.commit()
        assert [one.id for one in mending.may_be_due(old, today=TODAY)] == [student.id]
        assert tasks.sweep_programmes([old.code, new.code])["suspended"] == 1
    else:
        _settle(session)
    session.refresh(held)
    assert held.state is State.SUSPENDED
    assert [one.kind for one in certificates.of_person(student.person_id)] == [Kind.PROGRAMME]


def test_one_that_was_revoked_does_not_come_back_in_the_new_programme(session: Session, as_role: AsRole) -> None:
    """Neither by the rule, nor by a sweep, nor by the button for those who lack one: a person issues it anew."""
    old, new = _two()
    student = _student(old)
    _settle(session)
    held = _held(student)
    assert held is not None
    certifying.revoke(certificate=held, **{**REASON, "today": held.issued_on, "on": held.issued_on})
    _move(student, new)
    _settle(session)
    assert mending.judge(student=student, today=TODAY, now=ground.NOW) == ""
    session.commit()
    assert tasks.sweep_programmes([old.code, new.code])["issued"] == 0
    (chain,) = queries.chains_of_programme(new, on=TODAY)
    assert (chain.certificate_number, chain.certificate_state) == (held.number, "revoked")
    as_role(Role.PROGRAMME_ADMIN, programme_id=new.id).post(f"/chains/{new.code}/issue")
    assert [one.id for one in certificates.of_person(student.person_id)] == [held.id]


def test_a_capstone_that_is_lost_after_the_move_suspends_it_too(session: Session) -> None:
    old, new = _two()
    student = _student(old)
    _settle(session)
    held = _held(student)
    assert held is not None
    _move(student, new)
    _lose(student, Source.CAPSTONE)
    _settle(session)
    session.refresh(held)
    assert held.state is State.SUSPENDED
