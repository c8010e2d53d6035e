"""What moves or stands still is told in time: terms, windows, placements that should have begun, places that fell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases.types import Refusal
from enterprises.placements import operations, planning, queries
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import PlanKind, SeatDecision
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.people import queries as people
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}
STARTS = date(2026, 6, 1)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An open round over a term to come, in which an enterprise offers a seat that one student ranks; everybody has an account."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university, starts_on=STARTS)
        make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=1)
        students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2)]
        for student in students:
            identity.account(person=people.person(student.person_id))
        host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        row = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term], closes_on=date(2026, 5, 20))
        operations.save_preferences(round=row, student=students[0], position_ids=[position.id], **WHOLE)
    accounts = identities.accounts_of_persons([one.person_id for one in students])
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme_id=programme.id, term=term, position=position, round=row, students=students,
        one=accounts[students[0].person_id], other=accounts[students[1].person_id], host=host.id, head=head.id,
    )  # fmt: skip


def told(account_id: int, kind: str) -> int:
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == account_id)).all())


def place(world: SimpleNamespace, student: Any) -> Any:
    return operations.place_student(student=student, position=world.position, term=world.term, **WHOLE)


# -- terms and windows ---------------------------------------------------------------------------------------------------
def change_term(world: SimpleNamespace, starts_on: date, title: str = "") -> None:
    term = world.term
    ends_on = starts_on + (term.ends_on - term.starts_on)
    operations.change_term(term=term, title=title or term.title, starts_on=starts_on, ends_on=ends_on, weeks=None, **WHOLE)


def test_a_term_with_a_known_code_and_other_words_is_not_said_to_be_saved(world: SimpleNamespace) -> None:
    same = {"university": world.university, "code": world.term.code, "starts_on": world.term.starts_on, "ends_on": world.term.ends_on}
    known = {"title": world.term.title, "weeks": world.term.weeks}
    assert operations.create_term(**same, **known, **WHOLE).id == operations.create_term(**same, title=world.term.title, **WHOLE).id == world.term.id
    for other in ({"title": "另一个名称"}, {"weeks": world.term.weeks - 1}):
        with pytest.raises(BadPlacement) as refused:
            operations.create_term(**same, **{**known, **other}, **WHOLE)
        assert refused.value.field == "code"


def test_a_term_that_moves_is_told_to_who_offers_in_it_and_who_chooses_for_it(world: SimpleNamespace) -> None:
    change_term(world, STARTS, title="新名称")
    assert told(world.host, "placements.term_moved") == 0
    change_term(world, STARTS + timedelta(days=28))
    assert [told(one, "placements.term_moved") for one in (world.host, world.one, world.other)] == [1, 1, 1]
    [said] = db.session.scalars(select(Notice).where(Notice.kind == "placements.term_moved", Notice.account_id == world.host)).all()
    assert (said.values["n"], said.values["a"], said.values["c"]) == (1, "2026-06-29", "2026-06-01")


def test_a_term_that_moves_into_a_year_for_which_the_enterprise_said_no_takes_its_seats_along(world: SimpleNamespace) -> None:
    bases.state_interest(enterprise=world.enterprise, year=2027, is_interested=False, reasons=[Refusal.NO_SEATS], **WHOLE)
    assert queries.is_open(world.position.id, world.term.id)
    change_term(world, date(2027, 3, 1))
    assert not queries.is_open(world.position.id, world.term.id)
    assert queries.seats_of(world.position.id, world.term.id).decision is SeatDecision.APPROVED
    change_term(world, STARTS + timedelta(days=28))
    assert queries.is_open(world.position.id, world.term.id)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"opens_on": date(2026, 3, 20)}, 1),
        ({"closes_on": date(2026, 5, 25)}, 1),
        ({"closes_on": date(2026, 5, 10)}, 1),
        ({"title": "换个名称"}, 0),
        ({}, 0),
    ],
)
def test_a_window_that_moves_while_it_is_open_is_told_to_students(world: SimpleNamespace, fields: dict[str, Any], count: int) -> None:
    operations.change_round(round=world.round, **fields, **WHOLE)
    assert told(world.one, "placements.round_moved") == told(world.other, "placements.round_moved") == count


def test_a_window_that_opens_later_and_ends_sooner_is_told_whole(world: SimpleNamespace) -> None:
    operations.change_round(round=world.round, opens_on=date(2026, 3, 20), closes_on=date(2026, 5, 10), **WHOLE)
    [said] = db.session.scalars(select(Notice).where(Notice.kind == "placements.round_moved", Notice.account_id == world.one)).all()
    assert (said.values["a"], said.values["day"]) == ("2026-03-20", "2026-05-10")


# -- what should have begun ----------------------------------------------------------------------------------------------
def remind(on: date) -> dict[str, int]:
    with transaction():
        return operations.remind_of_starts(today=on, now=make.at(on))


@pytest.mark.parametrize(("days", "count"), [(-15, 0), (-14, 1), (-1, 1), (0, 1), (3, 1)])
def test_who_has_not_answered_is_reminded_two_weeks_ahead(world: SimpleNamespace, days: int, count: int) -> None:
    place(world, world.students[0])
    on = STARTS + timedelta(days=days)
    assert remind(on) == remind(on)
    assert (told(world.one, "placements.accept_due"), told(world.other, "placements.accept_due")) == (count, 0)


@pytest.mark.parametrize(("days", "count"), [(-1, 0), (0, 0), (1, 1)])
@pytest.mark.parametrize("is_accepted", [True, False])
def test_enterprise_and_heads_hear_of_what_should_have_begun_once_a_week(world: SimpleNamespace, days: int, count: int, is_accepted: bool) -> None:
    row = place(world, world.students[0])
    if is_accepted:
        operations.accept_placement(placement=row, **WHOLE)
    on = STARTS + timedelta(days=days)
    for _again in range(2):
        assert remind(on)["late"] == count
    assert (told(world.host, "placements.start_due"), told(world.head, "placements.start_due")) == (count, count)
    assert told(world.one, "placements.accept_due") == (not is_accepted)
    remind(STARTS + timedelta(days=8))
    assert told(world.host, "placements.start_due") == count + 1


def test_who_answers_for_the_university_hears_once_of_all_its_programmes(world: SimpleNamespace) -> None:
    with transaction():
        more = ground.programme(world.university)
        whole = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university.id).id
        other = ground.student(more, petoe_since=date(2023, 9, 1))
        wide = make.position(enterprise=world.enterprise, terms=[world.term], seats=3)
        for student in (*world.students, other):
            operations.place_student(student=student, position=wide, term=world.term, **WHOLE)
    assert remind(STARTS + timedelta(days=1))["late"] == 3
    found = db.session.execute(select(Notice.account_id, Notice.values).where(Notice.kind == "placements.start_due")).all()
    assert sorted((key, values["n"]) for key, values in found) == sorted([(whole, 3), (world.head, 2), (world.host, 3)])


def test_who_answers_for_one_university_and_heads_a_programme_of_another_hears_of_both(world: SimpleNamespace) -> None:
    with transaction():
        abroad = ground.university()
        theirs = ground.programme(abroad)
        both = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=world.university.id)
        for programme_id in (world.programme_id, theirs.id):
            identity.grant(both, Role.PROGRAMME_ADMIN, programme_id=programme_id)
        term = make.term(university=abroad, starts_on=STARTS)
        wide = make.position(enterprise=world.enterprise, terms=[world.term, term], seats=3)
        for student in world.students:
            operations.place_student(student=student, position=wide, term=world.term, **WHOLE)
        operations.place_student(student=ground.student(theirs, petoe_since=date(2023, 9, 1)), position=wide, term=term, **WHOLE)
        both_id = both.id
    assert remind(STARTS + timedelta(days=1))["late"] == 3
    found = db.session.scalars(select(Notice).where(Notice.kind == "placements.start_due", Notice.account_id == both_id)).all()
    assert sorted(row.values["n"] for row in found) == [1, 2]


@pytest.mark.parametrize(("days", "state", "asked"), [(0, "enrolled", 1), (1, "enrolled", 0), (0, "suspended", 0), (0, "withdrawn", 0)])
def test_what_is_over_or_of_who_left_is_the_heads_alone(world: SimpleNamespace, days: int, state: str, asked: int) -> None:
    place(world, world.students[0])
    world.students[0].state = StudentState(state)
    remind(world.term.ends_on + timedelta(days=days))
    assert [told(one, "placements.start_due") for one in (world.host, world.head)] == [asked, 1]
    assert told(world.one, "placements.accept_due") == asked


def test_what_should_have_begun_stands_on_first_pages_with_its_list(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        place(world, world.students[0])
    for on, is_there in ((STARTS, False), (STARTS + timedelta(days=1), True)):
        with time_machine.travel(make.at(on), tick=False):
            for role, over in (
                (Role.PROGRAMME_ADMIN, {"programme_id": world.programme_id}),
                (Role.ENTERPRISE_COORDINATOR, {"organisation_id": world.enterprise.id}),
            ):
                browser = as_role(role, **over)
                assert ("处理到期未开始的实习" in browser.get("/").text) is is_there
                listed = browser.get("/placements/?state=late").text
                assert (world.position.title in listed) is is_there


@pytest.mark.parametrize(
    ("days", "state", "hosts"), [(0, "enrolled", True), (1, "enrolled", False), (0, "suspended", False), (0, "withdrawn", False)]
)
def test_an_enterprise_sees_what_it_was_told_of(world: SimpleNamespace, as_role: AsRole, days: int, state: str, hosts: bool) -> None:
    """On the first page and in the list as in the notice."""
    with transaction():
        place(world, world.students[0])
        people.student(world.students[0].id).state = StudentState(state)
    with time_machine.travel(make.at(world.term.ends_on + timedelta(days=days)), tick=False):
        for role, over, sees in (
            (Role.PROGRAMME_ADMIN, {"programme_id": world.programme_id}, True),
            (Role.ENTERPRISE_COORDINATOR, {"organisation_id": world.enterprise.id}, hosts),
        ):
            browser = as_role(role, **over)
            assert ("处理到期未开始的实习" in browser.get("/").text) is sees
            assert (world.position.title in browser.get("/placements/?state=late").text) is sees


# -- what fell -----------------------------------------------------------------------------------------------------------
def test_the_round_counts_what_fell_until_it_is_filled_or_a_repair_knew_of_it(world: SimpleNamespace) -> None:
    after = make.at(date(2026, 5, 21))
    operations.plan_round(round=world.round, by=SYSTEM, now=after)
    operations.publish_round(round=world.round, by=SYSTEM, now=after)
    [row] = queries.live_in_round(world.round.id)
    assert queries.displaced(world.round) == 0
    operations.decline_placement(placement=row, reason="考研", by=SYSTEM, now=after)
    assert queries.displaced(world.round) == 1
    problem = planning.problem_of(world.round, today=date(2026, 5, 21), kind=PlanKind.REPAIR)
    plan = operations.keep_plan(round=world.round, data=planning.compute(problem, now=after, time_limit=20.0), by=SYSTEM, now=after)
    operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=after)
    assert queries.displaced(world.round) == 0
    [new] = queries.live_in_round(world.round.id)
    operations.withdraw_placement(placement=new, reason="改派", by=SYSTEM, now=after)
    assert queries.displaced(world.round) == 1
    other = make.position(enterprise=world.enterprise, terms=[world.term])
    student = next(one for one in world.students if one.id == new.student_id)
    operations.place_student(student=student, position=other, term=world.term, by=SYSTEM, now=after)
    assert queries.displaced(world.round) == 0  # placed anew by hand


# -- who reads an offer --------------------------------------------------------------------------------------------------
def test_an_offer_is_read_by_whom_it_concerns(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            elsewhere, rival = ground.university(), ground.enterprise()
            strange = ground.programme(elsewhere)
            stranger = ground.student(strange, petoe_since=date(2023, 9, 1))
            competitor = ground.person()
            make.mentor(enterprise=rival, person=competitor)
            waiting = make.position(enterprise=world.enterprise, terms=[world.term], is_approved=False)
            operations.submit_position(position=waiting, **WHOLE)
            found = make.position(enterprise=world.enterprise, terms=[world.term], seats=1)
            operations.place_student(student=world.students[1], position=found, term=world.term, **WHOLE)
            operations.close_position(position=found, **WHOLE)
            here = {"programme_id": world.programme_id}
            readers: dict[str, tuple[Role, dict[str, Any]]] = {
                "ranker": (Role.STUDENT, {**here, "person_id": world.students[0].person_id}),
                "placed": (Role.STUDENT, {**here, "person_id": world.students[1].person_id}),
                "stranger": (Role.STUDENT, {"programme_id": strange.id, "person_id": stranger.person_id}),
                "rival": (Role.MENTOR, {"organisation_id": rival.id, "person_id": competitor.id}),
                "mentor": (Role.MENTOR, {"organisation_id": world.enterprise.id}),
                "supervisor": (Role.SCHOOL_SUPERVISOR, here),
                "away": (Role.PROGRAMME_ADMIN, {"programme_id": strange.id}),
                "department": (Role.DEPT_EDU, {}),
            }
            keys = (world.position.id, waiting.id, found.id)
        browsers = {name: as_role(role, **over) for name, (role, over) in readers.items()}
        seen = {name: [browser.get(f"/placements/positions/{key}").status_code for key in keys] for name, browser in browsers.items()}
    assert seen == {
        "ranker": [200, 404, 404],
        "placed": [200, 404, 200],
        "stranger": [404, 404, 404],
        "rival": [404, 404, 404],
        "mentor": [200, 200, 200],
        "supervisor": [200, 200, 200],
        "away": [404, 404, 404],
        "department": [200, 200, 200],
    }


def test_the_list_of_offers_and_the_search_lead_to_what_may_be_read(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(NOW, tick=False):
        with transaction():
            elsewhere = ground.university()
            strange = ground.programme(elsewhere)
            theirs = make.position(enterprise=world.enterprise, terms=[make.term(university=elsewhere, starts_on=STARTS)], title="别校岗位")
            readers: list[tuple[Role, dict[str, Any], set[int]]] = [
                (Role.PROGRAMME_ADMIN, {"programme_id": world.programme_id}, {world.position.id}),
                (Role.UNIVERSITY_ADMIN, {"organisation_id": world.university.id}, {world.position.id}),
                (Role.PROGRAMME_ADMIN, {"programme_id": strange.id}, {theirs.id}),
                (Role.AUDITOR, {"organisation_id": world.university.id}, set()),
                (Role.DEPT_EDU, {}, {world.position.id, theirs.id}),
                (Role.ENTERPRISE_COORDINATOR, {"organisation_id": world.enterprise.id}, {world.position.id, theirs.id}),
            ]
            titles = {one.id: one.title for one in (world.position, theirs)}
        for role, over, readable in readers:
            browser = as_role(role, **over)
            offers = browser.get("/placements/positions").text
            for key, title in titles.items():
                address = f"/placements/positions/{key}"
                pages = [offers, browser.get(f"/search?q={title}").text]
                assert [f'{address}"' in page for page in pages] == [key in readable] * 2
                assert (browser.get(address).status_code == 200) is (key in readable)
