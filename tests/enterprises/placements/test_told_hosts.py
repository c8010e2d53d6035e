"""What the coordinators of an enterprise are told of what others do with its places."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, planning, queries
from enterprises.placements.types import PlanKind, WithdrawalSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db
from trainhub.notifications.models import Notice

NOW = make.NOW
W: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Two enterprises, each with a coordinator and a position; two students; an autumn term with a round."""
    university = ground.university()
    programme = ground.programme(university)
    term = make.term(university=university, starts_on=date(2026, 9, 7), weeks=32)
    firms = [ground.enterprise() for _n in range(2)]
    hosts = [identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=one.id) for one in firms]
    posts = []
    for firm in firms:
        base = ground.base(firm)
        make.opened_base(base=base)
        make.mentor(enterprise=firm)
        posts.append(make.position(enterprise=firm, base=base, terms=[term], seats=1))
    students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2)]
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    session.flush()
    found = SimpleNamespace(term=term, firms=firms, hosts=hosts, posts=posts, students=students, round=round)
    for which in range(2):
        heard(found, which)
    return found


def heard(world: SimpleNamespace, which: int) -> list[str]:
    """The kinds of what a coordinator was told since the last time."""
    rows = list(db.session.scalars(select(Notice).where(Notice.account_id == world.hosts[which].id).order_by(Notice.id)))
    known = getattr(world, f"seen{which}", 0)
    setattr(world, f"seen{which}", len(rows))
    return [row.kind for row in rows[known:]]


def test_offers_placed_by_hand_declined_withdrawn_and_early_end(world: SimpleNamespace) -> None:
    one, position = world.students[0], world.posts[0]
    operations.return_position(position=position, reason="请补充住宿条件", **W)
    assert heard(world, 0) == ["placements.offer_decided"]
    operations.submit_position(position=position, **W)
    operations.approve_position(position=position, **W)
    operations.approve_position(position=position, **W)
    assert heard(world, 0) == ["placements.offer_decided"]
    row = operations.place_student(student=one, position=position, term=world.term, **W)
    operations.place_student(student=one, position=position, term=world.term, **W)
    assert heard(world, 0) == ["placements.host_placed"]
    operations.decline_placement(placement=row, reason="另有打算", **W)
    assert heard(world, 0) == ["placements.host_lost"]
    row = operations.place_student(student=one, position=position, term=world.term, **W)
    operations.withdraw_placement(placement=row, reason="调整", side=WithdrawalSide.SCHOOL, **W)
    assert heard(world, 0) == ["placements.host_placed", "placements.host_lost"]
    assert heard(world, 1) == []


def test_a_change_of_base_tells_both(world: SimpleNamespace) -> None:
    row = operations.place_student(student=world.students[0], position=world.posts[0], term=world.term, **W)
    heard(world, 0)
    operations.change_base(
        placement=row, position=world.posts[1], term=world.term, since=world.term.starts_on, reason="离家近", today=make.TODAY, **W
    )
    assert heard(world, 0) == ["placements.host_lost"]
    assert heard(world, 1) == ["placements.host_placed"]


def test_an_early_end_tells_the_enterprise(world: SimpleNamespace, session: Session) -> None:
    ended = make.started(student=world.students[0], position=world.posts[0], term=world.term, mentor=make.mentor(enterprise=world.firms[0]))
    heard(world, 0)
    last = ended.starts_on + timedelta(days=2)
    operations.end_early(placement=ended, on=last, reason="病休", today=last, by=SYSTEM, now=make.at(last))
    assert heard(world, 0) == ["placements.host_lost"]


def test_a_round_and_its_repair_tell_each_enterprise_once(world: SimpleNamespace) -> None:
    after = make.at(world.round.closes_on + timedelta(days=1))
    operations.plan_round(round=world.round, by=SYSTEM, now=after)
    assert [heard(world, which) for which in range(2)] == [[], []]
    operations.publish_round(round=world.round, by=SYSTEM, now=after)
    assert [heard(world, which) for which in range(2)] == [["placements.host_placed"]] * 2
    (row,) = [one for one in queries.live_in_round(world.round.id) if one.position_id == world.posts[0].id]
    operations.withdraw_placement(placement=row, reason="停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=after)
    assert heard(world, 0) == ["placements.host_lost"]
    operations.set_seats(position=world.posts[1], term=world.term, seats=2, by=SYSTEM, now=after)
    operations.submit_position(position=world.posts[1], by=SYSTEM, now=after)
    operations.approve_position(position=world.posts[1], by=SYSTEM, now=after)
    heard(world, 1)
    make.mentor(enterprise=world.firms[1])
    problem = planning.problem_of(world.round, today=after.date(), kind=PlanKind.REPAIR)
    plan = operations.keep_plan(round=world.round, data=planning.compute(problem, now=after, time_limit=30.0), by=SYSTEM, now=after)
    assert operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=after) == (1, 0)
    assert [heard(world, which) for which in range(2)] == [[], ["placements.host_repaired"]]
    operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=after)
    assert heard(world, 1) == []


def test_whoever_did_it_is_not_told(world: SimpleNamespace, session: Session) -> None:
    row = operations.place_student(student=world.students[0], position=world.posts[0], term=world.term, **W)
    heard(world, 0)
    host = identities.identity_of(world.hosts[0].id, today=make.TODAY)
    assert host is not None
    operations.withdraw_placement(placement=row, reason="停产", side=WithdrawalSide.ENTERPRISE, by=host, now=NOW)
    assert heard(world, 0) == []
