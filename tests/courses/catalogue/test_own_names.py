"""A second run with a title, a summary and a language of its own is found, shown, entered and certified as what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.agenda import queries as agenda
from courses.catalogue import queries
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import copying, offerings
from courses.catalogue.types import RunMode, StaffRole
from courses.discussion import opening
from courses.discussion import operations as forum
from courses.discussion.types import Author
from courses.learning import operations as learning
from courses.recognition import operations as claims
from courses.recognition import queries as recognition
from tests.courses.recognition.test_operations import plan_course, studying
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.api import api_client
from tests.factories.work import acting
from trainhub.certificates.models import Certificate
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def runs(session: Session) -> tuple[Run, Run]:
    """An older run in English under a name of its own, and the latest one, which says nothing of itself."""
    course = make.course(title="工业机器人编程", title_en="Industrial Robots", summary="从零开始", language="zh")
    own: dict[str, Any] = {"own_title": "机械臂国际班", "own_title_en": "Robot Arms", "own_summary": "全英文授课", "own_language": "en"}
    first = make.run(course, code="INT", starts_on=date(2026, 2, 1), is_published=True, **own)
    second = make.run(course, code="LATE", starts_on=date(2026, 3, 1), is_published=True)
    session.commit()
    return first, second


def titles(page: str) -> list[str]:
    return [title for title in ("工业机器人编程", "机械臂国际班") if f">{title}</a>" in page]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["工业机器人编程"]),
        ("language=zh", ["工业机器人编程"]),
        ("language=en", ["机械臂国际班"]),
        ("q=国际班", ["机械臂国际班"]),
        ("q=jixiebi", ["机械臂国际班"]),
        ("q=Robot+Arms", ["机械臂国际班"]),
        ("q=全英文", ["机械臂国际班"]),
        ("q=机器人编程", ["工业机器人编程"]),
        ("q=从零&language=zh", ["工业机器人编程"]),
        ("language=fr", []),
    ],
)
def test_the_catalogue_finds_the_run_that_is_meant(runs: tuple[Run, Run], client: FlaskClient, asked: str, found: list[str]) -> None:
    assert titles(client.get(f"/courses?{asked}").text) == found


def test_its_page_and_the_global_search_show_it(runs: tuple[Run, Run], client: FlaskClient, as_role: AsRole) -> None:
    where = f"/courses/{runs[0].course.code}"
    page = client.get(where).text
    assert ("<h1>工业机器人编程" in page, "从零开始" in page, "<dd>中文</dd>" in page, "机械臂国际班" in page) == (True, True, True, True)
    own = client.get(f"{where}?run=INT").text
    assert ("<h1>机械臂国际班" in own, "全英文授课" in own, "<dd>英文</dd>" in own, "从零开始" in own) == (True, True, True, False)
    assert "run=INT" in client.get("/courses?language=en").text
    assert "机械臂国际班" in as_role(Role.TRAINEE).get("/search?q=国际班").text


def test_the_api_names_each_run(runs: tuple[Run, Run], app: Flask) -> None:
    found: Any = api_client(app, Role.TRAINEE, scopes=("courses:",)).get(f"/api/v1/courses/{runs[0].course.code}").json
    assert [(one["code"], one["title"], one["title_en"], one["summary"], one["language"]) for one in found["runs"]] == [
        ("LATE", "工业机器人编程", "Industrial Robots", "从零开始", "zh"),
        ("INT", "机械臂国际班", "Robot Arms", "全英文授课", "en"),
    ]


def test_who_enrols_learns_and_completes_meets_its_own_title(runs: tuple[Run, Run], as_role: AsRole, session: Session) -> None:
    run, who = make.loaded(runs[0]), ground.person()
    browser = as_role(Role.TRAINEE, person_id=who.id)
    assert browser.post(f"/learning/runs/{run.id}/enrol").status_code == 303
    pages = [browser.get(where).text for where in ("/learning", f"/learning/runs/{run.id}/progress", "/")]
    assert [("机械臂国际班" in page, "工业机器人编程" in page) for page in pages] == [(True, False)] * 3
    row = learning.enrol(run=run, person_id=who.id, by=SYSTEM, now=make.now())
    for block in learning_blocks(run):
        learning.mark_done(enrolment=row, block=block, by=SYSTEM, now=make.now())
    certificate = session.scalars(select(Certificate)).one()
    assert (certificate.facts["course"], certificate.facts["course_en"]) == ("机械臂国际班", "Robot Arms")
    assert [one["text"] for one in certificate.evidence] == [f"机械臂国际班（{run.course.code}/INT）"]


def learning_blocks(run: Run) -> list[Block]:
    return queries.blocks_of_run(run.id)


def test_a_run_with_a_chinese_title_of_its_own_does_not_borrow_the_english_one(session: Session) -> None:
    course = make.course(title="甲", title_en="A")
    assert make.run(course).title_en == "A"
    assert make.run(course, own_title="乙").title_en == ""
    assert make.run(course, own_title_en="B").title_en == "B"


def test_it_is_filled_in_copied_and_taken_back(runs: tuple[Run, Run], as_role: AsRole, session: Session) -> None:
    run, lead = make.loaded(runs[1]), ground.person()
    offerings.set_staff(run=run, person_id=lead.id, role=StaffRole.LEAD, by=SYSTEM, now=make.NOW)
    session.commit()
    author = as_role(Role.LECTURER, person_id=lead.id)
    where = f"/teaching/runs/{run.id}/settings"
    sent = {"code": run.code, "starts_on": "2026-03-02", "mode": "open", "pass_mark": "60", "goal_category": "worker", "version": run.version}
    assert author.post(where, data={**sent, "run_title": " 夜校班 ", "run_summary": "周三晚上"}).status_code == 303
    run = make.loaded(run)
    assert (run.title, run.own_pinyin and run.own_pinyin[:6], run.summary) == ("夜校班", "yexiao", "周三晚上")
    assert 'value="夜校班"' in author.get(where).text
    new, _blocks = copying.copy_run(run=run, code="NEXT", starts_on=date(2026, 9, 1), by=SYSTEM, now=make.NOW)
    assert (make.loaded(new).title, new.own_pinyin) == ("夜校班", run.own_pinyin)
    session.commit()
    assert author.post(where, data={**sent, "version": make.loaded(run).version, "run_title": " ", "run_summary": ""}).status_code == 303
    run = make.loaded(run)
    assert (run.title, run.own_title, run.own_pinyin, run.summary) == ("工业机器人编程", None, None, "从零开始")
    refused = author.post(where, data={**sent, "version": run.version, "run_title": "长" * 201})
    assert (refused.status_code, "200" in refused.text) == (422, True)
    assert make.loaded(run).title == "工业机器人编程"


def test_the_way_of_enrolment_is_asked_until_a_run_is_published(runs: tuple[Run, Run], as_role: AsRole, session: Session) -> None:
    """Who is told that it is saved believes it: a page that cannot change it does not ask for it."""
    lead = ground.person()
    shown, draft = make.loaded(runs[1]), make.run(lead=lead, is_published=False)
    offerings.set_staff(run=shown, person_id=lead.id, role=StaffRole.LEAD, by=SYSTEM, now=make.NOW)
    session.commit()
    author = as_role(Role.LECTURER, person_id=lead.id, organisation_id=draft.course.owner_id)
    for run, is_asked in ((shown, False), (draft, True)):
        where = f"/teaching/runs/{run.id}/settings"
        page = author.get(where).text
        assert ('name="mode"' in page, 'name="cohort_id"' in page, "发布后不能更改" in page) == (is_asked, is_asked, not is_asked)
        assert "开放报名" in page
        sent = {"starts_on": "2026-03-02", "mode": "approval", "pass_mark": "61", "goal_category": "worker", "version": make.loaded(run).version}
        assert author.post(where, data=sent).status_code == 303
        assert (make.loaded(run).mode is RunMode.APPROVAL, make.loaded(run).pass_mark_x10) == (is_asked, 610)


def test_the_calendar_recognition_and_followed_discussions_show_it(runs: tuple[Run, Run], as_role: AsRole, session: Session) -> None:
    run, student = make.loaded(runs[0]), studying()
    row = learning.enrol(run=run, person_id=student.person_id, by=SYSTEM, now=make.now(), is_approved=True)
    for block in learning_blocks(run):
        learning.mark_done(enrolment=row, block=block, by=SYSTEM, now=make.now())
    thread = forum.start(run=run, author=Author(student.person_id, False), title="标题", body="内容", by=SYSTEM, now=make.NOW)
    forum.follow_thread(thread=thread, person_id=student.person_id, now=make.NOW)
    days = agenda.items(student.person_id, since=run.starts_on, until=run.starts_on, now=make.now())
    assert {(item.title, item.course) for item in days} == {("机械臂国际班", "机械臂国际班")}
    assert [found.course for found in session.execute(opening.followed(acting(student.person_id), make.now()))] == ["机械臂国际班"]
    assert [found.title for found in recognition.runs_of_person(student.person_id)] == ["机械臂国际班"]
    session.commit()
    me = as_role(Role.STUDENT, person_id=student.person_id, organisation_id=student.university_id)
    assert "机械臂国际班（INT）" in me.get("/recognition/mine").text
    target = plan_course(student)
    given: dict[str, Any] = {"student": student, "target": target, "enrolment": row, "statement": "", "by": SYSTEM, "now": make.now()}
    with pytest.raises(claims.BadClaim, match="机械臂国际班"):
        claims.apply_with_run(**given)
    mapping: dict[str, Any] = {"credits_x10": 10, "least_score_x10": 0, "since": run.starts_on, "until": None, "document": ""}
    claims.add_mapping(course_code=run.course.code, target=target, **mapping, by=SYSTEM, now=make.NOW)
    assert claims.apply_with_run(**given).title == f"机械臂国际班（{run.course.code}/INT）"
