"""Who changes the programme keeps the capstone and the certificate: both follow the student, and what is withdrawn later still reaches the certificate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, WRITER
from tests.trainhub.oversight.chains.test_chains import TODAY, _student
from tests.trainhub.oversight.chains.test_mending import PUSH, _held, _lose, _settle, _withdraw
from trainhub.certificates import operations as certifying
from trainhub.certificates import queries as certificates
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.queries import milestones_of
from trainhub.ledger.types import Source
from trainhub.oversight.chains import mending, queries, tasks
from trainhub.people import operations as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme

AsRole = Callable[..., FlaskClient]
pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _two() -> tuple[Programme, Programme]:
    school = ground.university()
    return ground.programme(school, name="机械工程"), ground.programme(school, name="电子信息工程")


def _move(student: Student, to: Programme, on: date = date(2024, 9, 1)) -> None:
    people.move_student(student=student, programme=to, cohort=ground.cohort(to, 2022), on=on, reason="教务处", by=SYSTEM, now=ground.NOW)


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


def _pass_again(student: Student, at: Programme) -> None:
    key = {"person_id": student.person_id, "source": Source.CAPSTONE, "key": f"capstone:{student.id}:again"}
    ledger.reach_milestone(**key, title="信号板", reached_on=TODAY, programme_id=at.id, **PUSH)


def _revoked_and_moved(session: Session) -> tuple[Student, Certificate, Programme, Programme]:
    old, new = _two()
    student = _student(old)
    _settle(session)
    held = _held(student)
    assert held is not None
    certifying.revoke(certificate=held, **{**REASON, "today": held.issued_on, "on": held.issued_on})
    _move(student, new)
    _settle(session)
    return student, held, old, new


def test_one_that_was_revoked_does_not_come_back_by_itself_in_the_new_programme(session: Session) -> None:
    """Not on the very records on which it stood: whether these bear one is for a person to say."""
    student, held, old, new = _revoked_and_moved(session)
    assert mending.judge(student=student, today=TODAY, now=ground.NOW) == ""
    session.commit()
    assert mending.may_be_due(new, today=TODAY) == []
    assert tasks.sweep_programmes([old.code, new.code])["issued"] == 0
    (chain,) = queries.chains_of_programme(new, on=TODAY)
    assert (chain.certificate_number, chain.revoked_elsewhere, chain.is_complete) == (None, held.number, True)
    assert [one.id for one in certificates.of_person(student.person_id)] == [held.id]


def test_a_person_issues_it_in_the_new_programme_and_is_told_of_the_revoked_one(session: Session, as_role: AsRole) -> None:
    student, held, _old, new = _revoked_and_moved(session)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=new.id)
    page = head.get(f"/chains/{new.code}").text
    assert "此前的证书已撤销" in page
    assert f"/certificates/{held.number}" in page
    head.post(f"/chains/{new.code}/issue")
    made = certificates.of_person(student.person_id)
    assert [(one.state, one.programme_id) for one in made] == [(State.ISSUED, new.id), (State.REVOKED, held.programme_id)]
    head.post(f"/chains/{new.code}/issue")
    assert len(certificates.of_person(student.person_id)) == 2


@pytest.mark.parametrize("is_swept", [False, True])
def test_who_completes_the_chain_in_the_new_programme_gets_its_certificate(session: Session, is_swept: bool) -> None:
    student, held, old, new = _revoked_and_moved(session)
    key = {"person_id": student.person_id, "source": Source.CAPSTONE, "key": f"capstone:{student.id}:again"}
    ledger.reach_milestone(**key, title="信号板", reached_on=TODAY, programme_id=new.id, **PUSH)
    if is_swept:
        session.commit()
        assert tasks.sweep_programmes([old.code, new.code])["issued"] == 1
    else:
        _settle(session)
    made = certificates.of_person(student.person_id)
    assert {(one.state, one.programme_id) for one in made} == {(State.ISSUED, new.id), (State.REVOKED, held.programme_id)}
    assert tasks.sweep_programmes([old.code, new.code])["issued"] == 0, "once"


def test_a_mark_that_was_corrected_is_no_capstone_passed_anew(session: Session) -> None:
    """An appeal after the move writes another row, of the programme of now, for the capstone on which the revoked one rested."""
    student, held, old, new = _revoked_and_moved(session)
    before = next(one for one in milestones_of(student.person_id) if one.source is Source.CAPSTONE)
    thing = {"person_id": student.person_id, "source": Source.CAPSTONE, "key": before.key}
    ledger.withdraw_milestone(**thing, reason="成绩申诉", **PUSH)
    ledger.reach_milestone(**thing, title=before.title, reached_on=TODAY, programme_id=new.id, **PUSH)
    _settle(session)
    (chain,) = queries.chains_of_programme(new, on=TODAY)
    assert (chain.is_complete, chain.is_passed_anew, chain.is_due) == (True, False, False)
    assert tasks.sweep_programmes([old.code, new.code])["issued"] == 0
    assert [one.id for one in certificates.of_person(student.person_id)] == [held.id]


def test_in_the_programme_itself_a_revoked_one_is_issued_anew_by_persons_alone(session: Session) -> None:
    old, new = _two()
    student = _student(old, capstone=False)
    _move(student, new)
    _pass(student, new)
    _settle(session)
    held = _held(student)
    assert held is not None
    assert held.programme_id == new.id
    certifying.revoke(certificate=held, **{**REASON, "today": held.issued_on, "on": held.issued_on})
    session.commit()
    assert tasks.sweep_programmes([old.code, new.code])["issued"] == 0
    assert [one.id for one in certificates.of_person(student.person_id)] == [held.id]


def test_the_revoked_one_is_not_issued_anew_beside_the_new_programmes(session: Session, as_role: AsRole) -> None:
    _row, held, _old, new = _revoked_and_moved(session)
    as_role(Role.PROGRAMME_ADMIN, programme_id=new.id).post(f"/chains/{new.code}/issue")
    with pytest.raises(certifying.CannotChange):
        certifying.prepare_renewal(certificate=held, reason="误撤销", document="教务", by=WRITER, today=TODAY, now=ground.NOW)


def test_who_begins_anew_after_a_revocation_gets_it_knowingly(session: Session, as_role: AsRole) -> None:
    """Revoked, left, enrolled anew in the same programme with a chain of its own: no renewal asks that row, so the present one may not be barred."""
    programme, other = _two()
    first = _student(programme, year=2022)
    _settle(session)
    held = _held(first)
    assert held is not None
    certifying.revoke(certificate=held, **{**REASON, "today": held.issued_on, "on": held.issued_on})
    _move(first, other)
    second = _student(programme, who=session.get_one(Person, first.person_id), year=2023, capstone=False, first=date(2024, 1, 8))
    _settle(session)
    assert [one.id for one in certificates.of_person(first.person_id)] == [held.id], "not on the records on which the revoked one stood"
    (chain,) = queries.chains_of_programme(programme, on=TODAY)
    assert (chain.student_id, chain.is_complete, chain.certificate_number, chain.revoked_elsewhere) == (second.id, True, None, held.number)
    as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id).post(f"/chains/{programme.code}/issue", data={"cohort": "all"})
    assert [one.state for one in certificates.of_person(first.person_id)] == [State.ISSUED, State.REVOKED]


def test_every_revoked_one_is_compared(session: Session) -> None:
    """A capstone on which any of them rested was not passed anew."""
    one, two = _two()
    student = _student(one)
    _settle(session)
    first = _held(student)
    assert first is not None
    certifying.revoke(certificate=first, **{**REASON, "today": first.issued_on, "on": first.issued_on})
    _move(student, two)
    _settle(session)
    _pass_again(student, two)
    _settle(session)
    (second,) = [made for made in certificates.of_person(student.person_id) if made.state is State.ISSUED]
    certifying.revoke(certificate=second, **{**REASON, "today": second.issued_on, "on": second.issued_on})
    _move(student, one, on=date(2024, 12, 2))
    third = _student(two, who=session.get_one(Person, student.person_id), year=2023, capstone=False, first=date(2024, 1, 8))
    (chain,) = [found for found in queries.chains_of_programme(two, on=TODAY) if found.student_id == third.id]
    assert not chain.is_passed_anew


@pytest.mark.parametrize(("plans", "count"), [((), 1), ((2020,), 1), ((2020, 2023), 2)], ids=["no plan", "one plan", "another plan"])
def test_one_human_holds_one_of_a_programme_version(session: Session, as_role: AsRole, plans: tuple[int, ...], count: int) -> None:
    """Who was certified, went elsewhere, and begins in the programme anew has two study rows there. Another version of it is another matter."""
    programme, other = _two()
    for year in plans:
        ground.version(programme, from_cohort_year=year)
    first = _student(programme, year=2022)
    _settle(session)
    held = _held(first)
    assert held is not None
    _move(first, other)
    who = session.get_one(Person, first.person_id)
    second = _student(programme, who=who, year=2023, first=date(2024, 1, 8))
    _settle(session)
    assert tasks.sweep_programmes([programme.code, other.code])["issued"] == 0
    as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id).post(f"/chains/{programme.code}/issue", data={"cohort": "all"})
    assert len(certificates.of_person(first.person_id)) == count
    (chain,) = queries.chains_of_programme(programme, on=TODAY)
    assert (chain.student_id, chain.is_complete, chain.certificate_number == held.number) == (second.id, True, count == 1)


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
