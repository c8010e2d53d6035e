"""Jobs: at least once, one row as truth and queue, re-queued when a worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused


@pytest.fixture
def task(app: Flask) -> Iterator[list[Any]]:
    """A task that notes its calls; `fail` and `refuse` in its arguments decide how it ends."""
    calls: list[Any] = []

    def run(job: jobs.Running) -> dict[str, int]:
        calls.append(dict(job.args))
        if job.args.get("refuse"):
            raise Refused("名单第 3 行有误")
        if job.args.get("fail"):
            raise RuntimeError("boom")
        job.progress(1, 2, "half")
        return {"rows": 2}

    app.extensions.setdefault("trainhub.tasks", {})["test.task"] = run
    yield calls
    del app.extensions["trainhub.tasks"]["test.task"]


def _job(session: Session, job_id: int) -> jobs.Job:
    return session.scalars(sa.select(jobs.Job).where(jobs.Job.id == job_id).execution_options(populate_existing=True)).one()


def _ask(**args: Any) -> int:
    with transaction():
        return jobs.ask("test.task", by=SYSTEM, title="测试", **args).id


def test_a_job_runs_and_keeps_its_result_and_progress(session: Session, task: list[Any]) -> None:
    job_id = _ask(file=7)
    assert jobs.run_all() == 1
    job = _job(session, job_id)
    assert (job.state, job.result, job.done_count, job.total_count, task) == (jobs.JobState.DONE, {"rows": 2}, 1, 2, [{"file": 7}])
    assert jobs.run_all() == 0


def test_a_refusal_ends_the_job_with_its_words(session: Session, task: list[Any]) -> None:
    job_id = _ask(refuse=True)
    jobs.run_all()
    job = _job(session, job_id)
    assert (job.state, job.message, len(task)) == (jobs.JobState.FAILED, "名单第 3 行有误", 1)


def test_a_bug_is_tried_again_and_fails_at_the_third_time(session: Session, task: list[Any]) -> None:
    job_id = _ask(fail=True)
    states = []
    for _ in range(3):
        session.execute(sa.update(jobs.Job).values(run_after_at=clock.now()))
        jobs.run_all()
        states.append(_job(session, job_id).state)
    assert states == [jobs.JobState.QUEUED, jobs.JobState.QUEUED, jobs.JobState.FAILED]
    assert len(task) == 3


def test_a_job_whose_worker_died_is_taken_up_after_its_lease(session: Session, task: list[Any]) -> None:
    job_id = _ask()
    now = clock.now()
    assert jobs.claim(now) is not None
    assert jobs.claim(now + jobs.LEASE - timedelta(seconds=1)) is None
    again = jobs.claim(now + jobs.LEASE + timedelta(seconds=1))
    assert again is not None
    assert again.id == job_id
    assert _job(session, job_id).attempts == 2


def test_the_same_work_is_queued_once(session: Session, task: list[Any]) -> None:
    assert _ask(unique_key="roster:1") == _ask(unique_key="roster:1")
    assert jobs.run_all() == 1


def test_later_work_waits(session: Session, task: list[Any]) -> None:
    _ask(run_after=clock.now() + timedelta(hours=1))
    assert jobs.run_all() == 0
