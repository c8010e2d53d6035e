"""A command whose database refuses what is there already, or that fails by a mistake of ours, ends in a sentence and leaves nothing."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from trainhub import installation
from trainhub.cli import main
from trainhub.kernel import audit, migrations
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.commands import Context, edge
from trainhub.kernel.db import session, transaction


def _ended(app: Flask, command: click.Command, *words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(command, list(words), obj={"create_app": lambda: app})
    return found.exit_code, found.stdout, found.stderr


@edge("twice")
@click.option("--broken", is_flag=True)
def twice(broken: bool) -> dict[str, Any]:
    """Write something, then what is there already."""
    with transaction():
        audit.record(by=SYSTEM, did="kernel.keys.rewrapped", on=("keys", "instance"))
        code = session().scalar(sa.text("SELECT code FROM general_standard LIMIT 1"))
        if broken:
            session().execute(sa.text("INSERT INTO general_standard (code) VALUES ('99')"))
        session().execute(
            sa.text("INSERT INTO general_standard (code, position, text, text_en, source) VALUES (:code, 1, '', '', '')"), {"code": code}
        )
    return {}


@edge("mistaken")
def mistaken() -> dict[str, Any]:
    """Fail by a mistake of ours."""
    with transaction():
        audit.record(by=SYSTEM, did="kernel.keys.rewrapped", on=("keys", "instance"))
        empty: dict[str, int] = {}
        return {"never": empty["nothing"]}


@pytest.mark.parametrize(
    ("command", "words", "code", "said"),
    [(twice, (), "taken", "已有相同的内容"), (twice, ("--broken",), "unexpected", "编号"), (mistaken, (), "unexpected", "KeyError")],
)
def test_it_says_what_happened_and_leaves_nothing(committed: Flask, command: click.Command, words: tuple[str, ...], code: str, said: str) -> None:
    before = _events(committed)
    status, out, err = _ended(committed, command, *words)
    assert (status, out, "错误：" in err, said in err) == (1, "", True, True)
    status, out, _err = _ended(committed, command, *words, "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"], said in error["message"]) == (1, code, True)
    assert _events(committed) == before


def _events(app: Flask) -> int:
    with app.app_context():
        return int(session().scalar(sa.text("SELECT count(*) FROM audit_event")) or 0)


def test_one_that_is_interrupted_says_so(committed: Flask) -> None:
    @edge("long")
    def long() -> dict[str, Any]:
        """Be interrupted while something is written."""
        with transaction():
            audit.record(by=SYSTEM, did="kernel.keys.rewrapped", on=("keys", "instance"))
            raise KeyboardInterrupt

    before = _events(committed)
    status, out, _err = _ended(committed, long, "--json")
    assert (status, json.loads(out)["error"]["code"], _events(committed)) == (1, "interrupted", before)


def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINHUB_INSTANCE", str(tmp_path))
    monkeypatch.setenv("TRAINHUB_SECRET_KEY", "a secret that is long enough for this test")
    monkeypatch.setenv("TRAINHUB_BASE_URL", "http://127.0.0.1:8000")  # else the command sets it for the process
    with closing(sqlite3.connect(tmp_path / "trainhub.sqlite3")) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.execute("INSERT INTO alembic_version VALUES (?)", (migrations.head(),))
        made.commit()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = CliRunner().invoke(installation.serve, ["--port", port, "--no-jobs", "--json"])
    error = json.loads(found.stdout)["error"]
    assert (found.exit_code, error["code"], f"127.0.0.1:{port}" in error["message"]) == (1, "cannot_listen", True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_folder_of_the_instance_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: str) -> None:
    """Mistyped, or not mounted on a second machine; the database lies elsewhere and is in order. Nothing is made by the way."""
    folder = tmp_path / "gone" / "instance"
    monkeypatch.setenv("TRAINHUB_INSTANCE", str(folder))
    monkeypatch.setenv("TRAINHUB_SECRET_KEY", "a secret that is long enough for this test")
    monkeypatch.setenv("TRAINHUB_BASE_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("TRAINHUB_DATABASE_URL", f"sqlite:///{tmp_path}/ours.sqlite3")
    with closing(sqlite3.connect(tmp_path / "ours.sqlite3")) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.execute("INSERT INTO alembic_version VALUES (?)", (migrations.head(),))
        made.commit()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = CliRunner().invoke(installation.serve, ["--port", port, "--workers", workers, "--no-jobs", "--json"])
    error = json.loads(found.stdout)["error"]
    assert (found.exit_code, error["code"], str(folder) in error["message"], folder.exists()) == (1, "no_instance", True, False)


def test_a_command_without_the_app_too() -> None:
    @edge("alone", needs_app=False)
    def alone() -> dict[str, Any]:
        """Fail by a mistake of ours."""
        empty: dict[str, int] = {}
        return {"never": empty["nothing"]}

    found = CliRunner().invoke(alone, ["--json"])
    assert (found.exit_code, json.loads(found.stdout)["error"]["code"]) == (1, "unexpected")


# -- what commands say of themselves ------------------------------------------------------------------------------------
def _told(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Each command and option of it and of those below, with its meaning."""
    context = Context(command, info_name=name, parent=parent)
    yield context.command_path, (command.help or "").split("\n\n")[0]
    for option in command.get_params(context):
        if isinstance(option, click.Option):
            yield f"{context.command_path} {option.opts[-1]}", option.help or ""
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _told(found, below, context)


def test_help_is_in_both_languages_chinese_first() -> None:
    told = list(_told(main, "trainhub"))
    assert len(told) > 250
    assert [(name, text) for name, text in told if not re.match(r"[^/]*[\u4e00-\u9fff].* /\s.*[a-z]", text, re.DOTALL)] == []
    shown = CliRunner().invoke(main, ["keys", "--help"]).output
    assert [heading in shown for heading in ("用法 / Usage: ", "选项 / Options:", "命令 / Commands:")] == [True] * 3
