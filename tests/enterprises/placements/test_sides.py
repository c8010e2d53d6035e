"""Each side acts for itself: who signs for whom, when, and who confirms days by a link."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors import queries as mentors
from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.types import AgreementParty
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A placement that was made today, with nothing signed."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, base = ground.programme(university), ground.base(enterprise)
        make.opened_base(base=base)
        term = make.term(university=university)
        student = ground.student(programme)
        row = operations.place_student(
            student=student, position=make.position(enterprise=enterprise, base=base, terms=[term]), term=term, by=SYSTEM, now=NOW
        )
        return SimpleNamespace(key=row.id, programme_id=programme.id, enterprise_id=enterprise.id, person_id=student.person_id)


def scan() -> tuple[io.BytesIO, str]:
    return io.BytesIO(PDF), "签名页.pdf"


def test_a_school_records_another_party_only_with_the_scan(world: SimpleNamespace, as_role: AsRole) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
    url, wanted = f"/placements/{world.key}/agreement/1/sign", {"signed_name": "张三", "signed_on": TODAY.isoformat()}
    for party in ("student", "enterprise", "guardian"):
        refused = head.post(url, data={**wanted, "party": party}, follow_redirects=True)
        assert "须上传纸质签署件的扫描件" in refused.text
        assert queries.signatures_of(world.key) == []
    assert head.post(url, data={**wanted, "party": "student", "file": scan()}, content_type="multipart/form-data").status_code == 303
    assert head.post(url, data={**wanted, "party": "school"}).status_code == 303
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
    assert host.post(url, data={**wanted, "party": "enterprise"}).status_code == 303
    rows = {row.party: row for row in queries.signatures_of(world.key)}
    assert set(rows) == {AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT}
    assert rows[AgreementParty.STUDENT].person_id is None  # whoever recorded the paper did not sign it


def test_a_student_signs_as_themself(world: SimpleNamespace, as_role: AsRole) -> None:
    student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
    url, wanted = f"/placements/{world.key}/agreement/1/sign", {"party": "student", "signed_name": "张三"}
    assert student.post(url, data={**wanted, "signed_on": "2026-03-01"}).status_code == 422
    assert student.post(url, data={**wanted, "signed_on": "0001-01-01"}).status_code == 422
    assert student.post(url, data={**wanted, "signed_on": "2026-03-02"}).status_code == 303
    [row] = queries.signatures_of(world.key)
    assert (row.person_id, row.signed_on) == (world.person_id, TODAY)


@pytest.mark.parametrize(("days", "code"), [(-1, "before_text"), (0, ""), (3, ""), (4, "bad_placement")])
def test_a_paper_is_dated_from_the_day_of_its_text_until_today(world: SimpleNamespace, days: int, code: str) -> None:
    now = make.at(TODAY + timedelta(days=3))
    kept = files.keep(io.BytesIO(PDF), name="协议.pdf", kind="agreement", by=SYSTEM, now=NOW)
    assert signed(world, TODAY + timedelta(days=days), now=now, file_id=kept.id) == code


@pytest.mark.parametrize(("days", "code"), [(2, "not_today"), (3, ""), (4, "bad_placement")])
def test_what_is_signed_on_the_page_is_signed_today(world: SimpleNamespace, days: int, code: str) -> None:
    assert signed(world, TODAY + timedelta(days=days), now=make.at(TODAY + timedelta(days=3))) == code


def signed(world: SimpleNamespace, on: date, **more: Any) -> str:
    """What a signature of a day is refused with."""
    row = queries.placement(world.key)
    assert row is not None
    try:
        operations.sign_placement(placement=row, party=AgreementParty.ENTERPRISE, signed_name="人力资源部", signed_on=on, by=SYSTEM, **more)
    except BadPlacement as refused:
        return refused.code
    return ""


# -- links --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def running(session: Session) -> SimpleNamespace:
    """One mentor of an enterprise with students of two schools, for each of whom a day waits; the mentor has no account."""
    with transaction():
        enterprise = ground.enterprise()
        base = ground.base(enterprise)
        make.opened_base(base=base)
        mentor = make.mentor(enterprise=enterprise, person=ground.person(email="mentor@example.cn"))
        found = SimpleNamespace(mentor_id=mentor.id, mentor_person=mentor.person_id, enterprise_id=enterprise.id, keys=[], schools=[], entries=[])
        for _school in range(2):
            university = ground.university()
            term = make.term(university=university)
            position = make.position(enterprise=enterprise, base=base, terms=[term])
            student = ground.student(ground.programme(university), petoe_since=date(2023, 9, 1))
            row = make.started(student=student, position=position, term=term, mentor=mentor)
            entry = operations.log_day(placement=row, on=TODAY, today=TODAY, by=SYSTEM, now=NOW)
            found.keys.append(row.id)
            found.schools.append(university.id)
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
    school, host = (app.test_client().get(link_in(mail)).text for mail in mails)
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
    assert operations.remind_mentors(today=later, now=make.at(later)) == 1
    assert mails == []
