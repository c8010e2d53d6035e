"""`capstones simulate`: read the folder, solve, write the two files, answer in the contract's words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from enterprises.capstones.planner.reading import read
from enterprises.capstones.planner.solving import solve
from enterprises.capstones.planner.telling import SHOWN, told
from enterprises.capstones.planner.types import Plan, Problem, Side
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.folder import Folder
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import put_csv

SUPERVISIONS = tuple(
    Column(*pair) for pair in (("capstone", "毕业设计"), ("school_supervisor", "校内导师"), ("enterprise_supervisor", "企业指导教师"))
)
UNASSIGNED = tuple(Column(*pair) for pair in (("capstone", "毕业设计"), ("role", "角色"), ("reason", "原因"), ("explanation", "说明")))


def simulate(folder: Path, out: Path, *, seed: int = 1, relax_fixed: bool = False) -> dict[str, Any]:
    """Assign supervisors on files (contract.md). Same input and seed, same output; the order of rows changes nothing.

    Raises BadFolder or SheetError (exit status 1) before anything is written.
    """
    begun = time.perf_counter()
    problem, tables = read(folder, relax_fixed=relax_fixed)
    plan = solve(problem, seed=seed)
    write(problem, plan, out)
    _point_out_both_sides(problem, plan, tables)
    return {
        "capstones": len(problem.capstones),
        "both": plan.both,
        "both_bound": plan.both,
        "given": plan.given,
        "changed": plan.changed,
        "rank_cost": plan.rank_cost,
        "rank_cost_bound": plan.rank_cost,
        "max_load": plan.max_load,
        "load_squares": plan.load_squares,
        "unassigned": len(plan.unassigned),
        "seconds": round(time.perf_counter() - begun, 3),
        "optimal": True,
        **tables.told(),
    }


def write(problem: Problem, plan: Plan, out: Path) -> None:
    """supervisions.csv (every capstone once) and unassigned.csv, sorted by id, each put in place whole."""
    out.mkdir(parents=True, exist_ok=True)
    ids = sorted(capstone.id for capstone in problem.capstones)
    put_csv(
        out / "supervisions.csv",
        ((key, plan.assigned.get((key, Side.SCHOOL), ""), plan.assigned.get((key, Side.ENTERPRISE), "")) for key in ids),
        SUPERVISIONS,
    )
    put_csv(out / "unassigned.csv", ((row.capstone, row.side.value, row.reason.value, told(row.why)) for row in plan.unassigned), UNASSIGNED)


def _point_out_both_sides(problem: Problem, plan: Plan, tables: Folder) -> None:
    """Capstones that got one id on both sides: two people, if the two files number on their own; otherwise somebody to leave out."""
    sides = ((one.id, *(plan.assigned.get((one.id, side)) for side in Side)) for one in problem.capstones)
    same = sorted((key, school) for key, school, firm in sides if school is not None and school == firm)
    if same:
        text = _(
            "%(count)d 个毕业设计的双方导师编号相同（%(capstones)s 等）；如果是同一人，他不能担任双方导师。",
            count=len(same),
            capstones=listed(key for key, _who in same[:SHOWN]),
        )
        tables.bad("mentors", None, "mentor", same[0][1], text, is_warning=True)
