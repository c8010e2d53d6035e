"""One period closed by two offices at the same moment is closed once. On the database of the run with real commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Event
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import is_postgresql, session, transaction
from trainhub.ledger import holding_queries
from trainhub.ledger.holding_queries import RecordsBusy, hold_while_recording
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import Goal, GoalClosing, GoalSnapshot

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


@pytest.mark.database
def test_a_goal_that_two_define_at_once_is_defined_once(committed: Flask) -> None:
    def define() -> object:
        span = {"starts_on": date(2016, 1, 1), "deadline": date(2016, 12, 31)}
        return operations.define(code="zones", name="示范区", target=2, region_code="350000", source="文件", by=SYSTEM, now=NOW, **span)

    assert together(committed, define, define) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Goal).where(Goal.code == "zones")) == 1


@pytest.mark.database
def test_a_closing_beside_a_long_import_is_refused_and_nobody_queues_behind_it(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the lock alone lets nobody share it meanwhile: the province's completions would stand still until the import ends."""
    monkeypatch.setattr(holding_queries, "WAITS_SECONDS", 1.0)
    with committed.app_context():
        if not is_postgresql():
            pytest.skip("SQLite has one lock: who writes waits for who writes")
    imports, ends = Event(), Event()

    def importing() -> None:
        with committed.app_context(), transaction():
            hold_while_recording()
            imports.set()
            ends.wait(20)

    def closing() -> None:
        with committed.app_context(), transaction():
            goal = queries.by_code("fj-400k")
            assert goal is not None
            operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年", by=SYSTEM, today=TODAY, now=NOW)

    def recording() -> float:
        began = monotonic()
        with committed.app_context(), transaction():
            hold_while_recording()
        return monotonic() - began

    with ThreadPoolExecutor(3) as pool:
        try:
            first = pool.submit(importing)
            assert imports.wait(10)
            closed = pool.submit(closing)
            took = [pool.submit(recording).result(timeout=10) for _n in range(5)]
            with pytest.raises(RecordsBusy, match="稍后"):
                closed.result(timeout=10)
        finally:
            ends.set()
        first.result(timeout=10)
    assert max(took) < 0.5
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(GoalClosing)) == 0
    closing()


@pytest.mark.database
@pytest.mark.parametrize("is_edit_first", [True, False])
def test_an_office_that_edits_or_closes_beside_the_job_is_waited_for_or_waits(committed: Flask, is_edit_first: bool) -> None:
    """Neither fails; a deadline that moved while figures were counted makes them be counted again, and a closing loses no late entries."""

    def refreshed() -> object:
        goal = queries.by_code("fj-400k")
        assert goal is not None
        operations.rebuild(goal=goal, now=NOW)
        return goal

    def changed() -> object:
        goal = queries.by_code("fj-400k")
        assert goal is not None
        return operations.change(
            goal=goal, name=goal.name, target=goal.target, deadline=date(2018, 6, 30), source="文件", note="", state=goal.state, by=SYSTEM, now=NOW,
            version=goal.version,
        )  # fmt: skip

    def close() -> object:
        goal = queries.by_code("fj-400k")
        assert goal is not None
        return operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年", by=SYSTEM, today=TODAY, now=NOW)

    acts = (changed, refreshed) if is_edit_first else (refreshed, changed)
    assert together(committed, *acts) == ["", ""]
    acts = (close, refreshed) if is_edit_first else (refreshed, close)
    assert together(committed, *acts) == ["", ""]
    with committed.app_context():
        goal = queries.by_code("fj-400k")
        assert goal is not None
        assert (goal.deadline, goal.version, goal.late_by_unit) == (date(2018, 6, 30), 2, {} if is_edit_first else None)
        assert session().scalar(select(func.count()).select_from(GoalClosing)) == 1
