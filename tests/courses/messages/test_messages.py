"""Announcements are published once and in time; messages stay between a learner and the staff."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.learning import seat_queries
from courses.messages import operations, queries, tasks, writing
from courses.messages.models import Announcement, Conversation, Message
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused, TooMany
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def told(session: Session, kind: str) -> int:
    return len(session.scalars(select(Notice).where(Notice.kind == kind)).all())


def test_a_planned_announcement_is_published_once_at_its_time(session: Session) -> None:
    run = make.run(is_published=True)
    for _ in range(2):
        who = ground.person()
        make_account(person=who, username=f"told{who.id}")
        make.enrolment(run, who)
    row = operations.announce(run=run, title="答疑", body="**周五**<script>x</script>", publish_at=NOW + timedelta(hours=2), by=SYSTEM, now=NOW)
    assert (row.published_at, told(session, "courses.announcement"), queries.due(NOW)) == (None, 0, [])
    assert queries.due(NOW + timedelta(hours=2)) == [row.id]
    later = NOW + timedelta(hours=2, minutes=1)
    assert [operations.publish(announcement_id=row.id, by=SYSTEM, now=later) for _ in range(2)] == [2, 0]
    assert told(session, "courses.announcement") == 2
    assert (row.told, row.body_html.strip()) == (2, "<p><strong>周五</strong></p>")
    operations.change_announcement(row=row, title="改", body="改", publish_at=None, version=row.version, by=SYSTEM, now=later)
    assert told(session, "courses.announcement") == 2


def test_a_removed_plan_is_never_published(session: Session) -> None:
    run = make.run(is_published=True)
    row = operations.announce(run=run, title="x", body="x", publish_at=NOW + timedelta(hours=1), by=SYSTEM, now=NOW)
    operations.remove_announcement(row=row, by=SYSTEM, now=NOW)
    assert queries.due(NOW + timedelta(days=1)) == []
    assert operations.publish(announcement_id=row.id, by=SYSTEM, now=NOW + timedelta(days=1)) == 0


def test_messages_stay_between_two(as_role: AsRole, session: Session) -> None:
    lead, who, other = ground.person(), ground.person(), ground.person()
    run = make.run(lead=lead, is_published=True)
    make.enrolment(run, who)
    make.enrolment(run, other)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    learner, mate = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.TRAINEE, person_id=other.id)
    where = learner.post(f"/learning/runs/{run.id}/messages/new", data={"subject": "请假", "body": "下周<b>出差</b>"}).headers["Location"]
    assert mate.get(where).status_code == 403
    assert mate.post(where, data={"body": "偷看"}).status_code == 403
    assert "&lt;b&gt;" in teacher.get(where).text
    page = teacher.get(f"/teaching/runs/{run.id}/messages?show=open").text
    assert "请假" in page
    assert ">未读<" in page
    assert teacher.post(where, data={"body": "可以"}).status_code == 303
    assert "可以" in learner.get(where).text
    assert ">未读<" in learner.get("/learning/messages").text
    shown = re.findall(r'name="read" value="(\d+)"', learner.get(where).text)[0]
    assert teacher.post(where, data={"body": "请补假条"}).status_code == 303  # since the page was opened
    assert learner.post(where, data={"read": shown}).status_code == 303
    assert ">未读<" in learner.get("/learning/messages").text, "this one was not on the page"
    shown = re.findall(r'name="read" value="(\d+)"', learner.get(where).text)[0]
    assert learner.post(where, data={"read": shown}).status_code == 303
    assert ">未读<" not in learner.get("/learning/messages").text
    assert told(session, "courses.message") == 3
    assert learner.post(where, data={"body": "字" * 6000}).status_code == 422


@pytest.mark.parametrize(("before", "is_refused"), [(operations.MOST_AN_HOUR - 1, False), (operations.MOST_AN_HOUR, True)])
def test_a_learner_writes_so_many_messages_in_an_hour(session: Session, before: int, is_refused: bool) -> None:
    run, who = make.run(is_published=True), ground.person()
    make.enrolment(run, who)
    given = {"run": run, "person_id": who.id, "subject": "问", "body": "问", "sender_id": who.id, "is_staff": False, "by": SYSTEM}
    talk = operations.write(**given, now=NOW - timedelta(minutes=61))  # type: ignore[arg-type]
    asked = {"conversation_id": talk.id, "sender_id": who.id, "is_staff": False, "body": "x", "sent_at": NOW - timedelta(minutes=59)}
    session.add_all(Message(**asked) for _n in range(before))
    session.flush()
    if not is_refused:
        assert operations.write(**given, now=NOW)  # type: ignore[arg-type]
        return
    with pytest.raises(TooMany):
        operations.reply(run=run, conversation=talk, body="还有", sender_id=who.id, is_staff=False, by=SYSTEM, now=NOW)
    assert operations.reply(run=run, conversation=talk, body="答", sender_id=ground.person().id, is_staff=True, by=SYSTEM, now=NOW)


def test_a_selection_gets_a_conversation_each(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    rows = [make.enrolment(run) for _ in range(3)]
    elsewhere = make.enrolment(make.run(is_published=True))
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    url = f"/teaching/runs/{run.id}/messages/new"
    picked = [rows[0].id, rows[2].id, elsewhere.id]
    assert "2 名学员" in teacher.post(url, data={"enrolment": picked}).text
    assert teacher.post(url, data={"enrolment": picked, "subject": "进度", "body": "加油"}).status_code == 303
    found = session.scalars(select(Conversation).order_by(Conversation.id)).all()
    assert sorted(row.person_id for row in found) == sorted([rows[0].person_id, rows[2].person_id])
    assert teacher.post(url, data={"all": "1", "subject": "全体", "body": "好"}).status_code == 303
    assert len(session.scalars(select(Conversation)).all()) == 5
    assert as_role(Role.TRAINEE, person_id=rows[0].person_id).get(url).status_code == 403


def test_very_many_are_written_to_by_a_job_that_can_be_interrupted(as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    people = sorted(make.enrolment(run).person_id for _ in range(5))
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    data = {"subject": " 进度 提醒", "body": "加油", "submission_key": "many"}
    monkeypatch.setattr(writing, "NAMED", 2)
    page = teacher.get(f"/teaching/runs/{run.id}/messages/new?all=1").text
    names = session.scalars(select(Person.name).where(Person.id.in_(people)).order_by(Person.id)).all()
    assert ("收件人：5 名学员" in page, sum(name in page for name in dict.fromkeys(names))) == (True, 2), "counted, and the first are named"
    for _twice in range(2):
        assert teacher.post(f"/teaching/runs/{run.id}/messages/new?all=1", data=data).status_code == 303
    assert session.scalars(select(Conversation)).all() == []
    job = session.scalars(select(jobs.Job).where(jobs.Job.task == tasks.SEND)).one()
    asked, running = job.asked_by_id, jobs.Running(job.id, job.args, job.asked_by_id)
    at = datetime.fromisoformat(running.args["at"])
    operations.write_to_many(run=run, person_ids=people[1:3], subject="进度 提醒", body="加油", sender_id=lead.id, by=SYSTEM, now=at)  # died here
    session.commit()
    assert (asked is not None, tasks.send(running), tasks.send(running)) == (True, {"sent": 3}, {"sent": 0})
    assert sorted(session.scalars(select(Conversation.person_id))) == people


@pytest.mark.parametrize(("learners", "at_once"), [(2, 2), (5, 0)])
def test_very_many_are_told_of_an_announcement_by_a_job(session: Session, monkeypatch: pytest.MonkeyPatch, learners: int, at_once: int) -> None:
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    run = make.run(is_published=True)
    for _ in range(learners):
        who = ground.person()
        make_account(person=who, username=f"told{who.id}")
        make.enrolment(run, who)
    row = operations.announce(run=run, title="停课", body="明天", publish_at=None, by=SYSTEM, now=NOW)
    assert (row.published_at, row.told, told(session, "courses.announcement")) == (NOW, at_once, at_once)
    found = session.scalars(select(jobs.Job).where(jobs.Job.task == operations.TELL)).all()
    assert len(found) == int(not at_once)
    for job in found:
        running = jobs.Running(job.id, job.args, job.asked_by_id)
        operations.tell(row=row, person_ids=seat_queries.seated_persons(run.id)[:2], now=NOW)  # died here
        session.commit()
        assert (tasks.tell(running), tasks.tell(running)) == ({"told": 3}, {"told": 0})
        session.refresh(row)
        assert (row.told, told(session, "courses.announcement")) == (5, 5)


def test_a_job_without_its_sender_says_so() -> None:
    with pytest.raises(Refused, match="谁发送"):
        tasks.send(jobs.Running(0, {"person_ids": [1]}, None))


def test_one_announcement_that_cannot_be_published_keeps_no_other_from_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make.run(is_published=True)
    bad, good = (operations.announce(run=run, title=t, body=t, publish_at=NOW + timedelta(hours=1), by=SYSTEM, now=NOW) for t in "甲乙")
    real = operations.publish

    def publish(*, announcement_id: int, **given: object) -> int:
        if announcement_id == bad.id:
            raise RuntimeError("坏")
        return real(announcement_id=announcement_id, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(operations, "publish", publish)
    session.commit()
    with time_machine.travel(NOW + timedelta(hours=2), tick=False), pytest.raises(RuntimeError):
        tasks.publish_due(jobs.Running(0, {}, None))
    session.refresh(good)
    assert good.published_at is not None


def test_pages_of_announcements(as_role: AsRole, app: Flask, session: Session) -> None:
    lead, who = ground.person(), ground.person()
    run = make.run(lead=lead, is_published=True)
    make.enrolment(run, who)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    learner = as_role(Role.TRAINEE, person_id=who.id)
    base = f"/teaching/runs/{run.id}/announcements"
    assert teacher.post(f"{base}/new", data={"title": "立即", "body": "内容"}).status_code == 303
    assert teacher.post(f"{base}/new", data={"title": "以后", "body": "内容", "publish_at": "2099-01-01T08:00"}).status_code == 303
    page = learner.get(f"/learning/runs/{run.id}/announcements").text
    assert "立即" in page
    assert "以后" not in page
    assert "待发布" in teacher.get(base).text
    row = session.scalars(select(Announcement).where(Announcement.title == "以后")).one()
    assert teacher.get(f"/teaching/announcements/{row.id}").status_code == 200
    assert learner.get(f"/teaching/announcements/{row.id}").status_code == 403
    assert teacher.post(f"/teaching/announcements/{row.id}", data={"remove": "1"}).status_code == 303
    assert teacher.post(f"{base}/new", data={"title": "", "body": ""}).status_code == 422
