"""An installation's life by its real commands: init, keys, backup, restore into an empty instance, refusals with words."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.sqlite_files import opened

SECRET = "an installation's secret that is long enough"
OTHER = "another installation's secret, long enough too"
TRAINHUB = Path(sys.executable).parent / "trainhub"

pytestmark = pytest.mark.slow


def environment(instance: Path, secret: str = SECRET, **env: str) -> dict[str, str]:
    """What a command is started with; nothing of the run's own settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRAINHUB_")}
    return {**clean, "TRAINHUB_INSTANCE": str(instance), "TRAINHUB_SECRET_KEY": secret, **env}


def run(instance: Path, *words: str, secret: str = SECRET, code: int = 0, stdin: str = "", **env: str) -> dict[str, Any]:
    """A real command on a SQLite instance; its JSON answer."""
    done = processes.run(words, environment(instance, secret, **env), stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    return dict(json.loads(done.stdout)) if done.stdout.startswith("{") else {"stderr": done.stderr}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance after `trainhub init`, the installed program itself, with one account."""
    folder = tmp_path_factory.mktemp("installation")
    done = subprocess.run(
        [TRAINHUB, "init", "--json"], env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["keys_made"] is True
    run(folder, "accounts", "create-admin", "--username", "chief", "--password-stdin", "--json", stdin="a-long-password-2026\n")
    return folder


def rows(instance: Path, table: str) -> int:
    with opened(instance / "trainhub.sqlite3") as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_init_may_be_repeated_and_changes_nothing(instance: Path) -> None:
    keys = (instance / "keys.json").read_text()
    before = {table: rows(instance, table) for table in ("region", "organisation", "general_standard", "goal", "account")}
    result = run(instance, "init", "--json")
    assert result["keys_made"] is False
    assert (instance / "keys.json").read_text() == keys
    assert {table: rows(instance, table) for table in before} == before


def test_a_backup_restores_into_an_empty_instance(instance: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar.gz"
    made = run(instance, "backup", str(archive), "--json")
    assert made["rows"] > 100
    assert archive.stat().st_mode & 0o777 == 0o600
    target = tmp_path / "new"
    restored = run(target, "restore", str(archive), "--yes", "--json")
    assert restored["rows"] == made["rows"]
    for table in ("region", "organisation", "account"):
        assert rows(target, table) == rows(instance, table)
    # here that it was restored, that whatever opened a door in the archive ended and from where places in status lists are given, there that it was backed up
    assert rows(target, "audit_event") == rows(instance, "audit_event") + 2
    assert run(target, "audit", "verify", "--json")["holds"] is True
    assert run(target, "audit", "verify", "--at", "99999999", "--json", code=1)["error"]["code"] == "audit_shorter"
    # more by the audit events of the backup, of what ended and of the place from which the restored one gives certificates places in status lists, and by that place
    assert run(target, "backup", str(tmp_path / "again.tar.gz"), "--json")["rows"] == made["rows"] + 4


def test_a_restore_with_another_secret_is_refused_with_words(instance: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar.gz"
    run(instance, "backup", str(archive), "--json")
    refused = run(tmp_path / "new", "restore", str(archive), "--yes", "--json", secret=OTHER, code=1)
    assert refused["error"]["code"] == "wrong_secret"
    assert "TRAINHUB_SECRET_KEY" in refused["error"]["message"]
    assert "备份 all.tar.gz 中的密钥打不开" in refused["error"]["message"], "no keys.json lies in the folder"
    assert not (tmp_path / "new" / "keys.json").exists()


def test_a_damaged_archive_is_refused_and_changes_nothing(instance: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar.gz"
    run(instance, "backup", str(archive), "--json")
    before = rows(instance, "organisation")
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(archive.read_bytes()[:-2000])
    assert run(instance, "restore", str(cut), "--yes", "--json", code=1)["error"]["code"] == "bad_archive"
    changed = tmp_path / "changed.tar.gz"
    with tarfile.open(archive) as source, tarfile.open(changed, "w:gz") as target:
        for member in source:
            file = source.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == "tables/organisation.jsonl":
                data = data.replace("厦门大学".encode(), "夏门大学".encode())
            target.addfile(member, __import__("io").BytesIO(data))
    refused = run(instance, "restore", str(changed), "--yes", "--json", code=1)
    assert "校验和" in refused["error"]["message"]
    assert rows(instance, "organisation") == before


def test_the_secret_is_changed_by_rewrap(instance: Path, tmp_path: Path) -> None:
    archive, folder = tmp_path / "all.tar.gz", tmp_path / "other"
    run(instance, "backup", str(archive), "--json")
    run(folder, "restore", str(archive), "--yes", "--json")
    run(folder, "keys", "rewrap", "--new-secret", OTHER, "--json")
    assert run(folder, "init", "--json", code=1)["error"]["code"] == "wrong_secret"
    assert "TRAINHUB_SECRET_KEY" in run(folder, "serve", code=1)["stderr"]  # at the start, not at the first page that needs a key
    assert run(folder, "init", "--json", secret=OTHER)["keys_made"] is False


def test_a_database_is_written_with_its_own_keys_alone(instance: Path, tmp_path: Path) -> None:
    """A second machine, or one that lost its folder: other keys would find nobody, and two kinds of ciphers would mix."""
    shutil.copytree(instance, tmp_path / "first")
    here, other = tmp_path / "first", tmp_path / "second"
    database = {"TRAINHUB_DATABASE_URL": f"sqlite:///{here / 'trainhub.sqlite3'}"}
    assert run(other, "init", "--json", code=1, **database)["error"]["code"] == "keys_elsewhere"
    assert not (other / "keys.json").exists()
    assert run(other, "init", "--new-keys", "--json", **database)["keys_made"] is True, "who says that they are lost"
    assert run(here, "init", "--json", code=1)["error"]["code"] == "other_keys"
    assert run(here, "worker", "--once", "--json", code=1)["error"]["code"] == "other_keys"
    assert "keys.json" in run(here, "serve", code=1)["stderr"]
    with opened(here / "trainhub.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM audit_event WHERE did = 'kernel.keys.replaced'").fetchone() == (1,)


def test_a_rewrap_that_asks_prints_one_object_alone(instance: Path, tmp_path: Path) -> None:
    """The question goes to whoever is asked, not into the answer of a command in a pipe."""
    folder = tmp_path / "asked"
    shutil.copytree(instance, folder)
    done = processes.run(["keys", "rewrap", "--json"], environment(folder), stdin=f"{OTHER}\n{OTHER}\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rewrapped"] is True
    assert "TRAINHUB_SECRET_KEY" in done.stderr
    again = processes.run(["keys", "rewrap", "--json"], environment(folder, OTHER), stdin=f"{SECRET}\nanother that is not the same, long enough\n")
    assert again.returncode != 0
    run(folder, "init", "--json", secret=OTHER)


def test_a_rewrap_that_cannot_be_written_down_changes_nothing(instance: Path, tmp_path: Path) -> None:
    """Else somebody is told that it failed, keeps the old secret, and nothing starts any more."""
    archive, folder = tmp_path / "all.tar.gz", tmp_path / "other"
    run(instance, "backup", str(archive), "--json")
    run(folder, "restore", str(archive), "--yes", "--json")
    kept = (folder / "keys.json").read_bytes()
    with opened(folder / "trainhub.sqlite3") as database:
        database.execute("CREATE TRIGGER full_disc BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'disc full'); END")
    run(folder, "keys", "rewrap", "--new-secret", OTHER, "--json", code=1)
    assert (folder / "keys.json").read_bytes() == kept
    assert run(folder, "init", "--json")["keys_made"] is False


def test_the_installed_program_serves(instance: Path, tmp_path: Path) -> None:
    """From its start, with nothing loaded before: other tests begin their servers where all of the product is loaded already."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words, log = [TRAINHUB, "serve", "--port", str(port), "--no-jobs"], tmp_path / "log"
    with log.open("w") as said, subprocess.Popen(words, env=environment(instance), stdin=subprocess.DEVNULL, stdout=said, stderr=said) as server:
        try:
            until, status = time.monotonic() + 110, 0
            while not status:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
                        status = answer.status
                except OSError:
                    time.sleep(0.05)
        finally:
            server.terminate()
            server.wait(30)
    assert status == 200


def test_a_half_configured_system_does_not_start(tmp_path: Path) -> None:
    said = run(tmp_path, "serve", secret="short", code=1)["stderr"]
    assert "TRAINHUB_SECRET_KEY" in said
    said = run(tmp_path, "init", TRAINHUB_SMTP_URL="smtp://h", code=1)["stderr"]
    assert "TRAINHUB_MAIL_FROM" in said


def test_a_half_configured_system_says_so_as_json_too(tmp_path: Path) -> None:
    error = run(tmp_path, "audit", "verify", "--json", secret="short", TRAINHUB_MAIL_FROM="a@b.cn", code=1)["error"]
    assert error["code"] == "half_configured"
    assert {row["column"] for row in error["details"]} == {"TRAINHUB_SECRET_KEY", "TRAINHUB_SMTP_URL"}


def test_what_the_operator_can_mend_is_refused_with_words(instance: Path, tmp_path: Path) -> None:
    def refused(where: Path, *words: str, **env: str) -> dict[str, Any]:
        error = run(where, *words, "--json", code=1, **env)["error"]
        assert isinstance(error, dict)
        return error

    bare = refused(tmp_path / "nothing", "audit", "verify")
    assert (bare["code"], "trainhub init" in bare["message"]) == ("no_database", True)
    (tmp_path / "empty").mkdir()
    empty = refused(tmp_path / "empty", "audit", "verify")
    assert (empty["code"], "trainhub init" in empty["message"]) == ("not_migrated", True)
    away = refused(instance, "audit", "verify", TRAINHUB_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert (away["code"], "TRAINHUB_DATABASE_URL" in away["message"]) == ("no_database", True)
    path = refused(instance, "backup", str(tmp_path / "no" / "such" / "folder.tar.gz"))
    assert (path["code"], "folder.tar.gz" in path["message"]) == ("cannot_access", True)


def test_a_restore_that_nobody_confirms_changes_nothing(instance: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar.gz"
    run(instance, "backup", str(archive), "--json")
    refused = run(tmp_path / "new", "restore", str(archive), "--json", code=1)
    assert refused["error"]["code"] == "not_confirmed"
    assert not (tmp_path / "new").exists()


def test_every_command_has_help_with_an_example() -> None:
    import click

    from trainhub.cli import main

    silent: list[str] = []

    def walk(command: click.Command, path: str) -> None:
        if isinstance(command, click.Group):
            ctx = click.Context(command)
            for name in command.list_commands(ctx):
                found = command.get_command(ctx, name)
                assert found is not None
                walk(found, f"{path} {name}")
        elif "Example:" not in (command.help or ""):
            silent.append(path)

    walk(main, "trainhub")
    assert silent == []


def test_a_wrong_word_is_a_usage_error(tmp_path: Path) -> None:
    assert "No such command" in run(tmp_path, "dance", code=2)["stderr"]


def test_an_address_of_ipv6_is_served_and_printed_in_brackets(instance: Path) -> None:
    """Its colons are none of a port: nobody set TRAINHUB_BASE_URL, so it is not what is wrong."""
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
        taken.listen()
        port = str(taken.getsockname()[1])
        done = processes.run(["serve", "--host", "::1", "--port", port, "--no-jobs"], environment(instance))
    assert done.returncode == 1
    assert f"http://[::1]:{port}" in done.stderr
    assert "TRAINHUB_BASE_URL 应为" not in done.stderr, "that it is not set is told beside, for the links of others"
    assert f"[::1]:{port}" in done.stderr.split("trainhub:", 2)[-1]
