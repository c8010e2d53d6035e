"""A command whose database has no room left says that, not that the database was never made."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.conftest import Blank
from trainhub.kernel import commands
from trainhub.kernel.commands import edge
from trainhub.kernel.db import session


def _said(app: Flask, command: click.Command) -> dict[str, Any]:
    found = CliRunner().invoke(command, ["--json"], obj={"create_app": lambda: app})
    assert found.exit_code == 1, found.output
    error = json.loads(found.stdout)["error"]
    assert isinstance(error, dict)
    return error


@edge("fill")
def fill() -> dict[str, Any]:
    """Write more than the file may hold."""
    pages = session().execute(sa.text("PRAGMA page_count")).scalar_one()
    session().execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    session().execute(sa.text("CREATE TABLE more (text VARCHAR)"))
    session().execute(sa.text("INSERT INTO more VALUES (:text)"), {"text": "满" * 100_000})
    session().commit()
    return {}


def test_a_full_disk_is_said_to_be_full(blank_file: Blank, tmp_path: Any) -> None:
    with blank_file.opened(tmp_path / "full") as app:
        error = _said(app, fill)
    assert (error["code"], "磁盘已满" in error["message"], "trainhub init" in error["message"]) == ("disk_full", True, False)


def test_what_stands_in_a_database_that_was_never_made_is_still_asked(blank_file: Blank, tmp_path: Any) -> None:
    @edge("look")
    def look() -> dict[str, Any]:
        """Ask for what is not there."""
        session().execute(sa.text("DROP TABLE alembic_version"))
        session().commit()
        session().execute(sa.text("SELECT 1 FROM nowhere"))
        return {}

    with blank_file.opened(tmp_path / "none") as app:
        assert _said(app, look)["code"] == "not_migrated"


@pytest.mark.parametrize(("number", "said"), [(13, "磁盘已满"), (10, "无法读写"), (10 | 3 << 8, "无法读写")])
def test_sqlite_tells_by_its_number(number: int, said: str) -> None:
    class Told(Exception):
        sqlite_errorcode = number

    found = commands._not_taken(sa.exc.OperationalError("x", {}, Told("disk I/O error")))
    assert found is not None
    assert said in found.message


def test_postgresql_tells_by_its_state() -> None:
    class Told(Exception):
        sqlstate = "53100"

    found = commands._not_taken(sa.exc.OperationalError("x", {}, Told("could not extend file: No space left on device")))
    assert found is not None
    assert "磁盘已满" in found.message
