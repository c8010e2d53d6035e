"""How fast a roster goes into the ledger, and how much memory it takes.

    python benchmarks/trainees.py [--rows 50000] [--database sqlite:///...] [--xlsx]

Makes an instance in a temporary folder, writes a roster of invented people, imports it twice (the second time everything
is a duplicate), exports it, and prints one JSON object. The floor is reading the file plus an executemany of the same rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from stdnum.cn import ric

SURNAMES = "林陈黄张吴李王郑蔡刘杨许谢曾苏庄江叶赖邱"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲芬燕彬建国文晓东海波"
COUNTIES = ("350102", "350128", "350203", "350302", "350404", "350502", "350602", "350702", "350802", "350902")
HEADER = ("name", "id_type", "id_number", "category", "county_code", "base_code", "course", "hours", "completed_on", "counted")


def roster(rows: int, seed: int = 7, titles: int = 0) -> list[tuple[str, ...]]:
    """Invented people; every eighth comes a second time with another course, no completion comes twice. `titles`: how many titles the first
    courses have, few of them large and most small, as organisations name their classes; 0: one."""
    rng, naming = random.Random(seed), random.Random(seed + 1)
    made: list[tuple[str, ...]] = []
    found: set[str] = set()
    again: set[tuple[str, str, str]] = set()
    while len(made) < rows:
        if made and rng.random() < 0.125:
            name, _kind, number, *_ = rng.choice(made)
            course = "直播运营"
        else:
            birth = date(1960, 1, 1) + timedelta(days=rng.randrange(14_000))
            body = f"{rng.choice(COUNTIES)}{birth:%Y%m%d}{rng.randrange(1000):03d}"
            number = body + ric.calc_check_digit(body + "0")
            if number in found:
                continue
            found.add(number)
            name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2))))
            course = title(naming, titles)
        day = (date(2015, 1, 1) + timedelta(days=rng.randrange(1096))).isoformat()
        category, county, base = rng.choice(("founder", "worker")), rng.choice(COUNTIES), f"BASE-{rng.randrange(8)}"
        if course == "直播运营":
            if (number, base, day) in again:
                continue
            again.add((number, base, day))
        made.append((name, "resident_id", number, category, county, base, course, "16", day, "yes"))
    return made


def title(rng: random.Random, titles: int) -> str:
    """One of so many titles: the square of a draw puts a third of all into the first ninth of them."""
    return f"电子商务运营与实务（第 {int(rng.random() ** 2 * titles) + 1} 期）" if titles else "电子商务"


def peak_mb() -> float:
    """Peak resident memory of this process."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=50_000)
    arguments.add_argument("--database", default="")
    arguments.add_argument("--xlsx", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), asked.rows, asked.database, asked.xlsx), ensure_ascii=False, indent=1))


def measure(folder: Path, rows: int, database: str, is_xlsx: bool) -> dict[str, object]:
    """One run in a new instance."""
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import clock, keys
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import Base, db, transaction
    from trainhub.kernel.initialise import load_reference
    from trainhub.kernel.sheets.types import Column
    from trainhub.kernel.sheets.writing import Sheet, write_xlsx
    from trainhub.ledger.rosters import running
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind

    secret = "a secret of the benchmark, long enough to be taken"
    keys.make(folder, secret)
    app = create_app(Settings(instance=folder, database_url=database or f"sqlite:///{folder / 'b.sqlite3'}", secret_key=secret, is_testing=True))
    people = roster(rows)
    file = folder / ("roster.xlsx" if is_xlsx else "roster.csv")
    if is_xlsx:
        with file.open("wb") as out:
            write_xlsx([Sheet("roster", [Column(name, name) for name in HEADER], people)], out)
    else:
        with file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([HEADER, *people])
    del people
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
            for n in range(8):
                organisations.register(code=f"BASE-{n}", kind=OrganisationKind.BASE, name=f"基地{n}", by=SYSTEM, now=clock.now())
        before = peak_mb()

        def run() -> dict[str, object]:
            started = time.process_time()
            result = running.import_file(file, base_code="", is_dry_run=False, is_strict=False, by=SYSTEM, today=clock.today(), now=clock.now)
            seconds = float(str(result["seconds"]))
            return {**result, "rows_per_second": round(rows / seconds), "cpu_seconds": round(time.process_time() - started, 2)}

        first = run()
        peak = peak_mb()
        return {
            "rows": rows,
            "python": sys.version.split()[0],
            "database": db.engine.dialect.name,
            "first": first,
            "again": run(),
            "peak_mb": peak,
            "peak_mb_before": before,
        }


if __name__ == "__main__":
    main()
