"""What an instance keeps is for the account alone that runs it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.trainhub.kernel.test_installation import environment
from trainhub.kernel import keys
from trainhub.kernel.folders import is_open, private_folder, why_open

USUAL = "import os; os.umask(0o022)\n"
KEEP = """
from trainhub.app import create_app
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

with create_app().app_context(), transaction():
    files.keep_bytes(b"kept", name="a.txt", kind="test", media_type="text/plain", by=SYSTEM, now=clock.now())
raise SystemExit
"""


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """As Debian sets it: what is made without a mode is readable by all."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_of_a_new_instance_is_its_accounts_alone(tmp_path: Path) -> None:
    instance = tmp_path / "srv" / "trainhub"
    keys.make(instance, "a secret that is long enough for the test")
    assert (_mode(instance), is_open(instance)) == (0o700, False)


def test_init_and_a_stored_file_leave_nothing_that_others_reach(tmp_path: Path) -> None:
    """With the umask of most systems: whatever mode the database and the files in them have, nobody comes as far as those."""
    instance = tmp_path / "instance"
    for first in (USUAL, USUAL + KEEP):
        done = processes.start(["init"], environment(instance), first=first).wait(110)
        assert done.returncode == 0, done.stderr
    kept = [path for path in (instance / "files").rglob("*") if path.is_file()]
    assert (len(kept), (instance / "trainhub.sqlite3").exists()) == (1, True)
    assert (_mode(instance), _mode(instance / "files")) == (0o700, 0o700)


def test_the_mode_that_an_operator_gave_stays(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o750)
    private_folder(folder)
    assert (_mode(folder), is_open(folder)) == (0o750, True)


def test_a_folder_that_is_not_there_is_open_to_nobody(tmp_path: Path) -> None:
    assert (is_open(tmp_path / "none"), why_open(tmp_path / "none")) == (False, "")


def test_whoever_starts_on_an_open_folder_is_told(tmp_path: Path) -> None:
    """As root makes it in /srv. Told on stderr: the answer stays one of JSON."""
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o755)
    done = processes.run(["init", "--json"], environment(instance))
    assert (done.returncode, json.loads(done.stdout)["keys_made"], f"chmod 700 {instance}" in done.stderr) == (0, True, True), done.stderr
    done = processes.run(["worker", "--once"], environment(instance))
    assert (done.returncode, f"chmod 700 {instance}" in done.stderr) == (0, True), done.stderr
    instance.chmod(0o700)
    done = processes.run(["worker", "--once"], environment(instance))
    assert (done.returncode, "chmod" in done.stderr) == (0, False), done.stderr


def test_folders_above_a_private_one_are_private_too(tmp_path: Path) -> None:
    """The instance, when its `files/` is made first."""
    private_folder(tmp_path / "instance" / "files")
    assert _mode(tmp_path / "instance") == 0o700
