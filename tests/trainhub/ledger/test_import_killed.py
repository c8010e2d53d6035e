"""An import that is killed with -9, in a process of its own on a real file: started again it gives the exact counts."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

from tests import processes
from tests.conftest import SECRET, Blank
from tests.trainhub.ledger.rosters import row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import now
from trainhub.kernel.db import transaction
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind

SMALLER = "from trainhub.ledger.rosters import running; running.ROWS_A_CHUNK = 25"


@pytest.fixture
def instance(blank_file: Blank, tmp_path: Path) -> Path:
    """An instance of its own, with one base."""
    folder = tmp_path / "instance"
    with blank_file.opened(folder) as app, app.app_context(), transaction():
        organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", by=SYSTEM, now=now())
    return folder


def start(instance: Path, *args: str) -> processes.Started:
    environment = {**os.environ, "TRAINHUB_INSTANCE": str(instance), "TRAINHUB_DATABASE_URL": "", "TRAINHUB_SECRET_KEY": SECRET}
    return processes.start(args, environment, first=SMALLER)


def ask(instance: Path, sql: str) -> int:
    connection = sqlite3.connect(instance / "trainhub.sqlite3", timeout=15)
    try:
        return int(connection.execute(sql).fetchone()[0] or 0)
    finally:
        connection.close()


def test_a_killed_import_goes_on_where_it_stopped(instance: Path, tmp_path: Path) -> None:
    rows = [row(n) for n in range(800)]
    rows[7]["hours"] = rows[600]["hours"] = "x"
    rows[360] = rows[10]
    file = write(tmp_path / "r.csv", rows)
    kills = 0
    for wanted in (1, 150, 400):
        process = start(instance, "trainees", "import", str(file), "--json")
        while process.poll() is None and ask(instance, "SELECT max(rows_done) FROM roster_batch") < wanted:
            time.sleep(0.005)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait(100)
        done = ask(instance, "SELECT max(rows_done) FROM roster_batch")
        counted = ask(instance, "SELECT accepted_count + duplicate_count + rejected_count FROM roster_batch")
        assert done == counted >= ask(instance, "SELECT count(*) FROM training_record")
        assert ask(instance, "SELECT accepted_count FROM roster_batch") == ask(instance, "SELECT count(*) FROM training_record")
    assert kills >= 1
    process = start(instance, "trainees", "import", str(file), "--json")
    done = process.wait(100)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [result[k] for k in ("rows", "accepted", "new_persons", "duplicates", "rejected")] == [800, 797, 797, 1, 2]
    assert ask(instance, "SELECT count(*) FROM training_record") == 797
    assert ask(instance, "SELECT count(*) FROM roster_batch WHERE finished_at IS NOT NULL") == 1
    assert len((tmp_path / "r.csv.rejected.csv").read_text(encoding="utf-8-sig").splitlines()) == 3
