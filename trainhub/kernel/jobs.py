"""Background jobs: a row in the same transaction as the work that asks for it is both the truth and the queue.

A worker claims a row by a conditional UPDATE that sets a lease; while it runs it renews the lease; a job whose worker
died is claimed again when the lease ends, until it has been claimed `max_attempts` times: a job that kills whoever takes it
(memory, a library that crashes) fails with words instead of stopping every worker for ever. So a job runs at least once: a task
is idempotent, takes ids, opens its own transaction and calls one operation. (docs/adr/0003: why there is no second queue behind the table.) A worker that was held up
so long that its lease ended finds out when it wants to tell its progress: the job is another's then, and what it writes about it
counts no more. Titles, messages and results are kept as message ids with values: each reader reads them in their language.
"""

from __future__ import annotations

import threading
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
from trainhub.kernel.db import Base, Key, enum_column, session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import WORD, Said, kept, remembering, say, sentence, worded
from trainhub.kernel.job_words import DEADLY, told_of
from trainhub.kernel.logs import first_line

LEASE = timedelta(seconds=30)
"""So long after the last sign of life of a worker its job is another's."""
PERIODIC = "periodic:"
"""What the keys of jobs begin with that workers ask for regularly."""
WORKER_DIED = "worker_died"
"""The code of the error of a job that was given up because whoever took it died."""
RENEWALS = 4
"""How often a lease is renewed before it ends."""
log = structlog.get_logger("jobs")


class JobState(StrEnum):
    """The life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of background work. `unique_key` keeps the same work from being queued twice.

    `title` and `message` are message ids with their values; without values (NULL) they are text as it was said once, such as
    what a job of an earlier version left. `result` keeps its sentences in the same way (`i18n.kept`).
    """

    __tablename__ = "job"

    id: Mapped[Key]
    task: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    title_values: Mapped[dict[str, Any] | None]
    args: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(enum_column(JobState), default=JobState.QUEUED)
    unique_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    asked_by_id: Mapped[int | None] = mapped_column(index=True)
    asked_from: Mapped[str] = mapped_column(sa.String(64), default="")
    """The address from which it was asked for: what the job does is written in the audit log as from there."""
    asked_at: Mapped[datetime]
    run_after_at: Mapped[datetime]
    lease_until_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    done_count: Mapped[int] = mapped_column(default=0)
    total_count: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    message_values: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_job_claim", "state", "run_after_at", "id"),)

    @property
    def shown_title(self) -> str:
        """What it is, in the language of the reader."""
        return in_words(self.title, self.title_values)

    @property
    def shown_message(self) -> str:
        """How far it is or why it failed, in the language of the reader."""
        return in_words(self.message, self.message_values)

    @property
    def shown_result(self) -> dict[str, Any]:
        """What came out, its sentences in the language of the reader."""
        return worded(self.result or {})  # type: ignore[no-any-return]

    @property
    def is_orphaned(self) -> bool:
        """Whether its worker has died: a living one takes it up by itself."""
        return self.state is JobState.RUNNING and self.lease_until_at is not None and self.lease_until_at < clock.now()


def in_words(text: str, values: Mapping[str, Any] | None) -> str:
    """A title or message of a job in the language of the reader; without values it is shown as it was written."""
    return text if values is None else sentence(text, values)


def _kept(name: str, text: str) -> dict[str, Any]:
    """The columns of a title or message. Several sentences in a row are kept as they are read here."""
    stored = text.stored if isinstance(text, Said) else {}
    if WORD in stored:
        return {name: stored[WORD], f"{name}_values": stored["values"]}
    return {name: str.__str__(text), f"{name}_values": None}


ALIVE = timedelta(seconds=60)
"""A worker that was seen within this time is taken to be at work."""


class WorkerHeartbeat(Base):
    """When each worker was last seen; /readyz asks for one younger than ALIVE. One that stops in order takes its row away."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    seen_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Running:
    """What a task sees of its job."""

    id: int
    args: Mapping[str, Any]
    asked_by_id: int | None
    attempt: int = 0
    """Which claim this is: once another claimed the job, this one is no longer heard."""
    asked_from: str = ""

    @property
    def origin(self) -> str:
        """From where whoever asked acts in this job; jobs that were asked for before that was kept say no more than that it was a job."""
        return self.asked_from or "job"

    @property
    def is_mine(self) -> sa.ColumnElement[bool]:
        """SQL: the row of the job, while this claim of it is the last."""
        return sa.and_(Job.id == self.id, Job.state == JobState.RUNNING, Job.attempts == self.attempt) if self.attempt else Job.id == self.id

    @property
    def is_ended(self) -> sa.ColumnElement[bool]:
        """SQL: the row of the job, called off or given up while this claim of it worked on."""
        return sa.and_(Job.id == self.id, Job.state == JobState.FAILED, Job.attempts == self.attempt)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Show progress and renew the lease. Commits by itself: call it between transactions of the task.

        Raises Overtaken when the lease had ended and another worker goes on with the job.
        """
        with transaction() as current:
            told = current.execute(
                update(Job)
                .where(self.is_mine)
                .values(done_count=done, total_count=total, lease_until_at=clock.now() + LEASE, **_kept("message", message))
                .execution_options(synchronize_session=False)
            )
            is_over = not told.rowcount and (done < total or current.scalar(select(Job.id).where(self.is_ended)) is None)  # type: ignore[attr-defined]
        if self.attempt and is_over:  # called off with the last portion done, it is whole
            raise Overtaken(f"job {self.id} is another worker's now")


class Overtaken(Exception):
    """This worker was held up so long that another took the job: it stops and leaves the rest to that one."""


Task = Callable[[Running], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that is asked for once in every window of `every`."""

    task: str
    every: timedelta
    title: str


def register_task(app: Flask, name: str, task: Task, *, is_needed: bool = False) -> None:
    """Called by a room's `wiring.py`. `is_needed`: nobody would ask for it again by themselves, and others go by it, so that it is not called off."""
    if is_needed:
        app.extensions.setdefault("trainhub.needed_tasks", set()).add(name)
    tasks: dict[str, Task] = app.extensions.setdefault("trainhub.tasks", {})
    if name in tasks:
        raise RuntimeError(f"task {name} is registered twice")
    tasks[name] = task


def register_periodic(app: Flask, name: str, task: Task, *, every: timedelta, title: str) -> None:
    """Register a task and let workers ask for it regularly. `title` is a message id, marked `N_`."""
    register_task(app, name, task)
    app.extensions.setdefault("trainhub.periodic", []).append(Periodic(name, every, title))


def known(unique_key: str) -> Job | None:
    """The job of a key, whatever became of it."""
    return session().scalar(select(Job).where(Job.unique_key == unique_key))


def is_ahead(unique_key: str) -> bool:
    """Whether a job of a key waits for a time that has not come."""
    waits = (Job.unique_key == unique_key, Job.state == JobState.QUEUED, Job.run_after_at > clock.now())
    return session().scalar(select(Job.id).where(*waits)) is not None


def due_count(task: str, *, most: int) -> int:
    """How many jobs of a task wait and may begin, counted up to `most`; those of this transaction, too."""
    waiting = select(Job.id).where(Job.task == task, Job.state == JobState.QUEUED, Job.run_after_at <= clock.now()).limit(most)
    return len(session().scalars(waiting).all())


def ask(task: str, *, by: Identity, title: str, unique_key: str | None = None, run_after: datetime | None = None, **args: Any) -> Job:
    """Queue a job in the current transaction. With a `unique_key` that is still known the existing job is returned.

    `title` is said by `i18n.say`, so that whoever looks at the job reads it in their language.
    """
    current = session()
    if unique_key is not None:
        before = known(unique_key)
        if before is not None:
            return before
    now = clock.now()
    heading = _kept("title", title)
    job = Job(
        task=task,
        **(heading | {"title": heading["title"][:200]}),
        args=args,
        unique_key=unique_key,
        asked_by_id=by.account_id,
        asked_from=by.origin[:64],
        asked_at=now,
        run_after_at=run_after or now,
    )
    current.add(job)
    current.flush()
    return job


def ask_anew(task: str, *, by: Identity, title: str, unique_key: str, after: timedelta = timedelta(0), is_latest: bool = False, **args: Any) -> Job:
    """Ask once for however many changes: a job of the key that has not begun sees them all, and begins when the earliest of them asks for it,
    or with `is_latest` the latest.

    One that has begun goes on with what it saw, and another follows. The row of one that waits is locked, so that it does not begin before what
    asks for it is committed.
    """
    waiting = session().scalar(select(Job).where(Job.unique_key == unique_key).with_for_update().execution_options(populate_existing=True))
    if waiting is not None and waiting.state is not JobState.QUEUED:
        waiting.unique_key = None
        session().flush()
    begins = clock.now() + after
    job = ask(task, by=by, title=title, unique_key=unique_key, run_after=begins, **args)
    job.run_after_at = (max if is_latest else min)(job.run_after_at, begins)
    return job


def claim(now: datetime) -> Running | None:
    """Take the next job whose turn it is, or one whose worker died. Returns None when there is none."""
    with transaction() as current:
        _give_up(now)
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
                row = current.execute(select(Job.id, Job.args, Job.asked_by_id, Job.attempts, Job.asked_from).where(Job.id == job_id)).one()
                return Running(row.id, row.args, row.asked_by_id, row.attempts, row.asked_from)
    return None


def failed_with(code: str, told: str, now: datetime) -> dict[str, Any]:
    """The columns of a job that somebody else than its task ended, in words."""
    error = {"code": code, "message": kept(told), "details": []}
    return {"state": JobState.FAILED, "lease_until_at": None, "finished_at": now, "result": {"error": error}, **_kept("message", told)}


def _give_up(now: datetime) -> None:
    """End the jobs that were claimed as often as they may be and whose last worker died as well."""
    dead = sa.and_(Job.state == JobState.RUNNING, Job.lease_until_at < now, Job.attempts >= Job.max_attempts)
    for job_id, task, attempts in session().execute(select(Job.id, Job.task, Job.attempts).where(dead)).all():
        told = say(DEADLY, n=attempts, id=job_id)
        ended = session().execute(
            update(Job).where(Job.id == job_id, dead).values(**failed_with(WORKER_DIED, told, now)).execution_options(synchronize_session=False)
        )
        if ended.rowcount:  # type: ignore[attr-defined]
            log.error("job.given_up", job=job_id, task=task, attempts=attempts)


def run(running: Running, *, worker: str = "") -> JobState:
    """Run one claimed job to its end and store what came out, unless another worker has taken it meanwhile.

    `worker` is who runs it: it is seen to live while the job lasts.
    """
    name = session().scalar(select(Job.task).where(Job.id == running.id)) or ""
    session().rollback()
    values: dict[str, Any]
    stop = threading.Event()
    renewer = threading.Thread(target=_renew, args=(current_app._get_current_object(), running, stop, worker), daemon=True)  # type: ignore[attr-defined]
    renewer.start()
    try:
        with remembering():
            result = current_app.extensions["trainhub.tasks"][name](running)
            values = {"state": JobState.DONE, "result": kept(dict(result or {})), **_kept("message", "")}
    except Overtaken:
        log.warning("job.overtaken", job=running.id, task=name)
        session().rollback()
        return JobState.RUNNING
    except Refused as refused:
        values = {"state": JobState.FAILED, "result": {"error": kept(refused.as_dict())}, **_kept("message", refused.message)}
    except Exception as error:
        log.error("job.failed", job=running.id, task=name, exc_info=error)
        session().rollback()  # PostgreSQL answers nothing in a transaction that failed
        attempts = session().execute(select(Job.attempts, Job.max_attempts).where(Job.id == running.id)).one()
        session().rollback()
        again = attempts.attempts < attempts.max_attempts
        values = {
            "state": JobState.QUEUED if again else JobState.FAILED,
            "result": {"bug": first_line(error)},
            **_kept("message", say(told_of(error), id=running.id)),
        }
        if again:
            values["run_after_at"] = clock.now() + timedelta(seconds=15 * 2**attempts.attempts)
    finally:
        stop.set()
    if values["state"] is not JobState.QUEUED:
        values["finished_at"] = clock.now()
    # What was whole before anybody called it off is told as what it is: its result is there.
    mine = sa.or_(running.is_mine, running.is_ended) if values["state"] is JobState.DONE else running.is_mine
    with transaction() as current:
        ended = current.execute(update(Job).where(mine).values(lease_until_at=None, **values).execution_options(synchronize_session=False))
    if not ended.rowcount:  # type: ignore[attr-defined]
        log.warning("job.overtaken", job=running.id, task=name)
        return JobState.RUNNING
    return values["state"]  # type: ignore[no-any-return]


def _renew(app: Flask, running: Running, stop: threading.Event, worker: str) -> None:
    """Keep the lease of a long task, and say that its worker lives; a killed process does neither, and the job is taken up again."""
    while not stop.wait(LEASE.total_seconds() / RENEWALS):
        with app.app_context():
            try:
                with transaction() as current:
                    current.execute(
                        update(Job).where(running.is_mine).values(lease_until_at=clock.now() + LEASE).execution_options(synchronize_session=False)
                    )
                if worker:
                    beat(worker)
            except sa.exc.SQLAlchemyError:
                log.warning("job.lease_not_renewed", job=running.id)


def run_all(limit: int = 1000) -> int:
    """Run what is due until nothing is left; for commands that wait for their job, and for tests."""
    done = 0
    while done < limit and (running := claim(clock.now())) is not None:
        run(running)
        done += 1
    return done


def beat(name: str) -> None:
    """Say that this worker lives; between jobs, and while one lasts."""
    with transaction() as current:
        now = clock.now()
        known = current.execute(
            update(WorkerHeartbeat).where(WorkerHeartbeat.name == name).values(seen_at=now).execution_options(synchronize_session=False)
        )
        if not known.rowcount:  # type: ignore[attr-defined]
            current.add(WorkerHeartbeat(name=name, seen_at=now))
