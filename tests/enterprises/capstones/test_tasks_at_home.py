"""What somebody is asked to judge stands on the first page and in the navigation, whatever role is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup, DefenceSlot
from enterprises.capstones.types import ReviewKind, SpotVerdict, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.oversight.home import page
from trainhub.oversight.home.panels import judging
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
MINE = ("评阅毕业设计论文", "第三方评分", "登记答辩记录", "参加毕业设计答辩", "评议抽检论文")


def _todos(person: Person, on: date = TODAY) -> dict[str, int | None]:
    with current_app.test_request_context():
        return {str(one.text): one.count for one in page.of(make.as_person(person), on).todos if str(one.text) in MINE}


def _group(session: Session, found: make.Case, on: date) -> tuple[DefenceGroup, DefenceSlot, list[Person], Person]:
    people, secretary = [make.signer() for _n in range(3)], make.signer()
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=on, starts_minute=540, minutes_each=30,
        chair=people[0], members=people[1:], secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, **TIMES)
    return group, queries.slots_of(found.capstone.id)[0][0], people, secretary


def test_a_review_stands_at_home_until_it_is_signed_or_taken_back(session: Session) -> None:
    found, one, two = make.handed_in(), make.signer(), make.signer()
    rows = [
        operations.ask_review(capstone=found.capstone, person=person, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
        for person in (one, two)
    ]
    assert [_todos(one), _todos(two)] == [{MINE[0]: 1}, {MINE[0]: 1}]
    operations.sign_review(review=rows[0], score=80, verdict=Verdict.PASS, comment="好", by=make.as_person(one), **TIMES)
    operations.cancel_review(review=rows[1], by=SYSTEM, now=NOW)
    assert [_todos(one), _todos(two)] == [{}, {}]


def test_a_third_grade_stands_at_home_while_it_is_needed(session: Session) -> None:
    found, person = make.graded(60, 95), make.signer()
    operations.ask_third(capstone=found.capstone, person=person, by=SYSTEM, **TIMES)
    assert _todos(person) == {MINE[1]: 1}
    operations.grade_third(capstone=found.capstone, points=make.points(90), by=make.as_person(person), **TIMES)
    assert _todos(person) == {}


def test_defences_stand_at_home_from_publication_and_records_from_the_day(session: Session) -> None:
    found = make.handed_in()
    day = TODAY + timedelta(days=3)
    group, slot, people, secretary = _group(session, found, day)
    assert (_todos(people[0]), _todos(secretary)) == ({}, {})
    operations.publish_timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, now=NOW)
    assert (_todos(people[0]), _todos(secretary)) == ({MINE[3]: 1}, {MINE[3]: 1})
    assert (_todos(people[0], day), _todos(secretary, day)) == ({MINE[3]: 1}, {MINE[2]: 1})
    after = day + timedelta(days=1)
    assert (_todos(people[0], after), _todos(secretary, after)) == ({}, {MINE[2]: 1})
    operations.record_defence(
        slot=slot, scores={one.id: 80 for one in people}, questions="问答", verdict=Verdict.PASS, by=make.as_person(secretary), today=day, now=NOW
    )
    assert (_todos(people[0], day), _todos(secretary, day)) == ({}, {})


def test_an_opinion_stands_at_home_until_it_is_signed(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item, experts = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
    assert _todos(experts[0]) == {MINE[4]: 1}
    opinion = next(row for row, _name in queries.opinions_of(item.id) if row.person_id == experts[0].id)
    operations.give_opinion(opinion=opinion, verdict=SpotVerdict.QUALIFIED, comment="好", by=make.as_person(experts[0]), **TIMES)
    assert (_todos(experts[0]), _todos(experts[1])) == ({}, {MINE[4]: 1})


def test_a_head_who_is_asked_to_review_finds_the_task(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, head = make.handed_in(), ground.person()
    desk = as_role(Role.PROGRAMME_ADMIN, programme_id=ground.programme().id, person_id=head.id)
    session.commit()
    shown = desk.get("/").text
    assert "/capstones/tasks" not in shown
    operations.ask_review(capstone=found.capstone, person=head, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    session.commit()
    shown = desk.get("/").text
    assert "评阅毕业设计论文" in shown
    assert "我的评审任务" in shown


def test_no_record_is_due_of_a_plan_that_was_never_published(session: Session) -> None:
    found = make.handed_in()
    group, _slot, _people, secretary = _group(session, found, TODAY)
    assert _todos(secretary) == {}
    operations.publish_timetable(cohort=session.get_one(Cohort, group.cohort_id), by=SYSTEM, now=NOW)
    assert _todos(secretary) == {MINE[2]: 1}


def test_who_was_never_asked_to_judge_costs_one_question(session: Session, count_queries: list[str]) -> None:
    person = make.as_person(make.case().who)
    session.commit()
    with current_app.test_request_context():
        count_queries.clear()
        assert judging.todos(person, TODAY) == []
    assert len(count_queries) == 1
