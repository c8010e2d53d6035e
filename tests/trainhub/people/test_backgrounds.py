"""Degrees and stays abroad: the page of a teacher, the list that brings many, and what follows when persons become one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations import queries as organisations
from trainhub.people import operations, queries
from trainhub.people.imports import backgrounds
from trainhub.people.models import Person, Teacher
from trainhub.people.types import PairDecision, StayKind

pytestmark = pytest.mark.database
HEAD = "学校代码,工号,姓名,类别,授予学校或接收单位,国家或地区代码,学科专业,开始日期,结束或授予日期\n"


def bring(text: str) -> imports.Draft:
    return imports.execute_bytes(backgrounds.SPEC, (HEAD + text).encode(), filename="b.csv", by=SYSTEM, today=clock.today(), now=clock.now())


def known(session: Session, teacher: Teacher) -> tuple[str, str, str]:
    school = organisations.by_id(teacher.university_id)
    assert school is not None
    return school.code, teacher.staff_no, session.get_one(Person, teacher.person_id).name


def test_a_list_brings_rows_that_nobody_has_verified(session: Session) -> None:
    teacher = ground.teacher()
    who = ",".join(known(session, teacher))
    text = f"{who},博士,斯图加特大学,DE,机械工程,,2012-07-01\n{who},跨国企业,示范集团,HK,,2020-09-01,2021-08-31\n"
    assert len(bring(text).work) == 2
    (degree,), (stay,) = queries.degrees_of([teacher.person_id])[teacher.person_id], queries.stays_of([teacher.person_id])[teacher.person_id]
    assert (degree.region, degree.verified_at, stay.kind, stay.region, stay.verified_at) == ("DE", None, StayKind.ENTERPRISE, "HK", None)
    assert (len(bring(text).work), bring(text).unchanged) == (0, 2)
    for row, column in (
        (f"{who},跨国企业,示范集团,CN,,2020-09-01,2021-08-31", "region"),
        (f"{who},跨国企业,示范集团,DE,,,2021-08-31", "since"),
        (f"{who},跨国企业,示范集团,DE,,2021-09-01,2021-08-31", "until"),
        (f"{who.rpartition(',')[0]},另一人,博士,大学,DE,,,2012-07-01", "name"),
        (f"{who.replace(teacher.staff_no, 'X9')},博士,大学,DE,,,2012-07-01", "staff_no"),
    ):
        with pytest.raises(imports.ImportRefused) as refused:
            bring(row + "\n")
        assert [one["column"] for one in refused.value.details] == [column]


def test_a_teacher_enters_and_another_one_verifies(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    teacher = ground.teacher()
    key, university_id, person_id = teacher.id, teacher.university_id, teacher.person_id
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    at = f"/people/teachers/{key}"
    facts = {"kind": "university", "organisation_name": "香港示范大学", "region": "HK", "since": "2020-09-01", "until": "2021-08-31"}
    assert admin.post(f"{at}/stays/new", data={**facts, "region": "CN"}).status_code == 422
    assert admin.post(f"{at}/stays/new", data=facts).status_code == 303
    degree = {"degree": "doctor", "university_name": "斯图加特大学", "region": "DE", "field": "机械工程", "awarded_on": "2012-07-01"}
    assert admin.post(f"{at}/degrees/new", data=degree).status_code == 303
    page = admin.get(at).text
    assert ("香港示范大学" in page, "斯图加特大学" in page, page.count("未核实") >= 2) == (True, True, True)
    (row,) = queries.stays_of([person_id])[person_id]
    place = f"{at}/stays/{row.id}"
    assert as_role(Role.STUDENT).post(f"{place}/verify", data={"basis": "派出文件"}).status_code == 403
    assert admin.post(f"{place}/verify", data={}).status_code == 422
    own = admin.post(f"{place}/verify", data={"basis": "派出文件"})
    assert (own.status_code, "登记的人不能自己核实" in own.text) == (422, True)
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    assert other.post(f"{place}/verify", data={"basis": "派出文件"}).status_code == 303
    assert admin.post(f"{place}/remove").status_code in (409, 422)
    assert admin.post(f"{place}/withdraw", data={"reason": "有误"}).status_code == 303
    assert admin.post(f"{place}/remove").status_code == 303
    session.expire_all()
    assert queries.stays_of([person_id])[person_id] == []
    assert admin.get("/people/teachers/backgrounds").status_code == 200


def test_rows_follow_who_stays_when_persons_become_one(session: Session) -> None:
    one, two = ground.person(), ground.person()
    operations.add_stay(
        person=two,
        kind=StayKind.UNIVERSITY,
        organisation_name="大学",
        region="DE",
        since=date(2020, 1, 1),
        until=date(2020, 6, 1),
        by=SYSTEM,
        now=clock.now(),
    )
    operations.decide_pair(first=one, second=two, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=clock.now())
    assert [row.organisation_name for row in queries.stays_of([queries.human_id(one.id)])[queries.human_id(one.id)]] == ["大学"]
