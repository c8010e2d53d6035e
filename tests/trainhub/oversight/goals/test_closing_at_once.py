"""One period closed by two offices at the same moment is closed once. On the database of the run with real commits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import GoalClosing, GoalSnapshot

NOW, TODAY = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 7, 1)


@pytest.mark.database
def test_a_period_is_closed_once(committed: Flask) -> None:
    def close() -> object:
        goal = queries.by_code("fj-400k")
        assert goal is not None
        return operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年", by=SYSTEM, today=TODAY, now=NOW)

    assert together(committed, close, close) == ["", "already_closed"]
    with committed.app_context():
        assert [session().scalar(select(func.count()).select_from(one)) for one in (GoalClosing, GoalSnapshot)] == [1, 1]
