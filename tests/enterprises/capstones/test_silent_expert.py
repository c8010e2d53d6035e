"""An expert of a spot check who does not answer: the request is taken back with a reason, and another one is asked in this place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, SpotItem, SpotOpinion
from enterprises.capstones.operations import CapstoneRefused, checking
from enterprises.capstones.types import SpotOutcome, SpotVerdict
from tests.factories import capstones as make
from tests.factories.capstones import NOW, TODAY
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.policy.book import book

TIMES = {"today": TODAY, "now": NOW}
LATER = NOW + timedelta(days=30)
WHY = "一个月没有回复，电话联系不上"


def _asked(session: Session) -> tuple[SpotItem, list[Person]]:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item = queries.spot_items(check.id)[0][0]
    people = [make.expert() for _n in range(4)]
    operations.send_to_experts(item=item, people=people[:3], by=SYSTEM, **TIMES)
    return item, people


def _of(item: SpotItem, person: Person) -> SpotOpinion:
    return next(row for row, _name in queries.opinions_of(item.id) if row.person_id == person.id)


def _sign(item: SpotItem, *people: Person) -> None:
    for one in people:
        operations.give_opinion(opinion=_of(item, one), verdict=SpotVerdict.QUALIFIED, comment="好", by=make.as_person(one), **TIMES)


def test_the_place_of_a_silent_expert_goes_to_another_one(session: Session) -> None:
    item, people = _asked(session)
    _sign(item, *people[:2])
    silent = _of(item, people[2])
    assert operations.take_back_opinion(opinion=silent, reason=WHY, by=SYSTEM, now=LATER) is True
    assert item.outcome is SpotOutcome.OPEN
    assert queries.spot_tasks(people[2].id) == []
    told = session.scalars(sa.select(Notice).where(Notice.kind == "capstones.spot_check").order_by(Notice.id)).all()
    assert told[-1].values["reason"] == WHY
    operations.send_to_experts(item=item, people=[people[3]], by=SYSTEM, today=TODAY, now=LATER)
    _sign(item, people[3])
    assert item.outcome is SpotOutcome.FINE
    write_pending(session)
    said = session.scalars(sa.select(AuditEvent).where(AuditEvent.did == "capstones.spot_check.taken_back")).all()
    assert [row.data for row in said] == [{"expert": people[2].id, "stage": 1, "reason": WHY}]


def test_who_is_asked_again_is_told_again(session: Session) -> None:
    item, people = _asked(session)
    kinds = sa.select(sa.func.count()).select_from(Notice).where(Notice.kind == "capstones.spot_check")
    for number in (4, 6):  # three were asked; one is taken back, and asked again
        then = NOW + timedelta(days=10 * number)
        operations.take_back_opinion(opinion=_of(item, people[0]), reason=WHY, by=SYSTEM, now=then)
        assert session.scalar(kinds) == number
        operations.send_to_experts(item=item, people=[people[0]], by=SYSTEM, today=TODAY, now=then)
        assert session.scalar(kinds) == number + 1


def test_an_expert_has_time_to_answer_before_the_place_goes_to_another_one(session: Session) -> None:
    """Otherwise who sees two verdicts could look for a third expert who suits."""
    item, people = _asked(session)
    _sign(item, *people[:2])
    days = timedelta(days=book().at("own.spot.answer_days", on=TODAY).number)
    for early in (NOW, NOW + days - timedelta(days=1)):
        with pytest.raises(CapstoneRefused) as no:
            operations.take_back_opinion(opinion=_of(item, people[2]), reason=WHY, by=SYSTEM, now=early)
        assert no.value.code == "may_answer"
        assert (TODAY + days).isoformat() in no.value.message
    assert operations.take_back_opinion(opinion=_of(item, people[2]), reason=WHY, by=SYSTEM, now=NOW + days) is True


def test_an_expert_who_stands_near_is_released_at_once(session: Session) -> None:
    item, people = _asked(session)
    capstone = session.get_one(Capstone, item.capstone_id)
    checking.release_expert(person=people[2], capstone=capstone, by=SYSTEM, now=NOW)
    write_pending(session)
    said = session.scalars(sa.select(AuditEvent).where(AuditEvent.did == "capstones.spot_check.taken_back")).all()
    assert [row.data for row in said] == [{"expert": people[2].id, "stage": 1, "conflict": True}]


def test_an_expert_who_signs_what_was_taken_back_is_told_so(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    item, people = _asked(session)
    key, person_id = _of(item, people[0]).id, people[0].id
    operations.take_back_opinion(opinion=_of(item, people[0]), reason=WHY, by=SYSTEM, now=LATER)
    session.commit()
    answer = as_role(Role.EXPERT, person_id=person_id).post(f"/capstones/spot-checks/opinions/{key}", data={"verdict": "fail", "comment": "不足"})
    assert (answer.status_code, "收回" in answer.text) == (404, True)


def test_a_signed_opinion_is_not_taken_back_and_a_reason_is_asked_for(session: Session) -> None:
    item, people = _asked(session)
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.take_back_opinion(opinion=_of(item, people[0]), reason=" ", by=SYSTEM, now=LATER)
    _sign(item, people[0])
    with pytest.raises(CapstoneRefused) as no:
        operations.take_back_opinion(opinion=_of(item, people[0]), reason=WHY, by=SYSTEM, now=LATER)
    assert no.value.code == "already_graded"
    assert len(queries.opinions_of(item.id)) == 3


def test_the_page_takes_back_and_asks_anew(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    item, people = _asked(session)
    _sign(item, people[0])
    signed, silent, check_id, name = _of(item, people[0]).id, _of(item, people[2]).id, item.check_id, people[3].name
    session.commit()
    office = as_role(Role.SYSTEM_ADMIN)
    at = f"/capstones/spot-checks/opinions/{silent}/take-back"
    page = office.get(f"/capstones/spot-checks/{check_id}").text
    assert (at in page, f"/opinions/{signed}/take-back" in page, "送评议" in page) == (True, False, False)
    no = office.post(at, data={"reason": ""})
    assert (no.status_code, "请写明" in no.text) == (422, True)
    assert office.post(at, data={"reason": WHY}).status_code == 303
    assert office.post(at, data={"reason": WHY}).status_code == 404
    page = office.get(f"/capstones/spot-checks/{check_id}").text
    assert (at in page, name in page, "送评议" in page) == (False, True, True)


def test_a_signature_and_its_taking_back_at_once_are_one_of_the_two(committed: Flask) -> None:
    with committed.app_context(), transaction():
        item, people = _asked(db.session())
        key, by = _of(item, people[0]).id, make.as_person(people[0])

    def opinion() -> SpotOpinion:
        found = queries.opinion_by_id(key)
        assert found is not None
        return found

    told = together(
        committed,
        lambda: operations.give_opinion(opinion=opinion(), verdict=SpotVerdict.QUALIFIED, comment="好", by=by, **TIMES),
        lambda: operations.take_back_opinion(opinion=opinion(), reason=WHY, by=SYSTEM, now=LATER),
    )
    assert told in (["", "already_graded"], ["taken_back", ""])
