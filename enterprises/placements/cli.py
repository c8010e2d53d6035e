"""Commands of placements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.kernel.commands import Group, edge


@click.group("placements", cls=Group)
def placements() -> None:
    """企业实习安排 / placements in enterprises."""


@edge("simulate", needs_app=False)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out",
    "out",
    metavar="OUTDIR",
    required=True,
    type=click.Path(path_type=Path),
    help="存放 assignments.csv 和 unplaced.csv 的文件夹 / where assignments.csv and unplaced.csv go",
)
@click.option("--seed", type=int, default=1, show_default=True, help="抽签的种子 / seed of the lottery")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), default=60.0, show_default=True, help="精确求解各步的秒数 / seconds for the exact steps"
)
@click.option(
    "--relax-fixed", is_flag=True, help="略去 fixed.csv 中不可能的行，不拒绝 / let impossible rows of fixed.csv go instead of refusing them"
)
@click.option(
    "--aim",
    type=click.Choice(["complete", "everyone"]),
    default="complete",
    show_default=True,
    help="完成人数最多，或无安排者最少 / most complete, or fewest with nothing",
)
@click.option(
    "--same-enterprise",
    "bonus",
    type=click.IntRange(0, 100),
    default=0,
    metavar="POINTS",
    help="在同一企业再学一期，抵志愿的几位 / ranks that a further term there is worth",
)
@click.option(
    "--one-enterprise",
    "whole",
    is_flag=True,
    help="每名学生各期都在同一企业（完成人数会减少） / hard continuity: every term of a student at one enterprise (costs completions)",
)
@click.option(
    "--wishes-first",
    "first",
    is_flag=True,
    help="先安排交了志愿的，其余的分剩下的岗位 / who handed in wishes is planned first, the others share what is left",
)
def simulate(
    folder: Path, out: Path, seed: int, time_limit: float, relax_fixed: bool, aim: str, bonus: int, whole: bool, first: bool
) -> dict[str, Any]:
    """试算一次实习安排，不用数据库 / plan placements from files, without a database.

    DIR holds terms.csv, positions.csv, seats.csv, students.csv, preferences.csv and, if wanted, fixed.csv, current.csv,
    mentors.csv (mentor, enterprise, load: then no enterprise takes more students in a term than its mentors can look after) and
    bases.csv (base, term, places: no base takes more, over all positions whose column base names it). A column priority (1 to 9)
    of students.csv is the published order: inside a group 1 goes before 2, and these before who has none; then the lottery.

    Example: trainhub placements simulate round-2026 --out plan --seed 7 --json
    """
    from enterprises.placements.planner import files
    from enterprises.placements.planner.types import Options
    from enterprises.placements.types import Aim

    return files.simulate(folder, out, seed=seed, time_limit=time_limit, is_relaxed=relax_fixed, options=Options(Aim(aim), bonus, whole, first))


placements.add_command(simulate)
COMMANDS: dict[str, click.Command] = {"placements": placements}
