"""Members of a defence panel find their group under their tasks once the timetable is published, with the theses they hear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup, DefenceSlot
from enterprises.capstones.queries.defences import panels_of
from enterprises.capstones.types import ReviewKind, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}


def _group(session: Session, found: make.Case, members: list[Person], name: str = "甲组", on: date = TODAY) -> DefenceGroup:
    return operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name=name, room="A1-201", on=on, starts_minute=540, minutes_each=30,
        chair=members[0], members=members[1:], secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip


def _placed(session: Session) -> tuple[make.Case, DefenceGroup, DefenceSlot, list[Person]]:
    found, members = make.handed_in(), [ground.person() for _n in range(4)]
    group = _group(session, found, members)
    operations.timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, **TIMES)
    return found, group, queries.slots_of(found.capstone.id)[0][0], members


def _publish(session: Session, group: DefenceGroup) -> None:
    operations.publish_timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, now=NOW)


@pytest.fixture
def member(as_role: Callable[..., FlaskClient]) -> Callable[[Person], FlaskClient]:
    return lambda person: as_role(Role.LECTURER, organisation_id=ground.university().id, person_id=person.id)


def test_a_member_finds_group_students_and_theses_from_publication_to_the_record(session: Session, member: Callable[..., FlaskClient]) -> None:
    found, group, slot, members = _placed(session)
    key, thesis = group.id, f"/capstones/defences/slots/{slot.id}/thesis"
    client = member(members[1])
    session.commit()
    assert "甲组" not in client.get("/capstones/tasks").text, "nothing is settled before publication"
    assert [client.get(url).status_code for url in (f"/capstones/panels/{key}", thesis)] == [404, 404]
    _publish(session, group)
    session.commit()
    page = client.get("/capstones/tasks").text
    assert "甲组" in page
    assert f"/capstones/panels/{key}" in page
    page = client.get(f"/capstones/panels/{key}").text
    for said in ("A1-201", "09:00", found.who.name, found.topic.title, thesis, members[0].name):
        assert said in page, said
    assert client.get(thesis).data == make.PDF
    operations.record_defence(
        slot=slot, scores={one.id: 80 for one in members}, questions="问答", verdict=Verdict.PASS,
        by=make.as_person(session.get_one(Person, group.secretary_id)), **TIMES,
    )  # fmt: skip
    session.commit()
    assert client.get(thesis).status_code == 404, "what was heard is read no more by this task"
    page = client.get(f"/capstones/panels/{key}").text
    assert thesis not in page
    assert "已登记" in page


def test_who_must_stay_away_reads_nothing_and_strangers_see_nothing(session: Session, member: Callable[..., FlaskClient]) -> None:
    found, group, slot, members = _placed(session)
    _publish(session, group)
    operations.record_conflict(person=members[2], student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    away, stranger, key, thesis = member(members[2]), member(ground.person()), group.id, f"/capstones/defences/slots/{slot.id}/thesis"
    session.commit()
    page = away.get(f"/capstones/panels/{key}").text
    assert "须回避" in page
    assert thesis not in page
    assert away.get(thesis).status_code == 404
    assert [stranger.get(url).status_code for url in (f"/capstones/panels/{key}", thesis)] == [403, 403]


def test_a_confidential_thesis_is_read_by_this_task(session: Session, member: Callable[..., FlaskClient]) -> None:
    found, group, slot, members = _placed(session)
    found.topic.is_confidential = True
    _publish(session, group)
    client = member(members[1])
    session.commit()
    assert "保密" in client.get(f"/capstones/panels/{group.id}").text
    assert client.get(f"/capstones/defences/slots/{slot.id}/thesis").status_code == 200


def test_a_group_that_is_over_stands_behind_what_waits(session: Session) -> None:
    found, group, slot, members = _placed(session)
    _publish(session, group)
    later = make.case(programme=found.programme)
    make.submit(later)
    second = _group(session, later, members[:3], "乙组", TODAY + timedelta(days=1))
    session.add(DefenceSlot(group_id=second.id, capstone_id=later.capstone.id, starts_minute=540, scores={}))
    session.flush()
    second.published_at = NOW
    slot.recorded_at = NOW
    assert [(row.name, is_open) for row, is_open in panels_of(members[0].id)] == [("乙组", True), ("甲组", False)]
    assert panels_of(members[3].id) == [(group, False)]


@pytest.mark.parametrize("end", ["signed", "cancelled"])
def test_a_blind_reviewer_in_the_panel_learns_whose_thesis_it_is_only_afterwards(
    session: Session, member: Callable[..., FlaskClient], end: str
) -> None:
    found, members = make.handed_in(), [ground.person(), make.signer(), ground.person(), ground.person()]
    blind = members[1]
    review = operations.ask_review(capstone=found.capstone, person=blind, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    group = _group(session, found, members)
    operations.timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, **TIMES)
    slot = queries.slots_of(found.capstone.id)[0][0]
    _publish(session, group)
    reader, other, at, thesis = member(blind), member(members[2]), f"/capstones/panels/{group.id}", f"/capstones/defences/slots/{slot.id}/thesis"
    session.commit()
    page = reader.get(at).text
    for hidden in (found.who.name, found.student.student_no, found.topic.title, thesis):
        assert hidden not in page, hidden
    assert "先签署盲评" in page
    assert reader.get(thesis).status_code == 404
    assert found.who.name in other.get(at).text
    assert other.get(thesis).status_code == 200
    if end == "signed":
        review.signed_at = NOW
    else:
        review.cancelled_at = NOW
    session.commit()
    assert found.who.name in reader.get(at).text
    assert reader.get(thesis).status_code == 200


def test_a_secretary_who_reads_blind_learns_whose_thesis_it_is_only_afterwards(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, group, slot, members = _placed(session)
    secretary = session.get_one(Person, group.secretary_id)
    review = operations.ask_review(capstone=found.capstone, person=secretary, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    client, at = as_role(Role.LECTURER, person_id=secretary.id), f"/capstones/defences/{group.id}"
    session.commit()
    page = client.get(at).text
    assert [said for said in (found.who.name, found.student.student_no, found.topic.title) if said in page] == []
    said = {"slot": slot, "scores": {one.id: 80 for one in members}, "questions": "问答", "verdict": Verdict.PASS}
    with pytest.raises(operations.WrongState, match="盲评"):
        operations.record_defence(**said, by=make.as_person(secretary), **TIMES)
    review.signed_at = NOW
    session.commit()
    assert found.who.name in client.get(at).text
    assert operations.record_defence(**said, by=make.as_person(secretary), **TIMES).recorded_at is not None
