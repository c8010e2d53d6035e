"""Jobs that ended go when their time is over; what waits, runs or is named by a row stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones.models import SupervisorPlan
from enterprises.capstones.types import PlanMode
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.job_sweeping import PERIODIC_DAYS, sweep
from trainhub.kernel.jobs import PERIODIC, Job, JobState
from trainhub.policy.book import book

NOW = ground.NOW
TODAY = clock.local(NOW).date()


def _job(session: Session, ended: datetime | None, state: JobState = JobState.DONE, key: str | None = None) -> int:
    row = Job(
        task="t", args={}, state=state, unique_key=key, asked_at=ended or NOW, run_after_at=ended or NOW, finished_at=ended, result={"name": "陈某"}
    )
    session.add(row)
    session.flush()
    return row.id


def _left(session: Session, ids: list[int], now: datetime, today: date) -> list[bool]:
    while sweep(now=now, today=today):
        pass
    known = set(session.scalars(sa.select(Job.id).where(Job.id.in_(ids))))
    return [key in known for key in ids]


def test_periodic_jobs_go_after_a_week_when_they_did_their_work(session: Session) -> None:
    week = NOW - timedelta(days=PERIODIC_DAYS)
    ids = [
        _job(session, week - timedelta(seconds=1), key=f"{PERIODIC}t:1"),
        _job(session, week, key=f"{PERIODIC}t:2"),
        _job(session, week - timedelta(seconds=1), JobState.FAILED, f"{PERIODIC}t:3"),
        _job(session, week - timedelta(seconds=1)),
    ]
    assert _left(session, ids, NOW, TODAY) == [False, True, True, True]


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_every_job_goes_when_its_period_is_over(session: Session, state: JobState) -> None:
    assert book().at("own.retention.job_months", on=date(2026, 8, 31)).number == 3
    ended = datetime(2026, 5, 31, 4, tzinfo=NOW.tzinfo)
    ids = [_job(session, ended, state), _job(session, None, JobState.QUEUED), _job(session, None, JobState.RUNNING)]
    assert _left(session, ids, ended.replace(month=8), date(2026, 8, 31)) == [True, True, True]
    assert _left(session, ids, ended.replace(month=9, day=1), date(2026, 9, 1)) == [False, True, True]


def test_a_job_that_a_row_names_stays_with_it(session: Session) -> None:
    key, other = (_job(session, NOW) for _time in range(2))
    cohort = ground.student().cohort_id
    programme = session.scalar(sa.text("SELECT programme_id FROM cohort WHERE id = :id"), {"id": cohort})
    session.add(SupervisorPlan(programme_id=programme, cohort_id=cohort, mode=next(iter(PlanMode)), job_id=key, asked_at=NOW))
    session.flush()
    assert _left(session, [key, other], NOW + timedelta(days=400), TODAY + timedelta(days=400)) == [True, False]
