"""Pages and API of programmes: the list, one programme, its training plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel.access import Role
from trainhub.programmes import queries
from trainhub.programmes.types import VersionState

As = Callable[..., FlaskClient]


def test_a_university_sees_its_own_programmes_only(as_role: As, session: Session) -> None:
    mine, other = ground.programme(name="机械工程甲"), ground.programme(name="机械工程乙")
    codes, university_id, other_id = [mine.code, other.code], mine.university_id, other.id
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=other_id)
    city = as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert "机械工程乙" in city.get("/programmes/?sort=university").get_data(as_text=True)
    page = client.get("/programmes/").get_data(as_text=True)
    assert ["机械工程甲" in page, "机械工程乙" in page] == [True, False]
    assert [client.get(f"/programmes/{code}").status_code for code in codes] == [200, 403]
    assert [head.get(f"/programmes/{code}").status_code for code in codes] == [403, 200]


def test_the_same_queries_at_1_and_30_rows(as_role: As, session: Session, count_queries: list[str]) -> None:
    university = ground.university()
    session.commit()
    client, counts = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id), []
    for more in (1, 29):
        for _n in range(more):
            ground.programme(university)
        session.commit()
        session.expire_all()
        del count_queries[:]
        assert client.get("/programmes/?size=50").status_code == 200
        counts.append(len(count_queries))
    assert counts[0] == counts[1]


def test_a_plan_from_draft_to_publication(as_role: As, session: Session) -> None:
    programme = ground.programme()
    session.commit()
    client = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    at = f"/programmes/{programme.code}"
    answer = client.post(f"{at}/versions/new", data={"label": "2026版", "from_cohort_year": "2026"})
    assert answer.status_code == 303
    plan = answer.location
    assert client.post(f"{plan}/publish").status_code == 422
    standards = [row.code for row in queries.standards()]
    requirement = {"number": "1", "title": "工程知识", "text": "掌握……", "standards": standards[:10], "version": "1"}
    assert client.post(f"{plan}/requirements/new", data=requirement).status_code == 303
    page = client.get(plan).get_data(as_text=True)
    assert "10 / 11" in page
    edit = re.search(r"/requirements/(\d+)\"", page)
    assert edit is not None
    stale = client.post(f"{plan}/requirements/new", data={**requirement, "number": "2"})
    assert "刚被其他人修改过" in stale.get_data(as_text=True)
    assert "没有指标点" in client.post(f"{plan}/publish").get_data(as_text=True)
    session.expire_all()
    point = {"kind": "ability", "text": "能够……"}
    opened_at = str(queries.versions_of(programme.id)[0].version)
    assert client.post(f"{plan}/requirements/{edit[1]}/points/new", data={**point, "version": opened_at}).status_code == 303
    assert client.post(f"{plan}/publish").status_code == 303
    session.expire_all()
    version = queries.versions_of(programme.id)[0]
    assert version.state is VersionState.PUBLISHED
    answer = client.post(f"{plan}/requirements/{edit[1]}/points/new", data={**point, "version": str(version.version)})
    assert answer.status_code == 422
    assert "已发布" in answer.get_data(as_text=True)


def test_an_inspector_reads_and_changes_nothing(as_role: As, session: Session) -> None:
    version = ground.version(is_published=False)
    programme = queries.by_id(version.programme_id)
    assert programme is not None
    session.commit()
    client = as_role(Role.INSPECTOR)
    at = f"/programmes/{programme.code}"
    assert client.get(f"{at}/versions/{version.id}").status_code == 200
    assert [client.post(f"{at}/versions/{version.id}/{verb}").status_code for verb in ("publish", "retire")] == [403, 403]
    assert client.get(f"{at}/edit").status_code == 403


def test_set_up_open_a_cohort_and_enter_a_conclusion(as_role: As, session: Session) -> None:
    university = ground.university()
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id)
    data = {"code": "X-080201", "name": "机械工程", "university_id": str(university.id), "major_code": "080201", "degree_level": "bachelor"}
    assert client.post("/programmes/new", data=data).status_code == 303
    assert client.post("/programmes/new", data={**data, "code": "X-2"}).status_code == 422
    assert client.post("/programmes/X-080201/cohorts/new", data={"year": "2026"}).status_code == 303
    assert client.post("/programmes/X-080201/cohorts/new", data={"year": "2026"}).status_code == 422
    answer = client.post(
        "/programmes/X-080201/accreditation", data={"result": "passed", "concluded_on": "2025-06-01", "valid_years": "6", "valid_from": "2026-01-01"}
    )
    assert answer.status_code == 303
    page = client.get("/programmes/X-080201").get_data(as_text=True)
    assert "2026 级" in page
    assert "通过认证" in page
    assert client.post("/programmes/X-080201/cohorts/2026", data={"year": "2026", "graduated_on": "2026-02-30"}).status_code == 422
    assert client.post("/programmes/X-080201/cohorts/2026", data={"year": "2026", "graduated_on": "2030-06-30"}).status_code == 303
    # opened before that was saved: told, nothing is overwritten, and the form shows what is there now
    second = client.post("/programmes/X-080201/cohorts/2026", data={"year": "2026", "graduated_on": "2031-06-30", "version": "1"})
    assert second.status_code == 409
    assert 'value="2031-06-30"' in second.text
    assert "2030-06-30" in second.text
    programme = queries.by_code("X-080201")
    assert programme is not None
    cohort = queries.cohort_of(programme.id, 2026)
    assert cohort is not None
    assert cohort.graduated_on == date(2030, 6, 30)


def test_a_conclusion_is_confirmed_by_somebody_else(as_role: As, session: Session) -> None:
    programme = ground.programme()
    session.commit()
    at, university, key = f"/programmes/{programme.code}", programme.university_id, programme.id
    head, school = as_role(Role.PROGRAMME_ADMIN, programme_id=key), as_role(Role.UNIVERSITY_ADMIN, organisation_id=university)
    data = {"result": "passed", "concluded_on": "2025-06-01", "valid_years": "6"}
    assert head.post(f"{at}/accreditation", data=data).status_code == 303
    [row] = queries.accreditations_of(key)
    confirm = f"{at}/accreditation/{row.id}/confirm"
    page = head.get(at).text
    assert ("自行登记，待确认" in page, confirm in page, head.post(confirm).status_code) == (True, False, 403)
    assert "确认专业登记的认证结论" in school.get("/").text
    assert (confirm in school.get(at).text, school.post(confirm, data={"version": "99"}).status_code) == (True, 409)
    assert school.post(confirm).status_code == 303
    page = school.get(at).text
    assert ("已确认" in page, "自行登记，待确认" in page, "确认专业登记的认证结论" in school.get("/").text) == (True, False, False)
    assert head.post(f"{at}/accreditation", data=data | {"valid_years": "3"}).status_code == 422
    withdraw = f"{at}/accreditation/{row.id}/withdraw"
    assert [school.post(withdraw, data={"reason": reason}).status_code for reason in ("", "文件有误")] == [422, 303]
    assert school.post(f"{at}/accreditation", data=data | {"valid_years": "3"}).status_code == 303  # entered anew, by the school itself
    assert school.post(confirm).status_code == 422
    assert as_role(Role.DEPT_EDU, region_code="350000").post(confirm).status_code == 303
    assert school.post(f"{at}/accreditation/999/confirm").status_code == 404


def test_api(app: Flask, session: Session) -> None:
    version = ground.version()
    programme = queries.by_id(version.programme_id)
    assert programme is not None
    ground.cohort(programme)
    ground.programme()
    session.commit()
    client = api_client(app, Role.PROGRAMME_ADMIN, programme_id=programme.id)
    listed = client.get("/api/v1/programmes").get_json()
    assert [row["code"] for row in listed["items"]] == [programme.code]
    assert listed["next_cursor"] is None
    one = client.get(f"/api/v1/programmes/{programme.code}").get_json()
    assert one["cohorts"] == [{"year": 2023, "starts_on": "2023-09-01", "graduated_on": None, "version": version.label}]


def test_files(as_role: As, session: Session) -> None:
    ground.programme()
    session.commit()
    client = as_role(Role.DEPT_EDU)
    for form, head in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        answer = client.get(f"/programmes/export.{form}")
        assert answer.status_code == 200
        assert answer.data.startswith(head)
