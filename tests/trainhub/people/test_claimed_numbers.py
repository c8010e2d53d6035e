"""A number that somebody typed about themselves binds nobody: an office's wins, no records follow it, and it counts for no goal."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors import imports as mentors
from enterprises.mentors.models import Mentor
from tests.factories import ground
from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from trainhub.identity import operations as identity
from trainhub.identity import queries as accounts
from trainhub.kernel import audit, clock, imports
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters.running import Import, Roster
from trainhub.ledger.training_queries import is_sure
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people import bulk, operations, queries, rules
from trainhub.people.imports import students
from trainhub.people.models import Person, Student
from trainhub.people.types import IdType
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
VISITOR = Identity(account_id=None, person_id=None, name="访客")
BIRTH = date(2004, 5, 6)


def claim(name: str, number: str, **more: Any) -> Person:
    """Somebody who registered alone, with an account."""
    person = operations.register_person(
        name=name, id_type=IdType.RESIDENT_ID, id_number=number, number_by_holder=True, by=VISITOR, now=clock.now(), **more
    )
    make.account(person=person)
    return person


def roster(session: Session, name: str, number: str) -> tuple[imports.Draft, Student]:
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    text = f"student_no,name,id_number,programme_code,cohort_year\n2023001,{name},{number},{programme.code},2023\n"
    draft = imports.execute_bytes(students.SPEC, text.encode(), filename="s.csv", by=SYSTEM, today=clock.today(), now=clock.now())
    return draft, session.scalars(select(Student).where(Student.programme_id == programme.id)).one()


@pytest.mark.parametrize("name", ["王五", "单小明"])
def test_a_roster_takes_the_number_whoever_claimed_it(session: Session, name: str) -> None:
    """Under another name it kept the whole file out; under the right one the stranger read the student's grades."""
    number = ground.resident_id(BIRTH)
    stranger = claim(name, number)
    mask = stranger.id_mask
    draft, student = roster(session, "单小明", number)
    assert (draft.added, draft.errors) == (1, [])
    assert student.person_id != stranger.id
    holder = queries.person_by_number(IdType.RESIDENT_ID, number)
    assert holder is not None
    assert (holder.id, holder.number_by_holder) == (student.person_id, False)
    assert (stranger.id_number_hash, stranger.id_number_encrypted, stranger.id_mask, stranger.number_by_holder) == (None, None, mask, True)
    assert queries.students_of_person(stranger.id) == []
    audit.write_pending(session)
    told = session.scalars(select(AuditEvent).where(AuditEvent.did == "people.number.yielded")).all()
    assert [one.on_id for one in told] == [str(stranger.id)]
    pairs = [(first.id, second.id) for first, second in queries.possible_same()]
    assert pairs == ([(stranger.id, holder.id)] if name == "单小明" else []), "alike: decided by the office, not by the number"


def test_a_list_of_trainees_takes_it_too(session: Session) -> None:
    number = ground.resident_id(BIRTH)
    stranger = claim("单小明", number)
    key = queries.hash_of(IdType.RESIDENT_ID, number)
    assert queries.numbers.by_number_hash([key]) == {}
    new = bulk.NewPerson(key, "单小明", IdType.RESIDENT_ID, rules.check_number(IdType.RESIDENT_ID, number), None)
    made = bulk.register_many([new], by=SYSTEM, now=clock.now())
    session.refresh(stranger)
    assert (set(made), made[key] == stranger.id, stranger.id_number_hash) == ({key}, False, None)


def test_an_office_proves_or_replaces_what_the_holder_said(session: Session) -> None:
    number, other = ground.resident_id(BIRTH), ground.resident_id(BIRTH)
    mine = claim("单小明", number)
    operations.give_number(person=mine, id_type=IdType.RESIDENT_ID, number=other, by=SYSTEM, now=clock.now())
    assert (mine.id_number_hash, mine.number_by_holder) == (queries.hash_of(IdType.RESIDENT_ID, other), False)
    second = claim("单二", number)
    operations.give_number(person=second, id_type=IdType.RESIDENT_ID, number=number, by=SYSTEM, now=clock.now())
    assert (second.id_number_hash is not None, second.number_by_holder) == (True, False)
    third = claim("单三", ground.resident_id(BIRTH))
    operations.change_person(person=third, is_verified=True, by=SYSTEM, now=clock.now())
    assert not third.number_by_holder


def test_a_corrected_number_takes_it_from_a_claimant(session: Session) -> None:
    number = ground.resident_id(BIRTH)
    stranger, right = claim("王五", number), ground.person("单小明", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(BIRTH))
    operations.correct_number(person=right, id_type=IdType.RESIDENT_ID, number=number, reason="已核对证件原件", by=SYSTEM, now=clock.now())
    assert stranger.id_number_hash is None


def holder(number: str) -> int | None:
    found = queries.person_by_number(IdType.RESIDENT_ID, number, claimed=True)
    return found.id if found is not None else None


def test_nobody_claims_what_somebody_has(session: Session) -> None:
    number, office = ground.resident_id(BIRTH), ground.resident_id(BIRTH)
    claim("王五", number)
    ground.person("单小明", id_type=IdType.RESIDENT_ID, id_number=office)
    for taken in (number, office):
        with pytest.raises(operations.NumberTaken):
            claim("单小明", taken)
        person = ground.person("单小明", id_type=None)
        alone = make.account(person=person)
        identity.give_own_number(account=alone, id_type=IdType.RESIDENT_ID, number=taken, by=SYSTEM, now=clock.now())
        assert (person.id_number_hash, person.id_mask[-4:], person.number_by_holder) == (None, taken[-4:], True), "it looks as if it were theirs"
        assert holder(taken) != person.id


def test_the_own_number_is_a_claim_and_nobody_is_told_when_it_goes(session: Session) -> None:
    number, person = ground.resident_id(BIRTH), ground.person("单小明", id_type=None)
    account = make.account(person=person)
    by = accounts.identity_of(account.id, today=clock.today())
    identity.give_own_number(account=account, id_type=IdType.RESIDENT_ID, number=number, by=by, now=clock.now())
    assert person.number_by_holder
    ground.person("单小明", id_type=IdType.RESIDENT_ID, id_number=number)
    told = " ".join(session.scalars(select(Notice.message).where(Notice.account_id == account.id)))
    assert told == "", "a stranger would learn whose list the number came with"
    assert (person.id_number_hash, person.id_mask[-4:], person.number_by_holder) == (None, number[-4:], True)


def test_only_who_was_looked_at_counts(session: Session) -> None:
    claimed, office = claim("王五", ground.resident_id(BIRTH)), ground.person(id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(BIRTH))
    nobody = ground.person("单三", id_type=None)
    counted = set(session.scalars(select(Person.id).where(queries.is_identified(), Person.id.in_([claimed.id, office.id, nobody.id]))))
    assert counted == {office.id}
    operations.change_person(person=claimed, is_verified=True, by=SYSTEM, now=clock.now())
    assert queries.persons_by_id([claimed.id])[claimed.id].is_verified


# -- who hosts somebody vouches for nobody ------------------------------------------------------------------------------


def host(role: Role, organisation: Organisation) -> Identity:
    account = make.account()
    make.grant(account, role, organisation_id=organisation.id)
    return accounts.identity_of(account.id, today=clock.today())


@pytest.mark.parametrize(("role", "yields"), [(Role.ENTERPRISE_COORDINATOR, False), (Role.CENTRE_LEADER, False), (Role.UNIVERSITY_ADMIN, True)])
def test_a_host_takes_the_claimant_and_never_the_number(session: Session, role: Role, yields: bool) -> None:
    """A coordinator who knows name and number would register a second row with it, open its account, and read what the school writes there."""
    number = ground.resident_id(BIRTH)
    claimant = claim("单小明", number)
    by = host(role, ground.enterprise() if role is not Role.UNIVERSITY_ADMIN else ground.university())
    facts: dict[str, Any] = {"name": "单小明", "id_type": IdType.RESIDENT_ID, "id_number": number}
    found = operations.register_person(**facts, by=by, now=clock.now())
    assert (found.id == claimant.id, claimant.id_number_hash is None) == (not yields, yields)
    if not yields:
        assert claimant.number_by_holder, "nobody proved it"
        assert operations.register_persons([facts], by=by, now=clock.now()) == [claimant]
        with pytest.raises(operations.NameDiffers):
            operations.register_person(name="王五", id_type=IdType.RESIDENT_ID, id_number=number, by=by, now=clock.now())


def test_a_list_of_mentors_names_the_claimant(session: Session) -> None:
    number, enterprise = ground.resident_id(BIRTH), ground.enterprise()
    claimant, by = claim("单小明", number), host(Role.ENTERPRISE_COORDINATOR, enterprise)
    text = f"name,id_number,enterprise,post,since\n单小明,{number},{enterprise.code},工程师,2026-03-01\n"
    draft = imports.execute_bytes(mentors.SPEC, text.encode(), filename="m.csv", by=by, today=clock.today(), now=clock.now())
    assert (draft.added, draft.errors) == (1, [])
    assert session.scalars(select(Mentor.person_id)).all() == [claimant.id]
    assert claimant.number_by_holder


@pytest.mark.parametrize("name", ["单小明", "王五"])
def test_a_roster_of_a_base_names_the_claimant_and_counts(session: Session, tmp_path: Path, name: str) -> None:
    """It takes the number from nobody; what the claimant is trained in counts, for the roster names them with their number."""
    number, base = ground.resident_id(BIRTH), ground.base(region_code="350102")
    claimant, by = claim("单小明", number), host(Role.CENTRE_LEADER, base)
    line = rosters.row(name=name, id_number=number, base_code=base.code)
    session.commit()
    work = Import(Roster(rosters.write(tmp_path / "r.csv", [line]), "r.csv"), by=by, today=clock.today(), now=clock.now)
    result = work.finish(work.run()[1])
    records = session.scalars(select(TrainingRecord)).all()
    assert (result.accepted, result.new_persons, result.rejected) == ((1, 0, 0) if name == "单小明" else (0, 0, 1))
    assert [one.person_id for one in records] == ([claimant.id] if name == "单小明" else [])
    session.refresh(claimant)
    assert (claimant.id_number_hash is not None, claimant.number_by_holder) == (True, True)
    found = select(TrainingRecord.id).join(Person, Person.id == TrainingRecord.person_id).where(is_sure())
    assert session.scalars(found).all() == [one.id for one in records]


@pytest.mark.parametrize(("days", "counts"), [(30, False), (31, True)])
def test_a_number_that_is_brought_again_counts_its_time_anew(session: Session, days: int, counts: bool) -> None:
    """Brought a day before its end it was made unreadable the next night."""
    number, first = ground.resident_id(BIRTH), clock.now() - timedelta(days=400)
    facts = {"name": "单小明", "id_type": IdType.RESIDENT_ID, "id_number": number}
    made = operations.register_person(**facts, by=SYSTEM, now=first)
    made.number_given_at = first
    later = first + timedelta(days=days)
    assert operations.register_person(**facts, by=SYSTEM, now=later).id == made.id
    assert made.number_given_at == (later if counts else first)
    assert operations.register_persons([facts], by=SYSTEM, now=later) == [made]
