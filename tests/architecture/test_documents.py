"""What the documents say of the code is so: the rooms, the commands, the example of an adapter."""

from __future__ import annotations

import re
import subprocess
import sys
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
from trainhub.kernel.logs import TOKENS
from trainhub.serving import CONNECTIONS

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
    assert len(rows) == 16
    for group, *names in rows:
        command = main.get_command(click.Context(main), group)
        assert isinstance(command, click.Group)
        assert sorted(set(filter(None, names)) - set(command.commands)) == []


def test_the_blocks_of_the_documents_run_on_debian() -> None:
    """It has no `python`, only `python3`; and the commands are found nowhere but in the environment."""
    texts = {path: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
    blocks = [(path.name, block) for path, text in texts.items() for block in re.findall(r"```sh\n(.*?)```", text, re.S)]
    assert blocks
    assert [name for name, block in blocks if re.search(r"(?<![\w/.-])python ", block)] == []
    assert "`python " not in (ROOT / "trainhub" / "config.py").read_text()
    setup = next(block for name, block in blocks if name == "operations.md")
    assert setup.startswith('export PATH="$PWD/.venv/bin:$PATH"')


def test_the_chinese_manual_has_the_same_commands() -> None:
    """What is typed is the same in both, the reasons beside it are in the language of the page."""

    def typed(text: str) -> list[str]:
        blocks = re.findall(r"^ *```sh\n(.*?)```", text, re.S | re.M)
        return [line for block in blocks for one in block.splitlines() if (line := one.split("  #")[0].strip())]

    chinese = (ROOT / "docs" / "operations.zh.md").read_text()
    assert len(typed(chinese)) > 15
    assert typed(chinese) == typed(OPERATIONS)
    steps = [
        len(re.findall(r"^\d+\. ", text.split(f"\n## {title}\n")[1].split("\n## ")[0], re.M))
        for text, title in ((OPERATIONS, "Upgrade"), (chinese, "升级"))
    ]
    assert steps[0] == steps[1]


@pytest.mark.slow
def test_the_set_up_of_the_manual_makes_an_instance(tmp_path: Path) -> None:
    """The block as it is pasted, twice, up to the first account; from a checkout whose commands are those of this run."""
    block = re.search(r"## Set-up\n.*?```sh\n(.*?)```", OPERATIONS, re.S)
    assert block
    lines = (
        block[1]
        .split("trainhub accounts create-admin")[0]
        .replace('export PATH="$PWD/.venv/bin:$PATH"', f'export PATH="{Path(sys.executable).parent}:$PATH"')
    )
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    secrets = []
    for _twice in range(2):
        done = subprocess.run(["/bin/bash", "-e", "-c", lines], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        secrets.append((tmp_path / "trainhub" / "secret").read_text())
    assert secrets[0] == secrets[1], "another secret would open nothing"
    folder = tmp_path / "trainhub" / "instance"
    # By the umask of the block; that the product needs none for its folder is shown in tests/trainhub/kernel/test_folders.py.
    assert [(path.stat().st_mode & 0o077) for path in (folder, folder / "trainhub.sqlite3", tmp_path / "trainhub" / "secret")] == [0, 0, 0]


def test_the_proxy_is_told_of_every_address_that_holds_a_token() -> None:
    bullet = next(line for line in OPERATIONS.replace("\n  ", " ").splitlines() if "The access log of gunicorn" in line)
    hidden = [one for one in re.findall(r"[A-Za-z/]+", TOKENS.pattern.split("(?=")[0].replace("(?:", "|")) if len(one.strip("/")) > 0]
    assert len(hidden) >= 9
    assert [one for one in hidden if f"`/{one.strip('/')}/`" not in bullet] == []


def test_a_command_by_hand_has_the_settings_of_the_service(tmp_path: Path) -> None:
    """As root types it, but for the account: this one."""
    (line,) = re.findall(r"^sudo -u trainhub (bash .*)$", OPERATIONS, re.M)
    file = tmp_path / "trainhub.env"
    file.write_text("TRAINHUB_MAIL_FROM='Training <a@example.cn>'\n")
    line = line.replace("/etc/trainhub.env", str(file)).replace(
        "/opt/trainhub/.venv/bin/trainhub init", "/bin/sh -c 'umask; echo \"$TRAINHUB_MAIL_FROM\"'"
    )
    done = subprocess.run(["/bin/bash", "-c", line], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["0077", "Training <a@example.cn>"], done.stderr


def test_the_limit_of_the_manual_lets_a_school_in_by_one_address() -> None:
    """A class of 200 opens a page and its assets at the ring of the bell; one address still leaves some of a server's connections to others."""
    (told,) = re.findall(r"`limit_conn each (\d+);`", OPERATIONS)
    assert 6 * 200 <= int(told) < CONNECTIONS
    assert "limit_conn_status 429" in OPERATIONS


def test_the_manual_says_what_several_machines_share() -> None:
    assert "`print/`" in OPERATIONS.split("Files that several machines share")[1].split("\n* ")[0]


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
