"""A report is counted before the transaction that writes it: on SQLite nobody waits for the seconds that a province takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.reports import operations, tasks
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.types import ReportKind, ReportState

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)


def test_nothing_is_counted_while_others_wait(committed: Flask) -> None:
    with committed.app_context(), transaction():
        row = operations.ask(kind=ReportKind.CONTRIBUTION, since=date(2026, 1, 1), until=date(2026, 2, 28), by=SYSTEM, today=TODAY, now=NOW)
        key = row.id
    counted: list[bool] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "confirmed_day" in statement:
            counted.append(bool(session().info.get("write")))

    with committed.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", note)
        made = tasks.make(Running(id=1, args={"report_id": key}, asked_by_id=None))
        assert made["made"]
        assert set(counted) == {False}
        first = session().get_one(Report, key)
        assert (first.state, first.sha256) == (ReportState.MADE, made["sha256"])
    with committed.app_context():
        counted.clear()
        assert tasks.make(Running(id=1, args={"report_id": key}, asked_by_id=None)) == made
        assert counted == [], "made once"
        assert tasks.make(Running(id=1, args={"report_id": key + 1}, asked_by_id=None)) == {"made": False}
