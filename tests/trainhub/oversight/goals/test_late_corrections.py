"""What is corrected in a closed period, and goals that are set back to planned: their pages tell the truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session as db_session
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries, tasks
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import CountingRule, GoalState
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

NOW, TODAY = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 7, 1)
CLOSED = date(2016, 6, 30)
pytestmark = pytest.mark.database


def _goal() -> Goal:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return goal


def _another_goal() -> Goal:
    values: dict[str, Any] = {"code": "other", "name": "另一个目标", "target": 10, "starts_on": date(2016, 1, 1), "deadline": date(2017, 12, 31)}
    values |= {"region_code": "350000", "categories": (), "counting_rule": CountingRule.DISTINCT_PERSONS, "state": GoalState.OPEN, "unit": "人"}
    goal, _is_new = operations.define(**values, source="文件", clause="", note="", by=SYSTEM, now=NOW - timedelta(days=100))
    return goal


def _trained(day: date, now: datetime, *, is_counted: bool = True, county_code: str = "350102") -> TrainingRecord:
    row, _is_new = ledger.record_training(
        person_id=ground.person(is_verified=True, now=NOW - timedelta(days=900)).id,
        organisation_id=ground.base().id,
        course="电商",
        category=Category.WORKER,
        county_code=county_code,
        hours_x10=160,
        completed_on=day,
        is_counted=is_counted,
        source=Source.ROSTER,
        by=SYSTEM,
        now=now,
    )
    return row


def _closed_about(was: dict[str, Any]) -> TrainingRecord:
    """A record, and a period that is closed before or after it came in."""
    early = _trained(**was) if was["now"] <= NOW else None
    operations.close_period(goal=_goal(), until=CLOSED, reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    return early or _trained(**was)


def _corrected(row: TrainingRecord, now: datetime, **change: Any) -> TrainingRecord:
    held = {key: getattr(row, key) for key in ("course", "category", "county_code", "hours_x10", "completed_on", "is_counted")}
    return ledger.correct_record(record=row, reason="更正", by=SYSTEM, today=now.date(), now=now, **{**held, **change})


@pytest.mark.parametrize(
    ("was", "change", "late"),
    [
        ({"day": date(2016, 3, 1), "now": NOW - timedelta(days=1)}, {"hours_x10": 80}, 0),
        ({"day": date(2016, 3, 1), "now": NOW - timedelta(days=1)}, {"completed_on": date(2016, 4, 1)}, 0),
        ({"day": CLOSED, "now": NOW}, {"completed_on": date(2016, 4, 1)}, 0),  # on the last day, at the moment of closing
        ({"day": TODAY, "now": NOW}, {"completed_on": date(2016, 4, 1)}, 1),  # it had not counted in the closed days
        ({"day": date(2016, 3, 1), "now": NOW + timedelta(seconds=1)}, {"hours_x10": 80}, 1),  # late itself
        ({"day": date(2016, 3, 1), "now": NOW - timedelta(days=1), "is_counted": False}, {"is_counted": True}, 1),
    ],
)
def test_who_was_there_in_time_is_not_late_by_a_correction(session: Session, was: dict[str, Any], change: dict[str, Any], late: int) -> None:
    goal, row = _goal(), _closed_about(was)
    row = _corrected(row, NOW + timedelta(days=1), **change)
    for number in range(3):  # corrected again and again
        operations.rebuild(goal=goal, now=NOW)
        assert queries.late_persons(goal) == late
        assert [one.is_late for one in session.execute(queries.drill(goal, SYSTEM))] == [bool(late)]
        assert len(session.execute(queries.drill(goal, SYSTEM, late=True)).all()) == late
        row = _corrected(row, NOW + timedelta(days=2 + number), hours_x10=70 - number)


def _marks(goal: Goal) -> tuple[int, list[bool], int, list[bool], int]:
    """Everything that says who is late: the count of the goal, the persons and the enrolments with their marks, and both lists of late ones."""
    lists: list[Any] = [(queries.drill(goal, SYSTEM), queries.drill(goal, SYSTEM, late=True))]
    lists.append((queries.enrolments(goal, SYSTEM), queries.enrolments(goal, SYSTEM, late=True)))
    persons, enrolled = (([one.is_late for one in db_session().execute(rows)], len(db_session().execute(late).all())) for rows, late in lists)
    return queries.late_persons(goal), *persons, *enrolled


@pytest.mark.parametrize(
    ("of_goal", "was", "change", "late"),
    [
        ({}, {"day": date(2014, 12, 31)}, {"completed_on": date(2016, 4, 1)}, True),  # the year was mistyped: before the goal began
        ({}, {"day": date(2015, 1, 1)}, {"completed_on": date(2016, 4, 1)}, False),  # its first day
        ({"categories": ["founder"]}, {}, {"category": Category.FOUNDER}, True),
        ({"categories": ["founder", "worker"]}, {}, {"category": Category.FOUNDER}, False),
        ({"region_code": "350100"}, {"county_code": "350203"}, {"county_code": "350102"}, True),
        ({"region_code": "350100"}, {"county_code": "350103"}, {"county_code": "350102"}, False),
    ],
)
def test_what_is_corrected_into_a_goal_after_the_closing_is_late(
    session: Session, of_goal: dict[str, Any], was: dict[str, Any], change: dict[str, Any], late: bool
) -> None:
    goal = _goal()
    for key, value in of_goal.items():
        setattr(goal, key, value)
    row = _trained(**{"day": date(2016, 3, 1), "now": NOW - timedelta(days=1)} | was)
    operations.close_period(goal=goal, until=CLOSED, reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    operations.refresh(goal=goal, now=NOW)
    _corrected(row, NOW + timedelta(days=1), **change)
    for make in (operations.refresh, operations.rebuild):
        make(goal=goal, now=NOW + timedelta(days=1))
        assert _marks(goal) == (int(late), [late], int(late), [late], int(late))


@pytest.mark.parametrize(("hours", "late"), [(-1, True), (0, True), (1, False)])  # withdrawn before the closing, as it closed, after it
def test_what_is_restored_after_a_closing_is_late_when_it_did_not_stand_then(session: Session, hours: int, late: bool) -> None:
    goal, other = _goal(), _another_goal()
    operations.close_period(goal=other, until=date(2016, 5, 31), reason="上报", by=SYSTEM, today=date(2016, 6, 1), now=NOW - timedelta(days=30))
    row = _trained(date(2016, 5, 10), NOW - timedelta(days=50))
    if hours <= 0:
        ledger.cancel_record(record_id=row.id, reason="误登", by=SYSTEM, now=NOW + timedelta(hours=hours))
    operations.close_period(goal=goal, until=CLOSED, reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    if hours > 0:
        ledger.cancel_record(record_id=row.id, reason="误登", by=SYSTEM, now=NOW + timedelta(hours=hours))
    later = NOW + timedelta(days=4)
    ledger.restore_record(record=row, reason="误作废", by=SYSTEM, today=later.date(), now=later)
    for make in (operations.refresh, operations.rebuild):
        make(goal=goal, now=later)
        assert _marks(goal) == (int(late), [late], int(late), [late], int(late))


def test_what_counts_again_after_a_closing_is_late(session: Session) -> None:
    """Counted, not counted any more before the closing, counted again after it: the first of the three did not stand when it closed."""
    goal = _goal()
    operations.close_period(goal=goal, until=date(2016, 5, 31), reason="上报", by=SYSTEM, today=TODAY, now=NOW - timedelta(days=20))
    row = _corrected(_trained(date(2016, 6, 10), NOW - timedelta(days=15)), NOW - timedelta(days=10), is_counted=False)
    operations.close_period(goal=goal, until=CLOSED, reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    _corrected(row, NOW + timedelta(days=1), is_counted=True)
    operations.refresh(goal=goal, now=NOW + timedelta(days=1))
    assert _marks(goal) == (1, [True], 1, [True], 1)


def test_a_goal_set_back_to_planned_keeps_its_pages_current(session: Session) -> None:
    goal = _goal()
    change = {"name": goal.name, "target": goal.target, "deadline": goal.deadline, "source": goal.source, "note": "", "version": None}
    _trained(date(2016, 3, 1), NOW)
    operations.rebuild(goal=goal, now=NOW)
    operations.change(goal=goal, state=GoalState.PLANNED, by=SYSTEM, now=NOW, **change)
    _trained(date(2016, 3, 2), NOW)
    session.commit()
    tasks.refresh(None)  # type: ignore[arg-type]
    with transaction():
        assert queries.kept_totals(_goal()) == (2, 2)


@pytest.mark.parametrize(
    ("first", "late"),
    [
        ({"day": date(2016, 5, 1), "now": NOW - timedelta(days=1)}, 0),  # in the figures given out, an earlier day comes in afterwards
        ({"day": date(2016, 5, 1), "now": NOW + timedelta(seconds=1)}, 1),
        ({"day": TODAY, "now": NOW - timedelta(days=1)}, 1),  # not in the closed days
        ({"day": date(2014, 12, 31), "now": NOW - timedelta(days=1)}, 1),  # not of the goal
        ({"day": date(2016, 5, 1), "now": NOW - timedelta(days=1), "is_counted": False}, 1),
    ],
)
@pytest.mark.parametrize("is_merged", [False, True])
def test_who_was_in_the_figures_given_out_is_not_late_by_an_earlier_day(session: Session, first: dict[str, Any], late: int, is_merged: bool) -> None:
    goal, was = _goal(), _closed_about(first)
    came = _trained(date(2016, 2, 1), NOW + timedelta(days=1))
    if is_merged:
        people.note_decision(first_id=was.person_id, second_id=came.person_id, decision=PairDecision.SAME, reason="核对", by=SYSTEM, now=NOW)
    else:
        came.person_id = was.person_id
        session.flush()
    operations.rebuild(goal=goal, now=NOW)
    assert (queries.late_persons(goal), len(session.execute(queries.drill(goal, SYSTEM, late=True)).all())) == (late, late)
    assert [one.is_late for one in session.execute(queries.drill(goal, SYSTEM))] == [bool(late)]
