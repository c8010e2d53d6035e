"""What the documents say of the code is so: the rooms, the commands, the example of an adapter."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from trainhub.cli import main
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel.jobs import Job

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("room", ["courses", "enterprises", "trainhub/oversight"])
def test_the_architecture_names_every_part_of_a_room(room: str) -> None:
    parts = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
    told = ARCHITECTURE.split("## Anatomy")[0]
    assert parts
    assert sorted(part for part in parts if not re.search(rf"\b{part}\b", told)) == []


def test_the_commands_of_the_table_exist() -> None:
    rows = re.findall(r"^\| `(organisations|people|mentors|accounts) ([a-z-]+)[^|`]*`(?:, `([a-z-]+)[^|`]*`)? \|", OPERATIONS, re.M)
    assert len(rows) == 15
    for group, *names in rows:
        command = main.get_command(click.Context(main), group)
        assert isinstance(command, click.Group)
        assert sorted(set(filter(None, names)) - set(command.commands)) == []


def test_the_example_of_an_adapter_queues_a_message(app: Flask, session: Session) -> None:
    found = re.search(r"```python\n(.*?register_channel.*?)```", OPERATIONS, re.S)
    assert found
    before = app.extensions.get("trainhub.channels", {}).copy()
    try:
        exec(found[1].replace("app = wsgi_app()\n", ""), {"app": app, "__name__": "site_wsgi"})
        assert Channel.SMS in delivery.channels()
        assert delivery.deliver(Channel.SMS, to="13800000000", subject="", text="验证码 1", now=datetime(2026, 3, 2, tzinfo=UTC))
        assert session.scalar(select(Job.args).where(Job.task == "site.sms")) == {"to": "13800000000", "text": "验证码 1"}
    finally:
        app.extensions["trainhub.channels"] = before
        app.extensions["trainhub.tasks"].pop("site.sms", None)
