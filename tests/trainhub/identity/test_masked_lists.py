"""Telephones and addresses by which people sign in are masked in lists and files of accounts; whole on the page of an account for who may reset it."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import Role
from trainhub.people.models import Person

PHONE, MAIL = "13812348000", "linxiaotong@example.edu.cn"


def test_only_who_may_reset_sees_them_whole(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    student = ground.student()
    logins = [(LoginKind.PHONE, PHONE, ""), (LoginKind.EMAIL, MAIL, ""), (LoginKind.STUDENT_NO, student.student_no, "10386")]
    person = session.get_one(Person, student.person_id)
    account = make.account(person=person, roles=(Role.STUDENT,), organisation_id=student.university_id, logins=logins)
    key, number, school = account.id, student.student_no.casefold(), student.university_id
    session.commit()
    auditor, admin = as_role(Role.AUDITOR), as_role(Role.UNIVERSITY_ADMIN, organisation_id=school)
    for client in (auditor, admin):
        for where in ("/accounts/", "/accounts/export.csv"):
            text = client.get(where).get_data(as_text=True)
            assert (PHONE in text, MAIL in text) == (False, False), where
            assert ("138****8000" in text, "l***@example.edu.cn" in text, number in text) == (True, True, True), where
    page = auditor.get(f"/accounts/{key}").get_data(as_text=True)
    assert (PHONE in page, MAIL in page, "138****8000" in page) == (False, False, True)
    page = admin.get(f"/accounts/{key}").get_data(as_text=True)
    assert (PHONE in page, MAIL in page) == (True, True)
