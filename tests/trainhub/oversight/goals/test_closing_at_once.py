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
