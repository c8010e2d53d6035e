"""A period that is closed while a roster comes in: what was not in its figures is marked as late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.parallel import together
from tests.trainhub.ledger.rosters import row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters import running
from trainhub.ledger.types import Category, Source
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.goals import operations, queries, reporting
from trainhub.oversight.goals.models import Goal, GoalClosing
from trainhub.people import operations as people
from trainhub.people.models import Person

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


def _close(now: datetime, clock: Callable[[], datetime] | None = None) -> int | None:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年上报", by=SYSTEM, today=TODAY, now=now, clock=clock).snapshot_id


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


def _standing(is_verified: bool) -> tuple[int, int]:
    """(person, organisation) of who has one completion of before, identified or not."""
    with transaction():
        person = ground.person(id_type=None, is_verified=is_verified, now=NOW - timedelta(days=90))
        base = ground.base()
        _record(person.id, base.id, NOW - timedelta(days=60), "以前")
        return person.id, base.id


def _record(person_id: int, base_id: int, now: datetime, course: str = "网店运营") -> int:
    facts: dict[str, Any] = {"category": Category.WORKER, "county_code": "350102", "hours_x10": 10, "is_counted": True, "source": Source.COURSE}
    day = date(2016, 5, 1)
    return ledger.record_training(person_id=person_id, organisation_id=base_id, course=course, completed_on=day, by=SYSTEM, now=now, **facts)[0].id


def _other() -> int:
    return ground.person(id_type=None, is_verified=True, now=NOW - timedelta(days=90)).id


ACTS: dict[str, tuple[bool, Callable[[int, int, datetime], object]]] = {
    "record": (True, lambda _person, base, now: _record(_other(), base, now)),
    "cancellation": (
        True,
        lambda person, _base, now: ledger.cancel_record(
            record_id=session().scalars(select(TrainingRecord.id).where(TrainingRecord.person_id == person)).one(),
            reason="登记有误",
            by=SYSTEM,
            now=now,
        ),
    ),
    "identification": (
        False,
        lambda person, _base, now: people.change_person(person=session().get_one(Person, person), is_verified=True, by=SYSTEM, now=now),
    ),
}
"""What a single page writes: (whether the person is identified before, how)."""


def _told(goal: Goal, snapshot_id: int | None) -> tuple[int, int, int, int]:
    """(given out, counted again as it was known then, counted now, of them late)."""
    snapshot = queries.snapshot(snapshot_id or 0)
    assert snapshot is not None
    with transaction():
        operations.rebuild(goal=goal, now=NOW + timedelta(days=1))
    again = reporting.report(goal, on=snapshot.on, known_at=snapshot.taken_at)
    return snapshot.persons, again["persons"], queries.kept_totals(goal)[1], sum(queries.late_counts(goal).values())


@pytest.mark.database
@pytest.mark.parametrize("what", ACTS)
def test_a_closing_waits_for_what_a_page_is_writing(committed: Flask, what: str) -> None:
    """The page took its time before the closing and commits after it began: what it wrote is in the figures."""
    is_known, act = ACTS[what]
    with committed.app_context():
        person, base = _standing(is_known)
    kept = list[int | None]()
    assert together(committed, lambda: act(person, base, NOW), lambda: kept.append(_close(NOW - timedelta(seconds=1), lambda: NOW))) == ["", ""]
    with committed.app_context():
        goal = queries.by_code("fj-400k")
        assert goal is not None
        persons = {"record": 2, "cancellation": 0, "identification": 1}[what]
        assert _told(goal, kept[0]) == (persons, persons, persons, 0)


@pytest.mark.database
@pytest.mark.parametrize("what", ACTS)
def test_what_a_page_writes_after_a_closing_is_later_than_it(committed: Flask, what: str) -> None:
    """The page took its time before the closing and waited for it: what it wrote is not in the figures, and is told from them."""
    is_known, act = ACTS[what]
    with committed.app_context():
        person, base = _standing(is_known)
    kept = list[int | None]()
    assert together(committed, lambda: kept.append(_close(NOW)), lambda: act(person, base, NOW - timedelta(seconds=1))) == ["", ""]
    with committed.app_context():
        goal = queries.by_code("fj-400k")
        assert goal is not None
        before, after, late = {"record": (1, 2, 1), "cancellation": (1, 0, 0), "identification": (0, 1, 1)}[what]
        assert _told(goal, kept[0]) == (before, before, after, late)


def test_a_closing_is_not_before_what_it_waited_for(session: Session) -> None:
    """An identification has no moment of its own that a closing could read of all: the clock is looked at once nobody writes any more."""
    goal = queries.by_code("fj-400k")
    assert goal is not None
    moments = {"clock": lambda: NOW + timedelta(minutes=2), "now": NOW, "today": TODAY, "by": SYSTEM}
    assert operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年", **moments).closed_at == NOW + timedelta(minutes=2)  # type: ignore[arg-type]
