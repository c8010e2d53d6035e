"""Rounds after the first, the heaviest load a plan tells, what a time line says: words that are true for whoever is left over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import ChoiceRound
from enterprises.capstones.operations._support import CapstoneRefused, WrongState
from enterprises.capstones.planner.telling import missed
from enterprises.capstones.types import ChoiceState, PlanMode, RoundKind, SupervisorRole, TopicOrigin, WindowStage
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, Programme

TIMES: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}


def _held(cohort: Cohort, kind: RoundKind) -> ChoiceRound:
    """A round that was opened, closed and computed."""
    row = operations.create_choices(cohort=cohort, kind=kind, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW)
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    return row


def test_a_draft_whose_last_day_has_passed_holds_nobody_up(session: Session) -> None:
    """Nobody opened it in time: it cannot be opened any more, and the cohort gets another round."""
    cohort = session.get_one(Cohort, ground.student(ground.programme()).cohort_id)
    dates: dict[str, Any] = {"opens_on": TODAY, "closes_on": TODAY, "starts_on": START, "ends_on": END, "by": SYSTEM}
    missed = operations.create_choices(cohort=cohort, kind=RoundKind.FIRST, now=NOW, **dates)
    with pytest.raises(CapstoneRefused):
        operations.create_choices(cohort=cohort, kind=RoundKind.FIRST, now=NOW, **dates)
    later = NOW + timedelta(days=1)
    with pytest.raises(CapstoneRefused):  # nothing was published that another round could supplement
        operations.create_choices(cohort=cohort, kind=RoundKind.SUPPLEMENTARY, now=later, **dates)
    again = operations.create_choices(cohort=cohort, kind=RoundKind.FIRST, now=later, **{**dates, "closes_on": TODAY + timedelta(days=1)})
    assert again.id != missed.id
    assert operations.open_choices(round=again, by=SYSTEM, now=later).state is ChoiceState.OPEN


def test_the_final_round_gives_what_is_left_and_tells_the_others_that_seats_were_short(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    programme = ground.programme()
    students = [ground.student(programme) for _n in range(3)]
    cohort = session.get_one(Cohort, students[0].cohort_id)
    topic = make.topic(programme=programme, seats=2)
    placed = []
    for kind in RoundKind:
        row = _held(cohort, kind)
        assert row.plan is not None
        placed.append((row.plan["summary"]["placed"], sorted({why["cause"] for _student, why in row.plan["unplaced"]})))
        operations.publish_choices(round=row, **TIMES)
    assert placed == [(0, ["nothing_chosen"]), (0, ["nothing_chosen"]), (2, ["seats_short"])]
    assert (topic.taken, len(queries.without_capstone(cohort.id))) == (2, 1)
    key, programme_id, left = row.id, programme.id, queries.without_capstone(cohort.id)[0][1].id
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/capstones/rounds/{key}").text
    assert "余下的 2 个名额不够分给 3 名学生" in page
    page = as_role(Role.STUDENT, person_id=left).get("/capstones/choices").text
    assert ("终轮已经结束" in page, "等待下一轮" in page) == (True, False)


def test_a_student_reads_why_the_round_gave_no_topic(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The same words as the heads read: which of the own choices had how many places, and how many wanted them."""
    programme = ground.programme()
    students = [ground.student(programme) for _n in range(2)]
    cohort = session.get_one(Cohort, students[0].cohort_id)
    topic = make.topic(programme=programme)
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
    )
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    for one in students:
        by = make.as_person(session.get_one(Person, one.person_id))
        operations.save_choices(round=row, student=one, topic_ids=[topic.id], by=by, now=NOW)
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    operations.publish_choices(round=row, by=SYSTEM, today=TODAY, now=NOW)
    (without,) = [one for one in students if queries.capstone_of_student(one.id) is None]
    person_id, title = without.person_id, topic.title
    session.commit()
    page = as_role(Role.STUDENT, person_id=person_id).get("/capstones/choices").text
    assert "志愿的名额都给了别人" in page
    assert f"“{title}”余 1 个名额，2 人填报" in page


def test_seats_that_are_reserved_for_somebody_else_are_not_told_as_left(session: Session) -> None:
    programme, elsewhere = ground.programme(), make.case()
    students = [ground.student(programme) for _n in range(2)]
    cohort = session.get_one(Cohort, students[0].cohort_id)
    make.topic(programme=programme, seats=3, origin=TopicOrigin.STUDENT, reserved_for=elsewhere.student)
    make.topic(programme=programme, seats=1)
    for kind in RoundKind:
        row = _held(cohort, kind)
        if kind is not RoundKind.FINAL:
            operations.publish_choices(round=row, **TIMES)
    assert row.plan is not None
    assert [why for _student, why in row.plan["unplaced"]] == [{"cause": "seats_short", "seats": 1, "students": 2}]


@pytest.mark.parametrize("kind", [RoundKind.FIRST, RoundKind.FINAL])
def test_who_chose_a_topic_that_is_gone_is_not_told_to_have_chosen_nothing(session: Session, kind: RoundKind) -> None:
    programme = ground.programme()
    alone, leader, mate = (ground.student(programme) for _n in range(3))
    cohort = session.get_one(Cohort, alone.cohort_id)
    gone = make.topic(programme=programme, seats=3, team_most=2)
    if kind is RoundKind.FINAL:
        operations.publish_choices(round=_held(cohort, RoundKind.FIRST), **TIMES)
    row = operations.create_choices(cohort=cohort, kind=kind, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW)
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    me = make.as_person(session.get_one(Person, leader.person_id))
    team = operations.form_team(round=row, leader=leader, name="一队", by=me, now=NOW)
    operations.ask_into_team(team=team, student=mate, by=me, now=NOW)
    operations.join_team(team=team, student=mate, by=SYSTEM, now=NOW)
    for student in (alone, leader):
        operations.save_choices(round=row, student=student, topic_ids=[gone.id], by=SYSTEM, now=NOW)
    operations.withdraw_topic(topic=gone, reason="项目取消", by=SYSTEM, now=NOW)
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    assert row.plan is not None
    assert row.plan["unplaced"] == [[student.id, {"cause": "choices_gone"}] for student in (alone, leader, mate)]
    assert "撤回" in missed({"cause": "choices_gone"})


def test_the_heaviest_load_a_plan_tells_counts_what_lies_outside_of_it(session: Session) -> None:
    """As on the board: a person's capstones of other cohorts and programmes, and those of the cohort that are graded already."""
    found = make.graded()  # by the same two, and no longer to be planned
    assert found.school is not None
    assert found.field is not None
    other = make.case(programme=found.programme, enterprise=found.enterprise, has_supervisors=False)
    cohort = session.get_one(Cohort, other.student.cohort_id)
    assert session.get_one(Programme, cohort.programme_id).id == found.programme.id
    plan = operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    summary = operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    loads = [queries.load_of(person.id, role) for person, role in ((found.school, SupervisorRole.SCHOOL), (found.field, SupervisorRole.ENTERPRISE))]
    assert loads == [1, 1]
    assert (summary["both"], summary["max_load"]) == (1, 2)


def test_a_time_line_tells_a_changed_result_as_it_was_and_no_deadlines_of_who_is_done(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    operations.set_windows(cohort=cohort, windows={WindowStage.THESIS: (START, TODAY.replace(year=2099))}, by=SYSTEM, now=NOW)
    key, head_id, person_id = found.capstone.id, found.programme.id, found.who.id

    def told() -> str:
        session.commit()
        return as_role(Role.STUDENT, person_id=person_id).get(f"/capstones/{key}/timeline").text

    assert "“提交论文”截止" in told()
    found = make.Case(**{**found.__dict__, "capstone": queries.by_id(key)})
    operations.finish(capstone=found.capstone, **TIMES)
    page = told()
    assert ("良好" in page, "截止" in page) == (True, False)
    capstone = queries.by_id(key)
    assert capstone is not None
    operations.appeal(capstone=capstone, reason="漏算", by=make.as_person(session.get_one(type(ground.person()), person_id)), today=TODAY, now=NOW)
    operations.decide_appeal(capstone=capstone, score_x10=910, note="补算", by=SYSTEM, today=TODAY, now=NOW)
    page = told()
    assert ("80.0 → 91.0 · 补算" in page, "良好" in page, "优秀" in page, head_id > 0) == (True, False, False, True)


@pytest.mark.parametrize("typed", ["甲", "-1", "1.5", "0", "9" * 30])
def test_a_rank_that_is_no_number_is_told_and_nothing_is_saved(session: Session, as_role: Callable[..., FlaskClient], typed: str) -> None:
    programme = ground.programme()
    student = ground.student(programme)
    row = operations.create_choices(
        cohort=session.get_one(Cohort, student.cohort_id), kind=RoundKind.FIRST, opens_on=clock.today(), closes_on=clock.today(),
        starts_on=clock.today(), ends_on=clock.today() + timedelta(days=90), by=SYSTEM, now=clock.now(),
    )  # fmt: skip
    operations.open_choices(round=row, by=SYSTEM, now=clock.now())
    first, second = (make.topic(programme=programme) for _n in range(2))
    names, key, student_id, person_id = (f"rank-{first.id}", f"rank-{second.id}"), row.id, student.id, student.person_id
    session.commit()
    client = as_role(Role.STUDENT, person_id=person_id)
    assert client.post("/capstones/choices", data={names[0]: "1", names[1]: ""}).status_code == 303
    answer = client.post("/capstones/choices", data={names[0]: "2", names[1]: typed})
    assert (answer.status_code, f"“{typed[:20]}”" in answer.text, f'value="{typed}"' in answer.text) == (422, True, True)
    session.expire_all()
    assert [choice.rank for choice in queries.choices_of(key, student_id)] == [1]


@pytest.mark.parametrize(
    ("deeds", "word"), [((), "还没有开放"), (("open", "close"), "已经关闭"), (("open", "close", "plan"), "已经关闭"), (("open", "close", "plan", "publish"), "已经公布")]
)  # fmt: skip
def test_who_chooses_in_a_round_that_is_not_open_is_told_so_and_not_days_that_hold_today(session: Session, deeds: tuple[str, ...], word: str) -> None:
    programme = ground.programme()
    student = ground.student(programme)
    topic = make.topic(programme=programme)
    row = operations.create_choices(
        cohort=session.get_one(Cohort, student.cohort_id), kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY + timedelta(days=9),
        starts_on=TODAY, ends_on=END, by=SYSTEM, now=NOW,
    )  # fmt: skip
    acts: dict[str, Callable[..., Any]] = {
        "open": operations.open_choices, "close": operations.close_choices, "plan": operations.plan_choices,
        "publish": lambda **call: operations.publish_choices(today=TODAY, **call),
    }  # fmt: skip
    for deed in deeds:
        acts[deed](round=row, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState, match=word) as no:
        operations.save_choices(round=row, student=student, topic_ids=[topic.id], by=make.as_person(make.signer()), now=NOW)
    assert no.value.code == "round_not_open"
    assert TODAY.isoformat() not in str(no.value)
