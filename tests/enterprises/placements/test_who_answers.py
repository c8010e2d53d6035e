"""Who answers for the enterprise, who is told, and what may still be put right of days and papers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadDay, WrongState
from enterprises.placements.types import AgreementParty, DayState, RaterSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.capstones import told
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, transaction
from trainhub.people.models import Person
from trainhub.people.operations.merging import note_decision
from trainhub.people.types import PairDecision

AsRole = Callable[..., FlaskClient]
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}
TODAY = make.TODAY


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs, with a mentor who is somebody else, and a head of the student's programme."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        base = ground.base(enterprise, university)
        make.opened_base(base=base)
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        mentor = make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, base=base, terms=[term])
        row = make.started(student=student, position=position, term=term, mentor=mentor)
        head = identity.account(person=ground.person(), roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
    return SimpleNamespace(
        university=university, enterprise=enterprise, base=base, programme=programme, student=student, mentor=mentor, row=row, head=head, term=term,
        position=position,
    )  # fmt: skip


def mentor_of(world: SimpleNamespace) -> Identity:
    return Identity(account_id=None, person_id=world.mentor.person_id, name="导师")


def test_a_mentor_who_became_head_of_the_programme_decides_and_grades_no_more(world: SimpleNamespace) -> None:
    operations.log_day(placement=world.row, on=TODAY, today=TODAY, **WHOLE)
    person = db.session.get_one(Person, world.mentor.person_id)
    identity.account(person=person, roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id)
    with pytest.raises(WrongState) as refused:
        operations.decide_days(placement=world.row, days=[TODAY], is_approved=True, today=TODAY, by=mentor_of(world), now=make.NOW)
    assert refused.value.code == "both_sides"
    last = world.row.ends_on
    with pytest.raises(WrongState) as refused:
        operations.grade_placement(placement=world.row, score_x10=900, comment="", today=last, by=mentor_of(world), now=make.at(last))
    assert refused.value.code == "both_sides"


def test_a_merge_that_makes_somebody_their_own_mentor_is_told(world: SimpleNamespace) -> None:
    """To the school, and to the enterprise, which names another."""
    keeper = identity.account(person=ground.person(), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id)
    one, two = sorted((world.student.person_id, world.mentor.person_id))
    note_decision(first_id=one, second_id=two, decision=PairDecision.SAME, reason="同一人", **WHOLE)
    for account in (keeper, world.head):
        assert len(told(account.id, "placements.own_mentor")) == 1


def test_who_leads_a_base_does_not_rate_for_the_enterprise(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        world.row.ends_on = TODAY + timedelta(days=3)
        key = world.row.id
    marks = dict.fromkeys(("mark_attitude", "mark_skill", "mark_discipline", "mark_teamwork"), "5")
    leader = as_role(Role.CENTRE_LEADER, organisation_id=world.base.id)
    assert leader.post(f"/placements/{key}/rate/enterprise", data=marks).status_code == 403
    keeper = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
    assert keeper.post(f"/placements/{key}/rate/enterprise", data=marks).status_code == 303
    assert RaterSide.ENTERPRISE in queries.ratings_of(key)


@pytest.mark.parametrize(("days", "is_told"), [(8, False), (7, True), (0, True)])
def test_a_mentor_with_only_a_mark_to_give_is_reminded(world: SimpleNamespace, days: int, is_told: bool) -> None:
    account = identity.account(person=db.session.get_one(Person, world.mentor.person_id))
    on = world.row.ends_on - timedelta(days=days)
    for _twice in range(2):
        operations.remind_mentors(today=on, now=make.at(on))
    assert len(told(account.id, "placements.grade_due")) == int(is_told)
    world.row.mentor_score_x10 = 900
    db.session.flush()
    after = on + timedelta(days=7)
    operations.remind_mentors(today=after, now=make.at(after))
    assert len(told(account.id, "placements.grade_due")) == int(is_told)


def test_a_waiting_day_that_has_no_box_any_more_is_taken_back_by_its_student(world: SimpleNamespace, as_role: AsRole) -> None:
    entry = operations.log_day(placement=world.row, on=TODAY, today=TODAY, **WHOLE)
    world.row.insured_until = TODAY - timedelta(days=1)  # a policy that was mistyped
    key, entry_id = world.row.id, entry.id
    db.session.commit()
    assert as_role(Role.MENTOR, organisation_id=world.enterprise.id, person_id=world.mentor.person_id).post(
        f"/placements/{key}/days/take-back", data={"day": TODAY.isoformat()}
    ).status_code in (403, 404)  # fmt: skip
    student = as_role(Role.STUDENT, programme_id=world.programme.id, person_id=world.student.person_id)
    assert f"/placements/{key}/days/take-back" in student.get(f"/placements/{key}/days?week={TODAY.isoformat()}").text
    for _twice in range(2):
        assert student.post(f"/placements/{key}/days/take-back", data={"day": TODAY.isoformat()}).status_code == 303
    db.session.expire_all()
    assert queries.day_entry(key, TODAY) is None
    assert entry_id


def test_what_is_confirmed_or_sent_back_is_not_taken_back(world: SimpleNamespace) -> None:
    entry = operations.log_day(placement=world.row, on=TODAY, today=TODAY, **WHOLE)
    entry.state = DayState.APPROVED
    db.session.flush()
    with pytest.raises(BadDay):
        operations.take_back_day(placement=world.row, on=TODAY, **WHOLE)


def test_a_paper_signature_of_an_earlier_day_moves_the_day_from_which_days_count(world: SimpleNamespace) -> None:
    """The text is corrected, and its paper version was signed before the day on which the placement was complete."""
    row = world.row
    for signature in queries.signatures_of(row.id):
        signature.signed_on = TODAY + timedelta(days=10)
    row.safety_trained_on, row.counts_from = TODAY, TODAY + timedelta(days=10)
    db.session.flush()
    then = make.at(TODAY + timedelta(days=12))
    with time_machine.travel(then, tick=False):
        text = operations.correct_text(placement=row, number=1, changes=["岗位名称"], reason="笔误", by=SYSTEM, now=make.NOW)
        for party in AgreementParty:
            operations.sign_placement(
                placement=row, party=party, signed_name="某人", signed_on=TODAY + timedelta(days=2), text_no=text.number, file_id=make.scan(),
                by=SYSTEM, now=then,
            )  # fmt: skip
    assert row.counts_from == TODAY + timedelta(days=2)
