"""The readiness page, its simulation and the comparison of cohorts with 2,000 judged students: p50 and the number of queries; and once
what a submission draws before anything is locked.

    python benchmarks/evaluation.py [STUDENTS] [TURNS]

Builds the test factory's programme in a SQLite file of its own, signs in as its head, and asks each page in one process. What takes how long is
said on stderr while it runs; a page that took longer than a turn should is asked no more once its turns took `MOST` seconds.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


MOST = 15.0
"""Seconds after which the turns of a page end: a machine under load still gives an answer, of as many turns as are told."""


def say(text: str) -> None:
    """Where it stands, at once."""
    print(text, file=sys.stderr, flush=True)


def main(students: int, turns: int) -> dict[str, Any]:
    """{page: {p50_ms, queries}} for the number of students."""
    from tests.factories import evaluation as factory
    from tests.factories.identity import signed_in_client
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import keys
    from trainhub.kernel.access import Role
    from trainhub.kernel.db import Base, db, transaction
    from trainhub.kernel.initialise import load_reference
    from trainhub.oversight.evaluation.store.operations import freezing
    from trainhub.programmes import queries as programmes

    started = time.perf_counter()
    secret = "a secret for benchmarks only, long enough to be taken"
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        keys.make(instance, secret)
        app = create_app(Settings(instance=instance, database_url=f"sqlite:///{instance / 'bench.sqlite3'}", secret_key=secret, is_testing=True))
        statements: list[str] = []
        with app.app_context():
            Base.metadata.create_all(db.engine)
            with transaction():
                load_reference()
            with transaction():
                built = factory.meeting(students=students)
                code, programme_id = built.programme.code, built.programme.id
            say(f"built with {students} students in {time.perf_counter() - started:.1f} s")
            sa.event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        client = signed_in_client(app, Role.PROGRAMME_ADMIN, programme_id=programme_id)
        found: dict[str, Any] = {"students": students}
        for path in ("", "/criteria/7.2", "/simulate", "/history", "/attainment"):
            seconds, cpu = [], []
            for _turn in range(turns):
                statements.clear()
                begun, worked = time.perf_counter(), time.process_time()
                answer = client.get(f"/evaluation/{code}{path}?on=2026-03-02")
                seconds.append(time.perf_counter() - begun)
                cpu.append(time.process_time() - worked)
                assert answer.status_code == 200, path
                if sum(seconds) > MOST:
                    break
            found[path or "/"] = {
                "p50_ms": round(statistics.median(seconds) * 1000),
                "cpu_p50_ms": round(statistics.median(cpu) * 1000),
                "queries": len(statements),
                "turns": len(seconds),
            }
            say(f"{path or '/'}: {json.dumps(found[path or '/'])}")
        with app.app_context():
            programme = programmes.by_id(programme_id)
            assert programme is not None
            statements.clear()
            begun, worked = time.perf_counter(), time.process_time()
            freezing.draw(programme, factory.TODAY)
            spent = {"ms": round((time.perf_counter() - begun) * 1000), "cpu_ms": round((time.process_time() - worked) * 1000)}
            found["what a submission draws"] = {**spent, "queries": len(statements)}
            say(f"what a submission draws: {json.dumps(found['what a submission draws'])}")
            db.engine.dispose()
        return found


if __name__ == "__main__":
    wanted = [int(text) for text in sys.argv[1:3]]
    print(json.dumps(main(*wanted, *(2000, 5)[len(wanted) :]), ensure_ascii=False, indent=1))
