"""Pages of the whole room: who may open which, tables in every form, the link of a mentor without an account, steady numbers of queries."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.types import CapstoneState, EvidenceKind, LinkPurpose, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, PDF, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Student
from trainhub.programmes.models import Cohort, Programme

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def found(session: Session) -> make.Case:
    made = make.case()
    ground.version(made.programme, from_cohort_year=2020)
    session.commit()
    return made


def address(found: make.Case, session: Session) -> str:
    """Where the cohort of a capstone lives."""
    cohort = session.get_one(Cohort, found.student.cohort_id)
    return f"/capstones/cohorts/{session.get_one(Programme, found.programme.id).code}/{cohort.year}"


def test_the_pages_of_a_cohort_open_for_its_head_and_nobody_else(session: Session, as_role: AsRole, found: make.Case) -> None:
    cohort, key = address(found, session), found.capstone.id
    pages = [
        "",
        "/windows",
        "/rounds",
        "/board",
        "/judging",
        "/assign",
        *(f"/materials/{which}" for which in ("t2", "m81", "m82", "m83", "directory")),
    ]
    own = [f"/capstones/{key}/{page}" for page in ("links", "topic", "third", "supervisors", "timeline")]
    programme_id = found.programme.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for page in [*(cohort + page for page in pages), *own]:
        assert head.get(page).status_code == 200, page
    stranger = as_role(Role.PROGRAMME_ADMIN, programme_id=ground.programme().id)
    session.commit()  # a refusal rolls back its own request only
    for page in [*(cohort + page for page in pages), *own]:
        assert stranger.get(page).status_code == 403, page


@pytest.mark.parametrize("which", ["t2", "m81", "m82", "m83", "directory"])
def test_tables_come_as_csv_xlsx_and_pdf(session: Session, as_role: AsRole, found: make.Case, which: str) -> None:
    cohort, programme_id, name = address(found, session), found.programme.id, found.who.name
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    table = head.get(f"{cohort}/materials/{which}.csv").data.decode("utf-8-sig")
    assert (found.field.name if which == "directory" else name) in table  # type: ignore[union-attr]
    assert head.get(f"{cohort}/materials/{which}.xlsx").data[:2] == b"PK"
    assert head.get(f"{cohort}/materials/{which}.pdf").data[:5] == b"%PDF-"
    assert head.get(f"{cohort}/materials/{which}.doc").status_code == 404
    assert head.get(f"{cohort}/materials/m99").status_code == 404


def test_a_mentor_without_an_account_grades_by_a_link(session: Session, client: FlaskClient, found: make.Case) -> None:
    make.submit(found)
    assert found.field is not None
    name, key = found.field.name, found.capstone.id
    _link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock_now())
    session.commit()
    page = client.get(f"/capstones/link/{secret}")
    told = [words in page.text for words in (found.topic.title, found.who.name, found.enterprise.name, name)]
    assert (page.status_code, "核对身份" in page.text, told) == (200, True, [False] * 4)  # whoever found the address learns nothing
    assert client.get(f"/capstones/link/{secret}/thesis").status_code == 403
    points = dict.fromkeys(("topic", "work", "result", "report"), 85)
    wrong = client.post(f"/capstones/link/{secret}", data={**points, "name": "别人"})
    assert (wrong.status_code, found.topic.title in wrong.text) == (422, False)
    assert client.post(f"/capstones/link/{secret}/identity", data={"name": "别人"}).status_code == 422
    assert client.post(f"/capstones/link/{secret}/identity", data={"name": name}).status_code == 303
    page = client.get(f"/capstones/link/{secret}")
    assert ("签名提交" in page.text, found.topic.title in page.text) == (True, True)
    assert client.get(f"/capstones/link/{secret}/thesis").data == PDF
    assert client.post(f"/capstones/link/{secret}", data={**points, "topic": 101, "name": name}).status_code == 422
    assert client.post(f"/capstones/link/{secret}", data=points).status_code == 303
    session.expire_all()
    assert queries.grades_of(key)[SupervisorRole.ENTERPRISE].score_x10 == 850
    assert client.get(f"/capstones/link/{secret}").status_code == 403
    assert client.get("/capstones/link/nothing").status_code == 403


def test_a_mentor_corrects_the_signed_grade_by_a_new_link_with_a_reason(session: Session, client: FlaskClient, found: make.Case) -> None:
    make.submit(found)
    for role in SupervisorRole:
        make.grade(found, role)
    assert found.field is not None
    name, key = found.field.name, found.capstone.id
    _link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock_now())
    session.commit()
    client.post(f"/capstones/link/{secret}/identity", data={"name": name})
    assert "更正评分" in client.get(f"/capstones/link/{secret}").text
    points = dict.fromkeys(("topic", "work", "result", "report"), 90)
    refused = client.post(f"/capstones/link/{secret}", data=points)
    assert (refused.status_code, "请写明更正的理由" in refused.text) == (422, True)
    assert client.post(f"/capstones/link/{secret}", data={**points, "reason": "漏看附录"}).status_code == 303
    session.expire_all()
    now = queries.grades_of(key)[SupervisorRole.ENTERPRISE]
    assert (now.score_x10, now.reason, now.replaces_id is not None) == (900, "漏看附录", True)


def clock_now() -> Any:
    """The real instant: the link is opened by a page, which asks the real clock."""
    from trainhub.kernel import clock

    return clock.now()


def test_windows_rubrics_and_reviews_through_their_forms(session: Session, as_role: AsRole, found: make.Case) -> None:
    cohort, key, programme_id = address(found, session), found.capstone.id, found.programme.id
    make.submit(found)
    reviewer = make.signer()
    ground.teacher(of=found.programme, who=reviewer)
    reviewer_id = reviewer.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    bad = head.post(f"{cohort}/windows", data={"thesis_opens": "2026-05-01", "thesis_closes": "2026-04-01"})
    assert (bad.status_code, "早于开始日期" in bad.text) == (422, True)
    assert head.post(f"{cohort}/windows", data={"thesis_opens": "2026-03-01", "thesis_closes": "2099-05-01"}).status_code == 303
    late = {"thesis_opens": "2026-03-01", "thesis_closes": "2098-05-01", "thesis_was": "", "defence_was": ""}
    told = head.post(f"{cohort}/windows", data=late)  # opened before the first saved
    assert (told.status_code, 'name="thesis_was" value=""' in told.text, 'value="2098-05-01"' in told.text) == (409, True, True)
    assert 'name="thesis_was" value="2026-03-01/2099-05-01"' in head.get(f"{cohort}/windows").text
    version = ground.version(found.programme, from_cohort_year=2031)
    session.commit()
    assert 'name="edition" value="0"' in head.get(f"/capstones/rubrics/{version.id}").text
    asked = head.post(f"/capstones/{key}/reviews", data={"person_id": reviewer_id, "kind": "blind", "due_on": "2099-01-01"})
    assert asked.status_code == 303
    review = queries.review_of(key, reviewer_id)
    assert review is not None
    assert head.get(f"/capstones/reviews/{review.id}").status_code == 403
    reader = as_role(Role.LECTURER, person_id=reviewer_id)
    page = reader.get(f"/capstones/reviews/{review.id}")
    assert page.status_code == 200
    assert found.who.name not in page.text
    assert found.enterprise.name not in page.text
    assert reader.get(f"/capstones/reviews/{review.id}/thesis").data == PDF
    assert reader.post(f"/capstones/reviews/{review.id}", data={"score": 80, "verdict": "pass", "comment": "好"}).status_code == 303


def test_a_student_proposes_a_topic_of_his_placement(session: Session, as_role: AsRole, found: make.Case) -> None:
    enterprise_id, who = found.enterprise.id, found.who.id
    session.commit()
    me = as_role(Role.STUDENT, person_id=who)
    data = {"title": "夹具定位误差补偿", "problem": "换型后首件超差", "seats": 2, "skills": "测量、误差分析", "is_confidential": "y"}
    assert me.post("/capstones/topics/suggest", data={**data, "enterprise_id": enterprise_id + 999}).status_code == 422
    assert me.post("/capstones/topics/suggest", data={**data, "enterprise_id": enterprise_id, "seats": 11}).status_code == 422
    proof = {"evidence_kind": "letter", "evidence": "说明函 2026-3", "file": (io.BytesIO(PDF), "说明函.pdf")}
    assert me.post("/capstones/topics/suggest", data={**data, "enterprise_id": enterprise_id, **proof}).status_code == 303
    topic = queries.same_topic(enterprise_id, found.programme.id, "夹具定位误差补偿")
    assert topic is not None
    assert (topic.reserved_student_id, topic.approved_by_school_on) == (found.student.id, None)
    assert (topic.seats, topic.team_most, topic.skills, topic.is_confidential) == (2, 2, ["测量", "误差分析"], True)
    assert (topic.evidence_kind, topic.evidence, topic.evidence_file_id is not None) == (EvidenceKind.LETTER, "说明函 2026-3", True)
    assert me.get(f"/capstones/topics/{topic.id}/evidence").status_code == 200


@pytest.mark.parametrize("page", ["/judging", "/materials/m82", "/materials/m83", "/board"])
def test_pages_of_a_cohort_ask_the_same_number_of_questions(
    session: Session, as_role: AsRole, found: make.Case, count_queries: list[str], page: str
) -> None:
    cohort, programme_id = address(found, session), found.programme.id
    make.submit(found)
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    head.get(cohort + page)
    counts = [_count(session, head, cohort + page, count_queries)]
    topic = make.topic(programme=found.programme, enterprise=found.enterprise, seats=12)
    for _n in range(12):
        student = ground.student(found.programme)
        student.cohort_id = session.get_one(Student, found.student.id).cohort_id
        row = operations.assign_capstone(student=student, topic=topic, starts_on=TODAY, ends_on=make.END, by=SYSTEM, today=TODAY, now=NOW)
        row.state = CapstoneState.SUBMITTED
    session.commit()
    counts.append(_count(session, head, cohort + page, count_queries))
    assert counts[0] == counts[1]


def _count(session: Session, head: FlaskClient, page: str, statements: list[str]) -> int:
    session.expire_all()
    statements.clear()
    assert head.get(page).status_code == 200
    return len(statements)


def test_uploads_that_are_no_documents_are_refused(session: Session, as_role: AsRole, found: make.Case) -> None:
    who, key = found.who.id, found.capstone.id
    session.commit()
    me = as_role(Role.STUDENT, person_id=who)
    bad = me.post(f"/capstones/{key}/papers", data={"stage": "draft", "file": (io.BytesIO(b"MZ\x90"), "a.pdf")})
    assert bad.status_code == 422
    none = me.post(f"/capstones/{key}/papers", data={"stage": "similarity", "file": (io.BytesIO(PDF), "a.pdf")})
    assert (none.status_code, "总相似比例" in none.text) == (422, True)
