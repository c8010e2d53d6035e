"""300 learners in 4 processes with 4 threads each ask for 100 seats at once: who got one, how long each waited.

    python benchmarks/enrolments.py [--asking 300] [--seats 100] [--processes 4] [--database postgresql://...]

Makes an instance in a temporary folder (a given database must be empty). Every request is its own connection and commit, as on a
server; ten learners ask in every process. Prints one JSON object: `seconds` from the first request to the last answer, `p50_ms`,
`p95_ms` and `most_ms` of one request, `refused` those that gave up (there must be none).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SECRET = "a secret for benchmarks only, long enough to be taken"
THREADS = 4


def ask(folder: str, url: str, run_id: int, ids: list[int]) -> None:
    """One process: wait for the word, then ask for everybody; prints the milliseconds of each request, -1 for one that gave up."""
    import sqlalchemy as sa

    from courses.catalogue import queries as catalogue
    from courses.learning import operations
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import transaction

    app = create_app(Settings(instance=Path(folder), database_url=url, secret_key=SECRET))

    def enrol(person_id: int) -> float:
        started = time.perf_counter()
        try:
            with app.app_context(), transaction():
                run = catalogue.run_by_id(run_id)
                assert run is not None
                operations.enrol(run=run, person_id=person_id, by=SYSTEM, now=clock.now())
        except sa.exc.OperationalError:
            return -1
        return (time.perf_counter() - started) * 1000

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        print(json.dumps(list(pool.map(enrol, ids))), flush=True)


def measure(folder: Path, asking: int, seats: int, processes: int, database: str) -> dict[str, Any]:
    """Everybody at once; what became of them."""
    import sqlalchemy as sa

    from courses.catalogue.models import Run
    from courses.learning.models import Enrolment
    from tests.factories import courses as make
    from tests.factories import ground
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import keys
    from trainhub.kernel.audit import verify
    from trainhub.kernel.db import Base, db, session, transaction
    from trainhub.kernel.initialise import load_reference

    keys.make(folder, SECRET)
    url = database or f"sqlite:///{folder / 'bench.sqlite3'}"
    app = create_app(Settings(instance=folder, database_url=url, secret_key=SECRET))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            run_id = make.run(make.course(ground.university()), is_published=True, quota=seats).id
            people = [ground.person().id for _ in range(asking)]
    shares = [people[number::processes] + people[:10] for number in range(processes)]
    command = [sys.executable, __file__, "--as-process", str(folder), url, str(run_id)]
    started = [
        subprocess.Popen([*command, ",".join(map(str, share))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for share in shares
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    waits = [wait for process in started for wait in json.loads(process.communicate()[0])]
    seconds = time.perf_counter() - begun
    answered = sorted(wait for wait in waits if wait >= 0)
    with app.app_context():
        states = Counter(str(state) for state in session().scalars(sa.select(Enrolment.state).where(Enrolment.run_id == run_id)))
        taken = session().scalar(sa.select(Run.taken).where(Run.id == run_id))
        is_whole = verify(session()).broken_at is None
        name = db.engine.dialect.name
    return {
        "database": name,
        "requests": len(waits),
        "seats": seats,
        "taken": taken,
        "states": dict(states),
        "refused": len(waits) - len(answered),
        "seconds": round(seconds, 2),
        "per_second": round(len(waits) / seconds, 1),
        "p50_ms": round(statistics.median(answered)),
        "p95_ms": round(answered[int(len(answered) * 0.95)]),
        "most_ms": round(answered[-1]),
        "audit_chain_is_whole": is_whole,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-process"]:
        ask(sys.argv[2], sys.argv[3], int(sys.argv[4]), [int(part) for part in sys.argv[5].split(",")])
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asking", type=int, default=300)
    parser.add_argument("--seats", type=int, default=100)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(measure(Path(place), asked.asking, asked.seats, asked.processes, asked.database), ensure_ascii=False))
