"""The 400,000 goal at its size: a roster into the ledger beside its floor, then the dashboard at two sizes.

    python benchmarks/goals.py [--rows 400000] [--xlsx] [--database postgresql+psycopg://...] [--small 5000] [--titles 3000] [--kill 0]

A roster of invented people is written as CSV (or XLSX) and imported. The floor is the least that could be done with the same
rows: reading the file with the reader of the product, and writing the same rows (person and record) into the same tables with
their indexes by executemany, or by COPY on PostgreSQL; no check, no encryption, no search for who is known. Then `/goals/fj-400k`
is asked 40 times at SMALL and at ROWS. `--kill N` first kills the import with SIGKILL at N random moments and lets it go on, and
compares the counts, and a checksum of all that was written, with an import that was left alone. `lists` are pages of persons and of
enrolments behind the figure and of the registry of trainees, the first and deep ones; `--only-lists` imports, counts and asks them, nothing
else. The roster has TITLES titles of courses, as rosters, MOOCs and placements of a province bring them: the page of the goal shows the largest of
them. Seconds are of the processor (this process and
the database's own), because a busy machine changes them little; wall seconds stand beside them. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from trainees import HEADER, peak_mb, roster

CHUNK = 4_000
COUNTS = ("rows", "accepted", "new_persons", "duplicates", "rejected")
SECRET = "a secret of the benchmark, long enough to be taken"


def write(path: Path, people: list[tuple[str, ...]]) -> None:
    """The roster as a file."""
    from trainhub.kernel.sheets.types import Column
    from trainhub.kernel.sheets.writing import Sheet, write_xlsx

    if path.suffix == ".xlsx":
        with path.open("wb") as out:
            write_xlsx([Sheet("roster", [Column(name, name) for name in HEADER], people)], out)
        return
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([HEADER, *people])


def app_of(folder: Path, url: str, *, is_there: bool = False) -> Any:
    """An app on an empty database with the reference seeds and eight bases; `is_there`: on what stands already."""
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import clock, keys
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import Base, db, transaction
    from trainhub.kernel.initialise import load_reference
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind

    folder.mkdir(exist_ok=True)
    keys.make(folder, SECRET)
    app = create_app(Settings(instance=folder, database_url=url or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=SECRET, is_testing=True))
    with app.app_context():
        sa.event.listen(db.engine, "connect", _note_backend)
        if is_there:
            return app
        if url:
            with db.engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            for n in range(8):
                organisations.register(code=f"BASE-{n}", kind=OrganisationKind.BASE, name=f"基地{n}", by=SYSTEM, now=clock.now())
    return app


BACKENDS: set[int] = set()
"""The server processes of our connections, where the server runs on this machine."""


def _note_backend(connection: Any, _record: Any) -> None:
    if hasattr(connection, "info") and hasattr(connection.info, "backend_pid"):
        BACKENDS.add(connection.info.backend_pid)


def _cpu() -> float:
    """Processor seconds of this process and of the database's processes that work for it."""
    total = time.process_time()
    for process in BACKENDS:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def timed(work: Any) -> tuple[Any, dict[str, float]]:
    """What came out, with processor seconds (ours and the database's) and wall seconds."""
    cpu, wall = _cpu(), time.perf_counter()
    result = work()
    return result, {"cpu_seconds": round(_cpu() - cpu, 2), "wall_seconds": round(time.perf_counter() - wall, 2)}


def floor(app: Any, file: Path) -> int:
    """Read the file and write the same rows, nothing else; the rows are taken out again afterwards."""
    from trainhub.kernel import clock
    from trainhub.kernel.db import db
    from trainhub.kernel.sheets.reading import read_table
    from trainhub.ledger.models import TrainingRecord
    from trainhub.ledger.rosters.columns import schema
    from trainhub.people.models import Person

    now, ids, count = clock.now(), {}, 0
    bases = {row.code: row.id for row in _rows(db.engine, "SELECT id, code FROM organisation WHERE code LIKE 'BASE-%'")}
    with read_table(file, schema(has_base=False).columns, filename=file.name, max_bytes=1 << 31) as table, db.engine.connect() as connection:
        persons: list[dict[str, Any]] = []
        records: list[dict[str, Any]] = []

        def flush() -> None:
            if persons:
                _many(connection, Person.__table__, persons)
            _many(connection, TrainingRecord.__table__, records)
            connection.commit()
            persons.clear()
            records.clear()

        for row in table.rows():
            value = row.values
            number = value["id_number"]
            if number not in ids:
                ids[number] = 10_000_000 + len(ids)
                persons.append(_person(ids[number], value, now))
            count += 1
            records.append(_record(10_000_000 + count, ids[number], bases[value["base_code"]], value, now))
            if len(records) == CHUNK:
                flush()
        if records:
            flush()
        for name in ("training_record", "person"):
            connection.execute(sa.text(f"DELETE FROM {name} WHERE id >= 10000000"))
        connection.commit()
    return count


def _rows(engine: sa.Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(statement)))


def _person(key: int, value: dict[str, str], now: Any) -> dict[str, Any]:
    text = value["id_number"]
    return {
        "id": key, "name": value["name"], "pinyin": "", "id_type": "resident_id", "id_number_encrypted": text.encode(), "id_number_hash": text,
        "id_mask": text, "number_by_holder": False, "is_verified": True, "identified_at": now, "identified_how": "roster", "birth_on": None, "gender": "unknown", "nationality": "CN", "nationality_kind": "china", "phone": "",
        "email": "", "county_code": value["county_code"], "merged_into_id": None, "is_demo": True, "created_at": now, "version": 1,
    }  # fmt: skip


def _record(key: int, person: int, base: int, value: dict[str, str], now: Any) -> dict[str, Any]:
    from datetime import date

    return {
        "id": key, "person_id": person, "organisation_id": base, "course": value["course"], "category": value["category"],
        "county_code": value["county_code"], "hours_x10": 160, "completed_on": date.fromisoformat(value["completed_on"]), "is_counted": True, "by_number": True,
        "source": "roster", "source_id": None, "batch_id": None, "recorded_at": now, "recorded_by_id": None, "cancelled_at": None,
    }  # fmt: skip


def _many(connection: sa.Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """COPY on PostgreSQL, executemany elsewhere."""
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), rows)
        return
    names = list(rows[0])
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


LISTS = (
    "enrolments",
    "enrolments?page=10000",
    "enrolments?page=20000",
    "enrolments?sort=name",
    "enrolments?course=直播运营",
    "courses",
    "courses?page=100",
    "people",
    "people?page=10000",
)
REGISTRY = (
    "",
    "?page=250",
    "?page=500",
    "?page=500&sort=completed",
    "?page=500&region=350100",
    "?sort=name",
    "?q=林",
    "?q=zhang",
)
"""Pages of `/trainees/`, which lists 10,000 rows: 500 pages of 20."""


def dashboard(app: Any, address: str = "/goals/fj-400k", repeats: int = 40) -> dict[str, float]:
    """p50 of the page of the goal (or of a list), in milliseconds of wall and of this process's processor, as 省人社厅."""
    from tests.factories.identity import signed_in_client
    from trainhub.kernel.access import Role

    client = signed_in_client(app, Role.DEPT_HR)
    walls, cpus = [], []
    for _ in range(repeats + 3):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.get(address)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
        assert answer.status_code == 200, answer.status_code
    return {"p50_ms": round(statistics.median(walls[3:]), 1), "p50_cpu_ms": round(statistics.median(cpus[3:]), 1)}


def lists(app: Any) -> dict[str, dict[str, float]]:
    """The pages of lists by their address."""
    return {at: dashboard(app, at, repeats=10) for at in (*(f"/goals/fj-400k/{name}" for name in LISTS), *(f"/trainees/{name}" for name in REGISTRY))}


def counted(app: Any) -> dict[str, Any]:
    """Bring the kept figures up, as the job does, and check that a rebuild gives the same."""
    from trainhub.kernel import clock
    from trainhub.kernel.db import transaction
    from trainhub.oversight.goals import operations, queries

    with app.app_context():
        with transaction():
            goal = queries.by_code("fj-400k")
            assert goal is not None
            operations.refresh(goal=goal, now=clock.now())
        first = (queries.kept_totals(goal), queries.kept_courses(goal))
        with transaction():
            goal = queries.by_code("fj-400k")
            assert goal is not None
            operations.rebuild(goal=goal, now=clock.now())
        return {
            "completions": first[0][0],
            "persons": first[0][1],
            "rebuild_is_same": first == (queries.kept_totals(goal), queries.kept_courses(goal)),
        }


def imported(app: Any, file: Path) -> dict[str, Any]:
    """The import, as the command does it."""
    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM
    from trainhub.ledger.rosters import running

    with app.app_context():
        before = peak_mb()
        result, costs = timed(
            lambda: running.import_file(file, base_code="", is_dry_run=False, is_strict=False, by=SYSTEM, today=clock.today(), now=clock.now)
        )
        return {
            **{key: result[key] for key in COUNTS},
            **costs,
            "peak_mb": peak_mb(),
            "peak_mb_before": before,
        }


def killed(folder: Path, file: Path, url: str, times: int) -> dict[str, Any]:
    """Kill the import at random moments, then let it finish; what came out over all runs."""
    app_of(folder, url)
    environment = os.environ | {"TRAINHUB_INSTANCE": str(folder), "TRAINHUB_SECRET_KEY": SECRET}
    environment["TRAINHUB_DATABASE_URL"] = url or f"sqlite:///{folder / 'b.sqlite3'}"
    command = [sys.executable, "-c", "from trainhub.cli import run; run()", "trainees", "import", str(file), "--json"]
    rng, kills = random.Random(9), 0
    for _ in range(times):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(rng.uniform(2.0, 9.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(done.stdout)
    return {"kills": kills, **{key: answer[key] for key in COUNTS}, "ledger": ledger(environment["TRAINHUB_DATABASE_URL"])}


def ledger(url: str) -> str:
    """A checksum of everything the import wrote, in no order: who (the hash of the number is keyed by instance), where, what, when."""
    statement = sa.text(
        "SELECT p.id_mask, p.birth_on, p.name, o.code, r.course, r.category, r.county_code, r.hours_x10, r.completed_on, r.is_counted, r.cancelled_at"
        " FROM training_record r JOIN person p ON p.id = r.person_id JOIN organisation o ON o.id = r.organisation_id"
    )
    engine, total = sa.create_engine(url), 0
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=10_000).execute(statement):
            written = "|".join(str(int(one) if isinstance(one, bool) else one) for one in row)
            total = (total + int.from_bytes(hashlib.sha256(written.encode()).digest()[:8])) % 2**64
    engine.dispose()
    return f"{total:016x}"


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=400_000)
    arguments.add_argument("--small", type=int, default=5_000)
    arguments.add_argument("--titles", type=int, default=3_000)
    arguments.add_argument("--database", default="")
    arguments.add_argument("--xlsx", action="store_true")
    arguments.add_argument("--kill", type=int, default=0)
    arguments.add_argument("--only-lists", action="store_true")
    arguments.add_argument("--floor", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--write", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    if asked.write:
        people = roster(asked.rows, titles=asked.titles)
        write(asked.write[0], people)
        write(asked.write[1], people[: asked.small])
        return
    if asked.floor:
        app = app_of(asked.floor[1], asked.database, is_there=True)
        with app.app_context():
            _count, costs = timed(lambda: floor(app, asked.floor[0]))
        print(json.dumps({**costs, "peak_mb": peak_mb()}))
        return
    answer: dict[str, Any] = {"rows": asked.rows, "titles": asked.titles, "form": "xlsx" if asked.xlsx else "csv", "python": sys.version.split()[0]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, small = folder / f"roster.{answer['form']}", folder / "small.csv"
        # In a process of its own: what the roster takes in memory is not what the import takes.
        made = [
            sys.executable,
            __file__,
            "--rows",
            str(asked.rows),
            "--small",
            str(asked.small),
            "--titles",
            str(asked.titles),
            "--write",
            str(file),
            str(small),
        ]
        subprocess.run(made, check=True)
        if asked.only_lists:
            app = app_of(folder / "whole", asked.database)
            answer["import"], answer["goal"] = imported(app, file), counted(app)
            answer["lists"] = lists(app)
            print(json.dumps(answer, ensure_ascii=False, indent=1))
            return
        if asked.kill:
            answer["killed"] = killed(folder / "killed", file, asked.database, asked.kill)
        app = app_of(folder / "small", asked.database)
        imported(app, small)
        counted(app)
        answer["dashboard_small"] = dashboard(app)
        app = app_of(folder / "whole", asked.database)
        answer["floor"] = json.loads(
            subprocess.run(
                [sys.executable, __file__, "--database", asked.database, "--floor", str(file), str(folder / "whole")],
                check=True, stdout=subprocess.PIPE, text=True,
            ).stdout
        )  # fmt: skip
        answer["import"] = imported(app, file)
        if asked.kill:
            answer["same_as_killed"] = answer["killed"] == {
                "kills": answer["killed"]["kills"],
                **{key: answer["import"][key] for key in COUNTS},
                "ledger": ledger(asked.database or f"sqlite:///{folder / 'whole' / 'b.sqlite3'}"),
            }
        answer["times_the_floor"] = round(answer["import"]["cpu_seconds"] / answer["floor"]["cpu_seconds"], 2)
        answer["rows_per_cpu_second"] = round(asked.rows / answer["import"]["cpu_seconds"])
        answer["goal"] = counted(app)
        answer["dashboard"] = dashboard(app)
        answer["lists"] = lists(app)
        answer["dashboard_ratio"] = round(answer["dashboard"]["p50_cpu_ms"] / answer["dashboard_small"]["p50_cpu_ms"], 2)
    print(json.dumps(answer, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
