"""A list with another name than the one on file: a school is told who changes it, and not sent to a page that answers 403."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import queries as identities
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Identity, Role, may
from trainhub.people.imports import students
from trainhub.people.models import Student
from trainhub.people.permissions import Can
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database


def _said(student: Student, programme: Programme, by: Identity) -> list[str]:
    text = f"student_no,name,programme_code,cohort_year\n{student.student_no},欧阳改名,{programme.code},2023\n"
    with pytest.raises(imports.ImportRefused) as refused:
        imports.execute_bytes(students.SPEC, text.encode(), filename="s.csv", by=by, today=clock.today(), now=clock.now())
    return [one["problem"] for one in refused.value.details]


@pytest.mark.parametrize("role", [Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN])
def test_who_is_told_to_change_a_name(session: Session, role: Role) -> None:
    programme = ground.programme()
    student = ground.student(programme)
    scope = {"organisation_id": programme.university_id} if role is Role.UNIVERSITY_ADMIN else {}
    by = identities.identity_of(make.account(roles=(role,), **scope).id, today=clock.today())
    (said,) = _said(student, programme, by)
    assert ("请在人员页面办理" in said) is may(by, Can.PERSON_EDIT) is (role is Role.SYSTEM_ADMIN)
    assert ("请系统管理员更正" in said) is (role is Role.UNIVERSITY_ADMIN)
    assert "请在人员页面办理" in _said(student, programme, SYSTEM)[0]
