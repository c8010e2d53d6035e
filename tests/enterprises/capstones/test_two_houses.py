"""Who is a mentor of the capstone's enterprise does not stand for the school: both supervisors are of two houses (8.3, 002:569)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import SupervisorRole
from enterprises.mentors import operations as mentors
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
SCHOOL, ENTERPRISE = SupervisorRole
TIMES = {"today": TODAY, "now": NOW}


def _both(found: make.Case, since: date = TODAY) -> Person:
    """A teacher of the programme who is a mentor of the enterprise from a day on."""
    who = ground.person(name="林两任")
    ground.teacher(who=who, of=found.programme)
    make.mentor(found.enterprise, who=who, since=since)
    return who


def test_by_hand_as_by_the_planner(session: Session) -> None:
    found = make.case(has_supervisors=False)
    who = _both(found)
    with pytest.raises(CapstoneRefused, match="林两任 也是该企业在任的指导教师") as no:
        operations.assign_supervisor(capstone=found.capstone, role=SCHOOL, person=who, reason="本人愿意", by=SYSTEM, **TIMES)
    assert (no.value.code, no.value.field) == ("of_enterprise", "person_id")
    assert queries.live_supervision(found.capstone.id, SCHOOL) is None
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=who, by=SYSTEM, **TIMES)  # that is the own side


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_the_day_on_which_the_term_as_a_mentor_ends(session: Session, shift: int) -> None:
    found = make.case(has_supervisors=False)
    who = _both(found, since=TODAY - timedelta(days=9))
    [mentor] = queries.mentors_for([found.enterprise.id], TODAY)
    mentors.change_mentor(mentor=mentor, until=TODAY + timedelta(days=shift), by=SYSTEM, now=NOW)
    call = {"capstone": found.capstone, "role": SCHOOL, "person": who, "by": SYSTEM, **TIMES}
    if shift < 0:
        assert operations.assign_supervisor(**call).person_id == who.id
        return
    with pytest.raises(CapstoneRefused):
        operations.assign_supervisor(**call)


def test_a_mentor_of_another_enterprise_stands_for_the_school(session: Session) -> None:
    found, other = make.case(has_supervisors=False), ground.enterprise()
    who = ground.person()
    ground.teacher(who=who, of=found.programme)
    make.mentor(other, who=who)
    assert operations.assign_supervisor(capstone=found.capstone, role=SCHOOL, person=who, by=SYSTEM, **TIMES).person_id == who.id
    topic = make.topic(programme=found.programme, enterprise=other)
    with pytest.raises(CapstoneRefused, match="先更换校内导师") as no:
        operations.change_topic(capstone=found.capstone, topic=topic, reason="企业退出", by=SYSTEM, **TIMES)
    assert (no.value.field, found.capstone.topic_id) == ("topic_id", found.topic.id)


def test_one_who_becomes_a_mentor_afterwards_signs_nothing_for_the_school_and_8_3_says_so(session: Session) -> None:
    found = make.case()
    make.guide(found)
    make.submit(found)
    assert found.school is not None
    before = {one.code: one.met for one in queries.findings_of([found.capstone.id], TODAY)[found.capstone.id]}
    mentor = make.mentor(found.enterprise, who=found.school, since=TODAY)
    with pytest.raises(CapstoneRefused, match="另行指派校内导师") as no:
        make.grade(found, SCHOOL)
    assert no.value.code == "of_enterprise"
    after = {one.code: one for one in queries.findings_of([found.capstone.id], TODAY)[found.capstone.id]}
    assert (before["8.3.school"], after["8.3.school"].met, after["8.3.school"].found) == (True, False, 0)
    assert any(found.school.name in line for line in after["8.3.school"].details)
    assert after["8.3.enterprise"].met is True
    mentors.change_mentor(mentor=mentor, since=TODAY - timedelta(days=2), until=TODAY - timedelta(days=1), by=SYSTEM, now=NOW)
    assert make.grade(found, SCHOOL).role is SCHOOL


def test_a_human_with_two_rows_is_one_for_hand_and_planner(session: Session) -> None:
    found = make.case(has_supervisors=False)
    who = _both(found)
    twin = ground.person(name="林两任")
    ground.teacher(who=twin, of=found.programme)
    ground.merge(who, twin)
    with pytest.raises(CapstoneRefused):
        operations.assign_supervisor(capstone=found.capstone, role=SCHOOL, person=twin, by=SYSTEM, **TIMES)
    assert {who.id, twin.id}.isdisjoint(one.person_id for one in queries.wishable(found.capstone, SCHOOL, TODAY))


def test_nobody_offers_what_would_be_refused(session: Session, as_role: AsRole) -> None:
    found = make.case(has_supervisors=False)
    who, key = _both(found), found.capstone.id
    programme_id, person_id = found.programme.id, who.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    told = head.get(f"/capstones/{key}/supervisors/check?role=school&person_id={person_id}").text
    assert ("pill-bad" in told, "可以指派" in told) == (True, False)
    page = head.get(f"/capstones/{key}/supervisors").text
    radio = page.split(f'id="p-school-{person_id}"')[1].split(">")[0]
    assert "disabled" in radio
    answer = head.post(f"/capstones/{key}/supervisors", data={"role": "school", "person_id": person_id})
    assert (answer.status_code, "也是该企业在任的指导教师" in answer.text) == (422, True)
