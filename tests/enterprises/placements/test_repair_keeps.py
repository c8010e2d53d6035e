"""A repair leaves what stands: places at positions that are not on offer, and what was done by hand. Weeks nobody worked do not count."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.placements import operations, planning, queries
from enterprises.placements.models import Placement
from enterprises.placements.types import AgreementParty, PlacementState, PlanKind
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM

SPRING, AUTUMN = date(2026, 3, 2), date(2026, 9, 7)


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Two students, a spring of 12 weeks that runs and an autumn of 20, one position with two seats in each, another with two free in autumn."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    spring, autumn = make.term(university=university, weeks=12), make.term(university=university, starts_on=AUTUMN, weeks=20)
    one = make.position(enterprise=enterprise, base=base, terms=[spring, autumn], seats=2)
    other = make.position(enterprise=enterprise, terms=[autumn], seats=2)
    students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2)]
    mentor = make.mentor(enterprise=enterprise)
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[spring, autumn])
    before = make.at(round.closes_on + timedelta(days=1))
    for student in students:
        operations.save_preferences(round=round, student=student, position_ids=[one.id], by=SYSTEM, now=make.at(round.opens_on))
    operations.plan_round(round=round, by=SYSTEM, now=before)
    assert operations.publish_round(round=round, by=SYSTEM, now=before) == 4
    rows = queries.live_in_round(round.id)
    for row in rows:
        operations.accept_placement(placement=row, by=SYSTEM, now=before)
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, base=base, spring=spring, autumn=autumn, one=one, other=other,
        students=students, mentor=mentor, round=round, before=before,
    )  # fmt: skip


def of(world: SimpleNamespace, student: int, term: Any) -> Placement:
    [row] = [row for row in queries.live_of_student(world.students[student].id) if row.term_id == term.id]
    return row


def mended(world: SimpleNamespace, today: date) -> tuple[dict[str, Any], planning.Problem]:
    problem = planning.problem_of(world.round, today=today, kind=PlanKind.REPAIR)
    return planning.compute(problem, now=make.at(today), time_limit=30.0), problem


def closed(world: SimpleNamespace) -> None:
    operations.close_position(position=world.one, by=SYSTEM, now=world.before)


def more_seats(world: SimpleNamespace) -> None:
    operations.set_seats(position=world.one, term=world.autumn, seats=5, by=SYSTEM, now=world.before)
    seats = queries.seats_of(world.one.id, world.autumn.id)
    assert seats is not None
    assert not queries.is_open(world.one.id, world.autumn.id)


def edited(world: SimpleNamespace) -> None:
    operations.change_position(position=world.one, title="改过的岗位", by=SYSTEM, now=world.before)


def other_majors(world: SimpleNamespace) -> None:
    operations.change_position(position=world.one, majors=["080901"], by=SYSTEM, now=world.before)
    operations.submit_position(position=world.one, by=SYSTEM, now=world.before)
    operations.approve_position(position=world.one, by=SYSTEM, now=world.before)


def on_campus(world: SimpleNamespace) -> None:
    profile = base_queries.profile(world.base.id)
    assert profile is not None
    bases.change_base(profile=profile, is_on_campus=True, by=SYSTEM, now=world.before)


@pytest.mark.parametrize("happens", [closed, more_seats, edited, other_majors, on_campus])
def test_who_accepted_keeps_the_place_when_the_position_is_not_on_offer_any_more(world: SimpleNamespace, happens: Any) -> None:
    happens(world)
    data, problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert data["removed"] == []
    places = {(row[0], row[1]): (row[2], row[4]) for row in data["assignments"]}
    assert all(places[student.id, world.autumn.id] == (world.one.id, True) for student in world.students)
    assert problem.case.seats[planning.key(world.one.id), planning.key(world.autumn.id)] == 2
    assert data["summary"]["changed"] == 0


def test_nobody_comes_new_to_a_position_that_is_not_on_offer(world: SimpleNamespace) -> None:
    closed(world)
    operations.decline_placement(placement=of(world, 0, world.autumn), reason="考研", by=SYSTEM, now=world.before)
    late = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    data, _problem = mended(world, world.round.closes_on + timedelta(days=1))
    new = [row[:3] for row in data["assignments"] if not row[4]]
    assert new == [[late.id, world.autumn.id, world.other.id]]


def test_fewer_mentors_take_nobody_a_place(world: SimpleNamespace) -> None:
    from enterprises.mentors import operations as mentors

    mentors.change_mentor(mentor=world.mentor, load_limit=0, by=SYSTEM, now=world.before)
    data, _problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert data["removed"] == []


# -- weeks that nobody worked -------------------------------------------------------------------------------------------
def prior(world: SimpleNamespace, today: date) -> int:
    """Tenths of a week that the first student has in a plan, without the autumn."""
    case = planning.problem_of(world.round, today=today).case
    [pupil] = [one for one in case.pupils if one.id == planning.key(world.students[0].id)]
    held = {slot for student, slot, _post in case.fixed if student == pupil.id}
    return pupil.prior_x10 + sum(slot.weeks_x10 for slot in case.slots if slot.id in held) - 200


@pytest.mark.parametrize("is_started", [True, False])
@pytest.mark.parametrize(("days_after", "weeks_x10"), [(0, 30), (1, 30)])
def test_of_a_placement_past_its_end_what_is_credited_or_waits_counts(
    world: SimpleNamespace, is_started: bool, days_after: int, weeks_x10: int
) -> None:
    row = of(world, 0, world.spring)
    if is_started:
        make.ready(row, world.mentor)
        operations.start_placement(placement=row, today=SPRING, by=SYSTEM, now=make.NOW)
        make.confirmed(row, make.weekdays(SPRING, 10))
        for day in make.weekdays(SPRING + timedelta(days=14), 5):
            operations.log_day(placement=row, on=day, today=row.ends_on, by=SYSTEM, now=make.at(row.ends_on))
    # On the last day, a Sunday, its own week and the one before could still be logged: 10 days.
    still = 20 if days_after == 0 else 0
    assert prior(world, row.ends_on + timedelta(days=days_after)) == (weeks_x10 if is_started else 0) + still


@pytest.mark.parametrize(
    ("today", "weeks_x10"), [(SPRING - timedelta(days=1), 120), (date(2026, 3, 15), 120), (date(2026, 3, 16), 110), (date(2026, 3, 29), 100)]
)
def test_of_a_running_placement_weeks_that_passed_without_a_day_are_lost(world: SimpleNamespace, today: date, weeks_x10: int) -> None:
    """Of this week and the last the days may still be logged; those of the weeks before are lost until somebody logs them."""
    assert prior(world, today) == weeks_x10


def test_days_that_are_logged_are_not_lost_whether_confirmed_or_not(world: SimpleNamespace) -> None:
    row = of(world, 0, world.spring)
    make.ready(row, world.mentor)
    operations.start_placement(placement=row, today=SPRING, by=SYSTEM, now=make.NOW)
    make.confirmed(row, make.weekdays(SPRING, 5))
    monday = date(2026, 3, 23)
    assert prior(world, monday) == 110
    for day in make.weekdays(date(2026, 3, 9), 5):
        operations.log_day(placement=row, on=day, today=monday, by=SYSTEM, now=make.at(monday))
    assert prior(world, monday) == 120


def test_weeks_outside_the_terms_of_the_round_count_as_far_as_they_were_worked(world: SimpleNamespace) -> None:
    """A placement in a term that the round does not plan: until its end with the weeks it still brings, then with what is credited."""
    term = make.term(university=world.university, starts_on=date(2026, 6, 1), weeks=8)
    position = make.position(enterprise=world.enterprise, terms=[term])
    row = operations.place_student(student=world.students[0], position=position, term=term, by=SYSTEM, now=make.NOW)
    without = prior(world, SPRING)
    assert without == 120 + 80
    assert prior(world, row.ends_on + timedelta(days=1)) == 0
    make.ready(row, world.mentor)
    operations.start_placement(placement=row, today=term.starts_on, by=SYSTEM, now=make.at(term.starts_on))
    make.confirmed(row, make.weekdays(term.starts_on, 11))
    assert prior(world, row.ends_on + timedelta(days=1)) == 22


def test_who_did_not_work_in_spring_is_not_said_to_reach(world: SimpleNamespace) -> None:
    data, _problem = mended(world, world.spring.ends_on + timedelta(days=1))
    assert data["summary"]["reached"] == 0


# -- what was done by hand ----------------------------------------------------------------------------------------------
def test_a_repair_does_not_put_a_student_back_from_where_the_school_took_them(world: SimpleNamespace) -> None:
    row = of(world, 0, world.autumn)
    operations.withdraw_placement(placement=row, reason="家长要求", by=SYSTEM, now=world.before)
    data, _problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert [row[:3] for row in data["assignments"] if not row[4]] == [[world.students[0].id, world.autumn.id, world.other.id]]


def test_a_repair_leaves_who_was_moved_by_hand_before_the_term(world: SimpleNamespace) -> None:
    """The wish was for the first position, where a seat is free again: the school has decided otherwise."""
    today = world.round.closes_on + timedelta(days=1)
    moved = operations.change_base(
        placement=of(world, 0, world.autumn), position=world.other, term=world.autumn, since=AUTUMN, reason="专业不符", today=today, by=SYSTEM,
        now=world.before,
    )  # fmt: skip
    moved.explanation = ""  # what was said of it decides nothing
    data, problem = mended(world, today)
    assert moved.id not in [one[3] for one in problem.removable]
    assert moved.state is PlacementState.PLANNED
    assert (data["removed"], [row for row in data["assignments"] if not row[4]]) == ([], [])


def test_what_a_repair_itself_took_back_bars_nobody(world: SimpleNamespace) -> None:
    """A repair moves who holds the seat that is wanted; later the first position is as open to them as before."""
    row = of(world, 0, world.autumn)
    world.round.plan = {**world.round.plan, "moved": [row.id]}
    operations.withdraw_placement(placement=row, reason="重新安排", by=SYSTEM, now=world.before)
    facts = queries.planning_facts(world.round, today=world.round.closes_on)
    assert facts.cancelled == frozenset()


# -- what nobody needs and nobody wants -----------------------------------------------------------------------------------
def credited(world: SimpleNamespace) -> None:
    """The first student's 32 weeks of the year before are confirmed late: the places of the round are needed no more."""
    term = make.term(university=world.university, starts_on=date(2025, 3, 3), weeks=32)
    then: dict[str, Any] = {"by": SYSTEM, "now": make.at(date(2025, 2, 1))}
    position = operations.offer_position(enterprise=world.enterprise, base=world.base, title="上一年", majors=[], **then)
    operations.set_seats(position=position, term=term, seats=1, **then)
    make.interested(world.enterprise, 2025)
    operations.submit_position(position=position, **then)
    operations.approve_position(position=position, **then)
    row = make.started(student=world.students[0], position=position, term=term, mentor=world.mentor)
    make.confirmed(row, make.weekdays(date(2025, 3, 3), 160))


def test_a_place_that_is_not_needed_stays_while_nobody_wants_the_seat(world: SimpleNamespace) -> None:
    credited(world)
    data, problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert problem.case.pupils[0].prior_x10 == 320
    assert len(problem.removable) == 4
    assert (data["removed"], data["summary"]["changed"]) == ([], 0)
    assert [row[2:] for row in data["assignments"] if row[0] == world.students[0].id] == [[world.one.id, 1, True]] * 2
    assert data["summary"]["weeks_total"] == 64


def test_a_place_that_is_not_needed_goes_when_somebody_needs_the_seat(world: SimpleNamespace) -> None:
    credited(world)
    operations.set_seats(position=world.other, term=world.autumn, seats=0, by=SYSTEM, now=world.before)
    late = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    data, _problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert len(data["removed"]) == 2
    assert {row[0] for row in data["assignments"] if not row[4]} == {late.id}


def test_what_was_signed_is_worth_more_than_what_was_accepted(world: SimpleNamespace) -> None:
    """The autumn of both students was accepted; one has signed, too."""
    row = of(world, 0, world.autumn)
    operations.sign_placement(
        placement=row, party=AgreementParty.STUDENT, signed_name="学生", signed_on=world.before.date(), by=SYSTEM, now=world.before
    )
    _plan, problem = mended(world, world.before.date())
    worth = {(int(student), int(term)): value for (student, term, _post), value in problem.case.worth.items()}
    signed, accepted = worth[world.students[0].id, world.autumn.id], worth[world.students[1].id, world.autumn.id]
    assert accepted == 1
    assert signed > sum(value for value in worth.values() if value < signed)
