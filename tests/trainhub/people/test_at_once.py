"""Two bring the same at the same moment: the second is told in words, and nothing of it is there twice. Real commits, the run's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import ground
from tests.factories.parallel import together
from trainhub.identity import operations as identity
from trainhub.identity.models import Account, LoginName, RoleGrant
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session, transaction
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people import operations
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import TeacherKind
from trainhub.programmes.models import Cohort, Programme

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
pytestmark = pytest.mark.database


def test_one_student_number(committed: Flask) -> None:
    with committed.app_context(), transaction():
        programme = ground.programme()
        cohort = ground.cohort(programme)
        keys, people = (programme.id, cohort.id), [ground.person().id for _n in range(2)]

    def enrol(person_id: int) -> Callable[[], object]:
        return lambda: operations.add_student(
            person=session().get_one(Person, person_id),
            programme=session().get_one(Programme, keys[0]),
            cohort=session().get_one(Cohort, keys[1]),
            student_no="20260001",
            enrolled_on=date(2026, 9, 1),
            by=SYSTEM,
            now=NOW,
        )

    assert together(committed, enrol(people[0]), enrol(people[1])) == ["", operations.StudentKnown.code]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Student).where(Student.student_no == "20260001")) == 1


def test_one_staff_number(committed: Flask) -> None:
    with committed.app_context(), transaction():
        university, people = ground.university().id, [ground.person().id for _n in range(2)]

    def engage(person_id: int) -> Callable[[], object]:
        return lambda: operations.add_teacher(
            person=session().get_one(Person, person_id),
            university=session().get_one(Organisation, university),
            staff_no="T1",
            kind=TeacherKind.FULL_TIME,
            since=date(2020, 9, 1),
            by=SYSTEM,
            now=NOW,
        )

    assert together(committed, engage(people[0]), engage(people[1])) == ["", operations.TeacherKnown.code]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Teacher).where(Teacher.staff_no == "T1")) == 1


def test_one_organisation_of_a_code(committed: Flask) -> None:
    def register() -> object:
        return organisations.register(code="HALL-9", kind=OrganisationKind.BASE, name="一处基地", by=SYSTEM, now=NOW)

    assert together(committed, register, register) == ["", "code_taken"]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Organisation).where(Organisation.code == "HALL-9")) == 1


def test_one_organisation_of_a_code_in_whatever_letters(committed: Flask) -> None:
    def register(code: str) -> Callable[[], object]:
        return lambda: organisations.register(code=code, kind=OrganisationKind.BASE, name="一处基地", by=SYSTEM, now=NOW)

    assert together(committed, register("Hall-8"), register("HALL-8")) == ["", "code_taken"]
    with committed.app_context():
        assert session().scalars(select(Organisation.code).where(func.upper(Organisation.code) == "HALL-8")).all() == ["Hall-8"]


def test_one_account_of_a_person_and_of_a_name(committed: Flask) -> None:
    with committed.app_context(), transaction():
        people = [ground.person().id for _n in range(3)]

    def open_(person_id: int, username: str) -> Callable[[], object]:
        return lambda: identity.create_account(
            person=session().get_one(Person, person_id), display_name="林晓彤", username=username, by=SYSTEM, now=NOW
        )

    assert together(committed, open_(people[0], "lin-one"), open_(people[0], "lin-two")) == ["", "account_exists"]
    assert together(committed, open_(people[1], "lin"), open_(people[2], "lin")) == ["", "login_taken"]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Account).where(Account.person_id.in_(people))) == 2
        assert session().scalars(select(LoginName.value).where(LoginName.kind == LoginKind.USERNAME).order_by(LoginName.id)).all() == [
            "lin-one",
            "lin",
        ]


def test_one_grant_of_a_role(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = identity.create_account(person=ground.person(), display_name="林晓彤", username="lin", by=SYSTEM, now=NOW).id

    def grant() -> object:
        return identity.grant_role(account=session().get_one(Account, key), role=Role.DEPT_EDU, by=SYSTEM, today=NOW.date(), now=NOW)

    assert together(committed, grant, grant) == ["", ""]
    with committed.app_context():  # who ends it ends the only one
        assert session().scalar(select(func.count()).select_from(RoleGrant).where(RoleGrant.account_id == key)) == 1
