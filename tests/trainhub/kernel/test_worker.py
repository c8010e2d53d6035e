"""The worker outlives whatever goes wrong, and does afterwards what it was asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from trainhub.kernel import jobs, worker
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, is_postgresql, session, transaction

NAME = "test.worker"


@pytest.fixture
def asked(committed: Flask) -> Iterator[int]:
    """A job that waits, in a database of its own without other regular tasks."""
    committed.extensions["trainhub.tasks"][NAME] = lambda _running: {"rows": 1}
    periodic = committed.extensions["trainhub.periodic"]
    committed.extensions["trainhub.periodic"] = []
    with committed.app_context(), transaction():
        key = jobs.ask(NAME, by=SYSTEM, title="测试").id
    yield key
    committed.extensions["trainhub.periodic"] = periodic
    del committed.extensions["trainhub.tasks"][NAME]


@contextmanager
def at_work(app: Flask) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(app, stop), kwargs={"name": "worker-here", "idle_seconds": 0.02})
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(60)


def within_a_minute(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not (so := is_so()) and time.monotonic() < end:
        time.sleep(0.05)
    return so


def is_done(app: Flask, key: int) -> bool:
    with app.app_context():
        state = session().scalar(sa.select(jobs.Job.state).where(jobs.Job.id == key))
        session().rollback()
        return state is jobs.JobState.DONE


@pytest.mark.database
def test_a_worker_outlives_a_database_that_only_answers_for_a_while(committed: Flask, asked: int) -> None:
    """A standby that takes over refuses every write for a moment: to PostgreSQL that is no operational error."""
    is_standby = True

    def only_read(connection: Any, _record: Any) -> None:
        if is_standby:
            cursor = connection.cursor()
            cursor.execute("SET default_transaction_read_only = on" if is_postgresql() else "PRAGMA query_only = ON")
            cursor.close()
            if is_postgresql():
                connection.commit()

    with committed.app_context():
        engine = db.engine
        kind = is_postgresql()
        engine.dispose()
        sa.event.listen(engine, "connect", only_read)
    with capture_logs() as told, at_work(committed) as thread:
        assert within_a_minute(lambda: len([one for one in told if one["event"] == "worker.database"]) > 1)
        assert ("ReadOnlySqlTransaction" if kind else "readonly") in told[0]["error"]
        assert thread.is_alive()
        is_standby = False
        engine.dispose()
        assert within_a_minute(lambda: is_done(committed, asked))


def test_a_worker_outlives_a_mistake_of_a_task_that_comes_regularly(committed: Flask, asked: int) -> None:
    never = jobs.Periodic(NAME, timedelta(0), "从不")
    committed.extensions["trainhub.periodic"].append(never)
    with capture_logs() as told, at_work(committed) as thread:
        assert within_a_minute(lambda: len([one for one in told if one["event"] == "worker.failed"]) > 1)
        assert thread.is_alive()
        committed.extensions["trainhub.periodic"].remove(never)
        assert within_a_minute(lambda: is_done(committed, asked))
    pauses = [one["again_in"] for one in told if one["event"] == "worker.failed"]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.04, "twice as long each time"
