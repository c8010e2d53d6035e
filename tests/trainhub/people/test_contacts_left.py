"""Contacts that a form types for somebody who is known are not taken over, and whoever typed them is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import Role
from trainhub.people.models import Person
from trainhub.people.types import IdType
from trainhub.programmes.models import Programme

As = Callable[..., FlaskClient]
LEFT = "没有采用"


def test_who_enrols_somebody_known_is_told_what_was_left(as_role: As, session: Session) -> None:
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    number = ground.resident_id(date(2004, 3, 4))
    person = ground.person("林一", id_type=IdType.RESIDENT_ID, id_number=number, phone="13800138000", email="lin@example.cn")
    key, programme_id = person.id, programme.id
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id)
    session.commit()
    data = {
        "name": "林一", "id_type": "resident_id", "id_number": number, "programme_id": str(programme_id), "cohort_year": "2023",
        "student_no": "2023-9", "enrolled_on": "2023-09-01",
    }  # fmt: skip
    page = client.post("/people/students/new", data={**data, "phone": "13900139000", "email": "LIN@example.cn"}, follow_redirects=True).text
    assert (LEFT in page, "手机号码与登记的不同" in page) == (True, True), "the address differs in its capitals only"
    session.expire_all()
    assert session.get_one(Person, key).phone == "13800138000"


def test_who_is_new_or_says_the_same_is_told_nothing(as_role: As, session: Session) -> None:
    university = ground.university()
    number = ground.resident_id(date(1974, 3, 4))
    ground.person("王一", id_type=IdType.RESIDENT_ID, id_number=number, phone="13800138000")
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id)
    key = university.id
    session.commit()
    data = {
        "university_id": str(key),
        "programme_id": "",
        "kind": "full_time",
        "since": "2020-01-01",
        "capstone_capacity": "8",
        "name": "王一",
        "id_type": "resident_id",
    }
    same = client.post("/people/teachers/new", data={**data, "staff_no": "T1", "id_number": number, "phone": " 13800138000 "}, follow_redirects=True)
    assert ("已登记教师" in same.text, LEFT in same.text) == (True, False)
    other = ground.resident_id(date(1975, 3, 4))
    new = {**data, "name": "王二", "staff_no": "T2", "id_number": other, "phone": "13900139001", "email": "zwei@example.cn"}
    fresh = client.post("/people/teachers/new", data=new, follow_redirects=True)
    assert ("已登记教师" in fresh.text, LEFT in fresh.text) == (True, False)


def test_who_registers_a_mentor_is_told_too(as_role: As, session: Session) -> None:
    enterprise = ground.enterprise()
    number = ground.resident_id(date(1980, 1, 1))
    ground.person("王工", id_type=IdType.RESIDENT_ID, id_number=number, phone="13800138000")
    client = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    key = enterprise.id
    session.commit()
    data = {
        "name": "王工", "id_type": "resident_id", "id_number": number, "enterprise_id": str(key), "since": "2026-01-01", "post": "组长",
        "load_limit": "5", "years_experience": "3", "phone": "13900139000",
    }  # fmt: skip
    assert LEFT in client.post("/mentors/new", data=data, follow_redirects=True).text
