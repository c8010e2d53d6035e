"""Offers that grow are approved again; a base is never overbooked; places of one student alone; deadlines that move; trials that are no numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.placements import lawful, operations, queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import OfferState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.parallel import together
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

NOW = make.NOW
AsRole = Callable[..., FlaskClient]


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An approved position with two seats in one term; a round that is open for a week; another school with a term."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    term, strange = (
        make.term(university=university, starts_on=date(2026, 4, 6)),
        make.term(university=ground.university(), starts_on=date(2026, 4, 6)),
    )
    position = make.position(enterprise=enterprise, terms=[term], seats=2)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, term=term, strange=strange, position=position, student=student, round=round
    )


# -- seats --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seats", "state"), [(1, "approved"), (2, "approved"), (3, "submitted"), (500, "submitted")])
def test_more_seats_than_were_approved_ask_the_school_again(world: SimpleNamespace, seats: int, state: str) -> None:
    operations.set_seats(position=world.position, term=world.term, seats=seats, by=SYSTEM, now=NOW)
    assert world.position.state == state
    offered = [one.position_id for one in lawful.choices(world.round, world.student)]
    assert offered == ([world.position.id] if state == "approved" else [])
    operations.approve_position(position=world.position, by=SYSTEM, now=NOW)
    assert [one.position_id for one in lawful.choices(world.round, world.student)] == [world.position.id]


@pytest.mark.parametrize(("after", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_nobody_raises_the_seats_of_a_term_that_is_over(world: SimpleNamespace, after: int, is_refused: bool) -> None:
    """Until its last day a term takes students; afterwards seats may only go down, and a new term is not opened behind it."""
    day = world.term.ends_on + timedelta(days=after)
    operations.set_seats(position=world.position, term=world.term, seats=1, by=SYSTEM, now=make.at(day))
    for term in (world.term, world.strange):
        if is_refused:
            with pytest.raises(BadPlacement, match="不能再增加席位"):
                operations.set_seats(position=world.position, term=term, seats=3, by=SYSTEM, now=make.at(day))
        else:
            assert operations.set_seats(position=world.position, term=term, seats=3, by=SYSTEM, now=make.at(day)).seats == 3


def test_an_offer_with_seats_in_terms_that_are_over_is_not_handed_in(world: SimpleNamespace) -> None:
    draft = operations.copy_position(position=world.position, by=SYSTEM, now=NOW)
    operations.set_seats(position=draft, term=world.term, seats=1, by=SYSTEM, now=NOW)
    late = make.at(world.term.ends_on + timedelta(days=1))
    with pytest.raises(BadPlacement, match="至少一个"):
        operations.submit_position(position=draft, by=SYSTEM, now=late)
    assert operations.submit_position(position=draft, by=SYSTEM, now=make.at(world.term.ends_on)).state is OfferState.SUBMITTED


def test_an_offer_to_another_school_asks_again(world: SimpleNamespace) -> None:
    operations.set_seats(position=world.position, term=world.strange, seats=1, by=SYSTEM, now=NOW)
    assert world.position.state is OfferState.SUBMITTED


# -- the room of a base -------------------------------------------------------------------------------------------------
def test_two_placements_at_once_do_not_overbook_a_base(committed: Flask) -> None:
    with committed.app_context(), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, base = ground.programme(university), ground.base(enterprise)
        make.opened_base(base=base, capacity_per_term=4)
        term = make.term(university=university, starts_on=date(2026, 4, 6))
        positions = [make.position(enterprise=enterprise, base=base, terms=[term], seats=2).id for _n in range(2)]
        students = [ground.student(programme, petoe_since=date(2023, 9, 1)).id for _n in range(2)]
        profile = base_queries.profile(base.id)
        assert profile is not None
        bases.change_base(profile=profile, capacity_per_term=1, by=SYSTEM, now=NOW)
        term_id, base_id = term.id, base.id

    def place(number: int) -> Callable[[], object]:
        def act() -> object:
            position, in_term = queries.position(positions[number]), queries.term(term_id)
            assert position is not None
            assert in_term is not None
            return operations.place_student(student=queries.student(students[number]), position=position, term=in_term, by=SYSTEM, now=NOW)

        return act

    assert together(committed, place(0), place(1)) == ["", "over_capacity"]
    with committed.app_context():
        assert len(list(current().scalars(select(Placement.id).where(Placement.base_id == base_id)))) == 1


# -- places that students find ------------------------------------------------------------------------------------------
def test_a_place_that_a_student_found_is_open_to_nobody_else(world: SimpleNamespace) -> None:
    finder = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    found = operations.propose_self_found(student=finder, term=world.term, enterprise_name="甲", title="乙", by=SYSTEM, now=NOW)
    placement = operations.approve_self_found(row=found, enterprise=ground.enterprise(), by=SYSTEM, now=NOW)
    for _time in range(2):
        assert [one.position_id for one in lawful.choices(world.round, world.student)] == [world.position.id]
        assert [row.id for row in queries.planning_facts(world.round, today=make.TODAY).positions] == [world.position.id]
        operations.decline_placement(placement=placement, reason="不去了", by=SYSTEM, now=NOW)
    again = operations.propose_self_found(student=finder, term=world.term, enterprise_name="甲", title="丙", by=SYSTEM, now=NOW)
    assert operations.approve_self_found(row=again, enterprise=ground.enterprise(), by=SYSTEM, now=NOW).id != placement.id


# -- deadlines ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "told"), [(-1, 1), (0, 0), (1, 1)])
def test_students_are_told_when_the_deadline_moves(world: SimpleNamespace, days: int, told: int, session: Session) -> None:
    account = identity.account(roles=(Role.STUDENT,), programme_id=world.programme.id, person=session.get_one(Person, world.student.person_id))
    closes_on = world.round.closes_on + timedelta(days=days)
    operations.change_round(round=world.round, closes_on=closes_on, by=SYSTEM, now=NOW)
    found = list(session.scalars(select(Notice.account_id).where(Notice.kind == "placements.round_moved")))
    assert found == [account.id] * told


@pytest.mark.parametrize(("days", "is_refused"), [(0, False), (-1, True)])
def test_the_deadline_of_an_open_round_is_not_moved_into_the_past(world: SimpleNamespace, days: int, is_refused: bool) -> None:
    wanted: dict[str, Any] = {
        "round": world.round,
        "opens_on": date(2026, 2, 1),
        "closes_on": make.TODAY + timedelta(days=days),
        "by": SYSTEM,
        "now": NOW,
    }
    if not is_refused:
        operations.change_round(**wanted)
        return
    with pytest.raises(BadPlacement) as refused:
        operations.change_round(**wanted)
    assert refused.value.field == "closes_on"


# -- trials -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seats", ["-+5", "abc", "1.5", "²", "9" * 40])
def test_seats_that_are_no_number_are_named(world: SimpleNamespace, as_role: AsRole, seats: str) -> None:
    with time_machine.travel(NOW, tick=False):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme.id)
        operations.close_round(round=world.round, by=SYSTEM, now=NOW)
        current().commit()
        facts = {"position_id": str(world.position.id), "term_id": str(world.term.id), "seats": seats, "aim": "complete", "is_mentor_bound": "1"}
        answer = head.post(f"/placements/rounds/{world.round.id}/what-if", data=facts)
    assert answer.status_code == 422
    assert f"“{seats[:20]}”不是整数" in answer.text
