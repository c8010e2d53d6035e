"""Doors on the server: units, quizzes and files behind conditions; polls, live sessions, laboratories and their reports."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, LabLaunch, LabReport, Run
from courses.catalogue.operations import content, groups, labs, offerings, team, versions
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, StaffRole
from courses.learning import log_queries, opening, operations, queries
from courses.learning.models import Enrolment, LearningEvent
from courses.learning.types import EventKind
from tests.courses.catalogue.test_media import GOOD, mp4
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def learner(as_role: AsRole, session: Session, run: Run) -> tuple[FlaskClient, Enrolment]:
    row = make.enrolment(run)
    session.commit()
    return as_role(Role.STUDENT, person_id=row.person_id), row


def only(*conditions: Condition) -> dict[str, Any] | None:
    return Access(conditions).plain()


def test_learning_goes_on_where_something_can_be_done(as_role: AsRole, session: Session) -> None:
    """Not in an open unit of which only what is still closed is left."""
    run = make.run(is_published=True)
    first, second = make.unit(run), make.unit(run)
    done, later = make.text(first), make.text(first)
    make.text(second)
    later.access = only(Condition(ConditionKind.DATE, since=clock.now() + timedelta(days=1)))
    browser, me = learner(as_role, session, make.loaded(run))
    for block in catalogue.outline(run.id).blocks:
        if block.id not in (later.id, catalogue.blocks_of(second.id)[0].id):
            operations.mark_done(enrolment=me, block=session.get_one(Block, block.id), by=SYSTEM, now=make.NOW)
    session.commit()
    assert done.id != later.id
    assert browser.get(f"/learning/runs/{run.id}").headers["Location"].endswith(f"/units/{second.id}")
    operations.mark_done(enrolment=me, block=catalogue.blocks_of(second.id)[0], by=SYSTEM, now=make.NOW)
    session.commit()
    assert browser.get(f"/learning/runs/{run.id}").headers["Location"].endswith(f"/units/{first.id}"), "what is left opens tomorrow"


def test_a_closed_unit_says_what_opens_it_and_nothing_gets_around_it(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    part = make.section(run)
    first, second = make.unit(run, part, title="安全须知"), make.unit(run, part, title="实训")
    must = make.text(first)
    quiz = make.quiz(second, of=run)
    stored = files.keep_bytes("讲义".encode(), name="讲义.txt", kind="course", media_type="text/plain", by=SYSTEM, now=make.NOW)
    handout = content.add_block(unit=second, kind=BlockKind.FILE, file_id=stored.id, by=SYSTEM, now=make.NOW)
    content.add_asset(run=run, name="p.txt", file=stored, by=SYSTEM, now=make.NOW)
    make.text(second, body="[图](/static/p.txt)")
    versions.save(part=second, version=None, by=SYSTEM, now=make.NOW, access=only(Condition(ConditionKind.DONE, f"unit:{first.key}")))
    versions.publish_drafts(parts=[second], note="", by=SYSTEM, now=make.NOW)
    client, _row = learner(as_role, session, run)
    page = client.get(f"/learning/runs/{run.id}/units/{second.id}")
    assert page.status_code == 403
    assert "完成“安全须知”后开放" in page.text
    assert client.post(f"/learning/blocks/{quiz.id}/attempts").status_code == 403
    assert client.get(f"/learning/blocks/{handout.id}/file").status_code == 403
    assert client.get(f"/learning/runs/{run.id}/assets/p.txt").status_code == 403
    assert "完成“安全须知”后开放" in client.get(f"/learning/runs/{run.id}/units/{first.id}").text
    client.post(f"/learning/runs/{run.id}/units/{second.id}/done")
    assert client.post(f"/learning/runs/{run.id}/units/{first.id}/done").status_code == 303
    assert must.id in queries.states_of(_row.id)
    assert client.get(f"/learning/runs/{run.id}/units/{second.id}").status_code == 200
    assert client.post(f"/learning/blocks/{quiz.id}/attempts").status_code == 303
    assert client.get(f"/learning/blocks/{handout.id}/file").status_code == 200
    assert client.get(f"/learning/runs/{run.id}/assets/p.txt").status_code == 200


def test_what_is_for_another_group_is_not_there_and_not_needed(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=make.NOW)
    unit = make.unit(run)
    secret = make.text(unit, title="红组材料", access=only(Condition(ConditionKind.GROUP, red.key)))
    client, row = learner(as_role, session, run)
    assert operations.standing_of(row, run, clock.now()).total == 1
    assert "红组材料" not in client.get(f"/learning/runs/{run.id}/units/{unit.id}").text
    assert client.get(f"/learning/blocks/{secret.id}/file").status_code == 404
    groups.change_members(group=red, joining=[row.person_id], leaving=(), learners=[row.person_id], by=SYSTEM, now=make.NOW)
    session.commit()
    assert "红组材料" in client.get(f"/learning/runs/{run.id}/units/{unit.id}").text
    assert operations.standing_of(row, run, clock.now()).total == 2


def test_groups_are_made_filled_and_dissolved_on_their_pages(as_role: AsRole, session: Session) -> None:
    lead, one = ground.person(), ground.person(name="王小明")
    run = make.run(lead=lead, is_published=True)
    make.enrolment(run, one)
    make.enrolment(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    assert author.post(f"/teaching/runs/{run.id}/groups", data={"name": "红组", "set_name": "颜色"}).status_code == 303
    assert author.post(f"/teaching/runs/{run.id}/groups", data={"name": "红组", "set_name": "颜色"}).status_code == 422
    (red,) = found.groups_of(run.id)
    page = f"/teaching/groups/{red.id}"
    assert "王小明" in author.get(f"{page}?q=wangxiao").text
    assert author.post(page, data={"name": "赤组", "member": [str(one.id)]}).status_code == 303
    assert "王小明" not in author.get(f"{page}?q=nobody").text
    assert author.post(f"{page}?q=nobody", data={"name": "赤组"}).status_code == 303  # who was not shown stays
    assert "checked" in author.get(f"{page}?q=wangxiao").text
    assert author.post(page, data={"name": "赤组", "member": [str(lead.id)]}).status_code == 422
    assert author.post(f"/teaching/runs/{run.id}/groups", data={"number": "2"}).status_code == 303
    assert author.post(page, data={"remove": "yes"}).status_code == 303
    assert sorted(found.group_sizes(run.id).values()) == [1, 1]


def test_a_course_waits_for_the_courses_before_it(as_role: AsRole, session: Session) -> None:
    before, run = make.run(is_published=True), make.run(is_published=True)
    team.set_prerequisites(course=run.course, required_ids=[before.course_id], by=SYSTEM, now=make.NOW)
    who = ground.person()
    session.commit()
    client = as_role(Role.STUDENT, person_id=who.id)
    assert before.course.title in client.get(f"/courses/{run.course.code}").text
    refused = client.post(f"/learning/runs/{run.id}/enrol")
    assert refused.status_code == 422
    assert "先学完先修课程" in refused.text
    done = make.enrolment(before, who)
    for block in session.scalars(select(Block).where(Block.run_id == before.id)):
        operations.mark_done(enrolment=done, block=block, by=SYSTEM, now=make.NOW)
    session.commit()
    assert client.post(f"/learning/runs/{run.id}/enrol").status_code == 303


def test_a_poll_counts_everybody_once_and_shows_results_after(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    unit = make.unit(run)
    poll = content.add_block(unit=unit, kind=BlockKind.POLL, settings={"options": ["甲", "乙"]}, title="选哪个", by=SYSTEM, now=make.NOW)
    client, row = learner(as_role, session, run)
    page = f"/learning/runs/{run.id}/units/{unit.id}"
    assert "数据表" not in client.get(page).text
    assert client.post(f"/learning/blocks/{poll.id}/vote").status_code == 422
    assert client.post(f"/learning/blocks/{poll.id}/vote", data={"choice": "7"}).status_code == 422
    for choice in ("1", "0"):
        assert client.post(f"/learning/blocks/{poll.id}/vote", data={"choice": choice}).status_code == 303
    assert found.votes_of([poll.id]) == {poll.id: {1: 1}}
    given = {"part": poll, "version": None, "by": SYSTEM, "now": make.NOW}
    for options in (["乙", "甲"], ["乙", "丙"], ["甲", "丙"]):
        with pytest.raises(Refused, match="已经有人投票"):
            versions.save(settings={"options": options}, **given)
    versions.save(settings={"options": ["甲", "乙", "丙"]}, **given)
    versions.publish_drafts(parts=[poll], note="", by=SYSTEM, now=make.NOW)
    session.commit()
    assert "乙（我的选择）" in client.get(page).text
    assert "更正" not in client.get(page).text
    assert queries.states_of(row.id)[poll.id].is_done


def test_a_slip_in_an_option_is_corrected_after_votes_and_says_so(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    unit = make.unit(run)
    poll = content.add_block(unit=unit, kind=BlockKind.POLL, settings={"options": ["星其六", "星期日"]}, title="哪天", by=SYSTEM, now=make.NOW)
    client, _row = learner(as_role, session, run)
    given = {"part": poll, "version": None, "by": SYSTEM, "now": make.NOW}
    waiting = versions.save(settings={"options": ["星期六", "星期日"]}, **given)
    assert waiting is not None
    assert "corrected" not in waiting.data["settings"]  # nobody has voted yet
    client.post(f"/learning/blocks/{poll.id}/vote", data={"choice": "0"})
    versions.publish_drafts(parts=[poll], note="", by=SYSTEM, now=make.NOW)
    assert (poll.settings["options"][0], poll.settings["corrected"]) == ("星期六", {"0": "星其六"})
    assert found.votes_of([poll.id]) == {poll.id: {0: 1}}
    session.commit()
    assert "星期六（我的选择）（投票后更正错字，原为“星其六”）" in client.get(f"/learning/runs/{run.id}/units/{unit.id}").text
    versions.save(settings={"options": ["星期六上午", "星期日"]}, **given)
    versions.publish_drafts(parts=[poll], note="", by=SYSTEM, now=make.NOW)
    assert poll.settings["corrected"] == {"0": "星其六"}  # what was voted, not the last words
    with transaction():
        versions.save(settings={"options": ["星其六", "星期日"]}, **given)
        versions.publish_drafts(parts=[poll], note="", by=SYSTEM, now=make.NOW)
    assert "corrected" not in poll.settings
    told = [event.data for event in session.scalars(select(AuditEvent).where(AuditEvent.did == "courses.poll.corrected").order_by(AuditEvent.id))]
    assert [(data["before"][0], data["after"][0]) for data in told] == [("星其六", "星期六"), ("星期六", "星期六上午"), ("星期六上午", "星其六")]


def test_a_live_session_opens_a_quarter_before_and_then_becomes_a_recording(as_role: AsRole, session: Session) -> None:
    run = make.run(is_published=True)
    unit = make.unit(run)
    now = clock.now()
    times = {"starts_at": (now + timedelta(hours=1)).isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    block = content.add_block(
        unit=unit, kind=BlockKind.LIVE, settings={"url": "https://live.example.cn/1", **times}, title="答疑，一；二", by=SYSTEM, now=make.NOW
    )
    client, _row = learner(as_role, session, run)
    page = f"/learning/runs/{run.id}/units/{unit.id}"
    assert "live.example.cn" not in client.get(page).text
    entry = client.get(f"/learning/blocks/{block.id}/session.ics")
    assert entry.mimetype == "text/calendar"
    assert entry.text.startswith("BEGIN:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in entry.text.split("\r\n"))
    block.settings = {**block.settings, "starts_at": (now + timedelta(minutes=14)).isoformat()}
    session.commit()
    assert "live.example.cn" in client.get(page).text
    past = {"starts_at": (now - timedelta(hours=2)).isoformat(), "ends_at": (now - timedelta(hours=1)).isoformat()}
    block.settings = {**block.settings, **past, "recording": "https://video.example.cn/1"}
    session.commit()
    assert "video.example.cn" in client.get(page).text


def test_a_laboratory_that_cannot_report_is_left_to_the_learner(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    unit = make.unit(run)
    lab = {"kind": BlockKind.VSIM, "unit": unit, "by": SYSTEM, "now": make.NOW}
    block = content.add_block(title="数控", settings={"url": "https://lab.example.cn/a"}, **lab)
    kept = content.add_block(title="机床", settings={"url": "https://lab.example.cn/b"}, **lab)
    labs.new_secret(block=kept, by=SYSTEM, now=make.NOW)
    twin, _blocks = content.duplicate(part=kept, by=SYSTEM, now=make.NOW)
    assert labs.secret_of(twin.id) == labs.secret_of(kept.id)
    client, row = learner(as_role, session, run)
    with pytest.raises(Refused, match="不能直接标记"):
        operations.mark_done(enrolment=row, block=block, by=SYSTEM, now=make.NOW)
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    given = {"title": "数控", "url": "https://lab.example.cn/a", "is_required": "y", "weight": "1", "version": block.version}
    answer = author.post(f"/teaching/blocks/{block.id}", data=given, follow_redirects=True)
    assert (answer.status_code, "学员会一直显示“未完成”" in answer.text) == (200, True)
    session.refresh(block)
    given |= {"self_marked": "y", "version": block.version}
    refused = author.post(f"/teaching/blocks/{block.id}", data={**given, "is_graded": "y"})
    assert (refused.status_code, "没有成绩，不能计入总成绩" in refused.text) == (422, True)
    assert author.post(f"/teaching/blocks/{block.id}", data=given).status_code == 303
    session.refresh(block)
    versions.publish_drafts(parts=[block], note="", by=SYSTEM, now=make.NOW)
    session.commit()
    page = f"/learning/runs/{run.id}/units/{unit.id}"
    assert f'action="{page}/done"' in client.get(page).text
    assert client.post(f"{page}/done").status_code == 303
    states = queries.states_of(row.id)
    assert (states[block.id].is_done, kept.id in states) == (True, False)
    with pytest.raises(Refused, match="没有成绩"):
        content.add_block(settings={"url": "https://lab.example.cn/c", "self_marked": True}, is_graded=True, **lab)


class Lab:
    """A laboratory that has the secret of a block."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        self.client, self.secret = client, secret

    def report(self, token: str, body: Any, *, at: datetime | None = None, signature: str = "") -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int((at or clock.now()).timestamp()))
        sign = signature or labs.sign(self.secret, stamp.encode() + b"." + raw)
        headers = {"X-Trainhub-Timestamp": stamp, "X-Trainhub-Signature": f"v1={sign}"}
        return self.client.post(f"/api/labs/{token}/reports", data=raw, headers=headers)


def test_a_laboratory_is_entered_signed_and_reports_back_once(as_role: AsRole, session: Session, client: FlaskClient) -> None:
    run = make.run(is_published=True)
    unit = make.unit(run)
    block = content.add_block(
        unit=unit,
        kind=BlockKind.VSIM,
        settings={"url": "https://lab.example.cn/run?room=3"},
        is_graded=True,
        title="虚拟机床",
        by=SYSTEM,
        now=make.NOW,
    )
    secret = labs.new_secret(block=block, by=SYSTEM, now=make.NOW)
    student, row = learner(as_role, session, run)
    where = student.post(f"/learning/blocks/{block.id}/launch").headers["Location"]
    page = student.get(where).text
    launch = session.scalars(select(LabLaunch)).one()
    link = page.split('href="https://lab.example.cn')[1].split('"')[0].replace("&amp;", "&")
    given = dict(parse_qsl(urlsplit(link).query))
    assert given["room"] == "3"
    signed = urlencode(sorted((k, v) for k, v in given.items() if k.startswith("th_") and k != "th_sig"))
    assert labs.sign(secret, signed.encode()) == given["th_sig"]
    assert str(row.person_id) != given["th_user"]
    lab = Lab(client, secret)
    good = {"report": "r1", "completed": True, "score": 87.5}
    assert lab.report(launch.token, good, signature="0" * 64).status_code == 401
    assert lab.report(launch.token, good, at=clock.now() - timedelta(minutes=6)).status_code == 401
    assert lab.report("nobody", good).status_code == 404
    for bad in (
        b"{",
        [1],
        {"report": "", "completed": True},
        {"report": "x", "completed": 1},
        {**good, "score": 101},
        {**good, "more": 1},
        b'{"report":"x","completed":true,"score":NaN}',
    ):
        assert lab.report(launch.token, bad).status_code == 422
    first = lab.report(launch.token, good)
    assert (first.status_code, first.json) == (201, {"status": "received", "counted": True})
    again = lab.report(launch.token, good)
    assert (again.status_code, again.json) == (200, {"status": "known", "counted": True})
    assert lab.report(launch.token, {**good, "score": 100}).status_code == 409
    lower = lab.report(launch.token, {"report": "r2", "completed": False, "score": 10})
    assert lower.status_code == 201
    state = queries.states_of(row.id)[block.id]
    assert (state.is_done, state.score_x10) == (True, 875)
    assert session.scalars(select(LabReport.report_key).order_by(LabReport.id)).all() == ["r1", "r2"]
    assert [e.kind for e in log_queries.events_of(row.id, block.id)] == [EventKind.REPORTED, EventKind.REPORTED]
    assert operations.recompute(enrolment=row, by=SYSTEM, now=clock.now()) == []
    assert student.get("/learning/launches/other").status_code == 404


def test_a_report_for_a_removed_laboratory_is_kept_and_not_counted(as_role: AsRole, session: Session, client: FlaskClient) -> None:
    run = make.run(is_published=True)
    block = content.add_block(unit=make.unit(run), kind=BlockKind.VSIM, settings={"url": "https://lab.example.cn"}, by=SYSTEM, now=make.NOW)
    secret = labs.new_secret(block=block, by=SYSTEM, now=make.NOW)
    _student, row = learner(as_role, session, run)
    launch = labs.launch(block=block, person_id=row.person_id, by=SYSTEM, now=make.NOW)
    content.remove(part=block, by=SYSTEM, now=make.NOW)
    session.commit()
    answer = Lab(client, secret).report(launch.token, {"report": "r", "completed": True})
    assert (answer.status_code, answer.json) == (201, {"status": "received", "counted": False})


@pytest.mark.parametrize("how", ["the run has ended", "the laboratory has closed", "nothing ended"])
def test_a_report_after_the_end_is_kept_and_raises_no_mark(as_role: AsRole, session: Session, client: FlaskClient, how: str) -> None:
    """A launch is good for ever: whoever reports by it again when everything is marked changes nothing any more."""
    run = make.run()
    unit = make.unit(run)
    make.text(unit)
    lab: dict[str, Any] = {"settings": {"url": "https://lab.example.cn"}, "is_graded": True, "title": "实验", "by": SYSTEM, "now": make.NOW}
    if how == "the laboratory has closed":
        lab["access"] = only(Condition(ConditionKind.DATE, until=clock.now() + timedelta(hours=1)))
    block = content.add_block(unit=unit, kind=BlockKind.VSIM, **lab)
    make.publish(run)
    secret = labs.new_secret(block=block, by=SYSTEM, now=make.NOW)
    _student, row = learner(as_role, session, make.loaded(run))
    launch = labs.launch(block=block, person_id=row.person_id, by=SYSTEM, now=make.NOW)
    session.commit()
    place = Lab(client, secret)
    assert place.report(launch.token, {"report": "1", "completed": True, "score": 50}).json["counted"] is True
    if how == "the run has ended":
        offerings.close_run(run=make.loaded(run), by=SYSTEM, now=clock.now())
    elif how == "the laboratory has closed":
        block.access = only(Condition(ConditionKind.DATE, until=clock.now() - timedelta(hours=1)))
    session.commit()
    answer = place.report(launch.token, {"report": "2", "completed": True, "score": 100})
    assert (answer.status_code, answer.json["counted"]) == (201, how == "nothing ended")
    assert queries.states_of(row.id)[block.id].score_x10 == (1000 if how == "nothing ended" else 500)


def upload(client: FlaskClient, block: Block, what: str, raw: bytes, name: str, **more: str) -> Any:
    return client.post(f"/teaching/blocks/{block.id}/media", data={"what": what, "upload": (io.BytesIO(raw), name), **more})


def test_a_video_gets_heights_and_subtitles_and_what_is_none_is_refused(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    new = f"/teaching/units/{unit.id}/blocks/new?kind=video"
    fake = author.post(new, data={"title": "假", "upload": (io.BytesIO(b"\0\0\0\x18ftypisom" + b"text " * 99), "a.mp4")})
    assert "不是完整的视频文件" in fake.text
    assert "不能上传" in author.post(new, data={"title": "假", "upload": (io.BytesIO(b"text"), "a.mp4")}).text
    assert author.post(new, data={"title": "真", "upload": (io.BytesIO(mp4()), "a.mp4")}).status_code == 303
    block = session.scalars(select(Block).where(Block.unit_id == unit.id)).one()
    assert (block.settings["duration"], block.settings["height"]) == (12, 720)
    assert upload(author, block, "rendition", mp4(12, 360), "b.mp4").status_code == 303
    assert upload(author, block, "subtitles", GOOD, "zh.vtt", lang="zh").status_code == 303
    assert upload(author, block, "subtitles", GOOD, "en.vtt", lang="en").status_code == 303
    bad = upload(author, block, "subtitles", GOOD.replace(b"00:01.000", b"1s"), "zh.vtt", lang="zh")
    assert (bad.status_code, "第 3 行" in bad.text) == (422, True)
    svg = upload(author, block, "poster", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "p.svg")
    assert (svg.status_code, "出于安全不能上传" in svg.text) == (422, True)
    session.refresh(block)
    assert [item["height"] for item in block.settings["renditions"]] == [360]
    assert [item["lang"] for item in block.settings["captions"]] == ["zh", "en"]
    track = block.settings["captions"][0]["file"]
    page = author.get(f"/teaching/runs/{run.id}/preview/{unit.id}").text
    assert page.count("<track") == 2
    part = author.get(f"/learning/blocks/{block.id}/media/{block.settings['renditions'][0]['file']}", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, b"ftyp")
    assert author.get(f"/learning/blocks/{block.id}/media/{track}").data == GOOD
    assert author.get(f"/learning/blocks/{block.id}/media/999999").status_code == 404


def test_an_assistant_grades_and_does_not_edit(as_role: AsRole, session: Session) -> None:
    lead, helper = ground.person(), ground.person()
    run = make.run(lead=lead, is_published=True)
    title = run.course.title
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    invitation = team.invite(run=run, person_id=helper.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=make.NOW)
    session.commit()
    assert helper.name in author.get(f"/teaching/runs/{run.id}/settings").text
    assistant = as_role(Role.STUDENT, person_id=helper.id)
    session.commit()
    assert run.course.title in assistant.get("/teaching/invitations").text
    assert ">我教的课程<" not in assistant.get("/learning").text
    assert assistant.get(f"/teaching/runs/{run.id}/grading").status_code == 403
    assert author.post(f"/teaching/invitations/{invitation.id}", data={"answer": "yes"}).status_code == 403
    assert assistant.post(f"/teaching/invitations/{invitation.id}", data={"answer": "yes"}).status_code == 303
    assert assistant.get(f"/teaching/runs/{run.id}/grading").status_code == 200
    assert assistant.get(f"/teaching/runs/{run.id}/learners").status_code == 200
    assert assistant.get(f"/teaching/runs/{run.id}").location == f"/teaching/runs/{run.id}/learners"  # the run's page is theirs, its content is not
    assert title in assistant.get("/teaching").text
    assert title not in as_role(Role.STUDENT).get("/teaching").text
    page = assistant.get(f"/teaching/runs/{run.id}/learners").text
    assert ">我教的课程<" in page
    for door, is_open in (("messages", True), ("grading", True), ("settings", False)):
        address = f"/teaching/runs/{run.id}/{door}"
        assert (f'href="{address}"' in page, assistant.get(address).status_code == 200) == (is_open, is_open), door
    assert assistant.get(f"/learning/runs/{run.id}/forum").status_code == 200


def test_a_preview_shows_a_chosen_day_group_and_the_drafts(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    red = groups.add_group(run=run, name="红组", by=SYSTEM, now=make.NOW)
    unit = make.unit(run, release_at=datetime(2030, 1, 1, tzinfo=UTC))
    shown = make.text(unit, body="原来的话", title="公开")
    make.text(unit, title="红组材料", access=only(Condition(ConditionKind.GROUP, red.key)))
    versions.save(part=shown, version=None, by=SYSTEM, now=make.NOW, body="改后的话")
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    page = f"/teaching/runs/{run.id}/preview/{unit.id}"
    plain = author.get(page).text
    assert "此时学员打不开" in plain
    assert ("原来的话" in plain, "红组材料" in plain) == (True, False)
    later = author.get(f"{page}?on=2030-02-01T08:00&group={red.key}&drafts=1").text
    assert "此时学员打不开" not in later
    assert ("改后的话" in later, "红组材料" in later) == (True, True)
    assert author.get(f"{page}?on=tomorrow").status_code == 422


def test_changes_are_published_together_from_one_page(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    block = session.scalars(select(Block).where(Block.run_id == run.id)).one()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    data = {
        "title": "题",
        "body": "新的一行",
        "body_format": "markdown",
        "is_required": "y",
        "weight": "1",
        "version": str(block.version),
        "note": "更新",
    }
    assert author.post(f"/teaching/blocks/{block.id}", data=data).status_code == 303
    assert author.post(f"/teaching/units/{block.unit_id}/blocks/new?kind=text", data={"title": "新块", "body": "x"}).status_code == 303
    page = author.get(f"/teaching/runs/{run.id}/changes").text
    assert "新的一行" in page
    assert "新块" in page
    assert "新的一行" in author.get(f"/teaching/block/{block.id}/versions").text
    assert author.post(f"/teaching/runs/{run.id}/changes", data={}).status_code == 422
    session.expire_all()
    new = session.scalars(select(Block).where(Block.title == "新块")).one()
    parts = [f"block:{block.id}:{block.draft_no}", f"block:{new.id}", "block:999", "x"]
    assert author.post(f"/teaching/runs/{run.id}/changes", data={"part": parts, "note": "第二版"}).status_code == 303
    session.expire_all()
    assert ("新的一行" in block.body_html, new.is_published) == (True, True)
    assert author.get(f"/teaching/runs/{run.id}").status_code == 200
    assert author.post(f"/teaching/block/{new.id}/remove").status_code == 303
    assert "新块" in author.get(f"/teaching/runs/{run.id}/removed").text
    assert author.post(f"/teaching/block/{new.id}/restore").status_code == 303


@pytest.mark.parametrize(("days", "is_open"), [(-1, True), (0, True), (1, False)])
def test_content_opens_on_the_first_day_of_its_run(as_role: AsRole, session: Session, days: int, is_open: bool) -> None:
    run = make.run(starts_on=clock.today() + timedelta(days=days))
    unit = make.unit(run)
    text, quiz = make.text(unit), make.quiz(unit, of=run)
    make.publish(run)
    browser, _row = learner(as_role, session, make.loaded(run))
    session.commit()
    answers = [browser.get(f"/learning/runs/{run.id}/units/{unit.id}"), browser.get(f"/learning/blocks/{quiz.id}/quiz")]
    assert [answer.status_code == 200 for answer in answers] == [is_open] * 2
    assert browser.post(f"/learning/runs/{run.id}/units/{unit.id}/done").status_code == 303  # marks what is open
    assert [event.block_id for event in session.scalars(select(LearningEvent))] == ([text.id] if is_open else [])
    progress = browser.get(f"/learning/runs/{run.id}/progress")
    assert progress.status_code == 200
    if not is_open:
        day = run.starts_on
        assert all(answer.status_code == 403 and f"{day}" in answer.text for answer in answers[:2])


def test_the_first_day_begins_at_midnight_in_shanghai(session: Session) -> None:
    run = make.run(starts_on=make.NOW.date() + timedelta(days=3))
    unit = make.unit(run)
    make.text(unit)
    make.publish(run)
    row = make.enrolment(make.loaded(run))
    begins = clock.start_of(run.starts_on)
    assert [bool(opening.door(row, at).why_unit(unit.id)) for at in (begins - timedelta(seconds=1), begins)] == [True, False]
    assert opening.doors_of([row], begins - timedelta(seconds=1))[row.id].why_unit(unit.id)
    assert opening.doors(row.person_id, [run.id], begins - timedelta(seconds=1))[run.id].why_unit(unit.id)
    later = begins + timedelta(days=1)
    content.update_part(part=catalogue.sections_of(run.id)[0], version=None, release_at=later, by=SYSTEM, now=make.NOW)
    versions.publish_drafts(parts=catalogue.sections_of(run.id), note="", by=SYSTEM, now=make.NOW)
    assert opening.door(row, begins).why_unit(unit.id)
    assert not opening.door(row, later).why_unit(unit.id)
