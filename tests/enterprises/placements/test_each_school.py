"""An offer with seats in the terms of several schools: each decides about its own, and about no other's."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.types import OfferState, SeatDecision
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.notifications.models import Notice
from trainhub.oversight.home.queries import practice
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, Programme

NOW, TODAY = make.NOW, make.TODAY
W: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture
@remembered
def two(session: Session) -> SimpleNamespace:
    """A post that was handed in with three seats in a term of each of two universities, and a student of each."""
    schools = [ground.university(), ground.university()]
    terms = [make.term(university=one, starts_on=date(2026, 9, 7)) for one in schools]
    programmes = [ground.programme(one) for one in schools]
    students = [ground.student(one, petoe_since=date(2023, 9, 1)) for one in programmes]
    enterprise = ground.enterprise()
    base = ground.base(enterprise)
    make.opened_base(base=base)
    position = make.position(enterprise=enterprise, base=base, terms=terms, seats=3, is_approved=False)
    operations.submit_position(position=position, **W)
    heads = [identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=one.id) for one in schools]
    host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    return SimpleNamespace(schools=schools, terms=terms, students=students, position=position, heads=heads, host=host, enterprise=enterprise)


def decisions(two: SimpleNamespace) -> list[str]:
    return [row.decision.value for row in queries.seats_of_position(two.position.id)]


def approve(two: SimpleNamespace, which: int) -> None:
    operations.approve_position(position=two.position, university_ids=[two.schools[which].id], **W)


def give_back(two: SimpleNamespace, which: int, reason: str = "请补充住宿条件") -> None:
    operations.return_position(position=two.position, university_ids=[two.schools[which].id], reason=reason, **W)


def place(two: SimpleNamespace, which: int) -> Any:
    return operations.place_student(student=two.students[which], position=two.position, term=two.terms[which], **W)


@pytest.mark.database
def test_one_schools_approval_is_no_other_schools(two: SimpleNamespace) -> None:
    approve(two, 0)
    assert (two.position.state, decisions(two)) == (OfferState.SUBMITTED, ["approved", "waiting"])
    assert place(two, 0).term_id == two.terms[0].id
    with pytest.raises(WrongState, match="尚未通过审核"):
        place(two, 1)
    assert [len(queries.offered_in([term.id])) for term in two.terms] == [1, 0]
    assert [bool(queries.free_by_majors([term.id])) for term in two.terms] == [True, False]
    assert [bool(queries.seats_by_county([term.id])) for term in two.terms] == [True, False]
    approve(two, 1)
    assert (two.position.state, decisions(two)) == (OfferState.APPROVED, ["approved", "approved"])
    assert place(two, 1).term_id == two.terms[1].id


@pytest.mark.database
def test_one_school_gives_its_own_back_and_nothing_of_the_other(two: SimpleNamespace) -> None:
    approve(two, 0)
    approve(two, 1)
    give_back(two, 1)
    assert (two.position.state, decisions(two)) == (OfferState.APPROVED, ["approved", "returned"])
    assert place(two, 0)
    with pytest.raises(WrongState):
        place(two, 1)
    # the enterprise hands in again: only what came back waits
    operations.submit_position(position=two.position, **W)
    assert (two.position.state, decisions(two)) == (OfferState.SUBMITTED, ["approved", "waiting"])
    operations.submit_position(position=two.position, **W)
    assert decisions(two) == ["approved", "waiting"]


def test_an_offer_that_all_gave_back_is_the_enterprises_again(two: SimpleNamespace) -> None:
    give_back(two, 0, "甲校理由")
    assert two.position.state is OfferState.SUBMITTED
    give_back(two, 1, "乙校理由")
    assert (two.position.state, two.position.return_reason) == (OfferState.DRAFT, "甲校理由；乙校理由")
    with pytest.raises(WrongState, match="还没有提交"):
        approve(two, 0)
    with pytest.raises(WrongState):
        give_back(two, 0)
    operations.submit_position(position=two.position, **W)
    assert (two.position.state, two.position.return_reason, decisions(two)) == (OfferState.SUBMITTED, "", ["waiting", "waiting"])


def test_nothing_is_approved_that_was_not_handed_in(session: Session) -> None:
    term = make.term(university=ground.university())
    draft = make.position(enterprise=ground.enterprise(), terms=[term], is_approved=False)
    with pytest.raises(WrongState, match="还没有提交"):
        operations.approve_position(position=draft, **W)


@pytest.mark.parametrize(("seats", "after"), [(2, "approved"), (3, "approved"), (4, "waiting")])
def test_more_seats_ask_the_school_of_the_term_alone(two: SimpleNamespace, seats: int, after: str) -> None:
    approve(two, 0)
    approve(two, 1)
    operations.set_seats(position=two.position, term=two.terms[0], seats=seats, **W)
    assert decisions(two) == [after, "approved"]
    assert two.position.state is (OfferState.SUBMITTED if after == "waiting" else OfferState.APPROVED)
    assert place(two, 1)


def test_what_was_approved_and_is_changed_asks_every_school_again(two: SimpleNamespace) -> None:
    approve(two, 0)
    operations.change_position(position=two.position, is_night_shift=True, **W)
    assert (two.position.state, decisions(two)) == (OfferState.SUBMITTED, ["waiting", "waiting"])


def test_seats_that_are_no_more_keep_nobody_waiting(two: SimpleNamespace) -> None:
    approve(two, 0)
    operations.set_seats(position=two.position, term=two.terms[1], seats=0, **W)
    assert two.position.state is OfferState.APPROVED


def test_only_who_wished_for_it_in_that_schools_terms_is_told(two: SimpleNamespace, session: Session) -> None:
    approve(two, 0)
    approve(two, 1)
    rounds = [
        make.round(programme=session.get_one(Programme, student.programme_id), cohort=session.get_one(Cohort, student.cohort_id), terms=[term])
        for student, term in zip(two.students, two.terms, strict=True)
    ]
    for one, student in zip(rounds, two.students, strict=True):
        identity.account(person=session.get_one(Person, student.person_id), roles=(Role.STUDENT,))
        operations.save_preferences(round=one, student=student, position_ids=[two.position.id], **W)
    give_back(two, 1)
    gone = session.scalars(select(Notice.url).where(Notice.kind == "placements.position_gone")).all()
    assert gone == [f"/placements/rounds/{rounds[1].id}/preferences"]


def test_a_return_says_why(two: SimpleNamespace) -> None:
    approve(two, 0)
    approve(two, 1)
    with pytest.raises(BadPlacement, match="理由"):
        give_back(two, 1, " ")
    assert decisions(two) == ["approved", "approved"]


def test_a_school_is_asked_until_it_has_decided_itself(two: SimpleNamespace) -> None:
    by = [identities.identity_of(one.id, today=TODAY, origin="test") for one in two.heads]
    assert [practice.positions_to_approve(one) for one in by] == [1, 1]
    approve(two, 0)
    assert [practice.positions_to_approve(one) for one in by] == [0, 1]
    give_back(two, 1)
    assert [practice.positions_to_approve(one) for one in by] == [0, 0]
    assert practice.returned_positions(frozenset([two.enterprise.id])) == {OfferState.APPROVED: 1}


def as_read(page: str) -> dict[str, str]:
    """What the page says of its version, as a browser sends it back."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return {"version": found[1]}


def test_the_pages(two: SimpleNamespace, session: Session, app: Flask) -> None:
    key = two.position.id
    page = f"/placements/positions/{key}"
    session.commit()
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        first, second, host = (identity.sign_in(app, one) for one in (*two.heads, two.host))
        assert first.post(f"{page}/approve").status_code == 409, "nothing was read"
        assert first.post(f"{page}/approve", data=as_read(first.get(page).text)).status_code == 303
        session.expire_all()
        assert [row.decision for row in queries.seats_of_position(key)] == [SeatDecision.APPROVED, SeatDecision.WAITING]
        assert [f"{page}/approve" in one.get(page).text for one in (first, second)] == [False, True]
        assert second.post(f"{page}/return", data={"reason": "请补充住宿条件"}).status_code == 303
        session.expire_all()
        assert [row.decision for row in queries.seats_of_position(key)] == [SeatDecision.APPROVED, SeatDecision.RETURNED]
        told = host.get(page).text
        assert ("请补充住宿条件" in told, "再次提交审核" in told, f"{page}/submit" in told) == (True, True, True)
        assert "请补充住宿条件" not in first.get(page).text, "what another school said is between it and the enterprise"
        assert first.post(f"{page}/return", data={"reason": "名额已满"}).status_code == 303
        assert [one.get(page).status_code for one in (first, second, host)] == [200, 200, 200], "an offer that all gave back is no dead link"
        assert host.post(f"{page}/submit").status_code == 303
        assert first.post(f"{page}/approve", data=as_read(first.get(page).text)).status_code == 303
        session.expire_all()
        assert [row.decision for row in queries.seats_of_position(key)] == [SeatDecision.APPROVED, SeatDecision.WAITING]
