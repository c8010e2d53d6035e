"""An import that is killed with -9, in a process of its own on a real file: started again it gives the exact counts."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trainhub.ledger.rosters import row, write
from trainhub.app import create_app
from trainhub.config import Settings
from trainhub.kernel import keys
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import now
from trainhub.kernel.db import Base, db, transaction
from trainhub.kernel.initialise import load_reference
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind

SECRET = "a secret for this test only, long enough to be taken"
SCRIPT = """
import sys
from trainhub.ledger.rosters import running
running.ROWS_A_CHUNK = 50
from trainhub.cli import run
sys.argv = ["trainhub", *sys.argv[1:]]
run()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An instance of its own, with one base."""
    folder = tmp_path / "instance"
    folder.mkdir()
    keys.make(folder, SECRET)
    app = create_app(Settings(instance=folder, database_url=f"sqlite:///{folder / 'db.sqlite3'}", secret_key=SECRET, is_testing=True))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", by=SYSTEM, now=now())
        db.engine.dispose()
    return folder


def start(instance: Path, *args: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "TRAINHUB_INSTANCE": str(instance),
        "TRAINHUB_DATABASE_URL": f"sqlite:///{instance / 'db.sqlite3'}",
        "TRAINHUB_SECRET_KEY": SECRET,
    }
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *args], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ask(instance: Path, sql: str) -> int:
    connection = sqlite3.connect(instance / "db.sqlite3", timeout=15)
    try:
        return int(connection.execute(sql).fetchone()[0] or 0)
    finally:
        connection.close()


def test_a_killed_import_goes_on_where_it_stopped(instance: Path, tmp_path: Path) -> None:
    rows = [row(n) for n in range(2_000)]
    rows[7]["hours"] = rows[1500]["hours"] = "x"
    rows[900] = rows[10]
    file = write(tmp_path / "r.csv", rows)
    kills = 0
    for wanted in (1, 400, 1000):
        process = start(instance, "trainees", "import", str(file), "--json")
        while process.poll() is None and ask(instance, "SELECT max(rows_done) FROM roster_batch") < wanted:
            time.sleep(0.005)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        done = ask(instance, "SELECT max(rows_done) FROM roster_batch")
        counted = ask(instance, "SELECT accepted_count + duplicate_count + rejected_count FROM roster_batch")
        assert done == counted >= ask(instance, "SELECT count(*) FROM training_record")
        assert ask(instance, "SELECT accepted_count FROM roster_batch") == ask(instance, "SELECT count(*) FROM training_record")
    assert kills >= 1
    process = start(instance, "trainees", "import", str(file), "--json")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    result = json.loads(out)
    assert [result[k] for k in ("rows", "accepted", "new_persons", "duplicates", "rejected")] == [2000, 1997, 1997, 1, 2]
    assert ask(instance, "SELECT count(*) FROM training_record") == 1997
    assert ask(instance, "SELECT count(*) FROM roster_batch WHERE finished_at IS NOT NULL") == 1
    assert len((tmp_path / "r.csv.rejected.csv").read_text(encoding="utf-8-sig").splitlines()) == 3
