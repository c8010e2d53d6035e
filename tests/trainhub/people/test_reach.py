"""Who may write the address to which links go: what a file of a programme may change ends where the say of others begins."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.enterprises import mentor
from trainhub.kernel import clock, imports
from trainhub.kernel.access import Grant, Identity, Role, ScopeKind
from trainhub.organisations import queries as organisations
from trainhub.people.imports import teachers
from trainhub.people.models import Person, Teacher
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
OLD, NEW = "own@example.org", "other@example.org"


@pytest.fixture
def programme(session: Session) -> Programme:
    return ground.programme()


def head_of(programme: Programme, who: Person | None = None) -> Identity:
    """The head of the programme, as a request knows them."""
    account = accounts.account(person=who or ground.person())
    grants = (Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, programme.id),)
    return Identity(account_id=account.id, person_id=account.person_id, name=account.display_name, grants=grants)


def teaching(programme: Programme, person: Person | None = None) -> tuple[Teacher, Person]:
    """A teacher of the programme, reached at the own address."""
    who = person or ground.person(email=OLD)
    return ground.teacher(organisations.by_id(programme.university_id), who=who, of=programme), who


def bring_in(row: Teacher, who: Person, programme: Programme, by: Identity, **more: str) -> imports.Draft:
    """A file of one teacher with another address, brought in by somebody."""
    school = organisations.by_id(row.university_id)
    assert school is not None
    values = {
        "学校代码": school.code,
        "工号": row.staff_no,
        "姓名": who.name,
        "专兼职": "专职",
        "到岗日期": row.since.isoformat(),
        "专业点代码": programme.code,
        "电子邮箱": NEW,
        "手机号码": "13900000001",
        **more,
    }
    text = io.StringIO()
    out = csv.DictWriter(text, list(values))
    out.writeheader()
    out.writerow(values)
    return imports.execute_bytes(teachers.SPEC, text.getvalue().encode(), filename="t.csv", by=by, today=clock.today(), now=clock.now())


def told(draft: imports.Draft) -> list[str | None]:
    return [one.column for one in draft.warnings if "管理范围以外" in one.problem]


def test_somebody_of_the_programme_alone_is_reached_as_the_file_says(programme: Programme) -> None:
    row, who = teaching(programme)
    accounts.account(person=who, roles=(Role.LECTURER,), programme_id=programme.id)
    assert told(bring_in(row, who, programme, head_of(programme))) == []
    assert (who.email, who.phone) == (NEW, "13900000001")


@pytest.mark.parametrize("role", [Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.SYSTEM_ADMIN])
def test_who_holds_a_higher_role_keeps_the_own_address(programme: Programme, role: Role) -> None:
    """A link to a new password goes there: by a row of the own programme its head would become the office above."""
    row, who = teaching(programme)
    place: dict[str, Any] = {"organisation_id": programme.university_id} if role is Role.UNIVERSITY_ADMIN else {}
    accounts.account(person=who, roles=(role,), **place)
    draft = bring_in(row, who, programme, head_of(programme), 职称="教授")
    assert sorted(told(draft), key=str) == ["email", "phone"]
    assert (who.email, who.phone, row.title) == (OLD, "", "教授"), "the rest of the row is taken"


def test_an_address_is_not_given_to_such_a_person_either(programme: Programme) -> None:
    row, who = teaching(programme, ground.person())
    accounts.account(person=who, roles=(Role.AUDITOR,))
    bring_in(row, who, programme, head_of(programme))
    assert who.email == ""


def test_places_elsewhere_count_too_before_there_is_an_account(programme: Programme) -> None:
    (_a, school), (_b, study), (_c, firm) = found = [teaching(programme) for _place in range(3)]
    ground.teacher(ground.university(), who=school)
    ground.student(who=study)
    mentor(enterprise=ground.enterprise(), person=firm)
    for row, who in found:
        assert len(told(bring_in(row, who, programme, head_of(programme)))) == 2
        assert who.email == OLD


def test_what_was_merged_into_a_person_counts(programme: Programme) -> None:
    (row, who), other = teaching(programme), ground.person()
    accounts.account(person=other, roles=(Role.AUDITOR,))
    ground.merge(who, other)
    assert len(told(bring_in(row, who, programme, head_of(programme)))) == 2


def test_the_own_address_may_be_changed_in_the_own_file(programme: Programme) -> None:
    me = ground.person(email=OLD)
    row, _me = teaching(programme, me)
    ground.teacher(ground.university(), who=me)
    assert told(bring_in(row, me, programme, head_of(programme, me))) == []
    assert me.email == NEW
