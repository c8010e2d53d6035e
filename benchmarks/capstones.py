"""How good and how fast: the assignment of both supervisors on invented cases of real size.

    python benchmarks/capstones.py [--capstones 20000 100000] [--mentors 1.2 0.9] [--keep FOLDER]

Each case is written as files and solved by `trainhub capstones simulate` in a process of its own (see `_measure`). `--mentors` is
the places of all mentors per capstone: below 1 somebody stays without one. Then three of a hundred teachers leave and
the plan is repaired. `within` says whether plan and repair kept the limit of that size (`LIMITS`). With mentors scarce everywhere and teachers too (`--teachers 0.9`) the sides meet in one network.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from _measure import run, table, write

LIMITS = {20_000: 2, 100_000: 15}
"""CPU seconds by number of capstones, start and imports included."""


def generate(folder: Path, capstones: int, teachers: float, mentors: float, seed: int = 7) -> None:
    """30 disciplines of unequal size, teachers of 1 to 3 related ones with 8 places, mentors of `capstones / 15` enterprises with 4 places."""
    dice = random.Random(f"{capstones}/{teachers}/{mentors}/{seed}")
    disciplines = [f"08{n:02d}" for n in range(30)]
    sizes = [1 / (1 + n / 6) for n in range(30)]
    enterprises = [f"E{n:05d}" for n in range(max(1, capstones // 15))]
    staff: list[tuple[str, list[str], int]] = []
    for n in range(round(capstones * teachers / 8)):
        first = dice.choices(range(30), sizes)[0]
        staff.append((f"T{n:06d}", [disciplines[(first + step) % 30] for step in range(dice.randint(1, 3))], 8))
    guides = [(f"M{n:06d}", dice.choice(enterprises), 4) for n in range(round(capstones * mentors / 4))]
    by_discipline: dict[str, list[str]] = {}
    for who, groups, _capacity in staff:
        for one in groups:
            by_discipline.setdefault(one, []).append(who)
    by_enterprise: dict[str, list[str]] = {}
    for who, firm, _capacity in guides:
        by_enterprise.setdefault(firm, []).append(who)
    rows, wishes = [], []
    for n in range(capstones):
        discipline, firm, key = dice.choices(disciplines, sizes)[0], dice.choice(enterprises), f"C{n:06d}"
        rows.append((key, f"S{n:06d}", discipline, firm))
        for role, known in (("school", by_discipline.get(discipline, [])), ("enterprise", by_enterprise.get(firm, []))):
            wishes += [(key, role, who, rank) for rank, who in enumerate(dice.sample(known, min(3, len(known))), start=1)]
    write(folder / "capstones.csv", "capstone,student,discipline,enterprise", rows)
    write(folder / "teachers.csv", "teacher,disciplines,capacity", [(who, "|".join(groups), capacity) for who, groups, capacity in staff])
    write(folder / "mentors.csv", "mentor,enterprise,capacity", guides)
    write(folder / "preferences.csv", "capstone,role,person,rank", wishes)


def leave(case: Path, plan: Path, repair: Path) -> int:
    """Copy the case without every 33rd teacher, the plan as current.csv; how many capstones lose their teacher."""
    gone = {row["teacher"] for row in table(case / "teachers.csv")[::33]}
    for path in case.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (repair / path.name).write_text("".join(line for line in lines if gone.isdisjoint(line.rstrip().split(","))), encoding="utf-8")
    rows = table(plan / "supervisions.csv")
    both = [(row["capstone"], role, row[f"{role}_supervisor"]) for row in rows for role in ("school", "enterprise") if row[f"{role}_supervisor"]]
    write(repair / "current.csv", "capstone,role,person", both)
    return sum(who in gone for _key, _role, who in both)


def measure(folder: Path, asked: argparse.Namespace, capstones: int, mentors: float) -> dict[str, Any]:
    """Solve, let teachers leave, repair."""
    case, plan, repair, repaired = (folder / name for name in ("case", "plan", "repair", "repaired"))
    for one in (case, plan, repair, repaired):
        one.mkdir(parents=True, exist_ok=True)
    generate(case, capstones, asked.teachers, mentors, asked.seed)
    found = {"places_of_mentors": mentors, **run("capstones", "simulate", str(case), "--out", str(plan))}
    displaced = leave(case, plan, repair)
    mended = run("capstones", "simulate", str(repair), "--out", str(repaired))
    found["repair"] = {"displaced": displaced, **{key: mended[key] for key in ("cpu_seconds", "peak_mb", "both", "given", "changed", "rank_cost")}}
    if capstones in LIMITS:
        found["within"] = {f"{LIMITS[capstones]} s": max(found["cpu_seconds"], mended["cpu_seconds"]) <= LIMITS[capstones]}
    return found


def main() -> None:
    """Run and print, one JSON object a case."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--capstones", type=int, nargs="+", default=list(LIMITS))
    arguments.add_argument("--teachers", type=float, default=1.2, help="places of all teachers per capstone")
    arguments.add_argument("--mentors", type=float, nargs="+", default=[1.2, 0.9], help="places of all mentors per capstone")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--keep", type=Path, help="a folder where the files stay")
    asked = arguments.parse_args()
    for capstones, mentors in itertools.product(asked.capstones, asked.mentors):
        with tempfile.TemporaryDirectory() as temporary:
            folder = (asked.keep or Path(temporary)) / f"{capstones}-{mentors}"
            print(json.dumps(measure(folder, asked, capstones, mentors), ensure_ascii=False, indent=1), flush=True)


if __name__ == "__main__":
    main()
