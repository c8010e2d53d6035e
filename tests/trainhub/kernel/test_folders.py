"""What an instance keeps is for the account alone that runs it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainhub.kernel import keys
from trainhub.kernel.folders import is_open, private_folder


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


def test_the_mode_that_an_operator_gave_stays(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o750)
    private_folder(folder)
    assert (_mode(folder), is_open(folder)) == (0o750, True)
