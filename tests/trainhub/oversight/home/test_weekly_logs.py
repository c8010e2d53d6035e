"""Weekly logs wait for somebody: the first page of a supervisor says so, and that of the heads when they wait long."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.types import EventKind
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger.holidays import operations as holidays
from trainhub.ledger.types import HolidayKind
from trainhub.oversight.home.queries import practice

AsRole = Callable[..., FlaskClient]
FRIDAY = date(2026, 3, 13)


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A placement that runs since 2 March 2026, with logs of two weeks."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        return _world()


@remembered
def _world() -> SimpleNamespace:
    university, enterprise = ground.university(), ground.enterprise()
    programme, term = ground.programme(university), make.term(university=university)
    position = make.position(enterprise=enterprise, terms=[term])
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    row = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
    for on in (date(2026, 3, 4), date(2026, 3, 11)):
        operations.save_weekly_log(placement=row, on=on, text="装配与调试", tags=[], today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
    other = ground.programme(university)
    return SimpleNamespace(key=row.id, programme_id=programme.id, university_id=university.id, enterprise_id=enterprise.id, other=other.id)


def page(as_role: AsRole, role: Role, on: date, **scope: Any) -> str:
    with time_machine.travel(make.at(on), tick=False):
        return as_role(role, **scope).get("/").text


@pytest.mark.parametrize("over", ["programme_id", "organisation_id"])
def test_a_supervisor_sees_how_many_weeks_wait_since_when_and_where(world: SimpleNamespace, as_role: AsRole, over: str) -> None:
    key = world.programme_id if over == "programme_id" else world.university_id
    text = page(as_role, Role.SCHOOL_SUPERVISOR, FRIDAY, **{over: key})
    assert "审阅学生周志" in text
    assert 'href="/placements/reviews"' in text
    assert "2 篇周志等待审阅，最早的是 2026-03-02 那一周" in text


def test_what_was_reviewed_or_is_of_another_programme_is_not_asked_for(world: SimpleNamespace, as_role: AsRole) -> None:
    assert "审阅学生周志" not in page(as_role, Role.SCHOOL_SUPERVISOR, FRIDAY, programme_id=world.other)
    with transaction():
        placement = queries.placement(world.key)
        for log in queries.logs_of([world.key]):
            operations.review_week(log=log, placement=placement, comment="", today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
    assert "审阅学生周志" not in page(as_role, Role.SCHOOL_SUPERVISOR, FRIDAY, programme_id=world.programme_id)


def test_who_also_speaks_for_the_enterprise_reviews_no_log_of_another_school(world: SimpleNamespace) -> None:
    """The number of the first page is that of the logs whose review would be taken."""
    both = identity.account(roles=(Role.SCHOOL_SUPERVISOR,), programme_id=world.other)
    identity.grant(both, Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
    own = identity.account(roles=(Role.SCHOOL_SUPERVISOR,), programme_id=world.programme_id)
    counts = [
        sum(practice.logs_waiting(identities.identity_of(one.id, today=FRIDAY, origin="127.0.0.1")).values()) for one in (both, own)
    ]  # fmt: skip
    assert counts == [0, 2]


@pytest.mark.parametrize(("days", "is_told"), [(13, False), (14, True), (15, True)])
def test_heads_hear_of_weeks_that_wait_long(world: SimpleNamespace, as_role: AsRole, days: int, is_told: bool) -> None:
    """Counted from the end of the week: two weeks later somebody has to remind the supervisors."""
    on = date(2026, 3, 8) + timedelta(days=days)
    text = page(as_role, Role.PROGRAMME_ADMIN, on, programme_id=world.programme_id)
    assert ("督促校内导师审阅周志" in text) is is_told
    if is_told:
        address = re.search(r'href="(/placements/reviews\?until=[^"]+)"', text)
        assert address is not None
        with time_machine.travel(make.at(on), tick=False):
            listed = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id).get(address[1]).text
        assert ("共 1 篇" in listed, "只列" in listed) == (True, True), "the list shows what the number counts"


def test_a_round_that_waits_for_its_next_step_is_named_however_many_came_after(session: Session, as_role: AsRole) -> None:
    """And who will miss the weeks, however many students there are."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university = ground.university()
        programme = ground.programme(university)
        term = make.term(university=university, starts_on=date(2026, 9, 7))
        rounds = [make.round(programme=programme, cohort=ground.cohort(programme, year), terms=[term]) for year in (2021, 2022, 2023, 2024, 2025)]
        first = min(rounds, key=lambda row: row.id)
        first.opens_on -= timedelta(days=20)  # the list begins with the latest
        operations.close_round(round=first, by=SYSTEM, now=make.NOW)
        title, programme_id = first.title, programme.id
    text = page(as_role, Role.PROGRAMME_ADMIN, make.TODAY, programme_id=programme_id)
    assert title in text
    assert "填报结束，计算分配方案" in text


def test_too_many_students_to_judge_here_are_judged_in_the_list(world: SimpleNamespace, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainhub.oversight.home.panels import school

    assert "核对毕业前达不到" not in page(as_role, Role.PROGRAMME_ADMIN, FRIDAY, programme_id=world.programme_id)
    monkeypatch.setattr(school, "MOST_STUDENTS", 0)
    assert "核对毕业前达不到" in page(as_role, Role.PROGRAMME_ADMIN, FRIDAY, programme_id=world.programme_id)


def _asked(placement_id: int, on: date) -> int:
    """How many days of the week the student's first page asks for on a day."""
    found = queries.gaps_of_week(on - timedelta(days=on.weekday()), placement_id=placement_id, until=on)
    return found[0].lacking if found else 0


def test_a_student_is_asked_for_working_days_that_have_come_and_can_be_logged(world: SimpleNamespace, session: Session) -> None:
    """Public holidays, leave that was asked for and days outside the insurance are nobody's to log, as the reminder on Mondays knows."""
    row = queries.placement(world.key)
    assert row is not None
    monday = date(2026, 3, 9)
    assert [_asked(world.key, monday + timedelta(days=n)) for n in range(7)] == [1, 2, 3, 4, 5, 5, 5]
    with transaction():
        operations.report_event(
            placement=row, kind=EventKind.ABSENCE, since=monday, until=monday + timedelta(days=2), text="病假", by=SYSTEM, now=make.at(monday)
        )
    assert [_asked(world.key, monday + timedelta(days=n)) for n in range(5)] == [0, 0, 0, 1, 2]
    row.insured_until = monday + timedelta(days=3)
    session.flush()
    assert _asked(world.key, monday + timedelta(days=4)) == 1
    assert _asked(world.key, date(2026, 5, 1)) == 0, "after the insurance"
    row.insured_until = None
    session.flush()
    assert (_asked(world.key, date(2026, 3, 20)), _asked(world.key, date(2026, 3, 21))) == (5, 5)
    entry = {"name": "节日", "document": "国办发明电〔2026〕1号", "by": SYSTEM, "now": make.at(monday)}
    with transaction():
        holidays.enter(since=date(2026, 3, 16), until=date(2026, 3, 18), kind=HolidayKind.OFF, **entry)
    assert _asked(world.key, date(2026, 3, 21)) == 2, "days off are no working days"
    with transaction():
        holidays.enter(since=date(2026, 3, 21), until=date(2026, 3, 21), kind=HolidayKind.ON, **entry)
    assert _asked(world.key, date(2026, 3, 20)) == 2
    assert _asked(world.key, date(2026, 3, 21)) == 3, "a Saturday that is worked is one"
    other = queries.gaps_of_week(monday, placement_id=world.key + 1000)
    assert other == []


def test_leave_waits_for_the_mentor_until_it_is_decided(world: SimpleNamespace, as_role: AsRole) -> None:
    row = queries.placement(world.key)
    assert row is not None
    assert row.mentor_id is not None
    assert practice.leave_to_decide([row.mentor_id]) == 0
    with transaction():
        event = operations.report_event(
            placement=row, kind=EventKind.ABSENCE, since=FRIDAY, until=FRIDAY, text="病假", by=SYSTEM, now=make.at(FRIDAY)
        )
    assert (practice.leave_to_decide([row.mentor_id]), practice.leave_to_decide([row.mentor_id + 1000])) == (1, 0)
    with transaction():
        operations.decide_absence(event=event, placement=row, is_approved=True, by=SYSTEM, now=make.at(FRIDAY))
    assert practice.leave_to_decide([row.mentor_id]) == 0
