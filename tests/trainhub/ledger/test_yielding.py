"""A claimed number goes to whose it is: nobody's completion is lost, cancelled by itself or counted twice, whatever was decided or recorded before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.test_claims_and_rosters import NAME, NUMBER, VISITOR, bring, claim, figures, goal, holder, standing
from trainhub.identity import queries as accounts
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import RecordCancellation, TrainingCourse, TrainingRecord
from trainhub.ledger.rosters import exporting, running
from trainhub.ledger.rosters.queries import Extent
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries
from trainhub.people import operations as people
from trainhub.people.models import FormerNumber, Person
from trainhub.people.types import IdType, PairDecision

pytestmark = pytest.mark.database
SLIP = rosters.resident(9)


@pytest.fixture
def head(session: Session, bases: dict[str, int]) -> Identity:
    """The head of the first base, who vouches for nobody."""
    account = make.account()
    make.grant(account, Role.CENTRE_LEADER, organisation_id=bases["B-01"])
    session.commit()
    return accounts.identity_of(account.id, today=clock.today())


def office_row(slip: str | None, name: str = NAME) -> int:
    """A row that an office made, with a number mistyped or without any."""
    with transaction():
        facts: dict[str, Any] = {"is_verified": True} if slip is None else {"id_type": IdType.RESIDENT_ID, "id_number": slip}
        return people.register_person(name=name, by=SYSTEM, now=NOW, **facts).id


def decide(session: Session, one: int, two: int, decision: PairDecision = PairDecision.SAME) -> None:
    with transaction():
        pair = {"first": session.get_one(Person, one), "second": session.get_one(Person, two)}
        people.decide_pair(**pair, decision=decision, reason="已核对", by=SYSTEM, now=clock.now())


def write_number(session: Session, person_id: int, number: str = NUMBER) -> None:
    """What an office does who has seen the document: corrects what stands there, or gives a number to who has none."""
    with transaction():
        row = session.get_one(Person, person_id)
        if row.id_number_hash is not None and not row.number_by_holder:
            people.correct_number(person=row, id_type=IdType.RESIDENT_ID, number=number, reason="已核对证件原件", by=SYSTEM, now=clock.now())
        else:
            people.give_number(person=row, id_type=IdType.RESIDENT_ID, number=number, by=SYSTEM, now=clock.now())


def close(until: date = date(2016, 12, 31)) -> None:
    figures()
    with transaction():
        operations.close_period(
            goal=goal(), until=until, reason="年度上报", by=SYSTEM, today=date(2026, 3, 2), now=clock.now() + timedelta(microseconds=1)
        )


def learn(person_id: int, base_id: int, course: str = "网课", day: date = date(2016, 5, 1), now: datetime = NOW) -> TrainingRecord:
    """A completion of the open catalogue, for which nobody named anybody by a number."""
    return ledger.record_training(
        person_id=person_id,
        organisation_id=base_id,
        course=course,
        category=Category.WORKER,
        county_code="350102",
        hours_x10=80,
        completed_on=day,
        is_counted=True,
        source=Source.COURSE,
        by=SYSTEM,
        now=now,
    )[0]


def late() -> dict[str, int]:
    """How many came late, once the kept facts are up to date."""
    figures()
    return queries.late_counts(goal())


@pytest.mark.parametrize("slip", [SLIP, None])
@pytest.mark.parametrize("is_claimed_first", [True, False])
def test_a_number_given_to_the_human_who_claimed_it_cancels_nothing(
    session: Session, head: Identity, tmp_path: Path, slip: str | None, is_claimed_first: bool
) -> None:
    """Both rows were decided to be one human before the office wrote the number on the one that stays."""
    first = claim() if is_claimed_first else office_row(slip)
    second = office_row(slip) if is_claimed_first else claim()
    assert bring(tmp_path, head).accepted == 1
    decide(session, first, second)
    session.expire_all()
    stays = next(one for one in (first, second) if session.get_one(Person, one).merged_into_id is None)
    close()
    write_number(session, stays)
    session.expire_all()
    assert session.scalars(select(RecordCancellation)).all() == []
    assert len(standing(session)) == 1
    assert figures() == (1, 1)
    assert queries.late_counts(goal()) == {}
    for by in (head, SYSTEM):
        assert bring(tmp_path, by).duplicates == 1
    assert figures() == (1, 1)
    assert holder(session).id == stays


def test_another_name_keeps_no_row_of_the_holder_out(session: Session, head: Identity, tmp_path: Path) -> None:
    """The learner and the base wrote another name beside the number: what the office's own roster says of its holder is taken all the same."""
    claim("单晓明")
    bring(tmp_path, head, rosters.row(name="单晓明", id_number=NUMBER))
    with transaction():
        people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=clock.now())
    assert figures() == (0, 0)
    result = bring(tmp_path, SYSTEM)
    assert (result.accepted, result.rejected) == (1, 0)
    assert figures() == (1, 1)


def test_a_file_of_another_name_says_the_same_in_a_dry_run_and_over_chunks(
    session: Session, head: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim("单晓明")
    first: dict[str, Any] = {"id_number": NUMBER, "course": "另一门"}
    second: dict[str, Any] = {"id_number": NUMBER}
    bring(tmp_path, head, *(rosters.row(name="单晓明", **one) for one in (first, second)))
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 1)
    rows = [rosters.row(name=NAME, **one) for one in (first, second)]
    path = rosters.write(tmp_path / "d.csv", rows)
    tried, _remarks = running.Import(running.Roster(path, "d.csv"), by=SYSTEM, today=date(2026, 3, 2), now=clock.now).dry_run()
    result = bring(tmp_path, SYSTEM, *rows)
    assert (tried.accepted, tried.duplicates, tried.rejected) == (result.accepted, result.duplicates, result.rejected) == (2, 0, 0)
    assert figures() == (1, 2)


def test_a_cancelled_completion_of_the_claimant_alone_keeps_no_row_of_the_holder_out(
    session: Session, head: Identity, bases: dict[str, int], tmp_path: Path
) -> None:
    """What no roster named by the number did not go with it."""
    claimant = claim()
    with transaction():
        record = learn(claimant, bases["B-01"])
        ledger.cancel_record(record_id=record.id, reason="误记", by=SYSTEM, now=NOW)
    row = rosters.row(name=NAME, id_number=NUMBER, course="网课", category="worker", hours="8", completed_on="2016-05-01")
    assert bring(tmp_path, SYSTEM, row).accepted == 1
    assert bring(tmp_path, SYSTEM, row).duplicates == 1


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_claim_that_an_office_overwrites_leaves_no_second_human(session: Session, head: Identity, tmp_path: Path, is_correction: bool) -> None:
    """The base's roster named them by what they had mistyped: it is remembered like any number that was wrong."""
    claimant = claim(number=SLIP)
    row = rosters.row(name=NAME, id_number=SLIP)
    bring(tmp_path, head, row)
    with transaction():
        person = session.get_one(Person, claimant)
        if is_correction:
            people.correct_number(person=person, id_type=IdType.RESIDENT_ID, number=NUMBER, reason="已核对证件原件", by=SYSTEM, now=clock.now())
        else:
            people.give_number(person=person, id_type=IdType.RESIDENT_ID, number=NUMBER, by=SYSTEM, now=clock.now())
    assert figures() == (1, 1)
    for by in (head, SYSTEM):
        result = bring(tmp_path, by, row)
        assert (result.accepted, result.new_persons, result.rejected) == (0, 0, 1)
    assert figures() == (1, 1)
    other = bring(tmp_path, SYSTEM, rosters.row(name="林一", id_number=SLIP))
    assert (other.accepted, other.new_persons) == (1, 1), "the number's own holder"
    assert figures() == (2, 2)
    assert len(session.scalars(select(FormerNumber).where(FormerNumber.person_id == claimant)).all()) == 1


def test_an_export_of_whom_a_base_named_is_no_claim_proven(session: Session, head: Identity, tmp_path: Path) -> None:
    """It is in the file, without the number that nobody but its holder and a base said."""
    claimant = claim()
    bring(tmp_path, head)
    path = tmp_path / "out.csv"
    with path.open("wb") as file:
        assert exporting.write(path, file, Extent()) == 1
    assert NUMBER not in path.read_text(encoding="utf-8-sig")
    result = bring(tmp_path, SYSTEM, *rosters.read(path))
    assert (result.accepted, result.new_persons, result.duplicates, result.rejected) == (0, 0, 1, 0)
    session.expire_all()
    assert session.get_one(Person, claimant).number_by_holder
    assert figures() == (1, 1)
    new = [one | {"course": "另一门"} for one in rosters.read(path)]
    assert bring(tmp_path, head, *new).rejected == 1, "the mark names what stands, nothing new"


def test_an_export_of_whom_an_office_looked_at_under_another_row_takes_no_typed_number(
    session: Session, head: Identity, bases: dict[str, int], tmp_path: Path
) -> None:
    claimant = claim()
    learn(claimant, bases["B-01"])
    looked_at = office_row(None)
    decide(session, claimant, looked_at)
    assert figures() == (1, 1)
    path = tmp_path / "out.csv"
    with path.open("wb") as file:
        assert exporting.write(path, file, Extent()) == 1
    result = bring(tmp_path, SYSTEM, *rosters.read(path))
    assert (result.accepted, result.new_persons, result.duplicates, result.rejected) == (0, 0, 1, 0)
    assert figures() == (1, 1)
    session.expire_all()
    assert session.get_one(Person, claimant).number_by_holder


@pytest.mark.parametrize("has_own", [False, True])
def test_an_earlier_day_that_comes_with_the_move_makes_nobody_late(
    session: Session, head: Identity, bases: dict[str, int], tmp_path: Path, has_own: bool
) -> None:
    """Who was in the figures given out was there, under whichever row and by whichever record."""
    claim()
    bring(tmp_path, head)
    close()
    earlier = rosters.row(name=NAME, id_number=NUMBER, course="另一门", completed_on="2016-02-01")
    if has_own:  # the holder's own record of the same completion stands, recorded since
        mine = office_row(None)
        with transaction():
            for course, day in (("电子商务运营", date(2016, 3, 1)), ("另一门", date(2016, 2, 1))):
                learn(mine, bases["B-01"], course, day, now=clock.now())
        assert sum(late().values()) == 1, "somebody new"
        write_number(session, mine)
    else:
        assert bring(tmp_path, SYSTEM, earlier, rosters.row(name=NAME, id_number=NUMBER)).accepted == 1
    assert late() == {}
    assert figures()[0] == 1


def test_who_came_after_the_closing_is_late_by_an_earlier_day(session: Session, head: Identity, tmp_path: Path) -> None:
    bring(tmp_path, SYSTEM, rosters.row(2))
    close()
    bring(tmp_path, SYSTEM, rosters.row(name=NAME, id_number=NUMBER, course="另一门", completed_on="2016-02-01"))
    assert sum(late().values()) == 1


@pytest.mark.parametrize("name", [NAME, "单晓明"])
def test_a_completion_recorded_under_two_claims_refuses_nobody(session: Session, head: Identity, tmp_path: Path, name: str) -> None:
    """Whoever brings one of the numbers finds the same completion under the other row of the human: nothing stands twice, nothing is refused."""
    stays, gone = claim(name), claim(name, SLIP)
    for number in (NUMBER, SLIP):
        bring(tmp_path, head, rosters.row(name=name, id_number=number))
    decide(session, stays, gone)
    assert figures() == (1, 1)
    result = bring(tmp_path, SYSTEM)
    assert (result.accepted, result.duplicates, result.rejected) == ((0, 1, 0) if name == NAME else (1, 0, 0))
    assert len(standing(session)) == 2, "the holder's, and what the other number named"


def test_a_course_that_began_later_since_moves_all_the_same(session: Session, head: Identity, bases: dict[str, int], tmp_path: Path) -> None:
    """What stood already is not asked again since when the course is taught."""
    claim()
    bring(tmp_path, head)
    with transaction():
        session.add(TrainingCourse(organisation_id=bases["B-01"], title="电子商务运营", since=date(2017, 1, 1), registered_at=NOW))
    with transaction():
        people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=clock.now())
    session.expire_all()
    assert [one.person_id for one in standing(session)] == [holder(session).id]


@pytest.mark.parametrize(("name", "types_again"), [(NAME, False), ("单晓明", False), (NAME, True), ("单晓明", True)])
def test_a_record_restored_after_the_number_went_stands_where_it_went(
    session: Session, head: Identity, tmp_path: Path, name: str, types_again: bool
) -> None:
    claimant = claim(name)
    row = rosters.row(name=name, id_number=NUMBER)
    bring(tmp_path, head, row)
    record = standing(session)[0]
    with transaction():
        ledger.cancel_record(record_id=record.id, reason="误记", by=SYSTEM, now=clock.now())
    with transaction():
        people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=clock.now())
    if types_again:
        with transaction():
            person = session.get_one(Person, claimant)
            people.give_number(person=person, id_type=IdType.RESIDENT_ID, number=SLIP, by_holder=True, by=VISITOR, now=clock.now())
    with transaction():
        record = session.get_one(TrainingRecord, record.id)
        ledger.restore_record(record=record, reason="作废有误", by=SYSTEM, today=date(2026, 3, 2), now=clock.now())
    session.expire_all()
    restored = standing(session)[0]
    if name == NAME:
        assert (restored.person_id, restored.by_number) == (holder(session).id, True)
        assert figures() == (1, 1)
        assert bring(tmp_path, head, row).duplicates == 1
    else:
        assert (restored.person_id, restored.by_number) == (claimant, False)
        assert figures() == (0, 0)


def test_a_record_is_not_restored_beside_the_holders_own(session: Session, head: Identity, bases: dict[str, int], tmp_path: Path) -> None:
    claim()
    bring(tmp_path, head)
    record = standing(session)[0]
    with transaction():
        ledger.cancel_record(record_id=record.id, reason="误记", by=SYSTEM, now=clock.now())
    with transaction():
        mine = people.register_person(name=NAME, id_type=IdType.RESIDENT_ID, id_number=NUMBER, by=SYSTEM, now=clock.now()).id
        learn(mine, bases["B-01"], "电子商务运营", date(2016, 3, 1))
    with pytest.raises(ledger.BadRecord), transaction():
        record = session.get_one(TrainingRecord, record.id)
        ledger.restore_record(record=record, reason="作废有误", by=SYSTEM, today=date(2026, 3, 2), now=clock.now())


def test_whom_an_office_looked_at_under_another_row_is_listed_so(session: Session, head: Identity, bases: dict[str, int], tmp_path: Path) -> None:
    """The list of those who count says since when it is known who the human is, whichever row that was seen on."""
    claimant = claim()
    learn(claimant, bases["B-01"])
    decide(session, claimant, office_row(None))
    assert figures() == (1, 1)
    row = session.execute(queries.drill(goal(), SYSTEM)).one()
    assert row.identified_at == NOW


def test_many_who_were_identified_are_counted_from_the_start(session: Session, head: Identity, bases: dict[str, int], tmp_path: Path) -> None:
    """Whoever they are is not asked first."""
    bring(tmp_path, SYSTEM, rosters.row(1))
    figures()
    bring(tmp_path, SYSTEM, *(rosters.row(n) for n in (2, 3)))
    found = queries.touched_persons(goal(), at_most=2)
    assert found is not None
    assert len(found) == 2
    assert queries.touched_persons(goal(), at_most=1) is None


def test_a_mask_alone_is_no_number_to_an_office(session: Session) -> None:
    """Somebody typed a number that a list then brought for somebody else: the row keeps its mask, and an office corrects what followed from it, gives the
    right number, and proves nothing by looking at the person before the claim is decided."""
    claimant, holder_row = (people.register_person(name=name, by=SYSTEM, now=NOW) for name in (NAME, NAME + "甲"))
    people.say_number(person=claimant, id_type=IdType.RESIDENT_ID, number=NUMBER, by=SYSTEM, now=NOW)
    people.give_number(person=holder_row, id_type=IdType.RESIDENT_ID, number=NUMBER, by=SYSTEM, now=NOW)
    assert (claimant.id_number_hash, claimant.id_mask != "", claimant.number_by_holder) == (None, True, True)
    with pytest.raises(people.BadPerson) as no:
        people.identify_person(person=claimant, basis="看过本人和身份证", by=SYSTEM, now=NOW)
    assert (no.value.code, claimant.is_verified) == ("number_waits", False)
    people.change_person(person=claimant, by=SYSTEM, now=NOW, birth_on=date(1991, 2, 3))
    assert claimant.birth_on == date(1991, 2, 3)
    people.give_number(person=claimant, id_type=IdType.RESIDENT_ID, number=SLIP, by=SYSTEM, now=NOW)
    assert (claimant.number_by_holder, claimant.identified_at is not None) == (False, True)
