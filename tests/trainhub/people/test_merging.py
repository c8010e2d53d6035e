"""Two rows, one human: after merging one person is left, and a mistaken merging can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import certificates, courses, ground
from tests.factories import identity as accounts
from tests.factories.ground import NOW
from trainhub.certificates import queries as certificate_queries
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger import own_queries as ledger_own
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.people import operations, queries
from trainhub.people.models import STAYS, Person, PersonMerge, Student
from trainhub.people.operations.merging import BadDecision
from trainhub.people.types import IdType, PairDecision

TODAY = NOW.date()


def decide(first: Person, second: Person, decision: PairDecision) -> None:
    """A decision with its reason."""
    operations.decide_pair(first=first, second=second, decision=decision, reason="已核对户口簿", by=SYSTEM, now=NOW)


@pytest.fixture
def two(session: Session) -> tuple[Person, Person]:
    """The same human twice: with a passport, and with a resident number."""
    born = date(1989, 1, 1)
    passport = ground.person("单一", id_type=IdType.PASSPORT, id_number=f"E{ground.unique():08d}", birth_on=born)
    resident = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(born))
    return passport, resident


def record(who: Person) -> TrainingRecord:
    """A completion from a roster."""
    base = ground.base(ground.enterprise())
    made, _is_new = ledger.record_training(
        person_id=who.id,
        organisation_id=base.id,
        course="数控加工",
        category=Category.WORKER,
        county_code="350102",
        hours_x10=400,
        completed_on=date(2016, 3, 1),
        is_counted=True,
        source=Source.ROSTER,
        by=SYSTEM,
        now=NOW,
    )
    return made


def test_everything_of_the_other_belongs_to_the_one_who_stays(session: Session, two: tuple[Person, Person]) -> None:
    stays, gone = two
    student, teacher = ground.student(who=gone), ground.teacher(who=gone)
    work, account = ground.employment(gone), accounts.account(person=gone, has_consented=False)
    enrolment = courses.enrolment(courses.publish(courses.run(has_content=True)), gone)
    certificate, training = certificates.certificate(who=gone), record(gone)
    milestone, _is_new = ledger.reach_milestone(
        person_id=gone.id, source=Source.COURSE, key="course:1", title="课程", reached_on=TODAY, by=SYSTEM, now=NOW
    )
    moved = [student, teacher, work, account, enrolment, certificate, milestone]

    decide(stays, gone, PairDecision.SAME)
    assert gone.merged_into_id == stays.id
    assert {row.person_id for row in moved} == {stays.id}
    assert identity_queries.identity_of(account.id, today=TODAY).person_id == stays.id
    assert [row.id for row in certificate_queries.of_person(stays.id)] == [certificate.id]
    # A record of a roster stays under the number it came with, and belongs to the whole human.
    assert training.person_id == gone.id
    assert len(ledger_own.trainings(stays.id).rows()) == 1
    again = ledger.record_training(
        person_id=stays.id,
        organisation_id=training.organisation_id,
        course=training.course,
        category=Category.WORKER,
        county_code="350102",
        hours_x10=400,
        completed_on=training.completed_on,
        is_counted=True,
        source=Source.ROSTER,
        by=SYSTEM,
        now=NOW,
    )
    assert (again[0].id, again[1]) == (training.id, False)

    later = ground.employment(stays, since=date(2018, 1, 1), until=None)
    decide(stays, gone, PairDecision.DIFFERENT)
    assert gone.merged_into_id is None
    assert {row.person_id for row in moved} == {gone.id}
    assert later.person_id == stays.id
    assert [merge.undone_at for merge in session.scalars(select(PersonMerge))] == [NOW]


def test_what_would_be_there_twice_stays_and_is_listed(as_role: Callable[..., FlaskClient], session: Session, two: tuple[Person, Person]) -> None:
    stays, gone = two
    first, second = (accounts.account(person=who, has_consented=False) for who in two)
    run = courses.publish(courses.run(has_content=True))
    mine, other = courses.enrolment(run, stays), courses.enrolment(run, gone)
    decide(gone, stays, PairDecision.SAME)
    assert (first.person_id, second.person_id, mine.person_id, other.person_id) == (stays.id, gone.id, stays.id, gone.id)
    # Both accounts act as the one human.
    assert {identity_queries.identity_of(one.id, today=TODAY).person_id for one in (first, second)} == {stays.id}
    merge = queries.standing_merge(gone.id)
    assert merge is not None
    assert merge.stayed == {"account.person_id": [second.id], "enrolment.person_id": [other.id]}
    stays_id, gone_id = stays.id, gone.id
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    page = client.get(f"/people/persons/{stays_id}").get_data(as_text=True)
    assert ("2 项因重复留在原记录" in page, f"/people/same/{stays_id}/{gone_id}" in page) == (True, True)
    assert client.post(f"/people/same/{stays_id}/{gone_id}", data={"decision": "different", "reason": "弄错了"}).status_code == 303
    session.expire_all()
    assert session.get(Person, gone_id).merged_into_id is None  # type: ignore[union-attr]


def test_three_stand_for_the_one_with_a_number_and_part_again(session: Session) -> None:
    none, first, second = ground.person("甲", id_type=None), ground.person("甲"), ground.person("甲")
    students = [ground.student(who=who) for who in (none, first, second)]
    people = [row.person_id for row in students]
    decide(none, second, PairDecision.SAME)
    assert [row.person_id for row in students] == [second.id, first.id, second.id]
    decide(none, first, PairDecision.SAME)
    assert [row.person_id for row in students] == [first.id] * 3
    assert [none.merged_into_id, first.merged_into_id, second.merged_into_id] == [first.id, None, first.id]
    decide(none, second, PairDecision.DIFFERENT)
    assert [row.person_id for row in students] == [first.id, first.id, second.id]
    decide(none, first, PairDecision.DIFFERENT)
    assert [row.person_id for row in students] == people
    assert session.scalars(select(PersonMerge).where(PersonMerge.undone_at.is_(None))).all() == []


def test_deciding_the_same_again_changes_nothing(session: Session, two: tuple[Person, Person]) -> None:
    stays, gone = two
    ground.student(who=gone)
    for _time in range(2):
        decide(stays, gone, PairDecision.SAME)
    assert len(session.scalars(select(PersonMerge)).all()) == 1
    assert session.scalars(select(Student.person_id)).all() == [stays.id]


def test_a_number_of_the_other_finds_the_one_who_stays(as_role: Callable[..., FlaskClient], session: Session) -> None:
    number = ground.resident_id(date(1998, 2, 3))
    stays, gone = ground.person("双一"), ground.person("双一", id_number=number, id_type=IdType.RESIDENT_ID)
    decide(stays, gone, PairDecision.SAME)
    stays_id, gone_id = stays.id, gone.id
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).post("/people/persons", data={"number": number}, follow_redirects=True).get_data(as_text=True)
    assert (f'href="/people/persons/{stays_id}"' in page, f'href="/people/persons/{gone_id}"' in page) == (True, False)


def test_history_is_marked_and_everything_else_follows() -> None:
    """Who adds a table that names a person decides: its rows follow a merging, or its column says that they stay."""
    from trainhub.kernel.db import Base

    naming = {str(c) for t in Base.metadata.sorted_tables for c in t.columns if any(key.column.table.name == "person" for key in c.foreign_keys)}
    following = {str(column) for column in queries.references()}
    assert naming - following == {
        "goal_person.person_id",
        "issue_item.person_id",
        "person.merged_into_id",
        "person_identified.person_id",
        "person_yield.claimant_id",
        "person_yield.holder_id",
        "person_merge.gone_id",
        "person_merge.into_id",
        "person_pair.first_id",
        "person_pair.second_id",
        "possible_duplicate.other_person_id",
        "possible_duplicate.person_id",
        "subsidy_item.person_id",
        "training_record.person_id",
    }
    assert STAYS == {"merging": "stays"}
    assert all("id" in column.table.columns for column in queries.references())


def test_two_who_stay_one_by_way_of_a_third_are_told_so(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A = B and B = C make A and C one: that those are two is kept, and said to have no effect yet."""
    a, b, c = (ground.person(f"陈三{n}") for n in range(3))
    for pair in ((a, b), (b, c)):
        decide(*pair, PairDecision.SAME)
    session.commit()
    keys, admin = [a.id, b.id, c.id], as_role(Role.SYSTEM_ADMIN)
    sent = {"decision": "different", "reason": "不是一人"}
    told = admin.post(f"/people/same/{keys[0]}/{keys[2]}", data=sent, follow_redirects=True).text
    assert ("仍按一人计数" in told, "陈三1" in told) == (True, True)
    told = admin.post(f"/people/same/{keys[1]}/{keys[2]}", data=sent, follow_redirects=True).text
    assert "今后按两个人计数" in told
    session.expire_all()
    assert [session.get_one(Person, key).merged_into_id for key in keys] == [None, keys[0], None]


def test_two_who_were_decided_to_be_different_are_not_joined_by_way_of_a_third(session: Session) -> None:
    a, b, c = (ground.person(f"陈四{n}") for n in range(3))
    decide(a, c, PairDecision.DIFFERENT)
    decide(a, b, PairDecision.SAME)
    with pytest.raises(BadDecision, match=r"陈四0.*陈四2") as refused:
        decide(b, c, PairDecision.SAME)
    assert refused.value.code == "different_by_another"
    assert session.get_one(Person, c.id).merged_into_id is None
