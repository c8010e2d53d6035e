"""Mentors over the HTTP API: an enterprise sees its own, a school the pool; pages by cursor, no numbers, no telephones."""

from __future__ import annotations

from flask import Flask

from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction

SCOPES = ("mentors:",)
PATH = "/api/v1/people/mentors"


def test_an_enterprise_sees_its_own_mentors_and_a_school_the_pool(app: Flask) -> None:
    with app.app_context(), transaction():
        own, other = ground.enterprise(), ground.enterprise()
        person = ground.person("陈师傅", phone="13900000001")
        mine = make.mentor(enterprise=own, person=person, is_shared=True, post="高级工程师", skills=["数据分析", "焊接"], load_limit=3)
        theirs = make.mentor(enterprise=other, is_shared=True)
        hidden = make.mentor(enterprise=other).id  # who did not agree to be seen by every school
        gone = make.mentor(enterprise=own, until=make.NOW.date().replace(year=2020, month=6))
        ids, code, uscc, at = (mine.id, theirs.id, gone.id), own.code, own.uscc, own.id
        school = ground.university().id
    client = api_client(app, Role.ENTERPRISE_COORDINATOR, scopes=SCOPES, organisation_id=at)
    answer = client.get(PATH)
    assert [row["id"] for row in answer.get_json()["items"]] == [ids[0]]  # not who left the pool
    told = client.get(f"{PATH}/{ids[0]}").get_json()
    assert (told["name"], told["enterprise_code"], told["skills"], told["load_limit"]) == ("陈师傅", code, ["数据分析", "焊接"], 3)
    assert "13900000001" not in answer.text + client.get(f"{PATH}/{ids[0]}").text
    for other_id, status in ((ids[1], 403), (999_999_999, 404)):
        refused = client.get(f"{PATH}/{other_id}")
        assert (refused.status_code, refused.mimetype) == (status, "application/problem+json")
    pool = api_client(app, Role.UNIVERSITY_ADMIN, scopes=SCOPES, organisation_id=school)
    listed = {row["id"] for row in pool.get(PATH, query_string={"limit": 200}).get_json()["items"]}
    assert {ids[0], ids[1]} <= listed
    assert hidden not in listed
    assert [pool.get(f"{PATH}/{key}").status_code for key in (ids[1], hidden)] == [200, 403]
    for name in (code, uscc):
        assert [row["id"] for row in pool.get(PATH, query_string={"enterprise": name}).get_json()["items"]] == [ids[0]], name
    assert [row["id"] for row in pool.get(PATH, query_string={"enterprise": code, "skill": "焊"}).get_json()["items"]] == []


def test_mentors_come_page_by_page(app: Flask) -> None:
    with app.app_context(), transaction():
        enterprise = ground.enterprise()
        wanted = [make.mentor(enterprise=enterprise).id for _n in range(3)]
        at = enterprise.id
    client, found, cursor = api_client(app, Role.ENTERPRISE_COORDINATOR, scopes=SCOPES, organisation_id=at), [], None
    for _page in range(3):
        page = client.get(PATH, query_string={"limit": 1, **({"cursor": cursor} if cursor else {})}).get_json()
        found += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == (wanted, None)


def test_a_student_and_a_token_of_another_part_are_refused(app: Flask) -> None:
    assert api_client(app, Role.STUDENT, scopes=SCOPES).get(PATH).status_code == 403
    assert api_client(app, Role.SYSTEM_ADMIN, scopes=("people:",)).get(PATH).get_json()["code"] == "token_scope"
