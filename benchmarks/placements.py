"""How good, how fast and how large: the planner of placement terms on invented cases of real size.

    python benchmarks/placements.py [--students 20000] [--positions 2000] [--supply 1.25 0.8 0.6] [--joint] [--keep FOLDER]

Each case is written as files and planned by `trainhub placements simulate` in a process of its own (see
`_measure`). Then a few positions are withdrawn and the plan is
repaired (`current.csv`). `--joint` also solves the joint LP (who, when and where at once, by HiGHS), a lower bound of any rank
cost with as many students complete; it takes minutes at 20,000 students, so it is meant for a smaller case.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

from _measure import run, table, write

TERMS = (("2026A", "2026-03-02", "2026-05-24", 12), ("2026B", "2026-06-01", "2026-08-23", 12), ("2026C", "2026-09-01", "2026-12-20", 16))
PRIOR = (0, 0, 0, 4, 8, 8, 12, 16, 16, 20, 24)
TARGET = 32


def generate(folder: Path, students: int, positions: int, supply: float, seed: int = 7) -> None:
    """A case: 40 majors of unequal size, positions of 1 to 4 related majors, five wishes each (popular ones more often).

    `supply` is the number of seats per student and term.
    """
    dice = random.Random(f"{students}/{positions}/{supply}/{seed}")
    majors = [f"08{n:04d}" for n in range(40)]
    sizes = [1 / (1 + n / 8) for n in range(len(majors))]
    accepted = []
    for _n in range(positions):
        first = dice.choices(range(len(majors)), sizes)[0]
        accepted.append(sorted({majors[(first + dice.randrange(4)) % len(majors)] for _m in range(dice.randint(1, 4))} | {majors[first]}))
    by_major = {major: [n for n in range(positions) if major in accepted[n]] for major in majors}
    seats = {(n, t): 0 for n in range(positions) for t in range(len(TERMS))}
    for t in range(len(TERMS)):
        for _seat in range(round(students * supply)):
            seats[dice.randrange(positions), t] += 1
    popular = [dice.paretovariate(1.5) for _n in range(positions)]

    write(folder / "terms.csv", "term,starts_on,ends_on,weeks", list(TERMS))
    write(
        folder / "positions.csv",
        "position,enterprise,majors,county_code",
        [(f"P{n:05d}", f"E{n // 3:05d}", "|".join(accepted[n]), "350102") for n in range(positions)],
    )
    write(folder / "seats.csv", "position,term,seats", [(f"P{n:05d}", TERMS[t][0], count) for (n, t), count in seats.items()])
    people, wishes = [], []
    for n in range(students):
        major = dice.choices(majors, sizes)[0]
        blocked = "|".join(term[0] for term in TERMS if dice.random() < 0.03)
        people.append((f"S{n:06d}", major, dice.choice(PRIOR), "", blocked))
        can = by_major[major]
        wanted = dict.fromkeys(dice.choices(can, [popular[one] for one in can], k=8)) if can else {}
        wishes += [(f"S{n:06d}", rank, f"P{one:05d}") for rank, one in enumerate(list(wanted)[:5], start=1)]
    write(folder / "students.csv", "student,major,prior_weeks,target_weeks,blocked_terms", people)
    write(folder / "preferences.csv", "student,rank,position", wishes)


def withdraw(folder: Path, out: Path, repaired: Path, few: int) -> int:
    """Copy the case with the plan as current.csv and without the seats of the `few` first positions in use; the student-terms displaced."""
    for path in folder.glob("*.csv"):
        (repaired / path.name).write_bytes(path.read_bytes())
    plan = table(out / "assignments.csv")
    gone = set(sorted({row["position"] for row in plan})[:few])
    left = [(r["position"], r["term"], 0 if r["position"] in gone else r["seats"]) for r in table(folder / "seats.csv")]
    write(repaired / "seats.csv", "position,term,seats", left)
    write(repaired / "current.csv", "student,term,position", [(r["student"], r["term"], r["position"]) for r in plan])
    return sum(row["position"] in gone for row in plan)


def joint_bound(folder: Path, reached: int, time_limit: float) -> dict[str, Any]:
    """Least rank cost of any plan in which `reached` students complete, as a linear programme over students, sets of terms and positions."""
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    posts = {row["position"]: set(row["majors"].split("|")) for row in table(folder / "positions.csv")}
    seats = {(row["position"], row["term"]): int(row["seats"]) for row in table(folder / "seats.csv")}
    wishes: dict[str, dict[str, int]] = {}
    for row in table(folder / "preferences.csv"):
        wishes.setdefault(row["student"], {})[row["position"]] = int(row["rank"]) - 1
    seat_row: dict[tuple[str, str], int] = {}
    cost: list[float] = []
    entries: dict[bool, list[tuple[int, int, float]]] = {True: [], False: []}  # equalities, inequalities
    rows = {True: 0, False: 0}
    limits: list[float] = []

    def seat(post: str, term: str) -> int:
        if (post, term) not in seat_row:
            seat_row[post, term] = rows[False]
            rows[False] += 1
            limits.append(seats.get((post, term), 0))
        return seat_row[post, term]

    def column(price: float) -> int:
        cost.append(price)
        return len(cost) - 1

    by_major: dict[str, list[str]] = {}
    for post, accepts in posts.items():
        for major in accepts:
            by_major.setdefault(major, []).append(post)
    common: dict[tuple[str, str], int] = {}  # (major, term): the row that balances those who pass without a wish
    whole: list[int] = []
    done = 0
    for row in table(folder / "students.csv"):
        need = TARGET - float(row["prior_weeks"])
        if need <= 0:
            done += 1
            continue
        free = [term for term in TERMS if term[0] not in row["blocked_terms"].split("|")]
        sets = [
            c
            for k in range(1, 4)
            for c in combinations(free, k)
            if sum(t[3] for t in c) >= need and all(sum(t[3] for t in c) - t[3] < need for t in c)
        ]
        picks = [column(0) for _one in sets]
        whole += picks
        entries[False] += [(rows[False], pick, 1.0) for pick in picks]
        limits.append(1.0)
        rows[False] += 1
        for term in {t[0] for one in sets for t in one}:
            balance = rows[True]
            rows[True] += 1
            entries[True] += [(balance, pick, -1.0) for pick, one in zip(picks, sets, strict=True) if term in {t[0] for t in one}]
            for post, price in wishes.get(row["student"], {}).items():
                place = column(price)
                entries[True].append((balance, place, 1.0))
                entries[False].append((seat(post, term), place, 1.0))
            through = column(15)
            entries[True].append((balance, through, 1.0))
            if (row["major"], term) not in common:
                common[row["major"], term] = rows[True]
                rows[True] += 1
                for post in by_major.get(row["major"], ()):
                    place = column(0)
                    entries[True].append((common[row["major"], term], place, 1.0))
                    entries[False].append((seat(post, term), place, 1.0))
            entries[True].append((common[row["major"], term], through, -1.0))
    right = [0.0] * rows[True]
    entries[True] += [(rows[True], pick, 1.0) for pick in whole]
    right.append(reached - done)

    def matrix(equal: bool, height: int) -> Any:
        r, c, v = zip(*entries[equal], strict=True)
        return coo_array((v, (r, c)), shape=(height, len(cost))).tocsr()

    begun = time.process_time()
    answer = linprog(
        cost, matrix(False, rows[False]), np.array(limits), matrix(True, rows[True] + 1), np.array(right), bounds=(0, None), method="highs-ipm",
        options={"time_limit": time_limit},
    )  # fmt: skip
    return {"joint_bound": None if answer.status else round(answer.fun, 1), "joint_cpu_seconds": round(time.process_time() - begun, 1)}


def measure(folder: Path, asked: argparse.Namespace, supply: float) -> dict[str, Any]:
    """Plan, compare with the joint bound, withdraw a position, repair, and compare with planning anew."""
    for name in ("case", "plan", "repair", "repaired", "anew"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    case, repair = folder / "case", folder / "repair"
    generate(case, asked.students, asked.positions, supply, asked.seed)
    found = {"supply": supply, "positions": asked.positions, **run("placements", "simulate", str(case), "--out", str(folder / "plan"))}
    if asked.joint:
        found |= joint_bound(case, found["reached"], asked.joint)
        if found["joint_bound"]:
            found["above_joint_percent"] = round(100 * (found["rank_cost"] / found["joint_bound"] - 1), 2)
    displaced = withdraw(case, folder / "plan", repair, asked.withdraw)
    mended = run("placements", "simulate", str(repair), "--out", str(folder / "repaired"))
    (repair / "current.csv").unlink()
    anew = run("placements", "simulate", str(repair), "--out", str(folder / "anew"))
    keys = ("cpu_seconds", "peak_mb", "reached", "changed", "rank_cost", "optimal")
    found["repair"] = {
        "displaced": displaced,
        **{key: mended[key] for key in keys},
        "reached_anew": anew["reached"],
        "rank_cost_anew": anew["rank_cost"],
    }
    return found


def main() -> None:
    """Run and print, one JSON object a case."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--students", type=int, default=20_000)
    arguments.add_argument("--positions", type=int, default=2_000)
    arguments.add_argument("--supply", type=float, nargs="+", default=[1.25, 0.8, 0.6])
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--withdraw", type=int, default=2, help="how many positions are withdrawn before the repair")
    arguments.add_argument("--joint", type=float, default=0, metavar="SECONDS", help="also solve the joint LP, within so many seconds")
    arguments.add_argument("--keep", type=Path, help="a folder where the files stay")
    asked = arguments.parse_args()
    for supply in asked.supply:
        with tempfile.TemporaryDirectory() as temporary:
            folder = (asked.keep or Path(temporary)) / f"{asked.students}-{supply}"
            print(json.dumps(measure(folder, asked, supply), ensure_ascii=False, indent=1), flush=True)


if __name__ == "__main__":
    main()
