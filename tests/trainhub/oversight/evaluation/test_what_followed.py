"""What the simulation supposes is what follows once it was really entered: all 64 criteria and the verdict, not one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, make_transient

from courses.teaching import correcting
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching.models import Offering
from enterprises.capstones.models import Capstone, GuidanceEntry, Supervision
from enterprises.capstones.types import CapstoneState
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import evaluation as factory
from trainhub.kernel.access import SYSTEM
from trainhub.ledger.models import ConfirmedDay
from trainhub.oversight.evaluation import simulation
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.simulation import Assumptions, Choices, Outlook
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.people import operations as people
from trainhub.people.models import Person, Teacher

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}
DAY = factory.TODAY


def _finish(session: Session, built: factory.Built, _choices: Choices) -> None:
    """The days that are missing are confirmed, the placement is finished and graded, the capstone has its result."""
    student = built.students[0]
    placement = session.scalars(sa.select(Placement).where(Placement.student_id == student.id)).one()
    known = set(session.scalars(sa.select(ConfirmedDay.on).where(ConfirmedDay.student_id == student.id)))
    days = [day for day in factory.weekdays(placement.starts_on, 400) if day not in known and day <= DAY][: 160 - len(known)]
    for day in days:
        session.add(
            ConfirmedDay(
                student_id=student.id, enterprise_id=placement.enterprise_id, base_id=placement.base_id, on=day, source_id=placement.id,
                confirmed_at=factory.NOW,
            )
        )  # fmt: skip
    placement.state, placement.mentor_score_x10, placement.ends_on = PlacementState.FINISHED, 850, max([*days, *known])
    for row in reversed(session.info.pop("later", [])):
        make_transient(row)
        session.add(row)
        session.flush()
    capstone = session.scalars(sa.select(Capstone).where(Capstone.student_id == student.id)).one()
    capstone.state, capstone.finished_on, capstone.score_x10 = CapstoneState.PASSED, DAY, 850
    session.flush()


def _begun(session: Session, built: factory.Built) -> None:
    """The first student is in the middle of it: ten days, no grade, no result."""
    student = built.students[0]
    placement = session.scalars(sa.select(Placement).where(Placement.student_id == student.id)).one()
    placement.state, placement.mentor_score_x10 = PlacementState.STARTED, None
    kept = list(session.scalars(sa.select(ConfirmedDay.id).where(ConfirmedDay.student_id == student.id).order_by(ConfirmedDay.on)))[10:]
    session.execute(sa.delete(ConfirmedDay).where(ConfirmedDay.id.in_(kept)))
    capstone = session.scalars(sa.select(Capstone).where(Capstone.student_id == student.id)).one()
    capstone.state, capstone.finished_on, capstone.score_x10 = CapstoneState.MIDTERM, None, None
    session.flush()


def _taken_away(session: Session, built: factory.Built, *models: Any) -> None:
    """Rows of the first student's capstone that are not there yet; `_finish` enters them again."""
    key = session.scalars(sa.select(Capstone.id).where(Capstone.student_id == built.students[0].id)).one()
    for model in models:
        rows = list(session.scalars(sa.select(model).where((Capstone.id if model is Capstone else model.capstone_id) == key)))
        for row in rows:
            session.refresh(row)
            session.delete(row)
        session.flush()
        session.info.setdefault("later", []).extend(rows)


def _unguided(session: Session, built: factory.Built) -> None:
    """The first student is in the middle of it, and nobody has guided yet."""
    _begun(session, built)
    _taken_away(session, built, GuidanceEntry)


def _without_capstone(session: Session, built: factory.Built) -> None:
    """The first student has no capstone yet."""
    _taken_away(session, built, GuidanceEntry, Supervision, Capstone)


def _work(session: Session, _built: factory.Built, choices: Choices) -> None:
    """Lecturers enter and verify the work that they lack, before the first teaching day."""
    for one in choices.lecturers:
        person = session.get_one(Person, session.get_one(Teacher, one.key).person_id)
        row = people.add_employment(person=person, organisation_name="某企业", post="工程师", since=date(2010, 1, 3), until=date(2015, 1, 31), **W)
        people.verify_employment(employment=row, basis="劳动合同", **W)


def _judge(_session: Session, built: factory.Built, choices: Choices) -> None:
    for code in choices.judged:
        facts: dict[str, Any] = {"result": JudgementResult.MET, "remark": "现场核实", "today": DAY}
        judging.record_judgement(programme=built.programme, criterion=code, **facts, **W)


Enter = Callable[[Session, factory.Built, Choices], None]
Begin = Callable[[Session, factory.Built], None]


@pytest.mark.parametrize(
    ("begin", "suppose", "enter"),
    [
        (None, lambda choices: Assumptions(students=frozenset(one.label for one in choices.students)), _finish),
        (_begun, lambda choices: Assumptions(students=frozenset(one.label for one in choices.students)), _finish),
        (_unguided, lambda choices: Assumptions(students=frozenset(one.label for one in choices.students)), _finish),
        (_without_capstone, lambda choices: Assumptions(students=frozenset(one.label for one in choices.students)), _finish),
        (None, lambda choices: Assumptions(experienced=frozenset(one.key for one in choices.lecturers)), _work),
        (None, lambda choices: Assumptions(judged=frozenset(choices.judged)), _judge),
    ],
    ids=["one day", "in the middle", "unguided", "no capstone", "work", "judged"],
)
def test_what_was_supposed_and_then_entered(session: Session, begin: Begin | None, suppose: Callable[[Choices], Assumptions], enter: Enter) -> None:
    built = factory.failing(students=4)
    if begin is not None:
        begin(session, built)
    before, _same, choices = simulation.look(built.programme, DAY, Assumptions())
    supposed = simulation.look(built.programme, DAY, suppose(choices))[1]
    enter(session, built, choices)
    session.expire_all()
    after: Outlook = simulation.look(built.programme, DAY, Assumptions())[0]
    assert before.statuses != after.statuses, "it changes something"
    assert {
        code: (supposed.statuses[code].value, status.value) for code, status in after.statuses.items() if supposed.statuses[code] is not status
    } == {}
    assert (supposed.special_result, supposed.verdict) == (after.special_result, after.verdict)


def test_the_words_beside_the_six_courses(session: Session) -> None:
    """5.3 counts what is written about who leads now, 5.5 what is closed by the day; neither counts a course beside the six."""
    built = factory.meeting(students=1)
    rows = [row for row in teaching_queries.offerings_of_cohorts([built.cohort.id]) if row.is_designated]

    def told(on: date = DAY) -> tuple[str, str]:
        evidence = case_of(built.programme, on).evidence
        return evidence.get("5.3", ""), evidence.get("5.5", "")

    written = sum(bool(row.relevance.strip()) for row in rows)
    closed = sum(row.closed_on is not None and row.closed_on <= DAY for row in rows)
    assert told() == (f"写明主讲教师企业经历与课程关系的指定课程 {written}/6 门", f"已结课的指定课程 {closed}/6 门")
    first = session.get_one(Offering, rows[0].id)
    facts: dict[str, Any] = {
        "first_teaching_on": first.first_teaching_on,
        "lead_teacher_id": first.lead_teacher_id,
        "waiver": "",
        "reason": "补写",
        **W,
    }
    correcting.correct_offering(offering=first, closed_on=None, relevance="曾任产线工程师", **facts)
    now = written + (not rows[0].relevance.strip())
    assert told() == (f"写明主讲教师企业经历与课程关系的指定课程 {now}/6 门", f"已结课的指定课程 {closed - (rows[0].closed_on is not None)}/6 门")
    other = next(one for one in built.teachers if one.id != first.lead_teacher_id)
    teaching.change_lead(offering=first, lead=other, **W)
    assert told()[0] == f"写明主讲教师企业经历与课程关系的指定课程 {now - 1}/6 门", "what was written about somebody else"
    teaching.close_offering(offering=first, closed_on=DAY, **W)
    assert (told(DAY - timedelta(days=1))[1], told()[1]) == (f"已结课的指定课程 {closed - 1}/6 门", f"已结课的指定课程 {closed}/6 门")
