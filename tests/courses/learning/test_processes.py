"""300 learners in real processes ask for 100 seats: exactly 100 are enrolled and 200 wait, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from courses.catalogue.models import Run
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests import processes
from tests.conftest import SECRET
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.audit import verify
from trainhub.kernel.db import db, session, transaction

SEATS, ASKING, PROCESSES = 100, 300, 4
ASK = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from courses.catalogue import queries as catalogue
from courses.learning import operations
from trainhub.app import create_app
from trainhub.config import Settings
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

folder, url, secret, run_id, ids = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), [int(n) for n in sys.argv[5].split(",")]
app = create_app(Settings(instance=folder, database_url=url, secret_key=secret, is_testing=True))
print("ready", flush=True)
while not (folder / "go").exists():
    time.sleep(0.001)

def ask(person_id):
    with app.app_context(), transaction():
        run = catalogue.run_by_id(run_id)
        operations.enrol(run=run, person_id=person_id, by=SYSTEM, now=clock.now())

with ThreadPoolExecutor(4) as pool:
    list(pool.map(ask, ids))
sys.exit(0)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_300_parallel_enrolments_into_100_seats(committed: Flask, tmp_path: Path) -> None:
    with committed.app_context(), transaction():
        run_id = make.run(make.course(ground.university()), is_published=True, quota=SEATS).id
        people = [ground.person().id for _ in range(ASKING)]
    with committed.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    # Ten persons ask in two processes at once: a double enrolment stays one.
    shares = [people[number::PROCESSES] + people[:10] for number in range(PROCESSES)]
    started = [processes.start([str(tmp_path), url, SECRET, str(run_id), ",".join(map(str, share))], os.environ, first=ASK) for share in shares]
    while any(process.said() != "ready\n" for process in started):
        assert [process.poll() for process in started] == [None] * PROCESSES
        time.sleep(0.01)
    (tmp_path / "go").touch()  # all at once
    assert [process.wait(200).returncode for process in started] == [0] * PROCESSES
    with committed.app_context():
        states = Counter(session().scalars(select(Enrolment.state).where(Enrolment.run_id == run_id)))
        assert states == {EnrolmentState.ACTIVE: SEATS, EnrolmentState.WAITING: ASKING - SEATS}
        assert session().scalar(select(Run.taken).where(Run.id == run_id)) == SEATS
        assert verify(session()).broken_at is None
