"""Background jobs: a row in the same transaction as the work that asks for it is both the truth and the queue.

A worker claims a row by a conditional UPDATE that sets a lease; while it runs it renews the lease; a job whose worker
died is claimed again when the lease ends. So a job runs at least once: a task is idempotent, takes ids, opens its own
transaction and calls one operation. (docs/adr/0003: why there is no second queue behind the table.)
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel import clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, Key, db, enum_column, session, transaction
from trainhub.kernel.errors import Refused

LEASE = timedelta(minutes=2)
log = structlog.get_logger("jobs")


class JobState(StrEnum):
    """The life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of background work. `unique_key` keeps the same work from being queued twice."""

    __tablename__ = "job"

    id: Mapped[Key]
    task: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    args: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(enum_column(JobState), default=JobState.QUEUED)
    unique_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    asked_by_id: Mapped[int | None] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    run_after_at: Mapped[datetime]
    lease_until_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    done_count: Mapped[int] = mapped_column(default=0)
    total_count: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    result: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_job_claim", "state", "run_after_at", "id"),)


class WorkerHeartbeat(Base):
    """When each worker was last seen; /readyz asks for one younger than 60 s."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    seen_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Running:
    """What a task sees of its job."""

    id: int
    args: Mapping[str, Any]
    asked_by_id: int | None

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Show progress and renew the lease. Commits by itself: call it between transactions of the task."""
        with transaction() as current:
            current.execute(
                update(Job)
                .where(Job.id == self.id)
                .values(done_count=done, total_count=total, message=message, lease_until_at=clock.now() + LEASE)
                .execution_options(synchronize_session=False)
            )


Task = Callable[[Running], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that is asked for once in every window of `every`."""

    task: str
    every: timedelta
    title: str


def register_task(app: Flask, name: str, task: Task) -> None:
    """Called by a room's `wiring.py`."""
    tasks: dict[str, Task] = app.extensions.setdefault("trainhub.tasks", {})
    if name in tasks:
        raise RuntimeError(f"task {name} is registered twice")
    tasks[name] = task


def register_periodic(app: Flask, name: str, task: Task, *, every: timedelta, title: str) -> None:
    """Register a task and let workers ask for it regularly."""
    register_task(app, name, task)
    app.extensions.setdefault("trainhub.periodic", []).append(Periodic(name, every, title))


def known(unique_key: str) -> Job | None:
    """The job of a key, whatever became of it."""
    return session().scalar(select(Job).where(Job.unique_key == unique_key))


def ask(task: str, *, by: Identity, title: str, unique_key: str | None = None, run_after: datetime | None = None, **args: Any) -> Job:
    """Queue a job in the current transaction. With a `unique_key` that is still known the existing job is returned."""
    current = session()
    if unique_key is not None:
        before = known(unique_key)
        if before is not None:
            return before
    now = clock.now()
    job = Job(
        task=task,
        title=title,
        args=args,
        unique_key=unique_key,
        asked_by_id=by.account_id,
        asked_at=now,
        run_after_at=run_after or now,
    )
    current.add(job)
    current.flush()
    return job


def claim(now: datetime) -> Running | None:
    """Take the next job whose turn it is, or one whose worker died. Returns None when there is none."""
    with transaction() as current:
        due = or_(
            sa.and_(Job.state == JobState.QUEUED, Job.run_after_at <= now),
            sa.and_(Job.state == JobState.RUNNING, Job.lease_until_at < now),
        )
        ids = current.scalars(select(Job.id).where(due).order_by(Job.run_after_at, Job.id).limit(5)).all()
        for job_id in ids:
            taken = current.execute(
                update(Job)
                .where(Job.id == job_id, due)
                .values(state=JobState.RUNNING, lease_until_at=now + LEASE, attempts=Job.attempts + 1)
                .execution_options(synchronize_session=False)
            )
            if taken.rowcount:  # type: ignore[attr-defined]
                row = current.execute(select(Job.id, Job.args, Job.asked_by_id).where(Job.id == job_id)).one()
                return Running(row.id, row.args, row.asked_by_id)
    return None


def run(running: Running) -> JobState:
    """Run one claimed job to its end and store what came out."""
    name = session().scalar(select(Job.task).where(Job.id == running.id)) or ""
    session().rollback()
    values: dict[str, Any]
    stop = threading.Event()
    renewer = threading.Thread(target=_renew, args=(current_app._get_current_object(), running.id, stop), daemon=True)  # type: ignore[attr-defined]
    renewer.start()
    try:
        result = current_app.extensions["trainhub.tasks"][name](running)
        values = {"state": JobState.DONE, "result": dict(result or {}), "message": ""}
    except Refused as refused:
        values = {"state": JobState.FAILED, "result": {"error": refused.as_dict()}, "message": refused.message}
    except Exception as error:
        log.error("job.failed", job=running.id, task=name, error=repr(error), trace=traceback.format_exc())
        attempts = session().execute(select(Job.attempts, Job.max_attempts).where(Job.id == running.id)).one()
        session().rollback()
        again = attempts.attempts < attempts.max_attempts
        values = {"state": JobState.QUEUED if again else JobState.FAILED, "message": repr(error)[:2000]}
        if again:
            values["run_after_at"] = clock.now() + timedelta(seconds=15 * 2**attempts.attempts)
    finally:
        stop.set()
    if values["state"] is not JobState.QUEUED:
        values["finished_at"] = clock.now()
    with transaction() as current:
        current.execute(update(Job).where(Job.id == running.id).values(lease_until_at=None, **values).execution_options(synchronize_session=False))
    return values["state"]  # type: ignore[no-any-return]


def _renew(app: Flask, job_id: int, stop: threading.Event) -> None:
    """Keep the lease of a long task; a killed process stops renewing and the job is taken up again."""
    while not stop.wait(LEASE.total_seconds() / 4):
        with app.app_context():
            try:
                with transaction() as current:
                    current.execute(
                        update(Job)
                        .where(Job.id == job_id, Job.state == JobState.RUNNING)
                        .values(lease_until_at=clock.now() + LEASE)
                        .execution_options(synchronize_session=False)
                    )
            except sa.exc.OperationalError:
                log.warning("job.lease_not_renewed", job=job_id)


def run_all(limit: int = 1000) -> int:
    """Run what is due until nothing is left; for commands that wait for their job, and for tests."""
    done = 0
    while done < limit and (running := claim(clock.now())) is not None:
        run(running)
        done += 1
    return done


def beat(name: str) -> None:
    """Say that this worker lives."""
    with transaction() as current:
        now = clock.now()
        known = current.execute(
            update(WorkerHeartbeat).where(WorkerHeartbeat.name == name).values(seen_at=now).execution_options(synchronize_session=False)
        )
        if not known.rowcount:  # type: ignore[attr-defined]
            current.add(WorkerHeartbeat(name=name, seen_at=now))


def ask_periodic(by: Identity) -> None:
    """Queue each periodic task once in its window."""
    for periodic in current_app.extensions.get("trainhub.periodic", []):
        window = int(clock.now().timestamp() // periodic.every.total_seconds())
        key = f"periodic:{periodic.task}:{window}"
        if session().scalar(select(Job.id).where(Job.unique_key == key)) is None:
            session().rollback()
            try:
                with transaction():
                    ask(periodic.task, by=by, title=periodic.title, unique_key=key)
            except sa.exc.IntegrityError:
                continue  # another worker was quicker
    session().rollback()


def work(app: Flask, stop: threading.Event, *, name: str, idle_seconds: float = 1.0) -> None:
    """The worker's loop: heartbeat, periodic tasks, jobs, until `stop` is set."""
    from trainhub.kernel.access import SYSTEM

    last_beat = 0.0
    while not stop.is_set():
        with app.app_context():
            try:
                if clock.now().timestamp() - last_beat > 15:
                    beat(name)
                    ask_periodic(SYSTEM)
                    last_beat = clock.now().timestamp()
                running = claim(clock.now())
                if running is not None:
                    run(running)
                    continue
            except sa.exc.OperationalError as error:
                log.warning("worker.database", error=str(error))
            finally:
                db.session.remove()
        stop.wait(idle_seconds)
