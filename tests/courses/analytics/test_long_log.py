"""A run with a long log: the time with a unit and the weeks are added up by the database, by portions of learners."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.analytics import operations, rules
from courses.catalogue.models import Run
from courses.learning.models import LearningEvent
from tests.factories import courses as make

NOW = make.NOW


def written(session: Session, entries: list[tuple[int, int, datetime]]) -> None:
    """Entries of a log: (enrolment, block, instant)."""
    rows = [{"enrolment_id": key, "block_id": block, "kind": "video_watched", "data": {}, "at": at} for key, block, at in entries]
    for start in range(0, len(rows), 5000):
        session.execute(sa.insert(LearningEvent), rows[start : start + 5000])
    session.flush()


@pytest.mark.parametrize("portion", [1, 2, 500])
def test_time_between_near_entries_counts_for_the_later_unit(session: Session, portion: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "PORTION", portion, raising=False)
    run = make.run()
    one, two, three = (make.text(make.unit(run, title=title)).id for title in ("一", "二", "三"))
    run = make.publish(run)
    a, b, c = (make.enrolment(run).id for _ in range(3))
    gap = rules.SESSION_GAP_SECONDS
    times = [
        (a, one, 0),
        (a, one, 60),
        (a, two, 60 + gap),
        (a, two, 61 + 2 * gap),
        (a, three, 121 + 2 * gap),
        (b, one, 30),
        (c, three, 0),
        (c, three, 600),
    ]
    written(session, [(key, block, NOW + timedelta(seconds=at)) for key, block, at in reversed(times)])
    made = operations.summarise(run_id=run.id, now=NOW + timedelta(hours=1))
    assert [(u.minutes_median, u.minutes_p90) for u in made.units] == [(1.0, 1.0), (15.0, 15.0), (5.5, 9.1)]  # of c the ten, of a the one
    assert [g.minutes_median for g in made.groups] == [13.5]  # 17 and 10; b none
    assert made.weeks[-1][1] == 3


def test_a_week_begins_on_monday_in_shanghai(session: Session) -> None:
    run = make.run()
    block = make.text(make.unit(run)).id
    run = make.publish(run)
    a, b, c = (make.enrolment(run).id for _ in range(3))
    monday = datetime.fromisoformat("2026-03-02T00:00:00+08:00")
    before, long_ago = monday - timedelta(seconds=1), monday - timedelta(weeks=11)
    written(session, [(a, block, monday), (a, block, before), (b, block, before), (c, block, long_ago), (c, block, long_ago - timedelta(seconds=1))])
    weeks = operations.summarise(run_id=run.id, now=monday + timedelta(days=2)).weeks
    assert [count for _week, count in weeks] == [1, *[0] * 9, 2, 1]


def peak(run: Run) -> int:
    """The most bytes that summing up a run holds at once."""
    tracemalloc.start()
    try:
        operations.compute(run_id=run.id, now=NOW + timedelta(days=1))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_log_ten_times_as_long_takes_no_more_memory(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make.run()
    blocks = [make.text(make.unit(run, title=f"第{n}单元")).id for n in range(3)]
    run = make.publish(run)
    rows = [make.enrolment(run).id for _ in range(20)]
    written(session, [(key, blocks[n % 3], NOW + timedelta(seconds=10 * n)) for key in rows for n in range(100)])
    session.commit()
    peak(run)  # what is imported and prepared once
    short = peak(run)
    written(session, [(key, blocks[n % 3], NOW + timedelta(seconds=10 * n)) for key in rows for n in range(100, 1000)])
    session.commit()
    assert peak(run) < 1.5 * short
