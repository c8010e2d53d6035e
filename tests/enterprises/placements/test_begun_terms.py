"""Terms that have begun or ended: each week counts once in a plan, nobody comes new into them, wishes close before them."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from enterprises.placements import operations, planning, queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.types import PlacementState, PlanKind, WithdrawalSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import queries as ledger

SPRING, AUTUMN = date(2026, 3, 2), date(2026, 9, 7)
BETWEEN = date(2026, 7, 1)


def built() -> SimpleNamespace:
    """Three students, two terms of 16 weeks that together suffice, three seats in each."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    spring, autumn = make.term(university=university), make.term(university=university, starts_on=AUTUMN)
    position = make.position(enterprise=enterprise, base=base, terms=[spring, autumn], seats=3)
    students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(3)]
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[spring, autumn])
    before = make.at(round.closes_on + timedelta(days=1))
    mentor = make.mentor(enterprise=enterprise)
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, spring=spring, autumn=autumn, position=position, students=students,
        round=round, before=before, mentor=mentor,
    )  # fmt: skip


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """The round is open."""
    return built()


def published(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.before)
    assert operations.publish_round(round=world.round, by=SYSTEM, now=world.before) == 6


@remembered
def worked(session: Session, days: int) -> SimpleNamespace:
    """A published plan uses all seats; everybody was there in spring so many days and accepts the autumn."""
    world = built()
    published(world)
    for row in queries.live_in_round(world.round.id):
        if row.term_id == world.autumn.id:
            operations.accept_placement(placement=row, by=SYSTEM, now=world.before)
            continue
        make.ready(row, world.mentor)
        operations.start_placement(placement=row, today=SPRING, by=SYSTEM, now=make.NOW)
        make.confirmed(row, make.weekdays(SPRING, days))
    return world


def spent(session: Session, days: int = 80) -> SimpleNamespace:
    """And the term is finished."""
    world = worked(session, days)
    for row in queries.live_in_round(world.round.id):
        if row.term_id == world.spring.id:
            finished(row)
    return world


def finished(row: Placement) -> None:
    after = row.ends_on + timedelta(days=1)
    whole: dict[str, Any] = {"placement": row, "today": after, "by": SYSTEM, "now": make.at(after)}
    operations.grade_placement(score_x10=900, comment="好", **whole)
    operations.finish_placement(**whole)


def mended(world: SimpleNamespace, today: date) -> tuple[dict[str, Any], planning.Problem]:
    problem = planning.problem_of(world.round, today=today, kind=PlanKind.REPAIR)
    return planning.compute(problem, now=make.at(today), time_limit=30.0), problem


@pytest.mark.parametrize("is_offered_elsewhere", [True, False])
def test_a_repair_leaves_the_other_term_at_the_position_that_the_enterprise_cancelled(world: SimpleNamespace, is_offered_elsewhere: bool) -> None:
    """The enterprise took the spring back; the autumn it did not, and nobody lost it."""
    published(world)
    if is_offered_elsewhere:
        elsewhere = ground.enterprise()
        make.mentor(enterprise=elsewhere)
        make.position(enterprise=elsewhere, terms=[world.spring], seats=3)
    mine = {row.term_id: row for row in queries.live_of_student(world.students[0].id)}
    operations.withdraw_placement(placement=mine[world.spring.id], reason="产线停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=world.before)
    plan, _problem = mended(world, world.round.closes_on + timedelta(days=1))
    assert plan["removed"] == []
    new = [(student, term) for student, term, *_rest, stays in plan["assignments"] if not stays]
    assert new == ([(world.students[0].id, world.spring.id)] if is_offered_elsewhere else [])


# -- each week counts once ----------------------------------------------------------------------------------------------
def test_a_repair_with_nothing_to_mend_takes_nothing_back(session: Session) -> None:
    world = spent(session)
    data, problem = mended(world, BETWEEN)
    assert [one.prior_x10 for one in problem.case.pupils] == [0, 0, 0]  # the 16 weeks are those of the spring that stays
    assert (data["removed"], data["summary"]["reached"], data["summary"]["changed"], data["unplaced"]) == ([], 3, 0, [])


def test_a_repair_finds_a_place_for_whom_the_enterprise_lost_after_a_finished_term(session: Session) -> None:
    world = spent(session)
    spare = make.position(enterprise=world.enterprise, terms=[world.autumn], seats=1)
    victim = next(row for row in queries.live_in_round(world.round.id) if row.term_id == world.autumn.id)
    operations.withdraw_placement(placement=victim, reason="企业停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=make.at(BETWEEN))
    data, _problem = mended(world, BETWEEN)
    assert (data["removed"], data["summary"]["reached"]) == ([], 3)
    assert [row[:3] for row in data["assignments"] if not row[4]] == [[victim.student_id, world.autumn.id, spare.id]]


@pytest.mark.parametrize(("days", "reached"), [(80, 3), (79, 0)])
def test_of_a_finished_term_what_is_credited_counts(session: Session, days: int, reached: int) -> None:
    """15.8 weeks and the 16 of the autumn are fewer than 32."""
    world = spent(session, days)
    data, _problem = mended(world, BETWEEN)
    assert data["summary"]["reached"] == reached


def test_a_student_with_half_the_weeks_behind_gets_the_second_term(world: SimpleNamespace) -> None:
    row = make.started(student=world.students[0], position=world.position, term=world.spring, mentor=world.mentor)
    operations.close_round(round=world.round, by=SYSTEM, now=world.before)

    def second(today: date) -> list[int]:
        data = planning.compute(planning.problem_of(world.round, today=today), now=make.at(today), time_limit=30.0)
        return [term for student, term, *_rest, is_there in data["assignments"] if student == row.student_id and not is_there]

    assert second(date(2026, 3, 20)) == [world.autumn.id]
    make.confirmed(row, make.weekdays(SPRING, 80))
    assert second(date(2026, 6, 21)) == [world.autumn.id]
    finished(row)
    assert second(BETWEEN) == [world.autumn.id]


def test_after_a_change_of_base_a_term_is_not_counted_twice(world: SimpleNamespace) -> None:
    row = make.started(student=world.students[0], position=world.position, term=world.spring, mentor=world.mentor)
    other = make.position(enterprise=world.enterprise, terms=[world.spring], seats=1)
    make.confirmed(row, make.weekdays(SPRING, 20))
    since = date(2026, 3, 30)
    operations.change_base(
        placement=row, position=other, term=world.spring, since=since, reason="专业不符", today=since, by=SYSTEM, now=make.at(since)
    )
    case = planning.problem_of(world.round, today=since).case
    [pupil] = [one for one in case.pupils if one.id == planning.key(row.student_id)]
    held = sum(slot.weeks_x10 for slot in case.slots for student, term, _post in case.fixed if (student, term) == (pupil.id, slot.id))
    assert pupil.prior_x10 + held == 160  # four weeks that are credited and twelve to come


# -- nobody comes new into a term that has begun -------------------------------------------------------------------------
@pytest.mark.parametrize(("today", "terms"), [(SPRING - timedelta(days=1), 2), (SPRING, 1), (date(2026, 6, 15), 1), (BETWEEN, 1)])
def test_nobody_is_planned_into_a_term_that_has_begun(world: SimpleNamespace, today: date, terms: int) -> None:
    operations.close_round(round=world.round, by=SYSTEM, now=world.before)
    data = planning.compute(planning.problem_of(world.round, today=today), now=make.at(today), time_limit=30.0)
    assert len({row[1] for row in data["assignments"]}) == terms
    assert world.autumn.id in {row[1] for row in data["assignments"]}


def test_a_repair_leaves_free_seats_of_a_term_that_runs(world: SimpleNamespace) -> None:
    operations.set_seats(position=world.position, term=world.spring, seats=1, by=SYSTEM, now=make.NOW)
    operations.plan_round(round=world.round, by=SYSTEM, now=world.before)
    operations.publish_round(round=world.round, by=SYSTEM, now=world.before)
    operations.set_seats(position=world.position, term=world.spring, seats=3, by=SYSTEM, now=make.NOW)
    for today in (date(2026, 6, 18), BETWEEN):
        data, _problem = mended(world, today)
        assert world.spring.id not in {row[1] for row in data["assignments"] if not row[4]}


@pytest.mark.parametrize(("days", "is_offered"), [(-1, True), (0, False)])
def test_the_page_offers_no_repair_once_every_term_has_begun(
    world: SimpleNamespace, session: Session, app: Flask, days: int, is_offered: bool
) -> None:
    published(world)
    operations.withdraw_placement(
        placement=queries.live_in_round(world.round.id)[0], reason="企业停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=world.before
    )
    head, page = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id), f"/placements/rounds/{world.round.id}"
    session.commit()
    with time_machine.travel(make.at(AUTUMN + timedelta(days=days)), tick=False):
        text = identity.sign_in(app, head).get(page).text
    assert (f"{page}/repair" in text, "不能再修补" in text) == (is_offered, not is_offered)


def test_a_plan_that_waited_until_a_term_began_is_outdated(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.before)
    with pytest.raises(WrongState) as refused:
        operations.publish_round(round=world.round, by=SYSTEM, now=make.at(SPRING))
    assert refused.value.code == "plan_outdated"


def test_no_plan_when_every_term_has_begun(world: SimpleNamespace) -> None:
    operations.close_round(round=world.round, by=SYSTEM, now=world.before)
    with pytest.raises(WrongState) as refused:
        operations.ask_for_plan(round=world.round, by=SYSTEM, now=make.at(AUTUMN))
    assert refused.value.code == "terms_begun"
    assert operations.ask_for_plan(round=world.round, by=SYSTEM, now=make.at(AUTUMN - timedelta(days=1))).id


@pytest.mark.parametrize(("days", "is_refused"), [(-1, False), (0, True), (1, True)])
def test_wishes_close_before_the_first_term_begins(world: SimpleNamespace, days: int, is_refused: bool) -> None:
    closes = SPRING + timedelta(days=days)
    wanted: dict[str, Any] = {"programme": world.programme, "cohort": ground.cohort(world.programme), "terms": [world.autumn, world.spring]}
    opens = date(2026, 2, 1)

    for work in (
        lambda: make.round(**wanted, opens_on=opens, closes_on=closes),
        lambda: operations.change_round(round=world.round, closes_on=closes, by=SYSTEM, now=world.before),
    ):
        if not is_refused:
            work()
            continue
        with pytest.raises(BadPlacement) as wrong:
            work()
        assert (wrong.value.field, wrong.value.code) == ("closes_on", "term_begins_first")


def test_a_term_moved_before_the_deadline_of_its_round_is_refused(world: SimpleNamespace) -> None:
    facts: dict[str, Any] = {"term": world.spring, "title": "", "ends_on": world.spring.ends_on, "weeks": 16, "by": SYSTEM, "now": make.NOW}
    with pytest.raises(BadPlacement) as refused:
        operations.change_term(starts_on=world.round.closes_on, **facts)
    assert refused.value.field == "starts_on"
    operations.change_term(starts_on=world.round.closes_on + timedelta(days=1), **facts)


# -- places given directly ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("today", "starts_on"), [(SPRING - timedelta(days=9), SPRING), (SPRING, SPRING), (date(2026, 4, 20), date(2026, 4, 20)), (date(2026, 6, 21), date(2026, 6, 21))]
)  # fmt: skip
def test_a_place_given_inside_a_term_begins_that_day(world: SimpleNamespace, today: date, starts_on: date) -> None:
    row = operations.place_student(student=world.students[0], position=world.position, term=world.spring, by=SYSTEM, now=make.at(today))
    assert (row.starts_on, row.ends_on) == (starts_on, world.spring.ends_on)


def test_a_term_that_is_over_takes_nobody(world: SimpleNamespace) -> None:
    after = make.at(world.spring.ends_on + timedelta(days=1))
    with pytest.raises(WrongState) as refused:
        operations.place_student(student=world.students[0], position=world.position, term=world.spring, by=SYSTEM, now=after)
    assert refused.value.code == "term_over"


@pytest.mark.parametrize(("approved", "starts_on"), [(date(2026, 4, 17), date(2026, 4, 18)), (date(2026, 4, 20), date(2026, 4, 20))])
def test_a_place_after_an_early_end_begins_after_it(world: SimpleNamespace, approved: date, starts_on: date) -> None:
    row = make.started(student=world.students[0], position=world.position, term=world.spring, mentor=world.mentor)
    make.confirmed(row, make.weekdays(SPRING, 10))
    end = date(2026, 4, 17)
    operations.end_early(placement=row, on=end, reason="企业停产", today=end, by=SYSTEM, now=make.at(end))
    found = operations.propose_self_found(student=world.students[0], term=world.spring, enterprise_name="甲", title="乙", by=SYSTEM, now=make.at(end))
    new = operations.approve_self_found(row=found, enterprise=ground.enterprise(), by=SYSTEM, now=make.at(approved))
    assert (row.state, row.ends_on, new.starts_on, new.ends_on) == (PlacementState.FINISHED, end, starts_on, world.spring.ends_on)
    assert ledger.weeks_of(world.students[0].id).credited_days == 10


def test_after_an_early_end_on_the_last_day_the_term_takes_the_student_no_more(world: SimpleNamespace) -> None:
    row = make.started(student=world.students[0], position=world.position, term=world.spring, mentor=world.mentor)
    end = world.spring.ends_on
    operations.end_early(placement=row, on=end, reason="企业停产", today=end, by=SYSTEM, now=make.at(end))
    with pytest.raises(WrongState) as refused:
        operations.place_student(student=world.students[0], position=world.position, term=world.spring, by=SYSTEM, now=make.at(end))
    assert refused.value.code == "term_over"


@pytest.mark.parametrize(("weeks", "is_refused"), [(59, False), (60, False), (61, True)])
def test_a_term_has_a_longest_length(world: SimpleNamespace, weeks: int, is_refused: bool) -> None:
    wanted: dict[str, Any] = {"university": ground.university(), "starts_on": SPRING, "weeks": weeks}
    if not is_refused:
        assert make.term(**wanted).weeks == weeks
        return
    with pytest.raises(BadPlacement) as refused:
        make.term(**wanted)
    assert refused.value.field == "ends_on"


@pytest.mark.parametrize(
    ("starts_on", "is_refused"), [(date(9999, 1, 4), True), (date(2199, 12, 30), True), (date(2199, 1, 7), False), (date(1899, 12, 25), True)]
)
def test_a_term_lies_in_days_that_can_be_counted_with(world: SimpleNamespace, starts_on: date, is_refused: bool) -> None:
    wanted: dict[str, Any] = {"university": ground.university(), "starts_on": starts_on, "weeks": 2}
    if not is_refused:
        assert make.term(**wanted).starts_on == starts_on
        return
    with pytest.raises(BadPlacement):
        make.term(**wanted)
