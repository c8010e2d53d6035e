"""Jobs that ended are deleted when their time is over: their results and messages may name people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, exists, or_, select

from trainhub.kernel import clock
from trainhub.kernel.db import Base, session, transaction
from trainhub.kernel.jobs import PERIODIC, Job, JobState, Running
from trainhub.kernel.retention import ended_at

TASK = "jobs.sweep"
PERIODIC_DAYS = 7
"""So long a job that came of itself and did its work is looked at: one a minute makes half a million rows a year."""
PORTION = 1000
ENDED = (JobState.DONE, JobState.FAILED)


def sweep(*, now: datetime, today: date) -> int:
    """Delete a portion of the jobs that ended and whose time is over (own.retention.job_months); returns how many.

    What a row still names, such as the job that issued a batch of certificates, stays with it.
    """
    old = or_(
        sa.and_(
            Job.state == JobState.DONE, Job.unique_key.startswith(PERIODIC, autoescape=True), Job.finished_at < now - timedelta(days=PERIODIC_DAYS)
        ),
        sa.and_(Job.state.in_(ENDED), Job.finished_at < ended_at("job", now=now, today=today)),
    )
    free = [~exists().where(column == Job.id) for column in _naming()]
    ids = session().scalars(select(Job.id).where(old, *free).order_by(Job.id).limit(PORTION)).all()
    if ids:
        session().execute(delete(Job).where(Job.id.in_(ids), Job.state.in_(ENDED)).execution_options(synchronize_session=False))
    return len(ids)


def _naming() -> list[sa.Column[Any]]:
    """The columns of every room that name a job."""
    return [key.parent for table in Base.metadata.sorted_tables for key in table.foreign_keys if key.column is Job.__table__.c.id]


def task(running: Running) -> Mapping[str, Any]:
    """Sweep until nothing is left, each portion in its own transaction; running it twice changes nothing."""
    count = 0
    while True:
        with transaction():
            found = sweep(now=clock.now(), today=clock.today())
        count += found
        if not found:
            return {"deleted": count}
        running.progress(count, 0)
