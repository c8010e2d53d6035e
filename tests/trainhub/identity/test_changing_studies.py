"""After a change of study: sign-in by the number that holds now, the role of a student over the new programme, news to whom it concerns; and the pages."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as made
from trainhub.identity import queries
from trainhub.identity.models import Account, LoginName
from trainhub.identity.operations.accounts import add_login
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.notifications.models import Notice
from trainhub.organisations import queries as organisations
from trainhub.people import operations
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
DAY = date(2024, 9, 1)


def with_account(student: Student, **given: object) -> Account:
    """The account of a student, signing in by the number."""
    person = current().get_one(Person, student.person_id)
    account = made.account(person=person, password="Min-Jiang-2026", roles=(Role.STUDENT,), **given)  # type: ignore[arg-type]
    university = organisations.by_id(student.university_id)
    assert university is not None
    add_login(account=account, kind=LoginKind.STUDENT_NO, value=student.student_no, scope=university.code, by=SYSTEM, now=clock.now())
    return account


def signs_in(app: Flask, name: str) -> bool:
    client = app.test_client()
    client.post("/login", data={"username": name, "password": "Min-Jiang-2026"})
    return client.get("/account").status_code == 200


def news_of(account_id: int) -> list[str]:
    statement = select(Notice.message).where(Notice.account_id == account_id, Notice.kind == "identity.study").order_by(Notice.id)
    return list(current().scalars(statement))


def test_the_corrected_number_signs_in_and_the_old_one_does_not(app: Flask, session: Session) -> None:
    with transaction():
        student = ground.student()
        account = with_account(student, organisation_id=student.university_id)
        was, key = student.student_no, account.id
    assert signs_in(app, was)
    with transaction():
        operations.renumber_student(student=student, student_no="2023B0101", reason="录入有误", by=SYSTEM, now=clock.now())
    assert signs_in(app, "2023B0101")
    assert not signs_in(app, was)
    assert len(news_of(key)) == 1


def test_a_number_by_which_another_account_signs_in_is_refused(app: Flask, session: Session) -> None:
    with transaction():
        student, university = ground.student(), None
        university = organisations.by_id(student.university_id)
        assert university is not None
        with_account(student, organisation_id=student.university_id)
        other = made.account()
        add_login(account=other, kind=LoginKind.STUDENT_NO, value="2023B0102", scope=university.code, by=SYSTEM, now=clock.now())
        was = student.student_no
    with pytest.raises(Refused) as refused, transaction():
        operations.renumber_student(student=student, student_no="2023B0102", reason="录入有误", by=SYSTEM, now=clock.now())
    assert refused.value.code == "login_taken"
    current().expire_all()
    assert student.student_no == was
    assert current().scalar(select(LoginName.id).where(LoginName.value == was.casefold())) is not None


def test_the_role_follows_and_who_must_know_is_told(app: Flask, session: Session) -> None:
    with transaction():
        old = ground.programme()
        new = ground.programme(organisations.by_id(old.university_id), name="电子信息工程")
        cohort = ground.cohort(new)
        student = ground.student(old)
        account = with_account(student, programme_id=old.id)
        heads = [made.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=one.id) for one in (old, new)]
        key, head_keys = account.id, [one.id for one in heads]
    with transaction():
        operations.move_student(student=student, programme=new, cohort=cohort, on=DAY, reason="教〔2024〕18号", by=SYSTEM, now=clock.now())
    today = clock.today()
    assert [(g.role, g.programme_id) for g in queries.stored_grants(key, today=today)] == [(Role.STUDENT, new.id)]
    assert [len(news_of(one)) for one in (key, *head_keys)] == [1, 1, 1]


def test_the_pages_change_a_study_and_tell_what_was(app: Flask, session: Session) -> None:
    with transaction():
        old = ground.programme()
        new = ground.programme(organisations.by_id(old.university_id), name="电子信息工程")
        ground.cohort(new)
        student = ground.student(old)
        key = student.id
    client = made.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=old.university_id)
    current().commit()
    where = f"/people/students/{key}"
    page = client.get(f"{where}/move").get_data(as_text=True)
    assert "电子信息工程" in page
    version = people.student(key).version  # type: ignore[union-attr]
    data = {
        "programme_id": new.id,
        "cohort_year": 2023,
        "moved_on": "2024-09-01",
        "reason": "教〔2024〕18号",
        "student_no": "2024D001",
        "version": version,
    }
    assert client.post(f"{where}/move", data={**data, "moved_on": "2022-01-01"}).status_code == 422
    assert client.post(f"{where}/move", data=data).status_code == 303
    page = client.get(where).get_data(as_text=True)
    for words in ("学籍异动", "转专业", "教〔2024〕18号", "2024D001", "原学号"):
        assert words in page, words
    current().expire_all()
    stale = client.post(f"{where}/number", data={"student_no": "2024D002", "reason": "录入有误", "version": version})
    assert stale.status_code in (409, 422)
    assert people.student(key).student_no == "2024D001"  # type: ignore[union-attr]
    version = people.student(key).version  # type: ignore[union-attr]
    assert client.post(f"{where}/number", data={"student_no": "2024D002", "reason": "录入有误", "version": version}).status_code == 303
    listed = client.get("/people/students/moves")
    assert listed.status_code == 200
    mine = made.signed_in_client(app, Role.PROGRAMME_ADMIN, programme_id=old.id)
    assert mine.get(f"{where}/move").status_code == 403, "the old programme's head has no say any more"


def test_the_page_of_a_teacher_corrects_the_number(app: Flask, session: Session) -> None:
    with transaction():
        teacher = ground.teacher()
        key, school, was = teacher.id, teacher.university_id, teacher.staff_no
    client = made.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=school)
    assert client.post(f"/people/teachers/{key}/number", data={"staff_no": "T9-1", "reason": "录入有误", "version": 1}).status_code == 303
    page = client.get(f"/people/teachers/{key}").get_data(as_text=True)
    assert "T9-1" in page
    assert was in page


def test_my_data_has_the_studies_and_numbers_before(app: Flask, session: Session) -> None:
    with transaction():
        student = ground.student()
        to = ground.cohort(current().get_one(Programme, student.programme_id), 2024)
        programme = current().get_one(Programme, student.programme_id)
        was, person_id = student.student_no, student.person_id
        operations.move_student(
            student=student, programme=programme, cohort=to, on=DAY, reason="复学", student_no="2024X01", by=SYSTEM, now=clock.now()
        )
    client = made.signed_in_client(app, Role.STUDENT, organisation_id=student.university_id, person_id=person_id)
    page = client.get("/my-data").get_data(as_text=True)
    assert was in page
    assert "用过的学号和工号" in page
