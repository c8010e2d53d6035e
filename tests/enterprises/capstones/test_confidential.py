"""What a confidential topic keeps from whom: the library knows that it exists, the problem and the papers are for those who need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Topic
from enterprises.capstones.operations import TopicRefused
from enterprises.capstones.types import Side, Stage, TopicFilter
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, Programme

AsRole = Callable[..., FlaskClient]
SECRET = "某型装药工艺的温控曲线"


@remembered
def _secret(has_paper: bool = True) -> make.Case:
    """A capstone of a confidential topic, with an opening report."""
    found = make.case()
    found.topic.is_confidential, found.topic.problem = True, SECRET
    if has_paper:
        operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf("保密开题.pdf"), by=found.by("student"), now=NOW)
    return found


def _with(role: Role, kind: ScopeKind = ScopeKind.EVERYTHING, scope: int | None = None, person: Person | None = None) -> Identity:
    return Identity(account_id=None, person_id=person.id if person is not None else None, name="读者", grants=(Grant(role, kind, scope),))


def test_who_reads_what_is_confidential(session: Session) -> None:
    found = _secret()
    session.flush()
    school, topic = found.student.university_id, found.topic.id
    classmate = ground.student(found.programme)
    mate, colleague, mentor = session.get_one(Person, classmate.person_id), ground.person(), ground.person()
    ground.teacher(of=found.programme, who=colleague)
    make.mentor(found.enterprise, who=mentor)
    assert found.school is not None
    assert found.field is not None
    teacher = (Role.SCHOOL_SUPERVISOR, ScopeKind.ORGANISATION, school)
    expected = {
        "student": (_with(Role.STUDENT, ScopeKind.ORGANISATION, school, found.who), True),
        "classmate": (_with(Role.STUDENT, ScopeKind.ORGANISATION, school, mate), False),
        "supervisor": (_with(*teacher, found.school), True),
        "another teacher": (_with(*teacher, colleague), False),
        "supervising mentor": (make.as_person(found.field), True),
        "another mentor of the enterprise": (make.as_person(mentor), True),
        "mentor of another enterprise": (make.as_person(session.get_one(Person, make.mentor(ground.enterprise()).person_id)), False),
        "coordinator": (_with(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.enterprise.id), True),
        "another coordinator": (_with(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, ground.enterprise().id), False),
        "head": (make.head_of(found.programme), True),
        "another head": (make.head_of(ground.programme()), False),
        "auditor": (_with(Role.AUDITOR), False),
        "administrator": (_with(Role.SYSTEM_ADMIN), True),
    }
    assert {who: queries.is_opened_to(topic, by, TODAY) for who, (by, _yes) in expected.items()} == {who: yes for who, (_by, yes) in expected.items()}
    found.topic.is_confidential = False
    session.flush()
    assert all(queries.is_opened_to(topic, by, TODAY) for by, _yes in expected.values())


def test_a_problem_is_not_found_by_its_words_by_who_may_not_read_it(session: Session) -> None:
    found = _secret(has_paper=False)
    session.flush()
    mate = session.get_one(Person, ground.student(found.programme).person_id)
    reader, head = make.as_person(mate), make.head_of(found.programme)

    def search(by: Identity, text: str) -> list[int]:
        return [row[0] for row in session.execute(queries.topics_listing(by, TopicFilter(text=text), TODAY))]

    assert (search(reader, "温控曲线"), search(head, "温控曲线")) == ([], [found.topic.id])
    assert search(reader, found.topic.title) == [found.topic.id]


def test_pages_and_files_keep_it(session: Session, as_role: AsRole) -> None:
    found = _secret()
    entry = operations.log_guidance(
        capstone=found.capstone, role=make.SupervisorRole.SCHOOL, on=TODAY, content="讨论温控曲线", by=found.by("school"), today=TODAY, now=NOW
    )
    assert entry.id
    mate = ground.student(found.programme).person_id
    key, topic, paper = found.capstone.id, found.topic.id, queries.papers_of(found.capstone.id)[0][0].id
    found.topic.evidence = "HT-2026-088"
    at = f"cohorts/{found.programme.code}/{session.get_one(Cohort, found.student.cohort_id).year}"
    who, programme, school = found.who.id, found.programme.id, found.student.university_id
    session.commit()
    student, classmate = as_role(Role.STUDENT, person_id=who), as_role(Role.STUDENT, person_id=mate)
    head, auditor = as_role(Role.PROGRAMME_ADMIN, programme_id=programme), as_role(Role.AUDITOR)
    teacher = as_role(Role.SCHOOL_SUPERVISOR, organisation_id=school)
    for client, reads in ((student, True), (head, True), (classmate, False), (teacher, False), (auditor, False)):
        page = client.get(f"/capstones/topics/{topic}")
        assert (page.status_code, SECRET in page.text, "内容保密" in page.text) == (200, reads, not reads)
    assert "内容保密" in classmate.get("/capstones/topics").text
    for address in (f"topics/{topic}/evidence", f"{key}/papers/{paper}"):
        assert (head.get(f"/capstones/{address}").status_code, auditor.get(f"/capstones/{address}").status_code) == (200, 403), address
    assert teacher.get(f"/capstones/topics/{topic}/evidence").status_code == 403
    for client in (student, head, classmate, teacher, auditor):
        form = client.get(f"/capstones/topics/{topic}/revise")
        assert (form.status_code, SECRET in form.text) == (403, False)
    for address, words in (
        (f"{key}", "讨论温控曲线"),
        (f"{key}/timeline", "讨论温控曲线"),
        (f"{key}/files", "保密开题.pdf"),
        (f"{key}/files.txt", "保密开题.pdf"),
        *((f"{at}/{table}", "HT-2026-088") for table in ("t2.csv", "materials/t2", "materials/m81", "materials/m81.csv")),
    ):
        mine, theirs = head.get(f"/capstones/{address}"), auditor.get(f"/capstones/{address}")
        assert (mine.status_code, theirs.status_code) == (200, 200)
        assert (words in mine.text or address.endswith("timeline"), words in theirs.text) == (True, False), address


def test_a_topic_that_was_sent_back_is_revised_in_everything(session: Session, as_role: AsRole) -> None:
    """Seats, skills and secrecy too: what the other side objects to may be any of them."""
    found = make.case()
    topic = make.topic(programme=found.programme, enterprise=found.enterprise, is_approved=False, has_evidence=False, seats=1)
    operations.refuse_topic(topic=topic, side=Side.SCHOOL, reason="名额太少，没有证明", by=make.head_of(found.programme), now=NOW)
    key, firm = topic.id, found.enterprise.id
    session.commit()
    proposer = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm)
    from trainhub.identity.models import Account

    row = session.get_one(Topic, key)
    row.proposed_by_id = session.query(Account).order_by(Account.id.desc()).limit(1).one().id
    session.commit()
    assert 'name="seats"' in proposer.get(f"/capstones/topics/{key}/revise").text
    data: dict[str, Any] = {"title": "新题", "problem": "新问题", "seats": 3, "team_most": 4, "skills": "控制、仿真", "is_confidential": "y"}
    assert proposer.post(f"/capstones/topics/{key}/revise", data=data).status_code == 422  # a team larger than its seats
    assert proposer.post(f"/capstones/topics/{key}/revise", data={**data, "team_most": 3}).status_code == 303
    session.expire_all()
    row = session.get_one(Topic, key)
    assert (row.seats, row.team_most, row.skills, row.is_confidential) == (3, 3, ["控制", "仿真"], True)


def test_a_topic_is_not_revised_into_one_that_the_enterprise_has_proposed_already(session: Session) -> None:
    account = identity.account()
    author = replace(SYSTEM, account_id=account.id)
    first = make.topic()
    programme, enterprise = session.get_one(Programme, first.programme_id), session.get_one(Organisation, first.enterprise_id)
    second = operations.propose_topic(
        enterprise=enterprise, programme_id=programme.id, title="另题", problem="另一个问题", by=author, today=TODAY, now=NOW
    )
    operations.refuse_topic(topic=second, side=Side.SCHOOL, reason="请写具体", by=SYSTEM, now=NOW)
    with pytest.raises(TopicRefused) as refused:
        operations.revise_topic(topic=second, title=f" {first.title} ", problem="新问题", by=author, now=NOW)
    assert (refused.value.field, refused.value.code) == ("title", "same_title")
    assert operations.revise_topic(topic=second, title="另题", problem="新问题", by=author, now=NOW).problem == "新问题"


def test_a_revised_topic_keeps_what_is_not_said(session: Session) -> None:
    found = make.case()
    account = identity.account()
    author = Identity(account_id=account.id, person_id=None, name="企业", grants=())
    topic = make.topic(programme=found.programme, enterprise=found.enterprise, is_approved=False, seats=2, skills=["装配"], is_confidential=True)
    topic.proposed_by_id = account.id
    operations.refuse_topic(topic=topic, side=Side.SCHOOL, reason="请改题目", by=make.head_of(found.programme), now=NOW)
    with pytest.raises(TopicRefused, match="小组人数"):
        operations.revise_topic(topic=topic, title="新题", problem="新问题", team_most=3, by=author, now=NOW)
    operations.revise_topic(topic=topic, title="新题", problem="新问题", by=author, now=NOW)
    assert (topic.seats, topic.skills, topic.is_confidential) == (2, ["装配"], True)
