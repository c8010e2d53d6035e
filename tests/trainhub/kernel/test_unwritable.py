"""A database that answers and takes nothing (a standby, a read-only copy, a full disk) is said to be that, on pages, to programs and to commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.conftest import Blank
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.commands import edge
from trainhub.kernel.db import Unwritable, db, is_postgresql, session, transaction, unwritable


def _only_read(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SET default_transaction_read_only = on" if is_postgresql() else "PRAGMA query_only = ON")
    cursor.close()
    if is_postgresql():
        connection.commit()


@pytest.fixture
def standby(committed: Flask) -> Flask:
    """An app whose database only answers."""
    with committed.app_context():
        db.engine.dispose()
        sa.event.listen(db.engine, "connect", _only_read)
    return committed


@edge("write")
def write() -> dict[str, Any]:
    """Write something."""
    with transaction():
        session().execute(sa.text("UPDATE region SET name = name"))
    return {}


@pytest.mark.database
def test_a_page_says_that_nothing_is_taken_now(standby: Flask) -> None:
    visitor = standby.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get("/login").text)
    assert token is not None
    sent = {"username": "nobody", "password": "x" * 12, "csrf_token": token[1]}
    assert visitor.get("/verify").status_code == 200
    for language, said in (("zh", "数据库现在只能读取"), ("en", "The database can only be read")):
        answer = visitor.post(f"/login?lang={language}", data=sent)
        assert (answer.status_code, said in answer.text) == (503, True)


@pytest.mark.database
def test_a_command_says_it_too(standby: Flask) -> None:
    with standby.app_context():
        found = CliRunner().invoke(write, ["--json"], obj={"create_app": lambda: standby})
    error = json.loads(found.stdout)["error"]
    assert (found.exit_code, error["code"], "只能读取" in error["message"]) == (1, "read_only", True)


def test_a_full_disk_is_told_from_one_that_is_busy(blank_file: Blank, tmp_path: Path) -> None:
    with blank_file.opened(tmp_path / "full") as app, app.app_context():
        pages = session().execute(sa.text("PRAGMA page_count")).scalar_one()
        session().execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(sa.exc.OperationalError) as full:
            session().execute(sa.text("CREATE TABLE more (text VARCHAR)"))
        session().rollback()
        with pytest.raises(sa.exc.OperationalError) as absent:
            session().execute(sa.text("SELECT 1 FROM nowhere"))
    assert (unwritable(full.value), unwritable(absent.value), unwritable(ValueError())) == (Unwritable.FULL, None, None)


@pytest.mark.database
def test_a_job_that_found_no_room_says_so_and_is_tried_again(committed: Flask) -> None:
    def refused(_running: jobs.Running) -> None:
        """What PostgreSQL and SQLite refuse outside a unit of work of its own."""
        if is_postgresql():
            session().execute(sa.text("SET TRANSACTION READ ONLY"))
            session().execute(sa.text("UPDATE region SET name = name"))
        pages = session().execute(sa.text("PRAGMA page_count")).scalar_one()
        session().execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        session().execute(sa.text("CREATE TABLE more (text VARCHAR)"))

    with committed.app_context():
        committed.extensions.setdefault("trainhub.tasks", {})["test.full"] = refused
        with transaction():
            key = jobs.ask("test.full", by=SYSTEM, title="测试").id
        jobs.run_all()
        session().expire_all()
        job = session().get(jobs.Job, key)
        assert job is not None
        assert job.state is jobs.JobState.QUEUED
        assert ("只能读取" if is_postgresql() else "磁盘已满") in job.message
        del committed.extensions["trainhub.tasks"]["test.full"]
