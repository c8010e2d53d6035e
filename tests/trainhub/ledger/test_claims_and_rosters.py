"""What a roster names belongs to the number, not to the row of who typed it: one number is one human, whoever brings it and in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.subsidies import queries as subsidies
from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from tests.trainhub.ledger.conftest import NOW
from trainhub.identity import queries as accounts
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import PossibleDuplicate, RecordCancellation, RosterRejection, TrainingRecord
from trainhub.ledger.rosters.running import Import, Roster
from trainhub.ledger.types import Category, RosterResult, Source
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import Goal, GoalPerson
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

pytestmark = pytest.mark.database
VISITOR = Identity(account_id=None, person_id=None, name="访客")
NAME, NUMBER = "单小明", rosters.resident(7)
Command = Callable[..., dict[str, Any]]


def claim(name: str = NAME, number: str = NUMBER, kind: IdType = IdType.RESIDENT_ID) -> int:
    """Somebody who registered alone and typed a number."""
    with transaction():
        person = people.register_person(name=name, id_type=kind, id_number=number, number_by_holder=True, by=VISITOR, now=NOW)
        make.account(person=person)
    return person.id


@pytest.fixture
def head(session: Session, bases: dict[str, int]) -> Identity:
    """The head of the first base, who vouches for nobody."""
    account = make.account()
    make.grant(account, Role.CENTRE_LEADER, organisation_id=bases["B-01"])
    session.commit()
    return accounts.identity_of(account.id, today=clock.today())


def bring(tmp_path: Path, by: Identity, *rows: dict[str, str]) -> RosterResult:
    path = rosters.write(tmp_path / "r.csv", rows or [rosters.row(name=NAME, id_number=NUMBER)])
    work = Import(Roster(path, "r.csv"), by=by, today=date(2026, 3, 2), now=clock.now)
    return work.finish(work.run()[1])


def goal() -> Goal:
    found = queries.by_code("fj-400k")
    assert found is not None
    return found


def figures() -> tuple[int, int]:
    """(persons, enrolments) of the goal, and the kept facts say the same however they were brought up to date."""
    with transaction():
        operations.refresh(goal=goal(), now=clock.now())
    enrolments, persons = queries.completion_count(goal())
    assert queries.kept_totals(goal()) == (enrolments, persons)
    return persons, enrolments


def holder(session: Session) -> Person:
    """Whose number it is."""
    return session.scalars(select(Person).where(Person.id_number_hash.is_not(None), Person.number_by_holder.is_(False), Person.name == NAME)).one()


def standing(session: Session) -> list[TrainingRecord]:
    return list(session.scalars(select(TrainingRecord).where(TrainingRecord.cancelled_at.is_(None)).order_by(TrainingRecord.id)))


def test_a_base_then_an_office_is_one_human_and_one_completion(session: Session, head: Identity, tmp_path: Path) -> None:
    claimant = claim()
    assert bring(tmp_path, head).accepted == 1
    assert figures() == (1, 1)
    path = rosters.write(tmp_path / "d.csv", [rosters.row(name=NAME, id_number=NUMBER)])
    tried, _remarks = Import(Roster(path, "d.csv"), by=SYSTEM, today=date(2026, 3, 2), now=clock.now).dry_run()
    result = bring(tmp_path, SYSTEM)
    assert (result.accepted, result.duplicates, result.rejected) == (0, 1, 0)
    assert (tried.accepted, tried.duplicates, tried.rejected) == (0, 1, 0)
    session.expire_all()
    office = holder(session)
    assert office.id != claimant
    assert figures() == (1, 1)
    assert [one.person_id for one in standing(session)] == [office.id]
    assert session.scalars(select(GoalPerson.person_id)).all() == [office.id]
    assert bring(tmp_path, head).duplicates == 1, "the base's file again"
    assert figures() == (1, 1)
    assert [one.human_id for one in subsidies.candidates(standing(session)[0].organisation_id, date(2016, 1, 1), date(2016, 12, 31))] == [office.id]
    moved = session.scalars(select(RecordCancellation)).one()
    assert moved.replaced_by_id == standing(session)[0].id


def test_an_office_that_only_registers_takes_the_completion_along(session: Session, head: Identity, tmp_path: Path) -> None:
    claim()
    bring(tmp_path, head)
    with transaction():
        people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=clock.now())
    session.expire_all()
    assert [one.person_id for one in standing(session)] == [holder(session).id]
    assert figures() == (1, 1)
    assert bring(tmp_path, head, rosters.row(name=NAME, id_number=NUMBER, course="另一门")).accepted == 1
    assert figures() == (1, 2)


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_number_given_or_corrected_by_an_office_takes_it_along(session: Session, head: Identity, tmp_path: Path, is_correction: bool) -> None:
    """The holder has the same completion already: it is one, not two."""
    claim()
    bring(tmp_path, head)
    base = standing(session)[0].organisation_id
    with transaction():
        wrong: dict[str, Any] = {"id_type": IdType.RESIDENT_ID, "id_number": rosters.resident(9)} if is_correction else {}
        mine = people.register_person(name=NAME, by=SYSTEM, now=NOW, is_verified=True, **wrong)
        facts: dict[str, Any] = {"organisation_id": base, "category": Category.FOUNDER, "county_code": "350102", "hours_x10": 160, "is_counted": True}
        same: dict[str, Any] = {"course": "电子商务运营", "completed_on": date(2016, 3, 1), "source": Source.COURSE}
        ledger.record_training(person_id=mine.id, by=SYSTEM, now=NOW, **facts, **same)
    assert figures() == (2, 2)
    with transaction():
        mine = session.get_one(Person, mine.id)
        if is_correction:
            people.correct_number(person=mine, id_type=IdType.RESIDENT_ID, number=NUMBER, reason="已核对证件原件", by=SYSTEM, now=clock.now())
        else:
            people.give_number(person=mine, id_type=IdType.RESIDENT_ID, number=NUMBER, by=SYSTEM, now=clock.now())
    session.expire_all()
    assert [one.person_id for one in standing(session)] == [mine.id]
    assert figures() == (1, 1)


def test_another_name_moves_nothing_and_waits_for_an_eye(session: Session, head: Identity, tmp_path: Path) -> None:
    """The base's roster named the number with another name: a roster that came afterwards would have been rejected, so it counts for nobody until
    somebody has looked."""
    claimant = claim("王五")
    bring(tmp_path, head, rosters.row(name="王五", id_number=NUMBER))
    assert figures() == (1, 1)
    assert bring(tmp_path, SYSTEM).accepted == 1
    session.expire_all()
    assert sorted(one.person_id for one in standing(session)) == sorted([claimant, holder(session).id])
    assert figures() == (1, 1)
    pair = session.scalars(select(PossibleDuplicate)).one()
    assert {pair.person_id, pair.other_person_id} == {claimant, holder(session).id}


def test_a_passport_is_one_human_and_the_pair_is_shown(session: Session, head: Identity, tmp_path: Path) -> None:
    claim("LI MING", "E12345678", IdType.PASSPORT)
    line = rosters.row(name="LI MING", id_type="passport", id_number="E12345678")
    assert bring(tmp_path, head, line).accepted == 1
    assert bring(tmp_path, SYSTEM, line).duplicates == 1
    assert figures() == (1, 1)
    assert session.scalars(select(PossibleDuplicate)).one().note


def test_what_the_claimant_did_alone_counts_once_both_are_decided_to_be_one(session: Session, head: Identity, tmp_path: Path) -> None:
    claimant = claim()
    bring(tmp_path, head)
    with transaction():
        ledger.record_training(person_id=claimant, organisation_id=standing(session)[0].organisation_id, course="网课", category=Category.WORKER,
                               county_code="350102", hours_x10=80, completed_on=date(2016, 5, 1), is_counted=True, source=Source.COURSE, by=SYSTEM, now=NOW)  # fmt: skip
    assert figures() == (1, 1), "nobody looked at who did it"
    bring(tmp_path, SYSTEM)
    assert figures() == (1, 1)
    session.expire_all()
    for decision, expected in ((PairDecision.SAME, (1, 2)), (PairDecision.DIFFERENT, (1, 1))):
        with transaction():
            pair: dict[str, Any] = {"first": session.get_one(Person, claimant), "second": holder(session)}
            people.decide_pair(**pair, decision=decision, reason="已核对", by=SYSTEM, now=clock.now())
        assert figures() == expected


def test_a_corrected_record_follows_the_number_like_any_other(session: Session, head: Identity, tmp_path: Path) -> None:
    claim()
    bring(tmp_path, head)
    facts: dict[str, Any] = {"course": "电子商务运营", "category": Category.FOUNDER, "county_code": "350102", "hours_x10": 240}
    with transaction():
        ledger.correct_record(
            record=standing(session)[0],
            **facts,
            completed_on=date(2016, 3, 1),
            is_counted=True,
            reason="学时有误",
            by=SYSTEM,
            today=date(2026, 3, 2),
            now=clock.now(),
        )
    assert figures() == (1, 1)
    assert bring(tmp_path, SYSTEM).duplicates == 1
    session.expire_all()
    assert [(one.person_id, one.hours_x10) for one in standing(session)] == [(holder(session).id, 240)]
    assert figures() == (1, 1)


def test_who_counted_when_a_period_was_closed_is_not_late_because_the_number_moved(session: Session, head: Identity, tmp_path: Path) -> None:
    claim()
    bring(tmp_path, head)
    figures()
    now = clock.now() + timedelta(seconds=1)
    with transaction():
        operations.close_period(goal=goal(), until=date(2016, 12, 31), reason="年度上报", by=SYSTEM, today=date(2026, 3, 2), now=now)
    with transaction():
        people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=now + timedelta(hours=1))
    assert figures() == (1, 1)
    assert queries.late_counts(goal()) == {}


def test_what_is_exported_takes_a_number_from_nobody(session: Session, command: Command, bases: dict[str, int], tmp_path: Path) -> None:
    """A completion whose person nobody looked at is no line of a roster: importing it would make a claim a fact."""
    claimant = claim()
    with transaction():
        ledger.record_training(person_id=claimant, organisation_id=bases["B-01"], course="网课", category=Category.WORKER, county_code="350102",
                               hours_x10=80, completed_on=date(2016, 5, 1), is_counted=True, source=Source.COURSE, by=SYSTEM, now=NOW)  # fmt: skip
    assert command("trainees", "export", tmp_path / "out.csv")["rows"] == 0
    assert session.get_one(Person, claimant).number_by_holder


def test_the_event_is_in_the_log(session: Session, head: Identity, tmp_path: Path) -> None:
    claim()
    bring(tmp_path, head)
    bring(tmp_path, SYSTEM)
    audit.write_pending(session)
    did = session.scalars(select(audit.AuditEvent.did).where(audit.AuditEvent.on_kind == "training_record")).all()
    assert "ledger.record.moved" in did


def test_a_number_that_a_stranger_typed_keeps_nobody_out(tmp_path: Path, head: Identity, session: Session) -> None:
    """The base is told whom to ask, as its list is right; the office's list is taken."""
    claim("王五")
    done = bring(tmp_path, head)
    assert (done.accepted, done.rejected) == (0, 1)
    said = " ".join(session.scalars(select(RosterRejection.problem)))
    assert ("自行填写" in said, "交学校或人社部门导入" in said, "更正申请" in said) == (True, True, False)
    assert bring(tmp_path, SYSTEM).accepted == 1
    assert figures() == (1, 1)
