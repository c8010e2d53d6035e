"""Enterprises and topics that go, and who is told of a topic: on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Topic
from enterprises.capstones.operations import CapstoneRefused, TopicRefused
from enterprises.capstones.types import Side, TopicState
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationState

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
AsRole = Callable[..., FlaskClient]


@pytest.mark.parametrize("state", [OrganisationState.CLOSED, OrganisationState.REGISTERED])
def test_topics_of_an_enterprise_that_is_not_verified_have_no_seats(session: Session, state: OrganisationState) -> None:
    enterprise, programme = ground.enterprise(), ground.programme()
    topic, student = make.topic(enterprise=enterprise, programme=programme), ground.student(programme)
    open_ones = select(Topic.id).where(Topic.programme_id == programme.id, queries.has_seats())
    assert list(session.scalars(open_ones)) == [topic.id]
    enterprise.state = state
    session.flush()
    assert list(session.scalars(open_ones)) == []
    with pytest.raises(CapstoneRefused, match="不再接收新学生") as refused:
        operations.assign_capstone(student=student, topic=topic, starts_on=START, ends_on=END, place="车间", by=SYSTEM, **TIMES)
    assert (refused.value.code, topic.taken) == ("enterprise_closed", 0)


def test_closing_an_enterprise_is_its_leaving_the_capstones(session: Session) -> None:
    found = make.case()
    idle = make.topic(programme=found.programme, enterprise=found.enterprise)
    asked = make.topic(programme=found.programme, enterprise=found.enterprise, is_approved=False)
    assert found.school is not None
    assert found.field is not None
    people = {who: identity.account(person=who) for who in (found.who, found.school, found.field)}
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    organisations.close(organisation=found.enterprise, reason="注销", by=SYSTEM, now=NOW)
    assert [row.state for row in (idle, asked, found.topic)] == [TopicState.WITHDRAWN, TopicState.WITHDRAWN, TopicState.APPROVED]
    assert (idle.reason, found.topic.closed_at) == ("注销", NOW)
    assert [key for key, *_rest in queries.to_move(found.student.cohort_id)] == [found.capstone.id]
    for account in (*people.values(), head):
        (text,) = make.told(account.id, "capstones.enterprise_left")
        assert found.enterprise.name in text
    organisations.close(organisation=found.enterprise, reason="注销", by=SYSTEM, now=NOW + timedelta(days=1))
    organisations.reopen(organisation=found.enterprise, by=SYSTEM, now=NOW)
    organisations.verify(organisation=found.enterprise, by=SYSTEM, now=NOW)
    assert queries.open_topics(found.programme.id) == [], "what was withdrawn or closed is proposed anew"
    assert len(make.told(head.id, "capstones.enterprise_left")) == 1


def test_the_head_is_told_how_many_can_still_be_moved(session: Session) -> None:
    found = make.case()
    done = make.case(programme=found.programme, enterprise=found.enterprise)
    make.submit(done)
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    operations.leave_programme(enterprise=found.enterprise, reason="产线搬迁", by=SYSTEM, now=NOW)
    (text,) = make.told(head.id, "capstones.enterprise_left")
    assert "1 名学生尚未交论文，可改题或继续完成；1 名已交论文" in text
    assert [key for key, *_rest in queries.to_move(found.student.cohort_id)] == [found.capstone.id]


def test_closing_who_has_no_capstones_tells_nobody(session: Session) -> None:
    enterprise = ground.enterprise()
    organisations.close(organisation=enterprise, reason="注销", by=SYSTEM, now=NOW)
    assert session.scalars(select(Notice)).all() == []


# -- a topic with students ----------------------------------------------------------------------------------------------
def test_a_topic_whose_students_have_finished_may_be_withdrawn_and_stays_readable_to_them(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    with pytest.raises(TopicRefused, match="还有 1 名学生在做"):
        operations.withdraw_topic(topic=found.topic, reason="问题已解决", by=SYSTEM, now=NOW)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.withdraw_topic(topic=found.topic, reason="问题已解决", by=SYSTEM, now=NOW)
    assert (found.topic.state, found.topic.taken) == (TopicState.WITHDRAWN, 1)
    session.commit()
    student = as_role(Role.STUDENT, person_id=found.who.id, organisation_id=found.student.university_id)
    assert student.get(f"/capstones/topics/{found.topic.id}").status_code == 200


# -- who proposed it is told --------------------------------------------------------------------------------------------
def test_who_proposed_a_topic_is_told_what_became_of_it(session: Session) -> None:
    author, other = identity.account(), Identity(account_id=identity.account().id, person_id=None, name="审批人")
    me = Identity(account_id=author.id, person_id=None, name="联系人")
    topic = make.topic(is_approved=False)
    topic.proposed_by_id, title = author.id, topic.title
    operations.refuse_topic(topic=topic, side=Side.SCHOOL, reason="太泛，请收窄", by=other, now=NOW)
    operations.revise_topic(topic=topic, title="新题", problem="新问题", by=me, now=NOW)
    operations.approve_topic(topic=topic, side=Side.ENTERPRISE, by=me, **TIMES)
    assert make.told(author.id, "capstones.topic") == [f"你提出的选题被退回：{title}。理由：太泛，请收窄"]
    operations.approve_topic(topic=topic, side=Side.SCHOOL, by=other, **TIMES)
    operations.approve_topic(topic=topic, side=Side.SCHOOL, by=other, **TIMES)
    operations.withdraw_topic(topic=topic, reason="产线停产", by=other, now=NOW)
    assert make.told(author.id, "capstones.topic")[1:] == ["你提出的选题已由校企双方审批通过：新题", "你提出的选题已撤回：新题。理由：产线停产"]


def test_who_decides_on_an_own_topic_is_not_told(session: Session) -> None:
    author = identity.account()
    me = Identity(account_id=author.id, person_id=None, name="联系人")
    topic = make.topic()
    topic.proposed_by_id = author.id
    operations.withdraw_topic(topic=topic, reason="重复", by=me, now=NOW)
    assert make.told(author.id, "capstones.topic") == []


# -- the desk of an enterprise ------------------------------------------------------------------------------------------
def test_the_desk_is_found_from_list_capstone_and_topic_by_those_who_may_open_it(session: Session, as_role: AsRole) -> None:
    found, other = make.case(), make.case()
    session.commit()
    desk, foreign = (f"/capstones/enterprises/{one.enterprise.code}" for one in (found, other))
    pages = ("/capstones/", f"/capstones/{found.capstone.id}", f"/capstones/topics/{found.topic.id}")
    coordinator = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    assert [(desk in text, foreign in text) for page in pages if (text := coordinator.get(page).text)] == [(True, False)] * 3
    assert coordinator.get(desk).status_code == 200
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert [desk in head.get(page).text for page in pages] == [False] * 3


def test_who_coordinates_more_than_one_enterprise_chooses(session: Session, as_role: AsRole) -> None:
    found, other = make.case(), ground.enterprise()
    session.commit()
    coordinator = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    desk = f"/capstones/enterprises/{found.enterprise.code}"
    assert coordinator.get("/capstones/enterprises/mine").headers["Location"] == desk
    who = session.scalars(select(Account).order_by(Account.id.desc())).first()
    assert who is not None
    identity.grant(who, Role.ENTERPRISE_COORDINATOR, organisation_id=other.id)
    session.commit()
    page = coordinator.get("/capstones/enterprises/mine")
    assert (page.status_code, desk in page.text, f"/capstones/enterprises/{other.code}" in page.text) == (200, True, True)
