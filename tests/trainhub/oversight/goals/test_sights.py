"""Who may not list the persons behind a figure reads no single one off a forecast either."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.dashboards import dashboard
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.sights import Sight, report_for

NOW, ON = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 6, 30)
OTHERS = Sight(5, frozenset(), frozenset())
pytestmark = pytest.mark.database


def _trained(day: date) -> None:
    ledger.record_training(
        person_id=ground.person(is_verified=True, now=NOW - timedelta(days=900)).id,
        organisation_id=ground.base().id,
        course="电商",
        category=Category.WORKER,
        county_code="350102",
        hours_x10=160,
        completed_on=day,
        is_counted=True,
        source=Source.ROSTER,
        by=SYSTEM,
        now=NOW,
    )


def _goal() -> Goal:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    goal.target = 50  # near enough for a day on which it is reached
    return goal


def _read(goal: Goal, sight: Sight | None) -> tuple[Any, ...]:
    """What is told of a day: the report, and the forecast of the page with its band."""
    operations.refresh(goal=goal, now=NOW)
    board = dashboard(goal, on=ON, sight=sight)
    return report_for(goal, sight, on=ON), board.forecast, board.band


@pytest.mark.parametrize(("persons", "is_seen"), [(6, False), (8, False), (9, True), (10, False)])
def test_one_person_more_inside_a_step_changes_nothing_that_is_read(session: Session, persons: int, is_seen: bool) -> None:
    goal = _goal()
    for _ in range(persons):
        _trained(date(2016, 5, 3))
    others, exact = _read(goal, OTHERS), _read(goal, None)
    _trained(date(2016, 5, 3))
    assert (_read(goal, OTHERS) != others) is is_seen
    assert _read(goal, None)[0]["forecast"] != exact[0]["forecast"]


def test_a_forecast_for_others_is_made_from_what_they_read(session: Session) -> None:
    """12 persons read 10, all of them in the window."""
    goal = _goal()
    for _ in range(12):
        _trained(date(2016, 5, 3))
    told, forecast, _band = _read(goal, OTHERS)
    exact = _read(goal, None)[0]["forecast"]
    assert exact["reaches_on"]
    assert told["forecast"]["reaches_on"]
    length = (ON - date(2015, 12, 31)).days + 1
    left = (goal.deadline - ON).days
    assert exact["on_deadline"] == 12 + 12 * left // length
    assert told["forecast"]["on_deadline"] == forecast.on_deadline == (10 + 10 * left // length) // 5 * 5
