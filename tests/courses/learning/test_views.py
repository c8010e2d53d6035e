"""A learner's and a lecturer's pages: row by row permission, no write on GET, the same number of queries at 1 and 30 rows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment.models import Attempt
from courses.catalogue.operations import offerings
from courses.learning import tables
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    """Rows stay readable after the commit: reading them again would open a savepoint that a refused request rolls back."""
    session.expire_on_commit = False


def test_a_visitor_reads_the_catalogue_and_is_asked_to_sign_in_to_enrol(client: FlaskClient, session: Session) -> None:
    course = make.course(title="工业机器人编程")
    run = make.run(course, is_published=True)
    draft = make.course(title="还没发布的课")
    make.run(draft)
    session.commit()
    for text in ("机器人", "gongyejiqiren", "gyjqr", course.code):
        page = client.get("/courses", query_string={"q": text}).text
        assert "工业机器人编程" in page
    assert "还没发布的课" not in client.get("/courses").text
    assert client.get(f"/courses/{course.code}").status_code == 200
    assert client.get(f"/courses/{draft.code}").status_code == 404
    answer = client.post(f"/learning/runs/{run.id}/enrol")
    assert answer.status_code == 401


def test_a_learner_walks_through_a_course_without_javascript(as_role: AsRole, session: Session) -> None:
    run = make.run()
    first = make.unit(run)
    make.text(first, body="公式 $$E=mc^2$$ <script>alert(1)</script>")
    second = make.unit(run, title="第二单元")
    quiz = make.quiz(second, of=run)
    run = make.publish(run)
    who = ground.person()
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    assert learner.get(f"/learning/runs/{run.id}").status_code == 404
    answer = learner.post(f"/learning/runs/{run.id}/enrol", follow_redirects=True)
    assert answer.status_code == 200
    learner.post(f"/learning/runs/{run.id}/enrol")
    assert len(session.scalars(select(Enrolment).where(Enrolment.run_id == run.id)).all()) == 1
    page = learner.get(f"/learning/runs/{run.id}/units/{first.id}").text
    assert "E=mc^2" in page
    assert "katex" in page
    assert "<script>alert" not in page
    assert "learning.js" not in page
    answer = learner.post(f"/learning/runs/{run.id}/units/{first.id}/done")
    assert answer.headers["Location"].endswith(f"/units/{second.id}")
    answer = learner.post(f"/learning/blocks/{quiz.id}/attempts")
    where = answer.headers["Location"]
    saved = learner.post(f"{where}/save", data={"q1-shown": "1", "q1": "b"}, headers={"Accept": "application/json"})
    assert saved.json["bases"].keys() == {"1"}
    page = learner.get(where).text
    assert 'value="b" checked' in page
    assert learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b"}).status_code == 303
    assert "得分 100" in learner.get(where).text
    page = learner.get(f"/learning/runs/{run.id}/progress").text
    assert "课程已于" in page
    assert "已完成" in learner.get("/learning").text
    row = session.scalars(select(Enrolment).where(Enrolment.run_id == run.id)).one()
    assert row.state is EnrolmentState.COMPLETED


def test_why_is_this_not_done(as_role: AsRole, session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    make.video(unit, title="开场视频")
    make.text(unit, title="读一读")
    run = make.publish(run)
    who = ground.person()
    make.enrolment(run, who)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    page = learner.get(f"/learning/runs/{run.id}/progress").text
    assert "还没有观看" in page
    assert "还没有标记学完" in page


def test_what_is_closed_says_on_the_page_what_opens_it(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    first = make.unit(run, title="安全须知")
    make.text(first)
    second = make.unit(run, title="操作", access={"any": False, "when": [{"kind": "done", "key": f"unit:{first.key}"}]})
    make.text(second)
    run = make.publish(run)
    row = make.enrolment(run)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id).get(f"/learning/runs/{run.id}/progress").text
    staff = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id).get(f"/teaching/enrolments/{row.id}").text
    assert [page.count("还没有开放：完成“安全须知”后开放。") for page in (learner, staff)] == [2, 2]
    closed = as_role(Role.TRAINEE, person_id=row.person_id).get(f"/learning/runs/{run.id}/units/{second.id}")
    assert (closed.status_code, "<h1>还没有开放</h1>" in closed.text, "完成“安全须知”后开放" in closed.text) == (403, True, True)
    # the way back is the course, not the home of everybody
    assert re.search(rf'<a class="btn btn-primary" href="/learning/runs/{run.id}/progress">返回课程</a>', closed.text)
    assert as_role(Role.TRAINEE, person_id=row.person_id).get(f"/learning/runs/{run.id}/progress").status_code == 200


def test_another_persons_attempt_and_course_stay_closed(as_role: AsRole, session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), of=run)
    run = make.publish(run)
    mine, other = ground.person(), ground.person()
    make.enrolment(run, mine)
    session.commit()
    learner, stranger = as_role(Role.TRAINEE, person_id=mine.id), as_role(Role.TRAINEE, person_id=other.id)
    learner.post(f"/learning/blocks/{quiz.id}/attempts")
    attempt = session.scalars(select(Attempt).where(Attempt.block_id == quiz.id)).one()
    assert learner.get(f"/learning/attempts/{attempt.id}").status_code == 200
    assert stranger.get(f"/learning/attempts/{attempt.id}").status_code == 403
    assert stranger.post(f"/learning/attempts/{attempt.id}/submit").status_code == 403
    assert stranger.post(f"/learning/blocks/{quiz.id}/attempts").status_code == 404


PAGES = ["/teaching/runs/{run}", "/teaching/runs/{run}/settings", "/teaching/runs/{run}/learners", "/teaching/runs/{run}/learners.csv", "/teaching/runs/{run}/grading"]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_only_the_staff_of_a_run_and_who_answers_for_it_open_its_pages(as_role: AsRole, session: Session, page: str) -> None:
    lead, other = ground.person(), ground.person()
    run = make.run(lead=lead, has_content=True)
    url, owner = page.format(run=run.id), run.course.owner_id
    elsewhere = ground.university().id
    session.commit()
    asked = {
        "lead": as_role(Role.LECTURER, organisation_id=owner, person_id=lead.id),
        "colleague": as_role(Role.LECTURER, organisation_id=owner, person_id=other.id),
        "admin": as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner),
        "admin elsewhere": as_role(Role.UNIVERSITY_ADMIN, organisation_id=elsewhere),
        "student": as_role(Role.STUDENT, organisation_id=owner),
    }
    assert {name: browser.get(url).status_code for name, browser in asked.items()} == {
        "lead": 200, "colleague": 403, "admin": 200, "admin elsewhere": 403, "student": 403,
    }  # fmt: skip


@pytest.mark.parametrize("url", ["/courses", "/teaching", "/learning", "/teaching/runs/{run}/learners"])
def test_lists_ask_the_same_number_of_queries_at_one_and_thirty_rows(as_role: AsRole, session: Session, count_queries: list[str], url: str) -> None:
    lead, owner = ground.person(), ground.university()
    run = make.run(make.course(owner), lead=lead, is_published=True)
    make.enrolment(run, lead)
    session.commit()
    browser = as_role(Role.LECTURER, organisation_id=owner.id, person_id=lead.id)
    url = url.format(run=run.id)

    def ask() -> int:
        session.expire_all()
        count_queries.clear()
        assert browser.get(url).status_code == 200
        return len(count_queries)

    ask()
    few = ask()
    for _ in range(18):
        more = make.run(make.course(owner), lead=lead, is_published=True)
        make.enrolment(more, lead)
        make.enrolment(run)
    session.commit()
    assert ask() == few


def test_the_player_asks_the_same_number_of_queries_for_one_block_and_thirty(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    run = make.run()
    unit = make.unit(run)
    make.text(unit)
    make.quiz(unit, of=run)
    run, who = make.publish(run), ground.person()
    make.enrolment(run, who)
    session.commit()
    browser = as_role(Role.TRAINEE, person_id=who.id)

    def ask() -> int:
        session.expire_all()
        count_queries.clear()
        assert browser.get(f"/learning/runs/{run.id}/units/{unit.id}").status_code == 200
        return len(count_queries)

    ask()
    few = ask()
    for n in range(28):
        make.text(unit)
        make.text(make.unit(run, title=f"单元{n}"))
    session.commit()
    assert ask() == few


def test_a_lecturer_grades_what_waits_and_the_learner_completes(as_role: AsRole, session: Session) -> None:
    lead, who = ground.person(), ground.person()
    run = make.run(lead=lead)
    quiz = make.quiz(make.unit(run), make.essay(run), of=run)
    run = make.publish(run)
    row = make.enrolment(run, who)
    session.commit()
    learner, teacher = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    where = learner.post(f"/learning/blocks/{quiz.id}/attempts").headers["Location"]
    learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "我认为"})
    assert "等待教师批阅" in learner.get(where).text
    attempt = session.scalars(select(Attempt)).one()
    assert "批阅" in teacher.get(f"/teaching/runs/{run.id}/grading").text
    wrong = teacher.post(f"/teaching/attempts/{attempt.id}", data={"points1": "2", "feedback1": "想法很好"})
    assert (wrong.status_code, "得分应是" in wrong.text, "想法很好" in wrong.text) == (422, True, True)
    assert teacher.post(f"/teaching/attempts/{attempt.id}", data={"points1": "0.9", "feedback1": "很好"}).status_code == 303
    session.expire_all()
    assert (row.state, row.score_x10) == (EnrolmentState.COMPLETED, 900)
    page = teacher.get(f"/teaching/attempts/{attempt.id}").text
    assert 'name="was1" value="900/90:' in page
    late = teacher.post(f"/teaching/attempts/{attempt.id}", data={"was1": "", "points1": "0.5"})
    session.refresh(attempt)
    assert ("刚由另一位教师评分" in late.text, attempt.score_x10) == (True, 900)


def test_the_video_reports_are_believed_only_after_a_start(as_role: AsRole, session: Session) -> None:
    run, who = make.run(), ground.person()
    video = make.video(make.unit(run))
    run = make.publish(run)
    make.enrolment(run, who)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    assert learner.post(f"/learning/blocks/{video.id}/watched", data={"from": "0", "to": "100"}).json == {"share": 0.0, "done": False}
    assert learner.post(f"/learning/blocks/{video.id}/watched").status_code == 200
    answer = learner.post(f"/learning/blocks/{video.id}/watched", data={"from": "0", "to": "100"}).json
    assert answer is not None
    assert 0.1 <= answer["share"] <= 0.2


def test_an_export_is_neutralised_and_has_a_bom(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    make.enrolment(run, ground.person(name="王小明"))
    session.commit()
    browser = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    data = browser.get(f"/teaching/runs/{run.id}/learners.csv").data
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines()[1].startswith("王小明,学习中,0.0,,2026-03-02,")


def test_a_workbook_of_very_many_learners_is_asked_for_as_the_list_is_narrowed(
    as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    for name in ("王小明", "李雷"):
        make.enrolment(run, ground.person(name=name))
    session.commit()
    monkeypatch.setattr(tables, "LARGE", 0)
    browser = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    answer = browser.get(f"/teaching/runs/{run.id}/learners.xlsx?q=王&page=3")
    assert answer.status_code == 302
    assert browser.post(answer.location).location == answer.location
    assert "只含当时筛选出的学员" in browser.get(answer.location).text
    jobs.run_all()
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(f"/teaching/runs/{run.id}/tables/learners/file").data)).active
    assert sheet is not None
    assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["姓名", "王小明"]


def test_the_queries_for_ones_own_runs_read_no_other_learner(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    """The list of one's own runs once compared every learner of a run to find second enrolments."""
    run, me = make.run(is_published=True), ground.person()
    make.enrolment(run, me)
    session.commit()
    browser = as_role(Role.TRAINEE, person_id=me.id)
    count_queries.clear()
    assert browser.get("/learning").status_code == 200
    (statement,) = [one for one in count_queries if "FROM enrolment" in one and "EXISTS" in one and "LIMIT" in one]
    if session.get_bind().dialect.name == "sqlite":
        values = dict.fromkeys(range(statement.count("?")), me.id)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values.values())).all()
        assert [step.detail for step in plan if step.detail.startswith("SCAN ")] == []


def test_the_api_shows_ones_own_enrolments_and_why_something_is_not_done(app: Flask, session: Session) -> None:
    course = make.course()
    run, who, other = make.run(course, is_published=True), ground.person(), ground.person()
    mine, theirs = make.enrolment(run, who), make.enrolment(run, other)
    session.commit()
    browser = api_client(app, Role.TRAINEE, scopes=("courses:",), person=who)
    listed: Any = browser.get("/api/v1/enrolments").json
    assert [row["id"] for row in listed["items"]] == [mine.id]
    progress: Any = browser.get(f"/api/v1/enrolments/{mine.id}/progress").json
    assert [(b["is_done"], b["why_not_done"]) for b in progress["blocks"]] == [(False, "not_marked")]
    assert browser.get(f"/api/v1/enrolments/{theirs.id}/progress").status_code == 404
    listed = browser.get("/api/v1/courses", query_string={"q": course.code}).json
    assert [row["code"] for row in listed["items"]] == [course.code]
    assert browser.get(f"/api/v1/courses/{course.code}").json["runs"][0]["code"] == run.code  # type: ignore[index]


def test_the_files_of_a_course_are_for_its_learners_and_come_in_ranges(app: Flask, as_role: AsRole, session: Session) -> None:
    from courses.catalogue.operations import content
    from trainhub.kernel import files

    run, who = make.run(is_published=True), ground.person()
    row = files.keep_bytes(b"0123456789", name="讲义.txt", kind="course", media_type="text/plain", by=SYSTEM, now=make.NOW)
    content.add_asset(run=run, name="讲义.txt", file=row, by=SYSTEM, now=make.NOW)
    make.enrolment(run, who)
    session.commit()
    learner, stranger = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.TRAINEE, person_id=ground.person().id)
    url = f"/learning/runs/{run.id}/assets/讲义.txt"
    assert stranger.get(url).status_code == 403
    assert learner.get(url).data == b"0123456789"
    part = learner.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert learner.get(url, headers={"Range": "bytes=20-"}).status_code == 416
    for several in ("bytes=0-1,5-6", "pages=1-2"):
        assert learner.get(url, headers={"Range": several}).data == b"0123456789"


def test_a_formula_is_set_without_javascript(as_role: AsRole, session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    make.text(unit, body=r"面积 \(\frac{a}{b}\)，代码 `\(x\)`，$$E = mc^2$$")
    row = make.enrolment(make.publish(run))
    session.commit()
    page = as_role(Role.TRAINEE, person_id=row.person_id).get(f"/learning/runs/{run.id}/units/{unit.id}").text
    assert ("<mfrac>" in page, page.count("<math"), r"<code>\(x\)</code>" in page) == (True, 2, True)
    assert r'data-tex="\(\frac{a}{b}\)"' in page


def test_the_settings_of_a_run_are_saved_with_the_fields_that_the_page_shows(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, has_content=True)
    session.commit()
    author = as_role(Role.LECTURER, person_id=lead.id)
    where = f"/teaching/runs/{run.id}/settings"
    (form,) = [part for part in re.findall(r"<form.*?</form>", author.get(where).text, re.DOTALL) if 'name="quota"' in part]
    shown = set(re.findall(r'name="([a-z_]+)"', form)) - {"csrf_token"}
    sent = {"starts_on": "2026-03-02", "mode": "open", "pass_mark": "60", "goal_category": "worker", "version": str(run.version), "quota": "7"}
    assert sent.keys() <= shown
    assert author.post(where, data={name: sent.get(name, "") for name in shown if name != "counts_for_goal"}).status_code == 303
    session.expire_all()
    assert (make.loaded(run).quota, make.loaded(run).code) == (7, run.code)


def test_a_run_has_hours_of_its_own_where_they_are_filled_in(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(make.course(credits_x10=20), lead=lead, has_content=True)
    run = make.publish(run)
    session.commit()
    author = as_role(Role.LECTURER, person_id=lead.id)
    public = f"/courses/{run.course.code}"
    assert all(text in author.get(public).text for text in ("<dd>16</dd>", "<dd>2</dd>", "<dd>中文</dd>"))
    sent = {"code": run.code, "starts_on": "2026-03-02", "mode": "open", "pass_mark": "60", "goal_category": "worker", "version": run.version}
    where = f"/teaching/runs/{run.id}/settings"
    assert author.post(where, data={**sent, "run_hours": "24.5", "run_credits": "1.5", "run_language": "en"}).status_code == 303
    page = author.get(public).text
    assert all(text in page for text in ("<dd>24.5</dd>", "<dd>1.5</dd>", "<dd>英文</dd>"))
    form = author.get(where).text
    assert 'value="24.5"' in form
    session.expire_all()
    version = make.loaded(run).version
    assert author.post(where, data={**sent, "version": version, "run_hours": "", "run_credits": "", "run_language": ""}).status_code == 303
    assert all(text in author.get(public).text for text in ("<dd>16</dd>", "<dd>2</dd>"))


def test_a_quiz_of_a_run_that_was_ended_says_so_before_anything_is_pressed(as_role: AsRole, session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), of=run)
    make.publish(run)
    who = ground.person()
    make.enrolment(make.loaded(run), who)
    session.commit()
    learner, url = as_role(Role.TRAINEE, person_id=who.id), f"/learning/blocks/{quiz.id}/quiz"
    assert ("开始作答</button>" in learner.get(url).text, "已结束" in learner.get(url).text) == (True, False)
    offerings.close_run(run=make.loaded(run), by=SYSTEM, now=make.NOW)
    session.commit()
    page = learner.get(url).text
    assert ("开始作答</button>" in page, page.count("这期课程已结束，不能再开始作答")) == (False, 1)
    refused = learner.post(f"/learning/blocks/{quiz.id}/attempts", data={"agreed": "1"})
    assert refused.text.count("这期课程已结束，不能再开始作答") == 1
    for here in ("progress", "announcements"):
        assert "不能再提交作业或开始测验" in learner.get(f"/learning/runs/{run.id}/{here}", follow_redirects=True).text


def test_the_page_of_a_course_whose_runs_are_closed_says_so(client: FlaskClient, as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    who = ground.person()
    make.enrolment(run, who)
    offerings.close_run(run=run, by=SYSTEM, now=make.NOW)
    draft = make.run()
    session.commit()
    page = client.get(f"/courses/{run.course.code}")
    assert (page.status_code, "目前没有开放的期次" in page.text, run.course.title in page.text) == (200, True, True)
    assert "登录后报名" not in page.text
    home = f"/learning/runs/{run.id}"
    assert (home in page.text, home in as_role(Role.TRAINEE, person_id=who.id).get(f"/courses/{run.course.code}").text) == (False, True)
    assert client.get(f"/courses/{draft.course.code}").status_code == 404


def test_a_run_that_was_never_published_is_not_ended(client: FlaskClient, as_role: AsRole, session: Session) -> None:
    """Its course would become a page for everybody."""
    lead = ground.person()
    course = make.course()
    draft = make.run(course, lead=lead)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=course.owner_id, person_id=lead.id)
    refused = author.post(f"/teaching/runs/{draft.id}/close")
    assert (refused.status_code, "还没有发布，不能结束" in refused.text) == (422, True)
    assert client.get(f"/courses/{course.code}").status_code == 404


def test_beside_ended_runs_the_author_reads_that_a_draft_waits_to_be_published(client: FlaskClient, as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    offerings.close_run(run=run, by=SYSTEM, now=make.NOW)
    session.commit()
    author, words = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id), "发布一个期次后"
    assert words not in author.get(f"/courses/{run.course.code}").text
    make.run(run.course, lead=lead)
    session.commit()
    assert [words in reader.get(f"/courses/{run.course.code}").text for reader in (author, client)] == [True, False]
