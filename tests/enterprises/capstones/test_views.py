"""Pages and the API of capstones: scopes, the desk of supervisors, who sees which grade, steady numbers of queries."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.queries.anonymous import read_by_experts
from enterprises.capstones.types import CapstoneState, TopicState
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, PDF, START, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as db_session
from trainhub.kernel.files import StoredFile
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]


def committed() -> None:
    db_session().commit()


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: Any) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


@pytest.fixture
def found(session: Session) -> make.Case:
    made = make.case()
    committed()
    return made


def test_a_coordinator_proposes_with_evidence_and_the_school_approves(session: Session, as_role: AsRole) -> None:
    enterprise, programme = ground.enterprise(), ground.programme()
    committed()
    client = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    assert client.get("/capstones/topics/new").status_code == 200
    answer = client.post(
        "/capstones/topics",
        data={
            "enterprise_id": enterprise.id,
            "programme_id": programme.id,
            "title": "铸件缺陷在线识别",
            "problem": "现有抽检漏检率高",
            "source": "engineering_practice",
            "seats": 2,
            "evidence_kind": "task_order",
            "skills": "机器视觉、Python",
            "file": (io.BytesIO(PDF), "任务书.pdf"),
        },
    )
    assert answer.status_code == 303
    topic = queries.same_topic(enterprise.id, programme.id, "铸件缺陷在线识别")
    assert topic is not None
    assert (topic.state, topic.approved_by_enterprise_on is not None, topic.skills) == (TopicState.PROPOSED, True, ["机器视觉", "Python"])
    found = {words: topic.title in client.get("/capstones/topics", query_string={"q": words}).text for words in ("机器视觉", "python", "焊接")}
    assert found == {"机器视觉": True, "python": True, "焊接": False}  # skills are searched too
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    assert "学校审批通过" in head.get(f"/capstones/topics/{topic.id}").text
    assert client.post(f"/capstones/topics/{topic.id}/school").status_code == 403
    assert head.post(f"/capstones/topics/{topic.id}/school", data={"version": topic.version}).status_code == 303
    session.expire_all()
    assert topic.state is TopicState.APPROVED
    assert head.get(f"/capstones/topics/{topic.id}/evidence").data == PDF


def test_bad_input_of_a_topic_is_answered_at_the_form(session: Session, as_role: AsRole) -> None:
    enterprise, programme = ground.enterprise(), ground.programme()
    committed()
    client = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    data: dict[str, Any] = {
        "enterprise_id": enterprise.id,
        "programme_id": programme.id,
        "title": "题",
        "problem": "问",
        "source": "engineering_practice",
    }
    assert client.post("/capstones/topics", data={**data, "seats": 0}).status_code == 422
    bad = client.post("/capstones/topics", data={**data, "seats": 1, "evidence_kind": "contract", "file": (io.BytesIO(b"MZ\x90"), "a.pdf")})
    assert bad.status_code == 422
    other = ground.enterprise()
    committed()
    assert client.post("/capstones/topics", data={**data, "seats": 1, "enterprise_id": other.id}).status_code == 422


def test_students_see_approved_topics_of_their_programme_only(session: Session, as_role: AsRole) -> None:
    programme = ground.programme()
    mine, other, waiting = make.topic(programme=programme), make.topic(), make.topic(programme=programme, is_approved=False)
    student = ground.student(programme)
    committed()
    client = as_role(Role.STUDENT, person_id=student.person_id)
    page = client.get("/capstones/topics").text
    assert [topic.title in page for topic in (mine, other, waiting)] == [True, False, False]
    assert [client.get(f"/capstones/topics/{t.id}").status_code for t in (mine, other, waiting)] == [200, 404, 404]
    assert client.get(f"/capstones/topics/{mine.id}/evidence").status_code == 403


def test_the_students_time_line(found: make.Case, as_role: AsRole) -> None:
    client = as_role(Role.STUDENT, person_id=found.who.id)
    page = client.get("/capstones/mine")
    assert (page.status_code, found.topic.title in page.text) == (200, True)
    answer = client.post(f"/capstones/{found.capstone.id}/papers", data={"stage": "thesis", "file": (io.BytesIO(PDF), "论文.pdf"), "note": "定稿"})
    assert answer.status_code == 303
    db_session().expire_all()
    assert found.capstone.state is CapstoneState.SUBMITTED
    (paper, _file), *_ = queries.papers_of(found.capstone.id)
    assert client.get(f"/capstones/{found.capstone.id}/papers/{paper.id}").data == PDF


def test_a_student_without_a_capstone_is_shown_the_way(session: Session, as_role: AsRole) -> None:
    student = ground.student()
    committed()
    assert "还没有下达选题" in as_role(Role.STUDENT, person_id=student.person_id).get("/capstones/mine").text


def test_strangers_are_refused(found: make.Case, as_role: AsRole) -> None:
    key = found.capstone.id
    other = ground.programme()
    committed()
    for client in (as_role(Role.PROGRAMME_ADMIN, programme_id=other.id), as_role(Role.STUDENT, person_id=ground.person().id), as_role(Role.MENTOR)):
        assert client.get(f"/capstones/{key}").status_code == 403
        assert client.get(f"/capstones/{key}/grade").status_code == 403
        assert client.get(f"/capstones/{key}/supervisors").status_code == 403
    assert as_role(Role.DEPT_EDU).get(f"/capstones/{key}").status_code == 200


def test_both_sides_grade_without_seeing_each_other(found: make.Case, as_role: AsRole) -> None:
    key = found.capstone.id
    make.submit(found)
    committed()
    school = as_role(Role.SCHOOL_SUPERVISOR, person_id=found.school.id)  # type: ignore[union-attr]
    mentor = as_role(Role.MENTOR, person_id=found.field.id)  # type: ignore[union-attr]
    assert "待评分" in mentor.get("/capstones/supervised").text
    assert mentor.get(f"/capstones/{key}/grade").status_code == 200
    assert mentor.post(f"/capstones/{key}/grade", data={"topic": 101, "work": 80, "result": 80, "report": 80}).status_code == 422
    assert (
        mentor.post(f"/capstones/{key}/grade", data={"topic": 90, "work": 91, "result": 92, "report": 93, "comment": "成果已上线"}).status_code == 303
    )
    assert "成果已上线" not in school.get(f"/capstones/{key}").text
    assert (
        school.post(f"/capstones/{key}/grade", data={"topic": 80, "work": 80, "result": 80, "report": 80, "comment": "报告规范"}).status_code == 303
    )
    student = as_role(Role.STUDENT, person_id=found.who.id)
    assert "报告规范" not in student.get(f"/capstones/{key}").text
    assert mentor.post(f"/capstones/{key}/grade", data={"topic": 85, "work": 85, "result": 85, "report": 85}).status_code == 422
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert "公布成绩" in head.get(f"/capstones/{key}").text
    assert school.post(f"/capstones/{key}/finish").status_code == 403
    assert head.post(f"/capstones/{key}/finish", data={"version": found.capstone.version + 9}).status_code == 409
    db_session().expire_all()
    assert head.post(f"/capstones/{key}/finish", data={"version": found.capstone.version}).status_code == 303
    assert "报告规范" in student.get("/capstones/mine").text


def test_guidance_is_logged_and_confirmed_on_the_page(found: make.Case, as_role: AsRole) -> None:
    key = found.capstone.id
    mentor = as_role(Role.MENTOR, person_id=found.field.id)  # type: ignore[union-attr]
    data = {"role": "enterprise", "on": START.isoformat(), "content": "看现场，定方案", "submission_key": "k1"}
    assert mentor.post(f"/capstones/{key}/guidance", data=data).status_code == 303
    assert mentor.post(f"/capstones/{key}/guidance", data=data).status_code == 303  # a double click changes nothing
    assert mentor.post(f"/capstones/{key}/guidance", data={**data, "submission_key": "k2"}).status_code == 422
    ((entry, _name),) = queries.entries_of(key)
    student = as_role(Role.STUDENT, person_id=found.who.id)
    assert mentor.post(f"/capstones/{key}/guidance/{entry.id}/confirm").status_code == 403
    assert student.post(f"/capstones/{key}/guidance/{entry.id}/confirm").status_code == 303
    assert student.post(f"/capstones/{key + 1}/guidance/{entry.id}/confirm").status_code == 404


def test_a_head_assigns_topic_and_supervisors(session: Session, as_role: AsRole) -> None:
    programme = ground.programme()
    student, topic = ground.student(programme), make.topic(programme=programme)
    teacher, other = ground.teacher(of=programme), ground.person()
    committed()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    where = f"/capstones/cohorts/{programme.code}/2023/assign"
    assert head.get(where).status_code == 200
    data = {"student_id": student.id, "topic_id": topic.id, "starts_on": "2026-03-02", "ends_on": "2026-06-19", "place": "车间"}
    assert head.post(where, data={**data, "ends_on": "2026-03-01"}).status_code == 422
    assert head.post(where, data=data).status_code == 303
    row = queries.capstone_of_student(student.id)
    assert row is not None
    at = f"/capstones/{row.id}/supervisors"
    assert "指导 0 / 8 人" in head.get(at).text
    assert head.post(at, data={"role": "school", "person_id": teacher.person_id}).status_code == 303
    refused = head.post(at, data={"role": "enterprise", "person_id": other.id})
    assert (refused.status_code, "不是毕业设计所在企业" in refused.text) == (422, True)
    assert head.get(where).status_code == 200


def test_the_cohort_page_lists_exceptions_and_exports_t2(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    lacking = ground.student(found.programme, petoe_since=START)
    committed()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    where = f"/capstones/cohorts/{found.programme.code}/2023"
    page = head.get(where)
    assert (page.status_code, page.text.count("1 / 2")) == (200, 4)
    names = {key: session.get_one(type(found.who), key).name for key in (found.who.id, lacking.person_id)}
    only = head.get(f"{where}?only=open").text
    assert [f">{names[lacking.person_id]}<" in only, f">{names[found.who.id]}<" in only] == [True, False]
    table = head.get(f"{where}/t2.csv").data.decode("utf-8-sig").splitlines()
    assert table[0].split(",")[:5] == ["是否卓越计划", "学号", "姓名", "题目", "题目来源"]
    assert [table[1].split(",")[i] for i in (0, 1, 4, 13, 15, 16)] == ["是", found.student.student_no, "工程实践", "80.0", "80.0", "良好"]
    assert head.get(f"{where}/t2.xlsx").data[:2] == b"PK"
    assert head.get(f"{where}/t2.pdf").status_code == 404
    assert as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id).get(where).status_code == 403


def test_findings_and_marks_are_told_in_the_language_of_the_reader(session: Session, as_role: AsRole) -> None:
    found = make.graded(has_stay=False)
    make.stay(found.student, found.enterprise, START + timedelta(days=3), END)
    assert found.mentor is not None
    found.mentor.until = START  # left before the end: 8.3
    key, code = found.capstone.id, found.programme.code
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    committed()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    cohort = f"/capstones/cohorts/{code}/2023"
    chinese = head.get(cohort).text + head.get(f"/capstones/{key}").text
    assert "（3 天）不在该企业的实习期内" in chinese
    assert "选题与调研 80；方案与实现 80；成果与应用价值 80；报告与答辩 80" in chinese  # in the order of the rubric
    refresh()  # the test's own context remembers the language of the page before
    english = head.get(f"{cohort}?lang=en").text + head.get(f"/capstones/{key}").text
    for words in ("不在该企业的实习期内", "不是该企业在任", "不少于", "不超过", "选题与调研"):
        assert words not in english, words
    assert "(3 days) lie in no placement" in english


def test_every_page_of_a_capstone_opens_for_everybody_who_may(found: make.Case, as_role: AsRole) -> None:
    key = found.capstone.id
    clients = {
        "student": as_role(Role.STUDENT, person_id=found.who.id),
        "school": as_role(Role.SCHOOL_SUPERVISOR, person_id=found.school.id),  # type: ignore[union-attr]
        "mentor": as_role(Role.MENTOR, person_id=found.field.id),  # type: ignore[union-attr]
        "head": as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id),
        "enterprise": as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id),
        "expert": as_role(Role.EXPERT, programme_id=found.programme.id),
    }
    assert {name: client.get(f"/capstones/{key}").status_code for name, client in clients.items()} == dict.fromkeys(clients, 200)


# -- API ----------------------------------------------------------------------------------------------------------------
def test_the_api_pages_by_cursor_inside_the_scope(app: Flask, session: Session) -> None:
    from tests.factories.api import api_client

    first = make.case()
    keys = [
        first.capstone.id,
        *(make.case(programme=first.programme, enterprise=first.enterprise, has_supervisors=False).capstone.id for _ in range(2)),
    ]
    make.case(has_supervisors=False)
    committed()
    client = api_client(app, Role.PROGRAMME_ADMIN, scopes=("capstones:",), programme_id=first.programme.id)
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/capstones?limit=2{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(keys)
    assert client.get("/api/v1/capstones?programme=nowhere").json == {"items": [], "next_cursor": None}
    assert client.get("/api/v1/capstones?state=nonsense").status_code == 422


def test_a_spot_check_can_be_drawn_anew_by_anybody_and_exports_a_column_for_each_field(session: Session, as_role: AsRole) -> None:
    made = make.graded()
    made.topic.is_confidential = True
    operations.finish(capstone=made.capstone, by=SYSTEM, today=TODAY, now=NOW)
    made.capstone.finished_on = date(2025, 6, 14)
    university = session.get_one(Organisation, made.student.university_id)
    committed()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id)
    asked = {"of": f"{university.id}-2024", "percent": 2, "seed": 7}
    assert admin.post("/capstones/spot-checks", data=asked).status_code == 303
    check = queries.spot_check_of(university.id, 2024)
    assert check is not None
    assert check.seed != 7
    assert admin.post("/capstones/spot-checks", data=asked).status_code == 422
    page = admin.get(f"/capstones/spot-checks/{check.id}").text
    assert str(check.seed) in page
    assert "按种子重新抽取，结果一致" in page
    experts = [make.expert() for _n in range(3)]
    operations.send_to_experts(item=queries.spot_items(check.id)[0][0], people=experts, by=SYSTEM, today=TODAY, now=NOW)
    committed()
    head, line = list(csv.reader(io.StringIO(admin.get(f"/capstones/spot-checks/{check.id}/export.csv").data.decode("utf-8-sig"))))
    cells = dict(zip(head, line, strict=True))
    assert (cells["学年"], cells["是否保密"]) == ("2024—2025", "保密")
    assert [cells[f"专家{n}姓名"] for n in (1, 2, 3)] == [person.name for person in experts]
    assert (cells["校内评分"], cells["专家1轮次"], cells["专家1结论"]) == ("80.0", "初评", "待评议")
    assert (cells["抽取人"] != "", cells["专家1送审日期"], cells["专家1签名日期"]) == (True, TODAY.isoformat(), "")
    read = session.get_one(StoredFile, read_by_experts(queries.spot_items(check.id)[0][0]))
    assert cells["匿名稿校验码"].strip("'") == read.sha256
    assert admin.get(f"/capstones/spot-checks/{check.id}/export.xlsx").status_code == 200
