"""Our planner on data that others have solved: fetched by whoever runs this, never kept here (no licence, or GPL).

    python benchmarks/reference_data.py --eurecom parsed_data.pkl --residents hrt.instance
    python benchmarks/reference_data.py --residents smti.instance

* EURECOM, spring 2026: 58 students, 3 choices each, 78 projects; github.com/Rayanekh2/student-project-allocation-milp at 40a9390,
  `data/parsed_data.pkl`. Published: ranks 42/11/5, that is a cost of 79, with partners together and no project below its least size.
  Read with an unpickler that makes no object of any class.
* Residents and hospitals: `tests/testfiles/{hrt,smti}.instance` of the source package of pyhrtc 0.0.12
  (`pip download --no-binary :all: --no-deps pyhrtc==0.0.12`); both have the same format. The second, of 10,000 and 10,000, takes a minute and a
  half: lists are strict, so everybody is a major of one's own.

One term, one place each. Partners and least sizes are no business of ours: students are independent, so that our cost is at most
the published one. Published for `hrt.instance`: 759 residents, 53 hospitals, all 759 are placed; for `smti.instance` at most 9,941 can be.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from _measure import run, table, write


class Plain(pickle.Unpickler):
    """Numbers, texts, lists, dictionaries; no class of anybody."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Nothing is made."""
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def plan(choices: dict[str, list[str]], capacity: dict[str, int], folder: Path, *, is_strict: bool) -> dict[str, Any]:
    """One term of 16 weeks for everybody. Strict: nobody is given what is not on the own list (everybody is a major of one's own)."""
    case = folder / "case"
    case.mkdir(parents=True, exist_ok=True)
    asking: dict[str, set[str]] = {}
    for one, wanted in choices.items() if is_strict else ():
        for project in wanted:
            asking.setdefault(project, set()).add(one)
    capacity = {one: count for one, count in capacity.items() if asking.get(one) or not is_strict}
    write(case / "terms.csv", "term,starts_on,ends_on,weeks", [("T", "2026-03-02", "2026-06-21", 16)])
    write(
        case / "positions.csv",
        "position,enterprise,majors,county_code",
        [(one, one, "|".join(sorted(asking.get(one, ()))), "350102") for one in capacity],
    )
    write(case / "seats.csv", "position,term,seats", [(one, "T", count) for one, count in capacity.items()])
    write(
        case / "students.csv",
        "student,major,prior_weeks,target_weeks,blocked_terms",
        [(one, one if is_strict else "m", 0, 16, "") for one in choices],
    )
    write(
        case / "preferences.csv",
        "student,rank,position",
        [(one, rank, project) for one, wanted in choices.items() for rank, project in enumerate(wanted, start=1)],
    )
    found = run("placements", "simulate", str(case), "--out", str(folder / "plan"))
    ranks = Counter(row["rank"] for row in table(folder / "plan" / "assignments.csv"))
    return {
        **{key: found[key] for key in ("reached", "reached_bound", "rank_cost", "rank_cost_bound", "optimal", "cpu_seconds")},
        "ranks": dict(sorted(ranks.items())),
    }


def judge(path: Path) -> dict[str, Any]:
    """EURECOM as a direct integer programme: sum of ranks as published (partners together, least sizes), and without both, as ours."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    with path.open("rb") as file:
        data = Plain(file).load()
    pairs = [(row["id"], project, rank) for row in data["students"] for rank, project in enumerate(row["choices"], start=1)]
    projects = sorted(data["projects"])
    cost = np.array([*(rank for _student, _project, rank in pairs), *([0] * len(projects))], dtype=float)

    def solved(*, is_whole: bool) -> dict[str, Any]:
        rows: list[Any] = []
        low: list[float] = []
        high: list[float] = []

        def row(entries: dict[int, float], least: float, most: float) -> None:
            line = np.zeros(len(cost))
            line[list(entries)] = list(entries.values())
            rows.append(line)
            low.append(least)
            high.append(most)

        for student in data["students"]:
            row({at: 1.0 for at, pair in enumerate(pairs) if pair[0] == student["id"]}, 1, 1)
        for place, project in enumerate(projects, start=len(pairs)):
            least, most = data["projects"][project]["quota"]
            mine = {at: 1.0 for at, pair in enumerate(pairs) if pair[1] == project}
            row({**mine, place: -float(most)}, -np.inf, 0)
            if is_whole:
                row({**mine, place: -float(least)}, 0, np.inf)
        choices = {student["id"]: set(student["choices"]) for student in data["students"]}
        for group in data["partner_groups"] if is_whole else ():
            if not set.intersection(*(choices[student] for student in group)):
                continue  # as published: a group without a common choice is split
            for project in projects:
                one, *others = [{at: 1.0 for at, pair in enumerate(pairs) if pair[:2] == (student, project)} for student in group]
                for other in others:
                    row({**one, **dict.fromkeys(other, -1.0)}, 0, 0)
        answer = milp(cost, constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)), integrality=np.ones(len(cost)),
                      bounds=Bounds(0, 1), options={"mip_rel_gap": 0.0})  # fmt: skip
        ranks = Counter(pair[2] for pair, on in zip(pairs, answer.x[: len(pairs)], strict=True) if on > 0.5)
        return {"sum_of_ranks": round(answer.fun), "ranks": dict(sorted(ranks.items()))}

    return {"as_published": solved(is_whole=True), "without_partners": solved(is_whole=False)}


def eurecom(path: Path) -> tuple[dict[str, list[str]], dict[str, int]]:
    """(choices by student, capacity by project)"""
    with path.open("rb") as file:
        data = Plain(file).load()
    return {f"S{row['id']:03d}": row["choices"] for row in data["students"]}, {key: row["quota"][1] for key, row in data["projects"].items()}


def residents(path: Path) -> tuple[dict[str, list[str]], dict[str, int]]:
    """(wishes by resident, posts by hospital) of the text format: couples (none), residents, hospitals; then a line of each."""
    lines = [line.replace("(", " ").replace(")", " ").split() for line in path.read_text().splitlines() if line.strip()]
    count, hospitals = int(lines[1][0]), int(lines[2][0])
    rows = lines[3 : 3 + count + hospitals]
    return {f"R{row[0]}": [f"H{one}" for one in row[1:]] for row in rows[:count]}, {f"H{row[0]}": int(row[1]) for row in rows[count:]}


def main() -> None:
    """Run what is there; print where the rest is found."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--eurecom", type=Path)
    arguments.add_argument("--residents", type=Path)
    asked = arguments.parse_args()
    if asked.eurecom is None and asked.residents is None:
        print(__doc__)
    for name, path, read in (("eurecom", asked.eurecom, eurecom), ("residents", asked.residents, residents)):
        if path is not None:
            with tempfile.TemporaryDirectory() as folder:
                found = {"data": name, **plan(*read(path), Path(folder), is_strict=name == "residents")}
                print(json.dumps({**found, **({"judge": judge(path)} if name == "eurecom" else {})}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
