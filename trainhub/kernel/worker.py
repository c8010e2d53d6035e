"""The worker: says that it lives, asks for what is due regularly, runs jobs, and outlives whatever goes wrong with a database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy import select

from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import db, is_postgresql, session, transaction
from trainhub.kernel.i18n import say
from trainhub.kernel.jobs import PERIODIC, Job, WorkerHeartbeat, ask, beat, claim, run
from trainhub.kernel.logs import first_line

BEAT_SECONDS = 15
MOST_ASTRAY = timedelta(seconds=5)
"""By how much the clock of a machine may differ from the database's before its log says so: at the length of a lease less its renewal (some 20 s) a job
that runs looks as if its worker had died."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries while nothing works: longer each time, and short enough to be at work again before anybody wonders."""
log = structlog.get_logger("worker")


def astray(read: Callable[[], datetime]) -> timedelta:
    """By how much this machine's clock (`read`) is before (negative) or after the database's, at least: to connect may take long, so it is read on both
    sides of the question. A SQLite file has no clock but the machine's."""
    if not is_postgresql():
        return timedelta(0)
    before = read()
    try:
        there: datetime = session().execute(select(sa.func.clock_timestamp())).scalar_one()
    finally:
        session().rollback()
    after = read()
    return before - there if there < before else after - there if there > after else timedelta(0)


def tell_astray(by: timedelta, *, said: bool) -> bool:
    """Say in the log that this machine's clock is wrong `by` so much, unless that was `said`; whether it is by now."""
    is_wrong = abs(by) > MOST_ASTRAY
    if is_wrong and not said:
        log.warning(
            "worker.clock", seconds=round(by.total_seconds(), 1), advice="keep the clocks of all machines together (NTP), see docs/operations.md"
        )
    return is_wrong


def ask_periodic(by: Identity) -> None:
    """Queue each periodic task once in its window."""
    for periodic in current_app.extensions.get("trainhub.periodic", []):
        window = int(clock.now().timestamp() // periodic.every.total_seconds())
        key = f"{PERIODIC}{periodic.task}:{window}"
        if session().scalar(select(Job.id).where(Job.unique_key == key)) is None:
            session().rollback()
            try:
                with transaction():
                    ask(periodic.task, by=by, title=say(periodic.title), unique_key=key)
            except sa.exc.IntegrityError:
                continue  # another worker was quicker
    session().rollback()


def work(app: Flask, stop: threading.Event, *, name: str, idle_seconds: float = 1.0) -> None:
    """The worker's loop: heartbeat, periodic tasks, jobs, until `stop` is set.

    Whatever fails is told in the log and tried again after a pause: a database that is away, only answers for a while (a standby that
    takes over) or is full, and a mistake of ours, must not end the one who would do the work afterwards.
    """
    last_beat, pause, is_astray = 0.0, idle_seconds, False
    while not stop.is_set():
        with app.app_context():
            try:
                if clock.now().timestamp() - last_beat > BEAT_SECONDS:
                    beat(name)
                    ask_periodic(SYSTEM)
                    is_astray = tell_astray(astray(clock.now), said=is_astray)
                    last_beat = clock.now().timestamp()
                running = claim(clock.now())
                if running is not None:
                    run(running, worker=name)
                pause = 0.0 if running is not None else idle_seconds
            except sa.exc.DBAPIError as error:  # told in a line: it comes again with every try
                pause = min(max(pause, idle_seconds) * 2, LONGEST_PAUSE)
                log.warning("worker.database", error=first_line(error), again_in=pause)
            except Exception as error:
                pause = min(max(pause, idle_seconds) * 2, LONGEST_PAUSE)
                log.error("worker.failed", exc_info=error, again_in=pause)
            finally:
                db.session.remove()
        stop.wait(pause)
    with app.app_context():
        try:
            with transaction() as current:
                current.execute(sa.delete(WorkerHeartbeat).where(WorkerHeartbeat.name == name))
        except sa.exc.SQLAlchemyError as error:  # a row that stays is forgotten after ALIVE
            log.warning("worker.database", error=first_line(error))
        finally:
            db.session.remove()
