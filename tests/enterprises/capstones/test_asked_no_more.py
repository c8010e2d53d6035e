"""Who is asked to judge no more reads no more: a request that was taken back, somebody relieved or barred, a sample that is void."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.types import ReviewKind, SpotVerdict, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

TIMES = {"today": TODAY, "now": NOW}


@pytest.fixture
def reader(session: Session, as_role: Callable[..., FlaskClient]) -> Callable[[Person], FlaskClient]:
    def made(person: Person) -> FlaskClient:
        client = as_role(Role.LECTURER, organisation_id=ground.university().id, person_id=person.id)
        session.commit()
        return client

    return made


@pytest.mark.parametrize("kind", list(ReviewKind))
def test_a_review_that_was_taken_back_is_read_no_more(session: Session, reader: Callable[..., FlaskClient], kind: ReviewKind) -> None:
    found, person = make.handed_in(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=person, kind=kind, due_on=TODAY, by=SYSTEM, **TIMES)
    client, at = reader(person), f"/capstones/reviews/{review.id}"
    assert client.get(f"{at}/thesis").status_code == 200
    operations.cancel_review(review=review, by=SYSTEM, now=NOW)
    session.commit()
    assert client.get(f"{at}/thesis").status_code == 404
    page = client.get(at).text
    assert "已撤回" in page
    assert f"{at}/thesis" not in page
    assert found.who.name not in page


def test_a_review_that_is_signed_stays_to_be_read(session: Session, reader: Callable[..., FlaskClient]) -> None:
    found, person = make.handed_in(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=person, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=review, score=60, verdict=Verdict.REVISE, comment="补充实验", by=make.as_person(person), **TIMES)
    assert review.cancelled_at is not None
    operations.record_conflict(person=person, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    client = reader(person)
    assert client.get(f"/capstones/reviews/{review.id}/thesis").status_code == 200


def test_a_reviewer_whom_a_conflict_bars_reads_no_more(session: Session, reader: Callable[..., FlaskClient]) -> None:
    found, person = make.handed_in(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=person, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.record_conflict(person=person, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    client, at = reader(person), f"/capstones/reviews/{review.id}"
    assert client.get(f"{at}/thesis").status_code == 404
    page = client.get(at).text
    assert "须回避" in page
    assert f"{at}/thesis" not in page


def _third(session: Session) -> tuple[make.Case, Person]:
    found, person = make.graded(60, 95), make.signer()
    operations.ask_third(capstone=found.capstone, person=person, by=SYSTEM, **TIMES)
    return found, person


def test_a_third_person_reads_until_relieved(session: Session, reader: Callable[..., FlaskClient]) -> None:
    found, person = _third(session)
    client, at = reader(person), f"/capstones/{found.capstone.id}/third-grade"
    assert client.get(f"{at}/thesis").status_code == 200
    grade = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    operations.correct_grade(grade=grade, points=make.points(94), reason="误", by=found.by("school"), **TIMES)
    session.commit()
    assert client.get(f"{at}/thesis").status_code == 404
    page = client.get(at).text
    assert f"{at}/thesis" not in page


def test_a_third_person_who_has_signed_reads_after_the_publication(session: Session, reader: Callable[..., FlaskClient]) -> None:
    found, person = _third(session)
    operations.grade_third(capstone=found.capstone, points=make.points(90), by=make.as_person(person), **TIMES)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    client = reader(person)
    assert client.get(f"/capstones/{found.capstone.id}/third-grade/thesis").status_code == 200


def test_a_third_person_whom_a_conflict_bars_reads_no_more(session: Session, reader: Callable[..., FlaskClient]) -> None:
    found, person = _third(session)
    operations.record_conflict(person=person, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    client = reader(person)
    assert client.get(f"/capstones/{found.capstone.id}/third-grade/thesis").status_code == 404


def test_an_expert_reads_until_the_sample_is_void(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item, people = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    operations.send_to_experts(item=item, people=people, by=SYSTEM, **TIMES)
    opinions = {row.person_id: row for row, _name in queries.opinions_of(item.id)}
    at = [f"/capstones/spot-checks/opinions/{opinions[one.id].id}" for one in people]
    clients = [as_role(Role.EXPERT, organisation_id=university.id, person_id=one.id) for one in people]
    session.commit()
    assert [one.get(f"{url}/thesis").status_code for one, url in zip(clients, at, strict=True)] == [200, 200, 200]
    opinion = opinions[people[0].id]
    operations.give_opinion(opinion=opinion, verdict=SpotVerdict.QUALIFIED, comment="好", by=make.as_person(people[0]), **TIMES)
    check.voided_at = NOW  # only while nobody has signed: told here for both at once
    session.commit()
    assert [one.get(f"{url}/thesis").status_code for one, url in zip(clients, at, strict=True)] == [200, 404, 404]
    page = clients[1].get(at[1])
    assert page.status_code == 200
    assert "已作废" in page.text
    assert f"{at[1]}/thesis" not in page.text
    assert "评议结论" not in page.text


def test_what_an_expert_typed_is_not_lost_when_the_sample_was_voided_meanwhile(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item, people = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    operations.send_to_experts(item=item, people=people, by=SYSTEM, **TIMES)
    opinion = next(row for row, _name in queries.opinions_of(item.id) if row.person_id == people[0].id)
    at, client = f"/capstones/spot-checks/opinions/{opinion.id}", as_role(Role.EXPERT, organisation_id=university.id, person_id=people[0].id)
    check.voided_at = NOW
    session.commit()
    answer = client.post(at, data={"verdict": "qualified", "comment": "第三章的数据没有来源"})
    assert answer.status_code == 422
    assert "已作废" in answer.text
    assert "第三章的数据没有来源" in answer.text
    assert f"{at}/thesis" not in answer.text
