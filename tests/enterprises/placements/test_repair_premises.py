"""A repair is outdated by what it rests on, and by nothing else: what others do on a busy day lets it be applied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from enterprises.placements import operations, planning, queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import AgreementParty, PlanKind, WithdrawalSide
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM
from trainhub.people.types import StudentState

NOW = make.NOW


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Six students of a published round over one term to come; four have places, at two positions of two seats. One place was given up and one more
    position has a seat: a repair gives two students a place."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
    mentor = make.mentor(enterprise=enterprise, load_limit=9)
    one = make.position(enterprise=enterprise, base=base, terms=[term], seats=2)
    make.position(enterprise=enterprise, terms=[term], seats=2)
    for _n in range(6):
        ground.student(programme, petoe_since=date(2023, 9, 1))
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    after = make.at(round.closes_on + timedelta(days=1))
    operations.plan_round(round=round, by=SYSTEM, now=after)
    operations.publish_round(round=round, by=SYSTEM, now=after)
    placed = queries.live_in_round(round.id)
    assert len(placed) == 4
    operations.decline_placement(placement=placed[0], reason="考研", by=SYSTEM, now=after)
    made = SimpleNamespace(
        university=university, enterprise=enterprise, base=base, programme=programme, term=term, one=one, round=round, after=after, placed=placed,
        mentor=mentor,
    )  # fmt: skip
    made.plan = computed(made)
    [made.given] = [row for row in made.plan.data["assignments"] if not row[4]]
    return made


def computed(world: SimpleNamespace) -> Any:
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    return operations.keep_plan(round=world.round, data=planning.compute(problem, now=world.after, time_limit=30.0), by=SYSTEM, now=world.after)


def apply(world: SimpleNamespace) -> tuple[int, int] | str:
    """What is made and taken back, or why not."""
    try:
        return operations.publish_repair(plan=world.plan, round=world.round, by=SYSTEM, now=world.after)
    except WrongState as refused:
        return refused.code


def accept(world: SimpleNamespace, row: Placement) -> None:
    operations.accept_placement(placement=row, by=SYSTEM, now=world.after)


def sign(world: SimpleNamespace, row: Placement) -> None:
    today = world.round.closes_on + timedelta(days=1)
    operations.sign_placement(placement=row, party=AgreementParty.SCHOOL, signed_name="教务处", signed_on=today, by=SYSTEM, now=world.after)


def lose(world: SimpleNamespace, row: Placement) -> None:
    operations.withdraw_placement(placement=row, reason="停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=world.after)


def more_seats(world: SimpleNamespace, _row: Placement) -> None:
    make.position(enterprise=world.enterprise, terms=[world.term], seats=3)


def guide(world: SimpleNamespace, row: Placement) -> None:
    operations.assign_mentor(placement=row, mentor=world.mentor, by=SYSTEM, now=world.after)


@pytest.mark.parametrize("happens", [accept, sign, lose, more_seats, guide])
def test_what_happens_to_others_lets_a_repair_be_applied(world: SimpleNamespace, happens: Callable[..., None]) -> None:
    happens(world, world.placed[1])
    assert apply(world) == (1, 0)
    student = world.given[0]
    assert [row.position_id for row in queries.live_of_student(student)] == [world.given[2]]
    assert apply(world) == (0, 0)


def placed_elsewhere(world: SimpleNamespace) -> None:
    other = make.position(enterprise=world.enterprise, terms=[world.term], seats=1)
    student = queries.student(world.given[0])
    operations.place_student(student=student, position=other, term=world.term, by=SYSTEM, now=world.after)


def left_school(world: SimpleNamespace) -> None:
    queries.student(world.given[0]).state = StudentState.WITHDRAWN


def seat_taken(world: SimpleNamespace) -> None:
    lacking = [one for one in queries.students_of_round(world.round, make.TODAY) if not queries.live_of_student(one.id) and one.id != world.given[0]]
    position = queries.position(world.given[2])
    for student in lacking:
        if student.id != world.placed[0].student_id:
            operations.place_student(student=student, position=position, term=world.term, by=SYSTEM, now=world.after)
            return


def closed(world: SimpleNamespace) -> None:
    operations.close_position(position=queries.position(world.given[2]), by=SYSTEM, now=world.after)


def other_majors(world: SimpleNamespace) -> None:
    position = queries.position(world.given[2])
    operations.change_position(position=position, majors=["999999"], by=SYSTEM, now=world.after)
    operations.approve_position(position=position, by=SYSTEM, now=world.after)


def fewer_mentors(world: SimpleNamespace) -> None:
    world.mentor.load_limit = 3


@pytest.mark.parametrize("happens", [placed_elsewhere, left_school, seat_taken, closed, other_majors, fewer_mentors])
def test_what_it_rests_on_outdates_it(world: SimpleNamespace, happens: Callable[..., None]) -> None:
    happens(world)
    assert apply(world) == "plan_outdated"


def test_who_loses_a_place_after_a_repair_was_computed_is_not_forgotten_by_it(world: SimpleNamespace) -> None:
    """It knew of the place that was given up before; what fell meanwhile waits for the next one."""
    assert queries.displaced(world.round) == 1
    lose(world, world.placed[1])
    assert apply(world) == (1, 0)
    assert queries.displaced(world.round) == 1
    world.plan = computed(world)
    operations.publish_repair(plan=world.plan, round=world.round, by=SYSTEM, now=world.after)
    assert queries.displaced(world.round) == 0


def test_what_falls_while_a_case_is_read_is_not_taken_as_known(world: SimpleNamespace, session: Session) -> None:
    """Each statement sees what was committed before it (READ COMMITTED): whenever a place falls, no case holds it and knows it as fallen."""
    lost = world.placed[1]
    at = planning.key(lost.student_id), planning.key(lost.term_id), planning.key(lost.position_id)
    connection = session.connection()
    seen, falls_after = 0, 0

    def fall(conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal seen
        if not statement.startswith("SELECT"):
            return
        seen += 1
        if seen == falls_after:
            conn.exec_driver_sql(f"UPDATE placement SET state = 'withdrawn' WHERE id = {lost.id}")

    event.listen(connection, "after_cursor_execute", fall)
    held = known = 0
    while seen == falls_after:
        seen, falls_after = 0, falls_after + 1
        session.expire_all()
        with session.begin_nested() as point:
            problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
            point.rollback()
        is_held, is_known = at in {*problem.case.current, *problem.case.fixed}, lost.id in problem.fallen
        assert not (is_held and is_known), falls_after
        held, known, seen = held + is_held, known + is_known, min(seen, falls_after)
    event.remove(connection, "after_cursor_execute", fall)
    assert min(held, known) > 0
    assert held + known < falls_after


def test_a_place_that_was_accepted_meanwhile_is_not_taken_back(world: SimpleNamespace) -> None:
    """The planner had taken it back because nobody had answered."""
    row = world.placed[1]
    data = dict(world.plan.data)
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    from enterprises.placements.premises import premises_of

    data["removed"] = [row.id]
    data["premises"] = premises_of(problem.case, problem.removable, data["assignments"], data["removed"])
    world.plan.data = data
    accept(world, row)
    assert apply(world) == "plan_outdated"
    assert row.state.value == "accepted"


def test_it_names_whom_it_is_about(world: SimpleNamespace) -> None:
    placed_elsewhere(world)
    with pytest.raises(WrongState) as refused:
        operations.publish_repair(plan=world.plan, round=world.round, by=SYSTEM, now=world.after)
    assert queries.student(world.given[0]).student_no in refused.value.message


def test_a_repair_of_before_is_judged_as_it_was(world: SimpleNamespace) -> None:
    world.plan.data = {name: value for name, value in world.plan.data.items() if name != "premises"}
    accept(world, world.placed[1])
    assert apply(world) == "plan_outdated"
