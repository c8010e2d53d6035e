"""Students, teachers and persons over the HTTP API: the reach of the token's holder, masked numbers, pages by cursor, problem+json."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction


def _got(client: FlaskClient, path: str, **asked: Any) -> Any:
    answer = client.get(f"/api/v1/people/{path}", query_string=asked)
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    return answer.get_json()


def _refused(client: FlaskClient, path: str, **asked: Any) -> tuple[int, str, str]:
    answer = client.get(f"/api/v1/people/{path}", query_string=asked)
    return answer.status_code, answer.mimetype, answer.get_json()["code"]


def test_a_university_sees_its_teachers_and_no_other(app: Flask) -> None:
    with app.app_context(), transaction():
        here = ground.programme()
        who = ground.person()
        mine, other = ground.teacher(of=here, who=who, title="教授", phd_country="DE", is_senior=True), ground.teacher()
        ground.employment(who, since=date(2010, 1, 1), until=date(2014, 12, 31))
        ids = (mine.id, other.id)
        school, staff_no, code = mine.university_id, mine.staff_no, here.code
    client = api_client(app, Role.UNIVERSITY_ADMIN, organisation_id=school)
    page = _got(client, "teachers")
    assert ([row["staff_no"] for row in page["items"]], page["next_cursor"]) == ([staff_no], None)
    assert "id_mask" not in page["items"][0]
    told = _got(client, f"teachers/{ids[0]}")
    assert (told["staff_no"], told["programme_code"], told["title"], told["is_senior"], told["phd_country"]) == (staff_no, code, "教授", True, "DE")
    assert (told["enterprise_months"], told["kind"], told["until"]) == (60, "full_time", None)
    assert _refused(client, f"teachers/{ids[1]}")[:2] == (403, "application/problem+json")
    assert _refused(client, "teachers/999999999") == (404, "application/problem+json", "not_found")


def test_teachers_come_page_by_page_and_narrowed(app: Flask) -> None:
    with app.app_context(), transaction():
        school = ground.university()
        made = [ground.teacher(school, staff_no=f"API{n}") for n in range(3)]
        code, wanted = school.code, [row.id for row in made]
    client, found, cursor = api_client(app, Role.SYSTEM_ADMIN), [], None
    for _page in range(3):
        page = _got(client, "teachers", university=code, limit=1, **({"cursor": cursor} if cursor else {}))
        found += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == (wanted, None)
    assert [row["staff_no"] for row in _got(client, "teachers", university=code, q="API1")["items"]] == ["API1"]
    assert _got(client, "teachers", university=code, kind="part_time")["items"] == []
    assert _got(client, "teachers", university="nowhere")["items"] == []
    assert _refused(client, "teachers", kind="half_time") == (422, "application/problem+json", "bad_input")


def test_persons_are_masked_and_merged_ones_lead_on(app: Flask) -> None:
    with app.app_context(), transaction():
        number = ground.resident_id(date(1988, 7, 6))
        stays = ground.person("接口甲", id_number=number, phone="13912345678", email="somebody@example.cn")
        student = ground.student(who=stays)
        gone = ground.person("接口甲", id_type=None)
        ground.merge(stays, gone)
        kept, left, studies = stays.id, gone.id, student.id
    client = api_client(app, Role.AUDITOR)
    page = _got(client, "persons", q="接口甲")
    assert [(row["id"], row["id_mask"][:4], row["phone"]) for row in page["items"]] == [(kept, number[:4], "139****5678")]
    told = _got(client, f"persons/{kept}")
    assert (told["students"], told["teachers"], told["birth_on"], told["gender"] in ("male", "female")) == ([studies], [], "1988-07-06", True)
    everything = client.get(f"/api/v1/people/persons/{kept}").text + client.get("/api/v1/people/persons", query_string={"q": "接口甲"}).text
    assert not any(whole in everything for whole in (number, number[6:14], "13912345678", "somebody@example.cn"))
    assert (_got(client, f"persons/{left}")["merged_into"], told["merged_into"]) == (kept, None)


@pytest.mark.parametrize("role", [Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN, Role.DEPT_EDU, Role.EXPERT, Role.STUDENT, Role.ENTERPRISE_COORDINATOR])
def test_persons_are_for_those_who_see_their_page(app: Flask, role: Role) -> None:
    with app.app_context(), transaction():
        who = ground.person().id
    client = api_client(app, role)
    for path in ("persons", f"persons/{who}"):
        assert _refused(client, path)[:2] == (403, "application/problem+json"), path


def test_a_token_of_another_part_tells_nothing_of_people(app: Flask) -> None:
    client = api_client(app, Role.SYSTEM_ADMIN, scopes=("organisations:",))
    for path in ("students", "teachers", "persons"):
        assert _refused(client, path) == (403, "application/problem+json", "token_scope"), path


def test_a_student_names_the_person(app: Flask) -> None:
    with app.app_context(), transaction():
        student = ground.student()
        key, person = student.id, student.person_id
    client = api_client(app, Role.SYSTEM_ADMIN)
    assert _got(client, f"students/{key}")["person_id"] == person
    assert _got(client, f"persons/{person}")["students"] == [key]
