"""What is corrected in a closed period, and goals that are set back to planned: their pages tell the truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries, tasks
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import GoalState
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

NOW, TODAY = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 7, 1)
CLOSED = date(2016, 6, 30)
pytestmark = pytest.mark.database


def _goal() -> Goal:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return goal


def _trained(day: date, now: datetime, *, is_counted: bool = True) -> TrainingRecord:
    row, _is_new = ledger.record_training(
        person_id=ground.person(is_verified=True, now=NOW - timedelta(days=900)).id,
        organisation_id=ground.base().id,
        course="电商",
        category=Category.WORKER,
        county_code="350102",
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
