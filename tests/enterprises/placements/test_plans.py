"""Plans of a round side by side: what is tried out, adopted, mended after publication; places students find themselves."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.placements import operations, planning, queries, rules
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.planner import telling
from enterprises.placements.planner.telling import told
from enterprises.placements.types import Aim, PlacementState, PlanKind, PlanSettings, RoundState, SelfFoundState, WhatIf, WithdrawalSide
from enterprises.placements.views.rounds import preview
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.i18n import in_language

NOW = make.NOW


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Four students, one term of 32 weeks that has not begun, two positions of one seat each; the round is closed."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
    make.mentor(enterprise=enterprise, load_limit=4)
    one = make.position(enterprise=enterprise, base=base, terms=[term], seats=1)
    other = make.position(enterprise=enterprise, terms=[term], seats=1)
    students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(4)]
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    for student in students[:2]:
        operations.save_preferences(round=round, student=student, position_ids=[one.id], by=SYSTEM, now=NOW)
    return SimpleNamespace(
        university=university, enterprise=enterprise, base=base, programme=programme, term=term, one=one, other=other, students=students,
        round=round, after=make.at(round.closes_on + timedelta(days=1)),
    )  # fmt: skip


def tried(world: SimpleNamespace, *what_ifs: WhatIf, settings: PlanSettings | None = None) -> dict[str, object]:
    """What comes out when something is tried."""
    kind = PlanKind.WHAT_IF if what_ifs else PlanKind.PLAN
    problem = planning.problem_of(world.round, today=make.TODAY, kind=kind, settings=settings, what_ifs=what_ifs)
    return planning.compute(problem, now=world.after, time_limit=30.0)


def test_trying_out_changes_the_answer_and_nothing_else(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    before = dict(world.round.plan)
    reached = [
        tried(world, *what)["summary"]["reached"]  # type: ignore[index]
        for what in (
            (),
            (WhatIf(position_id=world.one.id, term_id=world.term.id, seats=2),),
            (WhatIf(position_id=world.one.id, term_id=world.term.id, seats=9),),
            (WhatIf(base_id=world.base.id),),
        )
    ]
    assert reached == [2, 4, 4, 1]
    kept = operations.keep_plan(round=world.round, data=tried(world, WhatIf(base_id=world.base.id)), by=SYSTEM, now=world.after)
    assert (kept.number, kept.kind, world.round.plan) == (2, PlanKind.WHAT_IF, before)
    with pytest.raises(WrongState):
        operations.adopt_plan(plan=kept, round=world.round, by=SYSTEM, now=world.after)


def test_why_somebody_stays_below_is_told_in_the_language_of_the_reader(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    why = world.round.plan["unplaced"][0][4]
    assert (why["cause"], why["seats"], why["missing"]) == ("seats_short", 2, 2)
    [chinese, _other] = [row[4] for row in preview(world.round.plan)["unplaced"]]
    assert "共 2 个席位，还缺 2 个" in chinese
    with in_language("en"):
        assert {row[4] for row in preview(world.round.plan)["unplaced"]} != {chinese}
        assert "2 seats" in preview(world.round.plan)["unplaced"][0][4]
        before = {**world.round.plan, "unplaced": [[*row[:4], "席位不足。"] for row in world.round.plan["unplaced"]]}
        assert {row[4] for row in preview(before)["unplaced"]} == {"席位不足。"}  # kept by a plan of before


def test_mentors_bound_a_plan_unless_switched_off(world: SimpleNamespace) -> None:
    operations.set_seats(position=world.one, term=world.term, seats=4, by=SYSTEM, now=NOW)
    operations.set_seats(position=world.other, term=world.term, seats=4, by=SYSTEM, now=NOW)
    for position in (world.one, world.other):
        operations.approve_position(position=position, by=SYSTEM, now=NOW)
    ids = [make.mentor(enterprise=world.enterprise, load_limit=0).id]
    assert len(ids) == 1
    assert tried(world)["summary"]["reached"] == 4  # type: ignore[index]
    stranger = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    assert stranger is not None
    assert tried(world)["summary"]["reached"] == 4  # type: ignore[index]
    assert tried(world, settings=PlanSettings(is_mentor_bound=False))["summary"]["reached"] == 5  # type: ignore[index]


def test_a_plan_with_other_settings_may_be_adopted_and_published(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    kept = operations.keep_plan(round=world.round, data=tried(world, settings=PlanSettings(Aim.EVERYONE, 3)), by=SYSTEM, now=world.after)
    assert world.round.plan["plan_id"] != kept.id
    for _n in range(2):
        operations.adopt_plan(plan=kept, round=world.round, by=SYSTEM, now=world.after)
    assert (world.round.aim, world.round.same_enterprise) == (Aim.EVERYONE, 3)
    assert operations.publish_round(round=world.round, by=SYSTEM, now=world.after) == 2


def test_a_plan_is_not_adopted_while_students_still_choose(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    kept = queries.plans_of(world.round.id)[0]
    operations.open_round(round=world.round, by=SYSTEM, now=NOW)
    adopt = {"plan": kept, "round": world.round, "by": SYSTEM}
    with pytest.raises(WrongState) as refused:
        operations.adopt_plan(now=NOW, **adopt)
    assert (refused.value.code, world.round.state, world.round.plan) == ("still_open", RoundState.OPEN, None)
    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    assert operations.adopt_plan(now=NOW, **adopt).state is RoundState.PLANNED


def test_asking_twice_is_one_job_and_another_question_waits(world: SimpleNamespace) -> None:
    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    first = operations.ask_for_plan(round=world.round, by=SYSTEM, now=world.after)
    assert operations.ask_for_plan(round=world.round, by=SYSTEM, now=world.after).id == first.id
    with pytest.raises(WrongState) as refused:
        operations.ask_for_plan(round=world.round, kind=PlanKind.WHAT_IF, what_ifs=[WhatIf(base_id=world.base.id)], by=SYSTEM, now=world.after)
    assert refused.value.code == "plan_running"
    assert first.state is jobs.JobState.QUEUED


def published(world: SimpleNamespace) -> list[int]:
    """The round published with both seats given; the students who have one."""
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    operations.publish_round(round=world.round, by=SYSTEM, now=world.after)
    return [row.student_id for row in queries.live_in_round(world.round.id)]


def repaired(world: SimpleNamespace) -> tuple[int, int]:
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    plan = operations.keep_plan(round=world.round, data=planning.compute(problem, now=world.after, time_limit=30.0), by=SYSTEM, now=world.after)
    made = operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=world.after)
    assert operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=world.after) == (0, 0)
    return made


def test_a_repair_gives_the_seat_of_who_gave_up_to_another(world: SimpleNamespace) -> None:
    first, stays = published(world)
    row = queries.live_of_student(first)[0]
    operations.decline_placement(placement=row, reason="考研", by=SYSTEM, now=world.after)
    assert repaired(world) == (1, 0)
    assert queries.live_of_student(first) == []
    assert len(queries.live_of_student(stays)) == 1
    assert len(queries.live_in_round(world.round.id)) == 2


def test_a_repair_places_again_whom_the_enterprise_lost_and_moves_nobody_else(world: SimpleNamespace) -> None:
    world.third = make.position(enterprise=world.enterprise, terms=[world.term], seats=0, is_approved=False)
    first, stays = published(world)
    row, kept = queries.live_of_student(first)[0], queries.live_of_student(stays)[0]
    operations.withdraw_placement(placement=row, reason="企业停产", side=WithdrawalSide.ENTERPRISE, by=SYSTEM, now=world.after)
    new = make.position(enterprise=world.enterprise, terms=[world.term], seats=3)
    assert repaired(world) == (3, 0)
    assert [one.position_id for one in queries.live_of_student(first)] == [new.id]
    assert [(one.id, one.position_id) for one in queries.live_of_student(stays)] == [(kept.id, kept.position_id)]


def test_a_repair_does_not_send_a_student_back_to_the_position_that_the_enterprise_cancelled(world: SimpleNamespace) -> None:
    """Four students, two positions of one seat: the place goes to somebody else, and who lost it is told nothing but seats."""
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    operations.publish_round(round=world.round, by=SYSTEM, now=world.after)
    [row] = [row for row in queries.live_in_round(world.round.id) if row.position_id == world.one.id]
    taken_back = {"reason": "与企业要求不符", "side": WithdrawalSide.ENTERPRISE, "is_seat_open": True}
    operations.withdraw_placement(placement=row, **taken_back, by=SYSTEM, now=world.after)
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    plan = planning.compute(problem, now=world.after, time_limit=30.0)
    there = [student for student, _term, post, *_rest in plan["assignments"] if post == world.one.id]
    assert len(there) == 1
    assert there != [row.student_id]
    for told_to in plan["unplaced"]:
        assert "#" not in telling.told(told_to[4])


@pytest.mark.parametrize(
    ("side", "is_seat_open", "seats"),
    [
        (WithdrawalSide.ENTERPRISE, None, (0, 0)),
        (WithdrawalSide.ENTERPRISE, False, (0, 0)),
        (WithdrawalSide.ENTERPRISE, True, (1, 0)),
        (WithdrawalSide.SCHOOL, None, (1, 0)),
        (WithdrawalSide.STUDENT, None, (1, 0)),
    ],
)
def test_the_seat_of_a_place_that_the_enterprise_cancelled_goes_with_it(
    world: SimpleNamespace, side: WithdrawalSide, is_seat_open: bool | None, seats: tuple[int, int]
) -> None:
    """(seats, taken) of a position of one seat after a withdrawal, once and again; the enterprise offers the seat anew by raising them."""
    first, _stays = published(world)
    row = queries.live_of_student(first)[0]
    for _n in range(2):
        operations.withdraw_placement(placement=row, reason="停产", side=side, is_seat_open=is_seat_open, by=SYSTEM, now=world.after)
    found = queries.seats_of(row.position_id, row.term_id)
    assert found is not None
    assert (found.seats, found.taken) == seats
    position = queries.position(row.position_id)
    assert position is not None
    assert operations.set_seats(position=position, term=world.term, seats=1, by=SYSTEM, now=NOW).seats == 1


def test_a_repair_leaves_what_has_begun(world: SimpleNamespace) -> None:
    first, _stays = published(world)
    row = queries.live_of_student(first)[0]
    row.state = PlacementState.STARTED
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    assert row.id not in [one[3] for one in problem.removable]
    assert (planning.key(first), planning.key(world.term.id), planning.key(row.position_id)) in problem.case.fixed


def test_a_repair_leaves_where_the_school_sent_a_student_inside_a_term(world: SimpleNamespace) -> None:
    """The term has begun; a change of base begins tomorrow, which is later than the term: it stays."""
    published(world)
    row = next(one for one in queries.live_in_round(world.round.id) if one.position_id == world.one.id)
    third = make.position(enterprise=world.enterprise, terms=[world.term], seats=1)
    today = world.term.starts_on
    moved = operations.change_base(
        placement=row, position=third, term=world.term, since=today + timedelta(days=1), reason="岗位不符", today=today, by=SYSTEM, now=make.at(today)
    )
    assert moved.starts_on > today
    problem = planning.problem_of(world.round, today=today, kind=PlanKind.REPAIR)
    assert problem.removable == ()
    assert planning.compute(problem, now=make.at(today), time_limit=30.0)["removed"] == []


def test_an_outdated_repair_is_refused(world: SimpleNamespace) -> None:
    first, _stays = published(world)
    problem = planning.problem_of(world.round, today=make.TODAY, kind=PlanKind.REPAIR)
    plan = operations.keep_plan(round=world.round, data=planning.compute(problem, now=world.after, time_limit=30.0), by=SYSTEM, now=world.after)
    operations.withdraw_placement(placement=queries.live_of_student(first)[0], reason="病假", by=SYSTEM, now=world.after)
    with pytest.raises(WrongState) as refused:
        operations.publish_repair(plan=plan, round=world.round, by=SYSTEM, now=world.after)
    assert refused.value.code == "plan_outdated"


def test_reasons_name_terms_and_positions_as_people_do(world: SimpleNamespace) -> None:
    data = tried(world)
    texts = [told(row[4]) for row in data["unplaced"]]  # type: ignore[attr-defined]
    assert len(texts) == 2
    assert all(world.term.title in text and world.one.title in text for text in texts)


def test_a_clash_is_seen_before_the_choice(world: SimpleNamespace) -> None:
    student = world.students[3]
    operations.place_student(student=student, position=world.other, term=world.term, by=SYSTEM, now=NOW)
    choice = next(one for one in queries.choices_of(world.round, student) if one.position_id == world.one.id)
    assert (choice.is_accepting, choice.is_clashing, choice.is_eligible) == (True, True, False)
    with pytest.raises(BadPlacement):
        operations.save_preferences(round=world.round, student=student, position_ids=[world.one.id], by=SYSTEM, now=NOW)


def test_a_round_is_for_petoe_students_alone(world: SimpleNamespace) -> None:
    other = ground.student(world.programme)
    with pytest.raises(BadPlacement) as refused:
        operations.save_preferences(round=world.round, student=other, position_ids=[world.one.id], by=SYSTEM, now=NOW)
    assert refused.value.code == "not_petoe"
    assert queries.persons_of_round(world.round, make.TODAY) == [student.person_id for student in world.students]


def test_trying_out_a_position_that_the_round_does_not_have_changes_nothing(world: SimpleNamespace) -> None:
    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    strange = tried(world, WhatIf(position_id=world.one.id + 1_000_000, term_id=world.term.id, seats=3))
    assert strange["assignments"] == tried(world)["assignments"]


def test_differences_between_plans() -> None:
    one = ([[1, 7, 70, 1, False], [2, 7, 71, None, False]], [[3, 0, 320, "seats_short", ""]])
    other = ([[1, 7, 70, 1, False], [3, 7, 71, 2, False]], [[2, 0, 320, "seats_short", ""]])
    assert rules.differences([one, one]) == []
    assert rules.differences([one, other]) == [(2, [([(7, 71)], True), ([], False)]), (3, [([], False), ([(7, 71)], True)])]


# -- places that students find -----------------------------------------------------------------------------------------
def test_a_self_found_place_becomes_a_placement_once(world: SimpleNamespace) -> None:
    student = world.students[0]
    wanted = {"student": student, "term": world.term, "enterprise_name": world.enterprise.name, "title": "测试工程师", "by": SYSTEM, "now": NOW}
    row = operations.propose_self_found(**wanted)
    assert operations.propose_self_found(**wanted).id == row.id
    assert queries.same_enterprises(row) == [world.enterprise.id]
    made = operations.approve_self_found(row=row, enterprise=world.enterprise, by=SYSTEM, now=NOW)
    assert operations.approve_self_found(row=row, enterprise=world.enterprise, by=SYSTEM, now=NOW).id == made.id
    assert (made.student_id, row.state, [(s.seats, s.taken) for s in queries.seats_of_position(made.position_id)]) == (
        student.id,
        SelfFoundState.APPROVED,
        [(1, 1)],
    )
    with pytest.raises(BadPlacement):
        operations.propose_self_found(**{**wanted, "title": "另一个"})
    with pytest.raises(WrongState):
        operations.cancel_self_found(row=row, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    "other",
    [{"title": "开发工程师"}, {"enterprise_name": "另一家企业"}, {"enterprise_code": "91350100M000100Y43"}, {"text": "补充说明"}, {"file_id": True}],
)
def test_another_place_waits_until_the_first_is_taken_back(world: SimpleNamespace, other: dict[str, Any]) -> None:
    """Not dropped behind a page that says it was handed in."""
    wanted = {"student": world.students[0], "term": world.term, "enterprise_name": "某厂", "title": "测试工程师", "by": SYSTEM, "now": NOW}
    row = operations.propose_self_found(**wanted)
    before = {name: getattr(row, name) for name in ("title", "enterprise_name", "enterprise_code", "text", "file_id")}
    changed = {**wanted, **({"file_id": make.scan("接收函.pdf")} if "file_id" in other else other)}
    with pytest.raises(BadPlacement) as refused:
        operations.propose_self_found(**changed)
    assert (refused.value.field, refused.value.code) == ("term_id", "one_waits")
    assert {name: getattr(row, name) for name in before} == before
    operations.cancel_self_found(row=row, by=SYSTEM, now=NOW)
    again = operations.propose_self_found(**changed)
    assert again.id != row.id
    if "file_id" in other:  # the form sent twice: the same letter under another number
        assert operations.propose_self_found(**{**changed, "file_id": make.scan("接收函.pdf")}).id == again.id


def test_a_self_found_place_is_given_back_with_a_reason(world: SimpleNamespace) -> None:
    row = operations.propose_self_found(student=world.students[0], term=world.term, enterprise_name="某娱乐场所", title="服务员", by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.return_self_found(row=row, reason=" ", by=SYSTEM, now=NOW)
    operations.return_self_found(row=row, reason="与专业无关", by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        operations.approve_self_found(row=row, enterprise=world.enterprise, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.propose_self_found(
            student=world.students[0], term=make.term(university=ground.university()), enterprise_name="某厂", title="学徒", by=SYSTEM, now=NOW
        )


# -- bad input ---------------------------------------------------------------------------------------------------------
def test_a_position_closed_during_a_round_makes_the_plan_outdated_and_is_offered_no_more(world: SimpleNamespace) -> None:
    operations.plan_round(round=world.round, by=SYSTEM, now=world.after)
    operations.close_position(position=world.one, by=SYSTEM, now=world.after)
    with pytest.raises(WrongState) as refused:
        operations.publish_round(round=world.round, by=SYSTEM, now=world.after)
    assert refused.value.code == "plan_outdated"
    assert operations.plan_round(round=world.round, by=SYSTEM, now=world.after)["reached"] == 1
    assert operations.publish_round(round=world.round, by=SYSTEM, now=world.after) == 1


def test_a_computation_that_never_ends_its_work_leaves_nothing(world: SimpleNamespace) -> None:
    def killed(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    problem = planning.problem_of(world.round, today=make.TODAY)
    with pytest.raises(KeyboardInterrupt):
        planning.compute(problem, now=world.after, time_limit=30.0, tell=killed)
    assert (world.round.plan, queries.plans_of(world.round.id), queries.live_in_round(world.round.id)) == (None, [], [])


@pytest.mark.parametrize(
    "what", [WhatIf(position_id=1, term_id=999_999, seats=1), WhatIf(term_id=1, seats=1), WhatIf(position_id=1, term_id=1, seats=5000)]
)
def test_impossible_trials_are_refused(world: SimpleNamespace, what: WhatIf) -> None:
    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.ask_for_plan(round=world.round, kind=PlanKind.WHAT_IF, what_ifs=[what], by=SYSTEM, now=world.after)
    with pytest.raises(BadPlacement):
        operations.ask_for_plan(round=world.round, kind=PlanKind.WHAT_IF, by=SYSTEM, now=world.after)
    with pytest.raises(WrongState):
        operations.ask_for_plan(round=world.round, kind=PlanKind.REPAIR, by=SYSTEM, now=world.after)


def test_trials_of_what_the_round_does_not_have_are_refused_with_words(world: SimpleNamespace) -> None:
    """A position that offers nothing in the round, a base where nothing is offered, and numbers that nobody has."""
    operations.close_round(round=world.round, by=SYSTEM, now=NOW)
    elsewhere = make.position(enterprise=world.enterprise, terms=[make.term(university=world.university, starts_on=date(2027, 4, 5))])
    idle = ground.base(world.enterprise)
    tries = [
        (WhatIf(position_id=elsewhere.id, term_id=world.term.id, seats=1), "unknown_position"),
        (WhatIf(position_id=world.one.id + 1_000_000, term_id=world.term.id, seats=1), "unknown_position"),
        (WhatIf(base_id=idle.id), "unknown_base"),
        (WhatIf(base_id=world.base.id + 1_000_000), "unknown_base"),
    ]
    for what, code in tries:
        with pytest.raises(BadPlacement) as refused:
            operations.ask_for_plan(round=world.round, kind=PlanKind.WHAT_IF, what_ifs=[what], by=SYSTEM, now=world.after)
        assert (refused.value.code, "请从列表中选择" in refused.value.message) == (code, True)
    assert queries.running_plan_job(world.round.id) is None
