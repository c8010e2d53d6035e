"""The one-time links of mentors without an account: whose they are, what they open, and who can act by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors import queries as mentors
from enterprises.mentors.address_queries import digest_of
from enterprises.mentors.models import MentorAddress
from enterprises.mentors.proving import TRIES
from enterprises.placements import operations, queries
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import DayState, PlacementState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.capstones import told
from tests.factories.remembering import remembered
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import in_language
from trainhub.people import queries as people
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def running(session: Session) -> SimpleNamespace:
    """One mentor of an enterprise with students of two schools, for each of whom a day waits; the mentor has no account."""
    with transaction():
        enterprise = ground.enterprise()
        base = ground.base(enterprise)
        make.opened_base(base=base)
        person = ground.person(email="mentor@example.cn", phone="138 0000 4321")
        session.add(MentorAddress(person_id=person.id, digest=digest_of("mentor@example.cn"), how="当面", vouched_at=NOW))
        mentor = make.mentor(enterprise=enterprise, person=person)
        found = SimpleNamespace(
            mentor_id=mentor.id,
            mentor_person=person.id,
            mentor_name=person.name,
            digits="4321",
            enterprise_id=enterprise.id,
            student="",
            keys=[],
            schools=[],
            programmes=[],
            entries=[],
            heads=[],
        )
        for _school in range(2):
            university = ground.university()
            term = make.term(university=university)
            position = make.position(enterprise=enterprise, base=base, terms=[term])
            programme = ground.programme(university)
            student = ground.student(programme, petoe_since=date(2023, 9, 1))
            head = identity.account(person=ground.person())
            identity.grant(head, Role.PROGRAMME_ADMIN, programme_id=programme.id)
            row = make.started(student=student, position=position, term=term, mentor=mentor)
            entry = operations.log_day(placement=row, on=TODAY, today=TODAY, by=SYSTEM, now=NOW)
            found.keys.append(row.id)
            found.schools.append(university.id)
            found.programmes.append(programme.id)
            found.heads.append(head.id)
            found.student = found.student or people.names_of([student.person_id])[student.person_id]
            found.entries.append(entry.id)
    return found


@pytest.fixture
def mails(app: Flask) -> Any:
    """What is sent by e-mail."""
    known, sent = dict(app.extensions.get("trainhub.channels", {})), list[str]()
    delivery.register_channel(app, Channel.EMAIL, lambda to, subject, text, now: sent.append(text))
    yield sent
    app.extensions["trainhub.channels"] = known


def link_in(text: str) -> str:
    found = re.search(r"/placements/c/[\w-]+", text)
    return found[0] if found else ""


def test_a_school_never_sees_the_link_that_confirms_its_own_days(running: SimpleNamespace, as_role: AsRole, app: Flask, mails: list[str]) -> None:
    school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[0])
    page = school.post(f"/placements/{running.keys[0]}/mentor-link").text
    assert (link_in(page), len(mails)) == ("", 1)
    del app.extensions["trainhub.channels"][Channel.EMAIL]
    refused = school.post(f"/placements/{running.keys[0]}/mentor-link")
    assert (refused.status_code, link_in(refused.text), "链接没有生成" in refused.text) == (422, "", True)
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
    assert link_in(host.post(f"/placements/{running.keys[0]}/mentor-link").text)
    assert app.test_client().get(link_in(mails[0])).status_code == 200  # a refusal closes nothing


def test_a_link_opens_the_students_of_whoever_made_it(running: SimpleNamespace, as_role: AsRole, app: Flask, mails: list[str]) -> None:
    as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[0]).post(f"/placements/{running.keys[0]}/mentor-link")
    as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id).post(f"/placements/{running.keys[0]}/mentor-link")
    who, pages = {"name": running.mentor_name, "digits": running.digits}, []
    for mail in mails:
        browser = app.test_client()
        assert running.student not in browser.get(link_in(mail)).text
        pages.append(browser.post(f"{link_in(mail)}/identity", data=who, follow_redirects=True).text)
    school, host = pages
    asked = [f'name="d_{key}"' for key in running.entries]
    assert [one in school for one in asked] == [True, False]
    assert [one in host for one in asked] == [True, True]
    assert "有 1 个实习日" in mails[0]
    assert "有 2 个实习日" in mails[1]
    token = link_in(mails[0]).rpartition("/")[2]
    with pytest.raises(WrongState):
        operations.decide_by_link(token=token, approved=running.entries, rejected={}, now=NOW)


def test_a_mentor_with_an_account_gets_no_link(running: SimpleNamespace, as_role: AsRole, mails: list[str]) -> None:
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
    pages = ("/placements/enterprise", f"/placements/{running.keys[0]}")
    assert ["/mentor-link" in host.get(page).text for page in pages] == [True, True]
    as_role(Role.MENTOR, organisation_id=running.enterprise_id, person_id=running.mentor_person)
    assert ["/mentor-link" in host.get(page).text for page in pages] == [False, False]
    refused = host.post(f"/placements/{running.keys[0]}/mentor-link")
    assert (refused.status_code, "请本人登录后确认" in refused.text, mails) == (422, True, [])


@pytest.mark.parametrize(("days", "may_act"), [(-1, False), (0, True)])
def test_a_mentor_whose_office_is_over_confirms_nothing(running: SimpleNamespace, days: int, may_act: bool, mails: list[str]) -> None:
    with transaction():
        mentor, row = mentors.by_id(running.mentor_id), queries.placement(running.keys[0])
        assert mentor is not None
        assert row is not None
        token = operations.make_mentor_link(mentor=mentor, by=SYSTEM, now=NOW)
        mentor.until = TODAY + timedelta(days=days)
    wanted: dict[str, Any] = {"is_approved": True, "today": TODAY, "by": SYSTEM, "now": NOW}
    if may_act:
        assert operations.decide_by_link(token=token, approved=running.entries[:1], rejected={}, now=NOW) == 1
        return
    for act in (
        lambda: operations.decide_by_link(token=token, approved=running.entries[:1], rejected={}, now=NOW),
        lambda: operations.make_mentor_link(mentor=mentor, by=SYSTEM, now=NOW),
        lambda: operations.decide_entries(placement=row, entry_ids=running.entries[:1], **wanted),
        lambda: operations.grade_placement(placement=row, score_x10=900, comment="", today=row.ends_on, by=SYSTEM, now=make.at(row.ends_on)),
    ):
        with pytest.raises(WrongState) as refused:
            act()
        assert refused.value.code == "office_over"
    later = TODAY + timedelta(days=30)
    assert operations.remind_mentors(today=later, now=make.at(later)) == 0, "nobody is asked for what is then refused"
    assert mails == []


def code_in(text: str) -> str:
    """The code that a page shows."""
    found = re.search(r">(\d{6})<", text)
    assert found is not None
    return found[1]


def states(running: SimpleNamespace) -> list[DayState]:
    """How the two days stand."""
    return [entry.state for key in running.keys for entry in queries.entries_of(key)]


def test_a_coordinator_confirms_nothing_with_a_link_handed_over(
    running: SimpleNamespace, as_role: AsRole, app: Flask, client: FlaskClient, mails: list[str]
) -> None:
    del app.extensions["trainhub.channels"][Channel.EMAIL]
    first, second = running.keys
    told_id = running.heads[0]
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
    made = host.post(f"/placements/{first}/mentor-link")
    at, who = link_in(made.text), {"name": running.mentor_name, "digits": running.digits}
    act = {f"d_{key}": "yes" for key in running.entries[:1]}
    assert (at != "", "核对码" in made.text) == (True, True)
    assert any("核对码" in text for text in told(told_id, "placements.mentor_link"))
    page = client.get(at).text
    assert ("核对码" in page, running.student in page, f"d_{running.entries[0]}" in page) == (True, False, False)
    early = client.post(at, data={**who, **act, "code": "000000"})
    assert (early.status_code, "学校还没有生成核对码" in early.text, states(running)) == (409, True, [DayState.PENDING] * 2)
    [link] = queries.handed_links(running.mentor_id, running.schools[0], NOW)
    link_id = link.id
    assert (link.failures, queries.handed_links(running.mentor_id, running.schools[1], NOW)) == (0, [])
    make_code = f"/placements/{first}/mentor-links/{link_id}/code"
    assert "/code" not in host.get(f"/placements/{first}").text
    assert host.post(make_code).status_code == 403
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[1])
    assert [other.post(f"/placements/{key}/mentor-links/{link_id}/code").status_code for key in (first, second)] == [403, 404]
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=running.programmes[0])
    assert make_code in head.get(f"/placements/{first}").text
    code = code_in(head.post(make_code).text)
    for wrong in ("", "12345", str((int(code) + 1) % 10**6).zfill(6)):
        assert client.post(at, data={**who, **act, "code": wrong}).status_code == 422
    assert states(running) == [DayState.PENDING] * 2
    assert client.post(f"{at}/identity", data={**who, "code": code}).status_code == 303
    opened = client.get(at).text
    assert [f'name="d_{key}"' in opened for key in running.entries] == [True, False]  # a code of one school opens its own students alone
    assert client.post(at, data={f"d_{key}": "yes" for key in running.entries}).status_code == 422
    assert client.post(at, data=act).status_code == 200
    assert states(running) == [DayState.APPROVED, DayState.PENDING]


def test_five_wrong_answers_close_a_link(running: SimpleNamespace, client: FlaskClient, as_role: AsRole, mails: list[str]) -> None:
    as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id).post(f"/placements/{running.keys[0]}/mentor-link")
    at, act = link_in(mails[0]), {f"d_{running.entries[0]}": "yes"}
    wrong, right = {"name": "别人", "digits": running.digits}, {"name": running.mentor_name, "digits": running.digits}
    assert running.student not in client.get(at).text
    answers = [client.post(at, data={**wrong, **act}).status_code for _n in range(TRIES)]
    assert answers == [422] * (TRIES - 1) + [404]
    assert (client.post(at, data={**right, **act}).status_code, states(running)) == (404, [DayState.PENDING] * 2)


@pytest.mark.parametrize("shared", ["email", "phone"])
def test_an_address_of_somebody_else_is_not_the_mentors(
    session: Session, running: SimpleNamespace, app: Flask, mails: list[str], shared: str
) -> None:
    delivery.register_channel(app, Channel.SMS, lambda to, subject, text, now: mails.append(to))
    with transaction():
        person, other = session.get_one(Person, running.mentor_person), ground.person()
        person.phone = "13800001234"
        if shared == "email":
            other.email = "Mentor@Example.cn"
        else:
            other.phone, person.email = "138 0000-1234", ""
    mentor = mentors.by_id(running.mentor_id)
    assert mentor is not None
    token = operations.make_mentor_link(mentor=mentor, by=SYSTEM, now=NOW)
    took = operations.send_link(mentor=mentor, token=token, days=1, now=NOW)
    assert (took, mails) == ((Channel.SMS, ["13800001234"]) if shared == "email" else (None, []))


def test_a_mentor_without_an_account_grades_by_a_link(running: SimpleNamespace, as_role: AsRole, client: FlaskClient, mails: list[str]) -> None:
    key = running.keys[0]
    placement = queries.placement(key)
    assert placement is not None
    last, who = placement.ends_on, {"name": running.mentor_name, "digits": running.digits}
    for days, is_open in ((8, False), (7, True), (0, True)):
        with time_machine.travel(make.at(last - timedelta(days=days)), tick=False):
            host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
            host.post(f"/placements/{key}/mentor-link")
            assert ("2 项实习成绩等待您评定" in mails[-1]) is is_open
            at = link_in(mails[-1])
            client.post(f"{at}/identity", data=who)
            assert (f'name="g_{key}"' in client.get(at).text) is is_open
    with time_machine.travel(make.at(last), tick=False):
        for bad in ("101", "-1", "八十"):
            assert client.post(at, data={f"g_{key}": bad, f"d_{running.entries[0]}": "yes"}).status_code == 422
        assert (states(running)[0], queries.placement(key).mentor_score_x10) == (DayState.PENDING, None)  # type: ignore[union-attr]
        answer = client.post(at, data={f"g_{key}": "88.5", f"gc_{key}": "踏实", f"d_{running.entries[0]}": "yes"})
        assert answer.status_code == 200
        graded = queries.placement(key)
        assert graded is not None
        assert (graded.mentor_score_x10, graded.mentor_comment) == (885, "踏实")
        assert "没有成绩不能结束实习" in as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[0]).get(f"/placements/{key}").text
    with time_machine.travel(make.at(last + timedelta(days=1)), tick=False):
        school = as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[0])
        assert school.post(f"/placements/{key}/finish").status_code == 303
        assert queries.placement(key).state is PlacementState.FINISHED  # type: ignore[union-attr]


def test_what_a_link_sends_and_keeps_is_in_chinese_whoever_presses(running: SimpleNamespace, mails: list[str]) -> None:
    mentor = mentors.by_id(running.mentor_id)
    assert mentor is not None
    with in_language("en"):
        token = operations.make_mentor_link(mentor=mentor, by=SYSTEM, now=NOW)
        assert operations.send_link(mentor=mentor, token=token, days=2, grades=1, now=NOW) is Channel.EMAIL
        operations.decide_by_link(token=token, approved=[], rejected={running.entries[0]: ""}, now=NOW)
    assert "您好：有 2 个实习日等待您确认、1 项实习成绩等待您评定，请" in mails[0]
    [entry] = queries.entries_of(running.keys[0])
    assert (entry.state, entry.reason) == (DayState.REJECTED, "与实际出勤不符")


@pytest.mark.parametrize(("over", "sent"), [("school", 2), ("enterprise", 1)])
def test_a_link_of_one_school_stops_no_reminder_of_the_other(
    running: SimpleNamespace, as_role: AsRole, mails: list[str], over: str, sent: int
) -> None:
    later = TODAY + timedelta(days=30)
    with time_machine.travel(make.at(later), tick=False):
        maker = (
            as_role(Role.UNIVERSITY_ADMIN, organisation_id=running.schools[0])
            if over == "school"
            else as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
        )
        maker.post(f"/placements/{running.keys[0]}/mentor-link")
        for _n in range(2):
            operations.remind_mentors(today=later, now=make.at(later))
    assert len(mails) == sent


def test_a_link_opens_no_more_once_its_mentor_has_an_account(running: SimpleNamespace, client: FlaskClient, mails: list[str]) -> None:
    with transaction():
        mentor = mentors.by_id(running.mentor_id)
        assert mentor is not None
        token = operations.make_mentor_link(mentor=mentor, by=SYSTEM, now=NOW)
        identity.account(person=people.person(running.mentor_person))
    assert ((answer := client.get(f"/placements/c/{token}")).status_code, "请本人登录后确认" in answer.text) == (404, True)
    with pytest.raises(NotFound):
        operations.decide_by_link(token=token, approved=running.entries[:1], rejected={}, now=NOW)


def test_a_link_follows_the_setting_and_not_the_host_of_a_request(
    running: SimpleNamespace, as_role: AsRole, app: Flask, mails: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that follows a Host goes to whoever named it; and where nobody set the address it opens the mentor's own device: then none is made."""
    del app.extensions["trainhub.channels"][Channel.EMAIL]
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
    db.session.commit()
    path, settings = f"/placements/{running.keys[0]}/mentor-link", app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, is_testing=False))
    refused = host.post(path)
    assert (refused.status_code, "TRAINHUB_BASE_URL" in refused.text) == (422, True)
    assert queries.live_links(running.mentor_id, None, NOW) == []
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, base_url="https://train.example.edu.cn"))
    assert "https://train.example.edu.cn/placements/c/" in host.post(path).text


def test_who_leads_the_base_is_shown_no_link(running: SimpleNamespace, as_role: AsRole, app: Flask, mails: list[str]) -> None:
    """A university that hosts the base too may have named who leads it."""
    del app.extensions["trainhub.channels"][Channel.EMAIL]
    placement = queries.placement(running.keys[0])
    assert placement is not None
    base_id = placement.base_id
    refused = as_role(Role.CENTRE_LEADER, organisation_id=base_id).post(f"/placements/{running.keys[0]}/mentor-link")
    assert (refused.status_code, link_in(refused.text), "链接没有生成" in refused.text) == (422, "", True)
    assert queries.live_links(running.mentor_id, None, NOW) == []


def test_a_link_handed_over_for_one_school_stands_beside_that_of_another(
    running: SimpleNamespace, as_role: AsRole, app: Flask, mails: list[str]
) -> None:
    del app.extensions["trainhub.channels"][Channel.EMAIL]
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=running.enterprise_id)
    for key in (*running.keys, running.keys[0]):
        assert link_in(host.post(f"/placements/{key}/mentor-link").text)
    assert [len(queries.handed_links(running.mentor_id, school, NOW)) for school in running.schools] == [1, 1]
