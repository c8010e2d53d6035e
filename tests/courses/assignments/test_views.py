"""The pages of assignments: a learner hands in without JavaScript, peers stay anonymous, lists cost the same queries at 1 and at 30 rows."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assignments.models import Assignment
from courses.assignments.operations import grading, handing_in, releasing, setup, sheets
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import peers, teams, texts, work
from courses.assignments.types import Marking, Queue
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block
from courses.catalogue.operations import copying, offerings
from courses.catalogue.types import Access, Condition, ConditionKind, StaffRole
from courses.learning import intakes, tables
from courses.learning import operations as seats
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import clock, jobs, made_tables
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import session as current

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def teaching(as_role: AsRole, **given: Any) -> tuple[FlaskClient, Assignment]:
    """A lecturer's browser and an assignment of their run that is open now."""
    lead = ground.person(name="陈讲师")
    run = make.run(lead=lead)
    given.setdefault("due_at", clock.now() + timedelta(days=3))
    task = made.assignment(run, **given)
    return as_role(Role.LECTURER, person_id=lead.id, organisation_id=run.course.owner_id), task


def learning(as_role: AsRole, task: Assignment, name: str = "林同学") -> tuple[FlaskClient, Enrolment]:
    row = made.learner(task, ground.person(name=name))
    client = as_role(Role.TRAINEE, person_id=row.person_id)
    current().commit()  # a refused request rolls back what was not committed
    return client, row


def test_an_assignment_is_made_set_up_handed_in_graded_and_released(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    make.publish(run) if make.text(unit) else None
    session.commit()
    lecturer = as_role(Role.LECTURER, person_id=lead.id, organisation_id=run.course.owner_id)
    lecturer.post(
        f"/teaching/units/{unit.id}/blocks/new?kind=assignment", data={"title": "大作业", "body": "做一个夹具。", "is_graded": "y", "weight": "1"}
    )
    block_id = work.of_run(run.id)[0][0].id
    assert lecturer.get(f"/teaching/assignments/{block_id}").status_code == 302
    form = {
        "max_points": "100",
        "rubric": "方案 | 60 | 优=60；差=0\n表达 | 40",
        "takes_text": "y",
        "file_kinds": ["pdf"],
        "max_files": "2",
        "max_mb": "5",
    }
    bad = lecturer.post(f"/teaching/assignments/{block_id}/setup", data={**form, "rubric": "方案"})
    assert "评分标准第 1 行看不懂" in bad.text
    answer = lecturer.post(f"/teaching/assignments/{block_id}/setup", data=form)
    assert answer.status_code == 303
    task = work.assignment_of(block_id)
    assert task is not None
    session.commit()
    student, _row = learning(as_role, task)
    assert lecturer.post(f"/teaching/block/{block_id}/publish", data={"published": "yes"}).status_code == 303  # added to a running course
    assert f"/assignments/{block_id}" in student.get(f"/learning/runs/{run.id}/units/{unit.id}").text
    page = student.get(f"/assignments/{block_id}")
    assert page.status_code == 200
    assert "做一个夹具" in page.text
    sent = {"text": "方案一\n\n方案二", "do": "submit", "files": (io.BytesIO(b"%PDF-1.7 x" + b"0" * 50), "图纸.pdf"), "submission_key": "k1"}
    assert student.post(f"/assignments/{block_id}", data=sent).status_code == 303
    again = {**sent, "files": (io.BytesIO(b"%PDF-1.7 x" + b"0" * 50), "图纸.pdf")}
    assert student.post(f"/assignments/{block_id}", data=again).status_code == 303  # a double click: no second version
    submission = work.handed_in(task.id)[0]
    assert submission.number == 1
    listed = lecturer.get(f"/teaching/assignments/{block_id}")
    assert "林同学" in listed.text
    lecturer.post(f"/teaching/submissions/{submission.id}/comments", data={"number": "1", "paragraph": "2", "body": "这里有疑问"})
    assert lecturer.post(f"/teaching/submissions/{submission.id}", data={"points_c1": "60", "points_c2": "41"}).status_code == 422
    assert lecturer.post(f"/teaching/submissions/{submission.id}", data={"points_c1": "六十", "points_c2": "40"}).status_code == 422
    assert lecturer.post(f"/teaching/submissions/{submission.id}", data={"points_c1": "60", "points_c2": "35.5", "comment": "好"}).status_code == 303
    hidden = student.get(f"/assignments/{block_id}").text
    assert "95.5" not in hidden
    assert "教师正在评阅" in hidden
    assert "这里有疑问" not in hidden, "remarks come with the marks"
    assert lecturer.post(f"/teaching/assignments/{block_id}/release").status_code == 303
    shown = student.get(f"/assignments/{block_id}").text
    assert "95.5" in shown
    assert "这里有疑问" in shown


def test_the_draft_saves_itself_and_says_when_somebody_else_saved(as_role: AsRole, session: Session) -> None:
    _lecturer, task = teaching(as_role)
    session.commit()
    student, row = learning(as_role, task)
    url, json = f"/assignments/{task.block_id}", {"Accept": "application/json"}
    first = student.post(url, data={"text": "草", "version": ""}, headers=json).get_json()
    assert first["version"] >= 1
    second = student.post(url, data={"text": "草稿", "version": first["version"]}, headers=json).get_json()
    assert second["version"] == first["version"] + 1
    stale = student.post(url, data={"text": "旧页面", "version": first["version"]}, headers=json)
    assert (stale.status_code, "其他人" in stale.get_json()["error"]) == (409, True)
    assert work.submission_of(task.id, row.person_id).draft_text == "草稿"  # type: ignore[union-attr]
    refused = student.post(url, data={"text": "旧页面", "version": first["version"]})
    assert (refused.status_code, "旧页面" in refused.text) == (409, True)


def test_bad_files_are_refused_with_words_and_nothing_is_lost(as_role: AsRole, session: Session) -> None:
    _lecturer, task = teaching(as_role)
    session.commit()
    student, _row = learning(as_role, task)
    url = f"/assignments/{task.block_id}"
    renamed = student.post(url, data={"text": "正文还在", "files": (io.BytesIO(b"MZ\x90\x00" + b"\0" * 200), "作业.pdf")})
    assert (renamed.status_code, "出于安全不能上传" in renamed.text, "正文还在" in renamed.text) == (422, True, True)
    large = student.post(url, data={"files": (io.BytesIO(b"%PDF-1.7" + b"0" * (2 << 20)), "大.pdf")})
    assert (large.status_code, "1 MB" in large.text) == (413, True)
    # A page cannot be given a file back: whoever presses again would hand in without it.
    assert all("请重新选择：" + name in answer.text for name, answer in (("作业.pdf", renamed), ("大.pdf", large)))
    first = student.post(url, data={"text": "正文", "version": ""}, headers={"Accept": "application/json"}).get_json()["version"]
    student.post(url, data={"text": "另一窗口", "version": first})
    stale = student.post(url, data={"text": "正文", "version": first, "do": "submit", "files": (io.BytesIO(b"%PDF-1.7 x"), "图纸.pdf")})
    assert (stale.status_code, "请重新选择：图纸.pdf" in stale.text) == (409, True)
    assert "请重新选择" not in student.post(url, data={"text": "正文", "version": first}).text


def test_peers_never_learn_each_other_s_names(as_role: AsRole, session: Session) -> None:
    now = clock.now()
    lecturer, task = teaching(as_role, peers=1, peers_needed=1, due_at=now + timedelta(hours=1), peer_due_at=now + timedelta(days=2))
    names = ["欧阳甲", "欧阳乙", "欧阳丙"]
    people = [made.learner(task, ground.person(name=name)) for name in names]
    for row, name in zip(people, names, strict=True):
        draft = handing_in.open_draft(assignment=task, person_id=row.person_id, by=SYSTEM, now=now)
        given = {"assignment": task, "submission": draft, "by": SYSTEM, "now": now}
        handing_in.save_draft(text="匿名的正文", version=None, person_id=row.person_id, **given)
        handing_in.add_file(file=made.pdf(), name=f"{name}的作业.pdf", person_id=row.person_id, **given)
        handing_in.submit(enrolment=row, **given)
    reviewing.begin(assignment=task, by=SYSTEM, now=now)
    session.commit()
    me = people[0]
    mine = as_role(Role.TRAINEE, person_id=me.person_id)
    review = peers.reviews_by(task.id, me.person_id)[0]
    others = [name for name in names if name != "欧阳甲"]
    for url in (f"/assignments/{task.block_id}", f"/assignments/reviews/{review.id}"):
        page = mine.get(url)
        assert page.status_code == 200
        assert [name for name in others if name in page.text] == []
    file = work.versions_of(review.submission_id)[0].files[0]
    sent = mine.get(f"/assignments/files/{file.id}")
    assert sent.status_code == 200
    disposition = sent.headers["Content-Disposition"]
    assert review.submission.alias in disposition
    assert "欧阳" not in disposition
    assert "%E6%AC%A7" not in disposition
    stranger = next(r for r in peers.all_reviews(task.id) if r.reviewer_id != me.person_id and r.submission_id != review.submission_id)
    foreign = next(s for s in work.handed_in(task.id) if s.id != review.submission_id and s.members[0].person_id != me.person_id)
    assert mine.get(f"/assignments/reviews/{stranger.id}").status_code == 403
    assert mine.get(f"/assignments/files/{work.versions_of(foreign.id)[0].files[0].id}").status_code == 403
    assert mine.post(f"/assignments/reviews/{review.id}", data={"points": "80", "comment": "短"}).status_code == 422
    assert mine.post(f"/assignments/reviews/{review.id}", data={"points": "80", "comment": "结构清楚，建议补充计算过程。"}).status_code == 303
    seats.withdraw(enrolment=session.get_one(Enrolment, me.id), by=SYSTEM, now=now)
    session.commit()
    assert mine.get(f"/assignments/files/{file.id}").status_code == 403  # who left reads nobody's work any more
    seats.withdraw(enrolment=me, by=SYSTEM, now=now)
    session.commit()
    page = mine.get(f"/assignments/reviews/{review.id}")
    assert (page.status_code // 100, "匿名的正文" in page.text) == (4, False), "who has left reads nobody's work"
    reviewing.close(assignment=task, now=now + timedelta(days=3))
    for submission in work.handed_in(task.id):
        if submission.score_x10 is None:
            grading.override(submission=submission, version=None, points_x10=500, reason="无人评阅", by=SYSTEM, now=now)
    releasing.release(assignment=task, by=SYSTEM, now=now)
    session.commit()
    author = next(p for p in people if p.person_id in peers.authors(task.id)[review.submission_id])
    page = as_role(Role.TRAINEE, person_id=author.person_id).get(f"/assignments/{task.block_id}").text
    assert "建议补充计算过程" in page
    assert "欧阳甲" not in page
    graded = lecturer.get(f"/teaching/submissions/{review.submission_id}").text
    assert "欧阳甲" not in graded.replace(str(me.person_id), "")


def test_in_a_dispute_each_grader_finds_their_own_judgement(as_role: AsRole, session: Session) -> None:
    lead = ground.person(name="陈讲师")
    run = make.run(lead=lead)
    task = made.assignment(run, is_double=True, limit_x10=100)
    row = made.hand_in(task, made.learner(task))
    other = ground.person()
    for who, points, words in ((made.acting(lead), 600, "一评的话"), (made.acting(other), 300, "二评的话")):
        grading.grade(submission=row, version=None, marking=Marking({"points": points}, words), by=who, now=made.NOW)
    session.commit()
    assert row.queue is Queue.GRADERS_DIFFER
    third = ground.person()
    offerings.set_staff(run=run, person_id=third.id, role=StaffRole.CO_AUTHOR, by=SYSTEM, now=made.NOW)
    session.commit()
    for person_id, points, words in ((lead.id, "60", "一评的话"), (third.id, "", "")):
        page = as_role(Role.LECTURER, person_id=person_id, organisation_id=run.course.owner_id).get(f"/teaching/submissions/{row.id}").text
        (form,) = [one for one in html.document_fromstring(page).forms if "comment" in one.fields and "points" in one.fields]
        assert (form.fields["points"], form.fields["comment"].strip()) == (points, words)


def test_everything_is_downloaded_as_one_archive_and_marks_come_back_as_a_table(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role, checks_likeness=True)
    for n in range(2):
        row = made.learner(task, ground.person(name=f"学员{n}"))
        draft = handing_in.open_draft(assignment=task, person_id=row.person_id, by=SYSTEM, now=made.NOW)
        given = {"assignment": task, "submission": draft, "by": SYSTEM, "now": made.NOW}
        handing_in.save_draft(text="一样的正文" * 20, version=None, person_id=row.person_id, **given)
        handing_in.add_file(file=made.pdf(), name="图纸.pdf", person_id=row.person_id, **given)
        handing_in.submit(enrolment=row, **given)
    session.commit()
    answer = lecturer.get(f"/teaching/assignments/{task.block_id}/archive.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert sorted(name.split("-")[0] + "/" + name.split("/")[1] for name in archive.namelist()) == [
            "学员0/text.txt",
            "学员0/图纸.pdf",
            "学员1/text.txt",
            "学员1/图纸.pdf",
        ]
    table = lecturer.get(f"/teaching/assignments/{task.block_id}/marks.csv")
    lines = table.data.decode("utf-8-sig").splitlines()
    lines[1] = lines[1].replace(",,,", ",,88,")
    url = f"/teaching/assignments/{task.block_id}/marks"
    assert lecturer.post(url, data={"file": (io.BytesIO("\r\n".join(lines).encode()), "a.csv")}).status_code == 303
    assert [row.points_x10 for row in work.handed_in(task.id)] == [880, None]
    bad = lecturer.post(url, data={"file": (io.BytesIO("作业编号,得分,版本\r\nQQQQQQ,-5,1".encode()), "a.csv")})
    assert (bad.status_code, "没有导入任何成绩" in bad.text) == (422, True)
    assert ">得分<" in bad.text  # the column as the table calls it
    assert lecturer.post(url, data={}).status_code == 422
    assert "提示，不是认定" in lecturer.get(f"/teaching/assignments/{task.block_id}/likeness").text


def test_what_very_many_handed_in_is_read_in_pieces_and_compared_up_to_a_limit(
    as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecturer, task = teaching(as_role, checks_likeness=True)
    monkeypatch.setattr(texts, "CHUNK", 2)
    for n in range(5):
        made.hand_in(task, made.learner(task, ground.person(name=f"学员{n}")), text=f"{'一样的正文和图表' * 20}{n}")
    session.commit()
    with zipfile.ZipFile(io.BytesIO(lecturer.get(f"/teaching/assignments/{task.block_id}/archive.zip").data)) as archive:
        assert sorted(name.split("-")[0] for name in archive.namelist()) == [f"学员{n}" for n in range(5)]
    where = f"/teaching/assignments/{task.block_id}/likeness"
    page = lecturer.get(where).text
    assert ("本作业的 5 份在线正文" in page, "没有比较" in page) == (True, False)
    for most, compared in ((161 * 5, 5), (161 * 5 - 1, 4), (161 * 2, 2), (10, 1)):
        monkeypatch.setattr(texts, "MOST_COMPARED", most)
        page = lecturer.get(where).text
        assert (f"本作业的 {compared} 份在线正文" in page, f"其余 {5 - compared} 份没有比较" in page) == (True, compared < 5), most


def test_a_workbook_of_very_many_marks_is_made_by_a_job_one_for_each_assignment(
    as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecturer, task = teaching(as_role)
    run = make.queries.run_by_id(task.run_id)
    assert run is not None
    owner_id, other = run.course.owner_id, made.assignment(run, due_at=clock.now() + timedelta(days=3))
    for n in range(5):
        made.hand_in(task, made.learner(task, ground.person(name=f"学员{n}")))
    made.grade(work.handed_in(task.id)[3], 905)
    session.commit()
    monkeypatch.setattr(work, "CHUNK", 2)
    run_id, block_id, cells = task.run_id, task.block_id, 5 * len(sheets.SCHEMA.columns)
    url, page = f"/teaching/assignments/{block_id}/marks.xlsx", f"/teaching/runs/{run_id}/tables/marks?block={block_id}"
    for limit, status in ((cells, 200), (cells - 1, 302)):  # at the threshold, and above it
        monkeypatch.setattr(tables, "LARGE", limit)
        assert lecturer.get(url).status_code == status
    assert lecturer.get(url).location == page
    assert "生成 Excel" in lecturer.get(page).text
    assert lecturer.post(page).location == page
    monkeypatch.setattr(made_tables, "STEP", 1)  # progress commits between any two lines
    jobs.run_all()
    shown = lecturer.get(page).text
    assert f"/tables/marks/file?block={block_id}" in shown
    assert ["只含当时筛选出的学员" in shown, "%(" in shown, "作业成绩 · " in shown] == [False, False, True]
    sheet = openpyxl.load_workbook(io.BytesIO(lecturer.get(page.replace("marks?", "marks/file?")).data)).active
    assert sheet is not None
    assert [(row[1], row[3]) for row in sheet.iter_rows(values_only=True)] == [
        ("学员或小组", "得分"), ("学员0", None), ("学员1", None), ("学员2", None), ("学员3", 90.5), ("学员4", None),
    ]  # fmt: skip
    csv = lecturer.get(f"/teaching/assignments/{block_id}/marks.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in csv[1:]] == [f"学员{n}" for n in range(5)]
    # Another assignment has none yet, what is no assignment of the run has no page, and who may only look on gets no marks.
    assert "生成 Excel" in lecturer.get(page.replace(f"={block_id}", f"={other.block_id}")).text
    elsewhere = made.assignment()
    session.commit()
    for wrong in ("", "?block=0", "?block=x", "?block=²", f"?block={'9' * 30}", f"?block={elsewhere.block_id}"):
        assert lecturer.get(f"/teaching/runs/{run_id}/tables/marks{wrong}").status_code == 404
    watcher = as_role(Role.PROGRAMME_ADMIN, organisation_id=owner_id)
    assert watcher.get(f"/teaching/runs/{run_id}/tables/learners").status_code == 200
    assert [watcher.get(page).status_code, watcher.post(page).status_code] == [403, 403]


def test_a_table_of_very_many_marks_is_taken_by_a_job(as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    lecturer, task = teaching(as_role)
    for n in range(3):
        made.hand_in(task, made.learner(task, ground.person(name=f"学员{n}")))
    session.commit()
    rows = [(row.alias, row.version) for row in work.handed_in(task.id)]
    url, page = f"/teaching/assignments/{task.block_id}/marks", f"/teaching/runs/{task.run_id}/intakes/marks?block={task.block_id}"

    def send(points: str) -> str | None:
        text = "作业编号,得分,版本\r\n" + "".join(f"{alias},{points},{version}\r\n" for alias, version in rows)
        return lecturer.post(url, data={"file": (io.BytesIO(text.encode()), "a.csv")}).location

    monkeypatch.setattr(intakes, "AT_ONCE", 2)
    monkeypatch.setattr(sheets, "STEP", 1)  # progress commits between any two lines
    monkeypatch.setattr(sheets, "AT_ONCE", 2)
    assert send("-5") == page
    jobs.run_all()
    shown = lecturer.get(page).text
    assert ("没有导入任何成绩" in shown, ">得分<" in shown) == (True, True)
    assert [row.points_x10 for row in work.handed_in(task.id)] == [None] * 3
    assert send("88") == page
    jobs.run_all()
    assert "已导入 3 份成绩" in lecturer.get(page).text
    assert [row.points_x10 for row in work.handed_in(task.id)] == [880] * 3
    assert lecturer.get(page.replace(f"={task.block_id}", "=0")).status_code == 404
    assert as_role(Role.TRAINEE).get(page).status_code == 403
    # who is taken off the staff while the job waits grades nothing
    rows[:] = [(row.alias, row.version) for row in work.handed_in(task.id)]
    assert send("90") == page
    monkeypatch.setattr("courses.learning.intakes.identity_of", lambda _account_id, today, origin: Identity(7, None, "已离开", origin=origin))
    jobs.run_all()
    last = session.scalars(select(jobs.Job).where(jobs.Job.task == intakes.TASK).order_by(jobs.Job.id.desc())).first()
    assert last is not None
    assert (last.state, (last.result or {})["error"]["code"]) == (jobs.JobState.FAILED, "not_allowed")
    assert [row.points_x10 for row in work.handed_in(task.id)] == [880] * 3


def test_lists_cost_the_same_at_1_and_at_30_rows(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    lecturer, task = teaching(as_role)
    made.hand_in(task, made.learner(task))
    session.commit()
    counts = []
    for more in (0, 29):
        for _n in range(more):
            made.hand_in(task, made.learner(task))
        session.commit()
        for url in (
            f"/teaching/assignments/{task.block_id}?size=50",
            f"/teaching/runs/{task.run_id}/assignments",
            f"/teaching/assignments/{task.block_id}/marks.csv",
        ):
            session.expire_all()
            count_queries.clear()
            assert lecturer.get(url).status_code == 200
            counts.append(len(count_queries))
    assert counts[:3] == counts[3:]


def test_a_stranger_sees_nothing(as_role: AsRole, session: Session) -> None:
    _lecturer, task = teaching(as_role)
    row = made.hand_in(task, made.learner(task))
    session.commit()
    other = as_role(Role.TRAINEE, person_id=ground.person().id)
    session.commit()
    for url in (f"/assignments/{task.block_id}", f"/teaching/submissions/{row.id}", f"/teaching/assignments/{task.block_id}/archive.zip"):
        assert other.get(url).status_code in (403, 404)
    for page in ("extensions", "setup", "peers", "marks.xlsx"):
        assert other.get(f"/teaching/assignments/{task.block_id}/{page}").status_code == 403


def test_the_staff_counts_a_team_s_work_for_who_joined_later(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role, is_group=True)
    one = made.learner(task)
    late_one, late = learning(as_role, task, "晚来的")
    run = catalogue.run_by_id(task.run_id)
    assert run is not None
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=clock.now())
    setup.put_into_group(run=run, person_id=one.person_id, group_id=team.id, by=SYSTEM, now=clock.now())
    row = made.grade(made.hand_in(task, one, now=clock.now()), 900)
    setup.put_into_group(run=run, person_id=late.person_id, group_id=team.id, by=SYSTEM, now=clock.now())
    releasing.release(assignment=task, by=SYSTEM, now=clock.now())
    session.commit()
    assert "是否计入你的成绩由教师决定" in late_one.get(f"/assignments/{task.block_id}").text
    url = f"/teaching/submissions/{row.id}"
    assert ("提交后加入小组" in lecturer.get(url).text, late_one.post(url, data={"do": "take_in"}).status_code) == (True, 403)
    form = {"do": "take_in", "person_id": late.person_id}
    assert [lecturer.post(url, data=form).status_code for _twice in range(2)] == [303, 422]
    assert "90" in late_one.get(f"/assignments/{task.block_id}").text
    assert "提交后加入小组" not in lecturer.get(url).text


def test_staff_pages_open_and_groups_are_moved(as_role: AsRole, session: Session) -> None:
    now = clock.now()
    lecturer, task = teaching(as_role, peers=1, peers_needed=1, peer_due_at=now + timedelta(days=9), rubric=made.RUBRIC)
    people = [made.learner(task) for _n in range(4)]
    session.commit()
    run_url, url = f"/teaching/runs/{task.run_id}/teams", f"/teaching/assignments/{task.block_id}"
    assert lecturer.post(run_url, data={"do": "draw", "size": "2"}).status_code == 303
    assert lecturer.post(run_url, data={"do": "draw", "size": "1"}).status_code == 422
    assert lecturer.post(run_url, data={"do": "add", "name": "第 1 组"}).status_code == 422
    group = session.scalars(teams.of_run(task.run_id)).first()
    assert lecturer.post(run_url, data={"do": "move", "person_id": people[0].person_id, "group_id": group.id}).status_code == 303
    assert lecturer.get(run_url).status_code == 200
    until = clock.local(now + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    own = [as_role(Role.TRAINEE, person_id=row.person_id) for row in people[:2]]
    assert lecturer.post(f"{url}/extensions", data={"person_id": people[0].person_id, "until_at": until, "reason": "病假"}).status_code == 303
    assert "病假" in lecturer.get(f"{url}/extensions").text
    # Only whom it concerns reads of more time.
    assert ["为你延长至" in one.get(url.replace("/teaching", "")).text for one in own] == [True, False]
    example = {"title": "样例", "text": "正文", "points_c1": "60", "points_c2": "30", "comment": "参考"}
    assert lecturer.post(f"{url}/peers", data=example).status_code == 303
    assert lecturer.post(f"{url}/peers", data={**example, "points_c1": "59"}).status_code == 422
    assert lecturer.get(f"{url}/peers").status_code == 200
    student = as_role(Role.TRAINEE, person_id=people[0].person_id)
    student.post(f"/assignments/{task.block_id}", data={"text": "正文", "do": "submit"})
    row = peers.examples_of(task.id)[0]
    example_url = f"/assignments/{task.block_id}/examples/{row.id}"
    assert "教师评分" not in student.get(example_url).text
    assert student.post(example_url, data={"points_c1": "60", "points_c2": "20"}).status_code == 303
    assert "教师评分" in student.get(example_url).text
    assert lecturer.post(f"{url}/peers", data={"do": "begin"}).status_code == 303


def test_a_copied_run_offers_the_rules_of_the_one_before_without_its_dates(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    task = made.assignment(run, max_x10=500, percent_per_day=7)
    _new, blocks = copying.copy_run(run=make.loaded(run), code="R-2", starts_on=make.NOW.date(), by=SYSTEM, now=make.NOW)
    session.commit()
    lecturer = as_role(Role.LECTURER, person_id=lead.id, organisation_id=run.course.owner_id)
    page = lecturer.get(f"/teaching/assignments/{blocks[task.block_id]}/setup").text
    assert "上一期同一作业的设置" in page
    assert 'value="50.0"' in page
    assert 'value="7"' in page
    assert "2026-03-09T" not in page


def test_the_first_page_says_what_is_due_and_what_waits(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role)
    session.commit()
    student, row = learning(as_role, task)
    assert "提交作业：课程设计" in student.get("/").text
    made.hand_in(task, row, now=clock.now())
    session.commit()
    assert "提交作业：课程设计" not in student.get("/").text
    assert "评阅作业" in lecturer.get("/").text


def test_two_members_who_both_opened_an_empty_page_do_not_overwrite_each_other(as_role: AsRole, session: Session) -> None:
    _lecturer, task = teaching(as_role, is_group=True)
    clients = [learning(as_role, task, name) for name in ("林同学", "白同学")]
    run = catalogue.run_by_id(task.run_id)
    assert run is not None
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=made.NOW)
    for _client, row in clients:
        setup.put_into_group(run=run, person_id=row.person_id, group_id=team.id, by=SYSTEM, now=made.NOW)
    session.commit()
    url, json = f"/assignments/{task.block_id}", {"Accept": "application/json"}
    (one, row), (two, _other) = clients
    assert one.post(url, data={"text": "甲写的", "version": ""}, headers=json).status_code == 200
    refused = two.post(url, data={"text": "乙写的", "version": ""})
    assert (refused.status_code, "乙写的" in refused.text) == (409, True)  # what was typed is not lost either
    kept = work.submission_of(task.id, row.person_id)
    assert kept is not None
    assert kept.draft_text == "甲写的"
    assert two.post(url, data={"text": "甲写的", "version": ""}, headers=json).status_code == 200  # the same words are no conflict


def test_who_joins_a_team_after_its_draft_began_reads_it_and_goes_on_with_it(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role, is_group=True, max_files=2)
    (one, first), (late_one, late) = (learning(as_role, task, name) for name in ("林同学", "晚同学"))
    run = catalogue.run_by_id(task.run_id)
    assert run is not None
    team = setup.add_group(run=run, name="红", by=SYSTEM, now=made.NOW)
    setup.put_into_group(run=run, person_id=first.person_id, group_id=team.id, by=SYSTEM, now=made.NOW)
    session.commit()
    url = f"/assignments/{task.block_id}"
    page = {"text": "三人写的", "version": "", "files": (io.BytesIO(b"notes of the team"), "a.txt")}
    assert one.post(url, data=page, content_type="multipart/form-data").status_code == 303
    kept = work.submission_of(task.id, first.person_id)
    assert kept is not None
    (file,) = work.draft_files(kept.id)
    assert late_one.get(f"/assignments/files/{file.id}").status_code == 403  # not of the team yet
    setup.put_into_group(run=run, person_id=late.person_id, group_id=team.id, by=SYSTEM, now=made.NOW)
    session.commit()
    shown = html.fromstring(late_one.get(url).text)
    version = shown.xpath("//input[@name='version']/@value")[0]
    assert (shown.xpath("string(//textarea[@name='text'])").strip(), version) == ("三人写的", str(kept.version))
    assert "林同学" in shown.text_content()
    assert late_one.get(f"/assignments/files/{file.id}").status_code == 200
    assert work.submission_of(task.id, late.person_id) is None  # to read is not to join
    assert late_one.post(url, data={"text": "四人写的", "version": version, "do": "submit", "submission_key": "k" * 24}).status_code == 303
    handed_in = work.submission_of(task.id, late.person_id)
    assert handed_in is not None
    assert (handed_in.id, handed_in.number, handed_in.draft_text) == (kept.id, 1, "四人写的")
    assert lecturer.get(f"/teaching/submissions/{kept.id}").status_code == 200


def test_a_null_character_in_what_is_pasted_is_dropped(as_role: AsRole, session: Session) -> None:
    """PostgreSQL keeps no text with one: without this every save of the draft is an error there."""
    lecturer, task = teaching(as_role)
    student, row = learning(as_role, task)
    assert student.post(f"/assignments/{task.block_id}", data={"text": "从 PDF 粘贴\x00的正文", "version": ""}).status_code == 303
    kept = work.submission_of(task.id, row.person_id)
    assert kept is not None
    assert kept.draft_text == "从 PDF 粘贴的正文"
    assert lecturer.post(f"/teaching/runs/{task.run_id}/teams", data={"do": "add", "name": "\x00"}).status_code == 422
    assert lecturer.post(f"/teaching/runs/{task.run_id}/teams", data={"do": "add", "name": "红\x00组"}).status_code == 303


def test_after_the_release_was_stopped_no_page_says_that_marks_are_hidden(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role, peers=2, peer_due_at=clock.now() + timedelta(days=6))
    row = made.hand_in(task, made.learner(task))
    session.commit()
    pages = [f"/teaching/assignments/{task.block_id}{end}" for end in ("", "/peers", "/extensions", "/setup")]
    each_run = f"/teaching/runs/{task.run_id}/assignments"

    def said(word: str) -> list[bool]:
        return [word in lecturer.get(page).text for page in (*pages, each_run)]

    assert said("成绩未发布") == [True, True, True, True, False]
    grading.override(submission=row, version=None, points_x10=500, reason="复核", by=SYSTEM, now=clock.now())
    session.commit()
    assert lecturer.post(f"/teaching/assignments/{task.block_id}/release").status_code == 303
    assert said("已停止自动公布") == [False] * 5
    assert lecturer.post(f"/teaching/assignments/{task.block_id}/release", data={"do": "stop"}).status_code == 303
    assert said("已停止自动公布，此前公布的成绩仍可见") == [True, True, True, True, False]
    assert (said("成绩未发布"), "已停止自动公布" in lecturer.get(each_run).text) == ([False] * 5, True)


def test_what_was_sent_back_and_never_comes_again_gets_its_mark_by_an_override_on_its_page(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role)
    row = made.hand_in(task, made.learner(task))
    grading.send_back(submission=row, version=None, reason="请补充", by=SYSTEM, now=clock.now())
    session.commit()
    where = f"/teaching/submissions/{row.id}"
    refused = lecturer.post(where, data={"points": "60"})
    assert (refused.status_code, "改定成绩" in refused.text) == (422, True)
    page = lecturer.get(where).text
    assert [f'name="do" value="{what}"' in page for what in ("override", "return")] == [True, False]
    assert lecturer.post(where, data={"do": "override", "points": "60", "reason": "未再提交"}).status_code == 303
    assert lecturer.get(where).text.count('name="do" value="return"') == 1


def test_nothing_is_handed_in_behind_a_closed_door(as_role: AsRole, session: Session) -> None:
    """What was begun stays readable; who was sent back or given more time goes on."""
    _lecturer, task = teaching(as_role)
    student, row = learning(as_role, task)
    url, json = f"/assignments/{task.block_id}", {"Accept": "application/json"}
    assert student.post(url, data={"text": "九点五十八分的草稿", "version": ""}, headers=json).status_code == 200

    def shut(access: Access, *, is_published: bool = True) -> None:
        block = session.get_one(Block, task.block_id, populate_existing=True)
        block.access, block.is_published = access.plain(), is_published
        session.commit()

    def sent(**more: str) -> tuple[int, bool]:
        page = student.post(url, data={"text": "晚了", "do": "submit", "version": "", "submission_key": secrets.token_hex(8)} | more)
        return page.status_code, "关闭" in page.text

    over = Access((Condition(ConditionKind.DATE, until=clock.now() - timedelta(minutes=1)),))
    shut(over)
    page = student.get(url)
    assert (page.status_code, "已于" in page.text, 'value="submit"' in page.text) == (200, True, False)
    assert ("没有提交的内容" in page.text, "九点五十八分的草稿" in page.text) == (True, True)
    assert sent() == (403, True)
    autosave = student.post(url, data={"text": "晚了", "version": "1"}, headers=json)
    assert (autosave.status_code, "关闭" in autosave.get_json()["error"]) == (403, True)
    shut(Access(), is_published=False)
    assert sent()[0] == 404
    mine = work.submission_of(task.id, row.person_id)
    assert mine is not None
    assert (mine.draft_text, mine.number) == ("九点五十八分的草稿", 0)
    shut(over)
    setup.extend(assignment=task, person_id=row.person_id, until_at=clock.now() + timedelta(days=5), reason="停电", by=SYSTEM, now=clock.now())
    session.commit()
    assert 'value="submit"' in student.get(url).text
    assert sent()[0] in (303, 409)


def test_a_run_that_was_ended_takes_no_work_but_of_who_was_sent_back_or_given_more_time(as_role: AsRole, session: Session) -> None:
    lecturer, task = teaching(as_role)
    student, row = learning(as_role, task)
    back, other = learning(as_role, task, "白同学")
    grading.send_back(submission=made.hand_in(task, other, now=clock.now()), version=None, reason="请补充", by=SYSTEM, now=clock.now())
    run = catalogue.run_by_id(task.run_id)
    assert run is not None
    url = f"/assignments/{task.block_id}"

    def asked(person_id: int) -> list[int]:
        return [one.block_id for one in work.to_hand_in(person_id, clock.now() + timedelta(days=30), clock.now())]

    def sent(client: FlaskClient) -> tuple[int, bool]:
        version = html.fromstring(client.get(url).text).xpath("string(//input[@name='version']/@value)")
        page = client.post(url, data={"text": "结束以后", "do": "submit", "version": version, "submission_key": secrets.token_hex(12)})
        return page.status_code, "这期课程已结束，不再接收作业" in page.text and ("结束以后</textarea>" in page.text)

    assert asked(row.person_id) == asked(other.person_id) == [task.block_id]
    offerings.close_run(run=run, by=SYSTEM, now=clock.now())
    session.commit()
    page = student.get(url).text
    assert ("这期课程已结束，不再接收作业" in page, 'value="submit"' in page) == (True, False)
    assert sent(student) == (422, True)
    assert work.submission_of(task.id, row.person_id) is None
    assert "这期课程已结束" in student.get(f"/learning/runs/{run.id}/progress").text
    assert (asked(row.person_id), asked(other.person_id)) == ([], [task.block_id])
    assert sent(back)[0] == 303
    setup.extend(assignment=task, person_id=row.person_id, until_at=clock.now() + timedelta(days=5), reason="停电", by=SYSTEM, now=clock.now())
    session.commit()
    assert asked(row.person_id) == [task.block_id]
    assert sent(student)[0] == 303
    settings = lecturer.get(f"/teaching/runs/{run.id}/settings")
    assert settings.status_code == 200
