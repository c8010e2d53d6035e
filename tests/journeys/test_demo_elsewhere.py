"""A folder that is a demo's meets another database: somebody's is refused untouched, an empty one is built."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import processes
from tests.conftest import Blank
from tests.sqlite_files import opened
from trainhub.demo import build, wiring
from trainhub.identity import operations
from trainhub.kernel import clock
from trainhub.kernel.commands import operator
from trainhub.kernel.db import transaction

BUILT = {"today": "2026-11-22", "scale": 1, "is_built": True}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance folder that remembers a demo which was built."""
    place = tmp_path / "demo"
    place.mkdir()
    (place / "demo.json").write_text(json.dumps(BUILT))
    return place


def test_a_database_of_somebody_else_stays_as_it_is(blank_file: Blank, folder: Path, tmp_path: Path) -> None:
    own, file = tmp_path / "own", tmp_path / "real.sqlite3"
    with blank_file.opened(own) as app, app.app_context(), transaction():
        operations.create_account(person=None, display_name="管理员", username="boss", by=operator(), now=clock.now())
    shutil.copy(own / "trainhub.sqlite3", file)
    with opened(file) as connection:  # as before databases remembered their keys
        connection.execute("DELETE FROM key_mark")
    done = processes.run(["demo", "--json"], {"TRAINHUB_INSTANCE": str(folder), "TRAINHUB_DATABASE_URL": f"sqlite:///{file}"})
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "not_a_demo"), done.stderr[-2000:]
    with opened(file) as connection:
        assert connection.execute("SELECT count(*) FROM key_mark").fetchone() == (0,)
    assert build.mark_of(folder) == BUILT
    assert not (folder / "keys.json").exists()


def test_an_empty_database_is_not_the_one_that_was_built(blank_file: Blank, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrated, with reference data or not made yet: the province does not stand there, so it is built."""
    with blank_file.opened(tmp_path / "own"):
        pass
    monkeypatch.setenv("TRAINHUB_INSTANCE", str(folder))
    for name in ("own/trainhub.sqlite3", "none.sqlite3"):
        monkeypatch.setenv("TRAINHUB_DATABASE_URL", f"sqlite:///{tmp_path / name}")
        assert not wiring.province_stands(is_known=True)
