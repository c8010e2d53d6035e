"""A period that is closed while a roster comes in: what was not in its figures is marked as late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.parallel import together
from tests.trainhub.ledger.rosters import row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters import running
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import GoalClosing

NOW, TODAY = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 7, 1)


def _ticking() -> Callable[[], datetime]:
    """A clock that goes on by a minute whenever it is looked at."""

    def minutes() -> Iterator[datetime]:
        now = NOW
        while True:
            now += timedelta(minutes=1)
            yield now

    ticks = minutes()
    return lambda: next(ticks)


def _base() -> None:
    with transaction():
        organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", region_code="350102", by=SYSTEM, now=NOW)


def _close(now: datetime) -> int | None:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年上报", by=SYSTEM, today=TODAY, now=now).snapshot_id


def test_portions_that_come_after_the_closing_are_late(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 2)
    _base()
    now, kept = _ticking(), list[int | None]()

    def meanwhile(_done: int, _total: int) -> None:
        if not kept:
            with transaction():
                kept.append(_close(now()))

    file = write(tmp_path / "r.csv", [row(n) for n in range(6)])
    running.import_file(file, base_code="", is_dry_run=False, is_strict=False, by=SYSTEM, today=TODAY, now=now, progress=meanwhile)
    goal, snapshot = queries.by_code("fj-400k"), queries.snapshot(kept[0] or 0)
    assert goal is not None
    assert snapshot is not None
    operations.rebuild(goal=goal, now=now())
    assert (snapshot.persons, queries.kept_totals(goal)[0], queries.late_counts(goal)) == (2, 6, {"350100": 4})
    assert [len(set(session.scalars(select(TrainingRecord.recorded_at)))), session.scalars(select(GoalClosing)).one().until] == [3, date(2016, 6, 30)]


@pytest.mark.database
def test_a_closing_waits_for_a_portion_that_is_being_written(committed: Flask, tmp_path: Path) -> None:
    """Asked for before the portion was stamped, it ends after it: the portion is in the figures, and not late."""
    with committed.app_context():
        _base()
        work = running.Import(running.Roster(write(tmp_path / "r.csv", [row(n) for n in range(3)]), "r.csv"), by=SYSTEM, today=TODAY, now=lambda: NOW)
        with work._open() as table:
            chunks = list(work._chunks(table))
            with transaction():
                batch_id, _done = work._start(table.row_count, "0" * 64, None)
    kept = list[int | None]()
    assert together(committed, lambda: work._import(batch_id, 0, chunks[0]), lambda: kept.append(_close(NOW - timedelta(seconds=1)))) == ["", ""]
    with committed.app_context():
        goal, snapshot = queries.by_code("fj-400k"), queries.snapshot(kept[0] or 0)
        assert goal is not None
        assert snapshot is not None
        with transaction():
            operations.rebuild(goal=goal, now=NOW)
        assert (snapshot.persons, queries.late_counts(goal)) == (3, {})
