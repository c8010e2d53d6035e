"""The pages of credit recognition: a student applies and appeals, the programme decides, others see nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.recognition import queries
from tests.courses.recognition.test_operations import certificate, completed, plan_course, studying
from tests.factories import ground
from trainhub.kernel.access import Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def test_from_application_to_appeal_and_transcript(as_role: AsRole, session: Session) -> None:
    student = studying()
    target = plan_course(student)
    course, row = completed(student)
    session.commit()
    me = as_role(Role.STUDENT, person_id=student.person_id, organisation_id=student.university_id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=student.programme_id)
    office = as_role(Role.UNIVERSITY_ADMIN, organisation_id=student.university_id)
    session.commit()
    plan = queries.plan_of(student)
    assert plan is not None
    url = f"/recognition/plans/{plan.id}"
    mapping = {"course_code": course.code, "target_id": target.id, "credits": "2", "least_score": "60", "since": "2026-01-01"}
    assert me.get(url).status_code == 403
    session.commit()
    assert head.post(url, data={**mapping, "course_code": "NONE"}).status_code == 422
    assert head.post(url, data=mapping).status_code == 303
    later = {**mapping, "target_id": plan_course(student, "T2").id, "since": "2199-01-01"}
    assert head.post(url, data=later).status_code == 303
    cancel = re.findall(rf'action="({url}/mappings/\d+/end)"', head.get(url).text)
    assert len(cancel) == 2
    assert head.post(cancel[1], data={"reason": ""}).status_code == 422
    assert head.post(cancel[1], data={"reason": "登记错了"}).status_code == 303
    assert "2199" not in head.get(url).text
    assert course.code in head.get(url).text
    assert course.title in me.get("/recognition/mine").text
    answer = me.post("/recognition/mine", data={"what": "run", "enrolment_id": row.id, "target_id": target.id, "submission_key": "a"})
    assert answer.status_code == 303
    claim_url = answer.headers["Location"]
    assert (
        me.post("/recognition/mine", data={"what": "run", "enrolment_id": row.id, "target_id": target.id, "submission_key": "b"}).status_code == 422
    )
    assert me.post(claim_url, data={"do": "approve", "reason": "自批"}).status_code == 403
    session.commit()
    assert student.student_no in head.get("/recognition").text
    assert head.post(claim_url, data={"do": "reject", "reason": "", "version": "1"}).status_code == 422
    assert head.post(claim_url, data={"do": "reject", "reason": "材料不足", "version": "1"}).status_code == 303
    assert "材料不足" in me.get(claim_url).text
    assert me.post(f"{claim_url}/appeal", data={"appeal": "课程内容一致"}).status_code == 303
    assert head.post(claim_url, data={"do": "approve", "reason": "同意", "credits": "2"}).status_code == 422  # not the same person
    assert office.post(claim_url, data={"do": "approve", "reason": "同意", "credits": "2"}).status_code == 303
    transcript = me.get("/learning/transcript")
    assert transcript.status_code == 200
    assert target.name in transcript.text
    exported = office.get("/recognition/export.csv").data.decode("utf-8-sig").splitlines()
    assert exported[1].split(",")[:3] == [student.student_no, student.person.name, target.code]
    assert exported[1].split(",")[6] == "2"
    links = re.findall(r'href="(/recognition/export\.csv[^"]*)"', office.get(f"/recognition?q={student.student_no}").text)
    rows = [len(office.get(link.replace("&amp;", "&")).data.splitlines()) for link in (*links, "/recognition/export.csv?q=nobody-of-this-name")]
    assert rows == [2, 1]  # the rows of the list under which it stands
    assert student.student_no in links[0]


def test_a_certificate_is_uploaded_and_read_by_those_who_decide_alone(as_role: AsRole, session: Session) -> None:
    student = studying()
    target = plan_course(student)
    session.commit()
    me = as_role(Role.STUDENT, person_id=student.person_id, organisation_id=student.university_id)
    other = as_role(Role.PROGRAMME_ADMIN, programme_id=ground.programme().id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=student.programme_id)
    session.commit()
    form = {
        "what": "certificate",
        "target_id": target.id,
        "title": "机器学习",
        "provider": "学堂在线",
        "number": "X1",
        "completed_on": "2026-01-05",
        "credits": "2",
    }
    bad = me.post("/recognition/mine", data={**form, "file": (io.BytesIO(b"MZ\x90\0" + b"\0" * 99), "证书.pdf")})
    assert (bad.status_code, "出于安全" in bad.text) == (422, True)
    session.commit()
    answer = me.post("/recognition/mine", data={**form, "file": (io.BytesIO(b"%PDF-1.7" + b"0" * 99), "证书.pdf")})
    assert answer.status_code == 303
    claim_url = answer.headers["Location"]
    assert head.get(f"{claim_url}/file").status_code == 200
    assert "机器学习" in head.get(claim_url).text
    assert "机器学习" not in other.get("/recognition").text
    assert other.get(claim_url).status_code == 403
    session.commit()
    assert other.get(f"{claim_url}/file").status_code == 403


def test_the_list_costs_the_same_at_1_and_at_30_rows(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    student = studying()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=student.programme_id)
    counts = []
    for first, last in ((0, 1), (1, 30)):
        for n in range(first, last):
            certificate(student, plan_course(student, f"GC{n}"), number=f"N{n}", completed_on=date(2026, 1, 1))
        session.commit()
        session.expire_all()
        count_queries.clear()
        assert head.get("/recognition?size=50").status_code == 200
        counts.append(len(count_queries))
    assert counts[0] == counts[1]
