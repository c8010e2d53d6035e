"""Two sessions at once on one round or placement: a plan is started and published once, what is sent twice is kept once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from enterprises.bases import operations as bases
from enterprises.mentors.models import Mentor
from enterprises.placements import operations, queries
from enterprises.placements.models import AgreementSignature, DayEntry, Placement, PlacementEvent, Preference, Round, WeeklyLog
from enterprises.placements.types import AgreementParty, EventKind, PlanSide
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Job
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import Milestone
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

NOW = make.NOW


def test_a_plan_that_two_start_at_once_is_one_job_and_published_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
        make.mentor(enterprise=enterprise)
        position = make.position(enterprise=enterprise, terms=[term], seats=2)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=round, student=student, position_ids=[position.id], by=SYSTEM, now=NOW)
        operations.close_round(round=round, by=SYSTEM, now=NOW)
        key, after = round.id, make.at(round.closes_on + timedelta(days=1))

    def the_round() -> Round:
        found = queries.round_(key)
        assert found is not None
        return found

    def ask() -> object:
        return operations.ask_for_plan(round=the_round(), by=SYSTEM, now=after)

    assert together(committed, ask, ask) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Job).where(Job.task == "placements.plan")) == 1
    with committed.app_context(), transaction():
        operations.plan_round(round=the_round(), by=SYSTEM, now=after)

    def publish() -> object:
        return operations.publish_round(round=the_round(), by=SYSTEM, now=after)

    assert together(committed, publish, publish) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Placement).where(Placement.round_id == key)) == 1


WEEK = [date(2026, 3, 2) + timedelta(days=n) for n in range(5)]
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.at(WEEK[-1])}


@pytest.fixture
def world(committed: Flask) -> SimpleNamespace:
    """A placement that runs, and an open round of its student."""
    with committed.app_context(), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        later = make.term(university=university, starts_on=date(2026, 9, 7))
        positions = [make.position(enterprise=enterprise, terms=[term, later]) for _ in range(2)]
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        placement = make.started(student=student, position=positions[0], term=term, mentor=make.mentor(enterprise=enterprise))
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[later])
        return SimpleNamespace(key=placement.id, round_id=round.id, student_id=student.id, positions=[one.id for one in positions], app=committed)


def running(world: SimpleNamespace) -> Any:
    return queries.placement(world.key)


SENT: dict[str, tuple[Callable[[SimpleNamespace], object], Any, int]] = {
    "days": (lambda w: operations.log_week(placement=running(w), days=dict.fromkeys(WEEK, ""), week=WEEK, today=WEEK[-1], **WHOLE), DayEntry, 5),
    "log": (lambda w: operations.save_weekly_log(placement=running(w), on=WEEK[0], text="收获", tags=[], today=WEEK[-1], **WHOLE), WeeklyLog, 1),
    "signature": (
        lambda w: operations.sign_placement(
            placement=running(w), party=AgreementParty.STUDENT, signed_name="本人", signed_on=WEEK[-1], text_no=2, **WHOLE
        ),
        AgreementSignature,
        5,
    ),
    "leave": (
        lambda w: operations.report_event(placement=running(w), kind=EventKind.ABSENCE, since=WEEK[1], until=WEEK[1], text="家事", **WHOLE),
        PlacementEvent,
        1,
    ),
    "wishes": (
        lambda w: operations.save_preferences(
            round=queries.round_(w.round_id), student=queries.student(w.student_id), position_ids=w.positions, **WHOLE
        ),
        Preference,
        2,
    ),
}


@pytest.mark.parametrize("what", SENT)
def test_a_form_that_is_sent_twice_at_once_is_kept_once(world: SimpleNamespace, what: str) -> None:
    send, table, count = SENT[what]
    with world.app.app_context(), transaction():
        operations.amend_agreement(placement=running(world), changes=["延长两周"], reason="", **WHOLE)
    assert together(world.app, lambda: send(world), lambda: send(world)) == ["", ""]
    with world.app.app_context():
        assert session().scalar(select(func.count()).select_from(table)) == count


def choose(world: SimpleNamespace, position: int) -> Any:
    """From a page that showed no wish."""
    round, student = queries.round_(world.round_id), queries.student(world.student_id)
    assert round is not None
    return operations.save_preferences(round=round, student=student, position_ids=[world.positions[position]], shown=[], **WHOLE)


def test_of_two_pages_that_save_another_wish_at_once_one_is_told(world: SimpleNamespace) -> None:
    assert together(world.app, lambda: choose(world, 0), lambda: choose(world, 1)) == ["", "stale"]
    with world.app.app_context():
        assert [row.position_id for row in queries.preferences_of(world.round_id, world.student_id)] == [world.positions[0]]


def leave(world: SimpleNamespace) -> Any:
    event = queries.events_of(world.key)[0]
    return operations.decide_absence(event=event, placement=running(world), is_approved=True, **WHOLE)


def confirm(world: SimpleNamespace) -> Any:
    return operations.decide_days(placement=running(world), days=[WEEK[1]], is_approved=True, today=WEEK[-1], **WHOLE)


def note(world: SimpleNamespace) -> Any:
    return operations.log_day(placement=running(world), on=WEEK[1], today=WEEK[-1], **WHOLE)


def train(world: SimpleNamespace) -> Any:
    return operations.record_safety(placement=running(world), trained_on=WEEK[2], **WHOLE)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (leave, note, "absent"),
        (confirm, leave, "days_confirmed"),
        (leave, confirm, "bad_day stale"),  # taken back before it was read, or after
        (confirm, train, "days_confirmed"),
        (train, confirm, "no_papers"),
    ],
)
def test_days_leave_and_papers_queue_up(world: SimpleNamespace, first: Any, second: Any, told: str) -> None:
    with world.app.app_context(), transaction():
        operations.report_event(placement=running(world), kind=EventKind.ABSENCE, since=WEEK[1], until=WEEK[1], text="家事", **WHOLE)
        if note not in (first, second):
            note(world)
    done, refused = together(world.app, lambda: first(world), lambda: second(world))
    assert (done, refused in told.split()) == ("", True)


def end(world: SimpleNamespace) -> Any:
    return operations.end_early(placement=running(world), on=WEEK[0], reason="停产", today=WEEK[-1], **WHOLE)


def withdraw(world: SimpleNamespace) -> Any:
    return operations.withdraw_placement(placement=running(world), reason="停产", **WHOLE)


def taken(world: SimpleNamespace) -> int:
    seats = queries.seats_of(world.positions[0], running(world).term_id)
    assert seats is not None
    return seats.taken


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [(end, end, ""), (withdraw, withdraw, ""), (end, note, "not_started bad_day"), (note, end, "wrong_state"), (end, withdraw, "wrong_state")],
)
def test_an_end_queues_up_with_what_else_is_sent(world: SimpleNamespace, first: Any, second: Any, told: str) -> None:
    """The seat is given back once, and no day is logged in what is over."""
    with world.app.app_context():
        before = taken(world)
    done, refused = together(world.app, lambda: first(world), lambda: second(world))
    assert (done, refused in told.split(" ")) == ("", True)
    with world.app.app_context():
        assert taken(world) == before - (first is not note)


def test_two_starts_at_once_are_one(world: SimpleNamespace) -> None:
    with world.app.app_context(), transaction():
        row, term = running(world), queries.term(running(world).term_id)
        assert term is not None
        position = queries.position(world.positions[1])
        assert position is not None
        mentor = session().get_one(Mentor, row.mentor_id)
        student = ground.student(session().get_one(Programme, queries.student(world.student_id).programme_id), petoe_since=date(2023, 9, 1))
        key = make.ready(
            operations.place_student(student=student, position=position, term=term, by=SYSTEM, now=make.at(WEEK[0] - timedelta(days=1))), mentor
        ).id

    def start() -> object:
        placement = queries.placement(key)
        assert placement is not None
        return operations.start_placement(placement=placement, today=WEEK[-1], **WHOLE)

    assert together(world.app, start, start) == ["", ""]


def test_two_terms_at_once_do_not_overlap(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key, base = ground.university().id, ground.base()
        make.opened_base(base=base)
        base_id = base.id

    def term(code: str, starts_on: date) -> Callable[[], object]:
        def act() -> object:
            found = organisations.by_id(key)
            assert found is not None
            ends_on = starts_on + timedelta(days=111)
            return operations.create_term(university=found, code=code, title=code, starts_on=starts_on, ends_on=ends_on, by=SYSTEM, now=NOW)

        return act

    def period(since: date) -> Callable[[], object]:
        def act() -> object:
            found = organisations.by_id(base_id)
            assert found is not None
            until = since + timedelta(days=111)
            return bases.set_period(base=found, title=since.isoformat(), since=since, until=until, capacity=9, by=SYSTEM, now=NOW)

        return act

    one, other = date(2026, 9, 7), date(2026, 10, 5)
    assert together(committed, term("TA", one), term("TB", other)) == ["", "bad_placement"]
    assert together(committed, period(one), period(other)) == ["", "bad_base"]


def test_two_enterprises_that_sign_a_plan_at_once_complete_their_side(committed: Flask) -> None:
    """Each would otherwise see only its own signature, and nobody would close the side."""
    with committed.app_context(), transaction():
        version = ground.version(ground.programme(ground.university()), is_published=False)
        enterprises = [ground.enterprise(), ground.enterprise()]
        for enterprise, weeks in zip(enterprises, (200, 120), strict=True):
            operations.add_plan_item(version=version, title="t", weeks_x10=weeks, base_id=ground.base(enterprise).id, by=SYSTEM, now=NOW)
        key, signers = version.id, [enterprise.id for enterprise in enterprises]

    def signing(enterprise_id: int) -> Callable[[], object]:
        def sign() -> object:
            found = programmes.version_by_id(key)
            assert found is not None
            queries.plan_host_signatures(key)  # the page was read before
            return operations.sign_plan_as_enterprise(version=found, enterprise_id=enterprise_id, signed_name="总工", by=SYSTEM, now=NOW)

        return sign

    assert together(committed, *(signing(one) for one in signers)) == ["", ""]
    with committed.app_context():
        assert len(queries.plan_host_signatures(key)) == 2
        assert [row.side for row in queries.plan_signatures(key)] == [PlanSide.ENTERPRISE]


def test_two_students_at_once_do_not_take_the_last_place_of_a_mentor(committed: Flask) -> None:
    with committed.app_context(), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        mentor = make.mentor(enterprise=enterprise, load_limit=1)
        position = make.position(enterprise=enterprise, terms=[term], seats=2)
        keys = [
            operations.place_student(
                student=ground.student(programme, petoe_since=date(2023, 9, 1)), position=position, term=term, by=SYSTEM, now=NOW
            ).id
            for _n in range(2)
        ]
        mentor_id = mentor.id

    def assign(key: int) -> Callable[[], object]:
        def act() -> object:
            placement, guide = session().get_one(Placement, key), session().get_one(Mentor, mentor_id)
            return operations.assign_mentor(placement=placement, mentor=guide, by=SYSTEM, now=NOW)

        return act

    assert sorted(together(committed, *(assign(key) for key in keys))) == ["", "mentor_full"]


def test_two_mentors_who_confirm_the_last_days_at_once_do_not_miss_the_year(committed: Flask) -> None:
    """158 days are credited, each confirms one more: whoever comes second sees 160."""
    with committed.app_context(), transaction():
        university = ground.university()
        programme = ground.programme(university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        earlier = ground.enterprise()
        ledger.confirm_days(
            student_id=student.id,
            enterprise_id=earlier.id,
            base_id=None,
            days=make.weekdays(date(2025, 1, 6), 158),
            source_id=0,
            by=SYSTEM,
            now=NOW,
        )
        keys = []
        for starts_on in (make.TODAY, make.TODAY + timedelta(days=14)):
            enterprise = ground.enterprise()
            term = make.term(university=university, starts_on=starts_on, weeks=2)
            row = make.started(
                student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=make.mentor(enterprise=enterprise)
            )
            operations.log_day(placement=row, on=starts_on, today=starts_on, by=SYSTEM, now=make.at(starts_on))
            keys.append((row.id, starts_on))
        person_id, today = student.person_id, make.TODAY + timedelta(days=14)

    def confirming(key: int, on: date) -> Callable[[], object]:
        def confirm() -> object:
            placement = session().get_one(Placement, key)
            return operations.decide_days(placement=placement, days=[on], is_approved=True, today=today, by=SYSTEM, now=make.at(today))

        return confirm

    assert together(committed, *(confirming(*one) for one in keys)) == ["", ""]
    with committed.app_context():
        assert [row.key for row in session().scalars(select(Milestone).where(Milestone.person_id == person_id))] == [
            f"weeks:{student_key(person_id)}"
        ]


def student_key(person_id: int) -> int:
    return session().scalars(select(Student.id).where(Student.person_id == person_id)).one()
