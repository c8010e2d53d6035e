"""What it costs to issue many certificates from a list and to print them: reading, checking, approving, issuing, the job of a print run.

    python benchmarks/issuing.py [--count 10000] [--database URL] [--no-print]

Makes an instance in a temporary folder, or in a database that is named: an empty one of SQLite, or any of PostgreSQL (postgresql://user@host/name), where all of it lies in a schema of its own
that is dropped at the end. A batch holds 50,000 at most: `--count 50000 --no-print` measures that. Invents students, writes the list as CSV, has it read and checked as the job does,
prepared by one person, looked at and approved by another, issued, put into a print run and drawn file by file from the database to the disk; prints one JSON object with CPU
seconds, wall seconds, statements and the peak memory of this process by the end of each step, and of the run its files, pages and bytes a page.
The floor is reading the same file and writing as many rows of the certificates' table by one executemany.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

SURNAMES = "林陈黄张吴李王郑蔡刘杨许谢曾苏庄江叶赖邱"
COURSE = "面向智能制造现场的工业互联网平台架构与数据采集技术综合实践"
FIRST, LAST = 0x4E00, 0x9FA5
CHARACTERS = 2_000
"""Different characters in given names, as in `certificates.py`: each costs its outline once a file."""


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--database", default="", help="a database to measure in; default: SQLite in a temporary folder")
    arguments.add_argument("--no-print", action="store_true", help="issue only: no status list, no print run, no floor")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, own_schema(asked.database) as database:
        print(json.dumps(measure(Path(folder), asked.count, database, has_run=not asked.no_print), ensure_ascii=False, indent=1))


@contextmanager
def own_schema(url: str) -> Iterator[str]:
    """The URL of a place of its own in a database of PostgreSQL: a schema that is dropped at the end. Any other URL as it is."""
    if not url.startswith("postgres"):
        yield url
        return
    import sqlalchemy as sa

    schema = f"bench_issuing_{os.getpid()}"
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    server = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    try:
        yield address.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))
        server.dispose()


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(folder: Path, count: int, database: str, *, has_run: bool = True) -> dict[str, Any]:
    """One list in a new instance, with a print run of it unless told otherwise."""
    import sqlalchemy as sa

    from trainhub.app import create_app
    from trainhub.certificates import imports, queries, tasks
    from trainhub.certificates.models import Certificate
    from trainhub.certificates.operations import batches, printing
    from trainhub.certificates.types import BatchSource, Kind, State
    from trainhub.config import Settings
    from trainhub.kernel import clock, keys
    from trainhub.kernel.access import SYSTEM, Identity
    from trainhub.kernel.db import Base, db, session, transaction
    from trainhub.kernel.initialise import load_reference
    from trainhub.oversight.issuing.queries import contradicted_in

    secret = "a secret of the benchmark, long enough to be taken"
    keys.make(folder, secret)
    app = create_app(Settings(instance=folder, database_url=database or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=secret, is_testing=True))
    found: dict[str, Any] = {"count": count, "python": sys.version.split()[0]}
    with app.app_context():
        Base.metadata.create_all(db.engine)
        statements = [0]
        sa.event.listen(db.engine, "before_cursor_execute", lambda *_args: statements.__setitem__(0, statements[0] + 1))

        @contextmanager
        def step(name: str) -> Iterator[None]:
            cpu, wall, asked = time.process_time(), time.perf_counter(), statements[0]
            yield
            found[name] = {
                "cpu_seconds": round(time.process_time() - cpu, 2),
                "wall_seconds": round(time.perf_counter() - wall, 2),
                "statements": statements[0] - asked,
                "peak_mb": _peak_mb(),
            }

        with transaction():
            load_reference()
            issuer_id, names = _students(count)
        found["database"] = db.engine.dialect.name
        file = folder / "list.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["name", "student_no", "course", "hours", "base", "class_name"])
            writer.writerows([name, f"S{n:06d}", COURSE, "48", "榕城智造基地", f"{n // 50}班"] for n, name in enumerate(names))
        with step("import"):
            read = imports.read(file, file.name, queries.layout_of("training"), issuer_id, kind=Kind.TRAINING)
            imports.refuse_problems(read)
        from trainhub.organisations import queries as organisations

        first, second = Identity(1, None, "甲", ()), Identity(2, None, "乙", ())
        with step("check"):
            issuer = organisations.by_id(issuer_id)
            assert issuer is not None
            checked = batches.check(kind=Kind.TRAINING, issuer=issuer, rows=read.rows)
        session().rollback()
        with step("prepare"), transaction():
            issuer = organisations.by_id(issuer_id)
            assert issuer is not None
            batch_id = batches.prepare(
                title="大批",
                kind=Kind.TRAINING,
                source=BatchSource.IMPORT,
                issuer=issuer,
                checked=checked,
                digest=read.digest,
                by=first,
                now=clock.now(),
            ).id
        del read, checked
        with step("look"):
            batch = queries.batch_by_id(batch_id)
            assert batch is not None
            found["told"] = len(queries.unlike_in(batch)) + queries.known_in(batch) + queries.revoked_in(batch) + len(contradicted_in(batch))
        session().rollback()
        with step("approve"), transaction():
            batch = queries.batch_by_id(batch_id)
            assert batch is not None
            batches.decide(batch=batch, is_approved=True, reason="", by=second, today=clock.today(), now=clock.now())
        session().rollback()
        with step("issue"):
            tasks.issue_batch(batch_id, second, lambda _done, _total, _text: None)
        found["issued"] = session().scalar(sa.select(sa.func.count()).select_from(Certificate).where(Certificate.state == State.ISSUED))
        session().rollback()
        if not has_run:
            found["peak_mb"] = _peak_mb()
            db.engine.dispose()
            return found
        with step("status_list"):
            queries.listed(1)
        with step("print_run_start"), transaction():
            wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer_id)
            run_id = printing.start_run(title="大批", wanted=wanted, by=SYSTEM, now=clock.now(), site="https://px.example.edu.cn").id
        with step("print_run"):
            tasks.draw_run(run_id, SYSTEM, lambda _done, _total, _text: None)
        chunks = queries.chunks_of(run_id)
        pages, size = sum(one.pages for one in chunks), sum(one.size for one in chunks)
        found["print_run"] |= {"files": len(chunks), "pages": pages, "bytes_each": round(size / max(pages, 1))}
        found["peak_before_floor_mb"] = _peak_mb()
        rows = [dict(row) for row in session().execute(sa.select(Certificate.__table__)).mappings()]
        session().rollback()
        with transaction(), step("floor"):
            with file.open(encoding="utf-8", newline="") as given:
                list(csv.DictReader(given))
            for n, row in enumerate(rows):
                row |= {"id": None, "number": f"F{n:017d}", "asked_key": f"floor:{n}", "code": f"{n:012d}", "is_current": False}
                del row["id"]
            session().execute(sa.insert(Certificate), rows)
            session().flush()
        found["peak_mb"] = _peak_mb()
        session().rollback()
        db.engine.dispose()
    return found


def _students(count: int) -> tuple[int, list[str]]:
    """A university with so many students; its id and their names, S000000 first."""
    import sqlalchemy as sa

    from trainhub.kernel import clock
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import session
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind
    from trainhub.people.models import Person, Student
    from trainhub.programmes import operations as programmes

    rng = random.Random(7)
    given_names = [chr(point) for point in rng.sample(range(FIRST, LAST), CHARACTERS)]
    names = [rng.choice(SURNAMES) + "".join(rng.choices(given_names, k=2)) for _one in range(count)]
    now = clock.now()
    given: dict[str, Any] = {"by": SYSTEM, "now": now}
    university = organisations.register(code="BENCH-U", kind=OrganisationKind.UNIVERSITY, name="闽江理工大学", region_code="350100", **given)
    programme = programmes.create_programme(code="BENCH-P", name="机械工程", major_code="080201", university=university, **given)
    cohort = programmes.create_cohort(programme=programme, year=2022, **given)
    people = [{"name": name, "version": 1, "created_at": now} for name in names]
    ids = session().scalars(sa.insert(Person).returning(Person.id, sort_by_parameter_order=True), people).all()
    shared = {
        "university_id": university.id,
        "programme_id": programme.id,
        "cohort_id": cohort.id,
        "enrolled_on": date(2022, 9, 1),
        "version": 1,
        "created_at": now,
    }
    session().execute(sa.insert(Student), [{**shared, "person_id": key, "student_no": f"S{n:06d}"} for n, key in enumerate(ids)])
    return university.id, names


if __name__ == "__main__":
    main()
