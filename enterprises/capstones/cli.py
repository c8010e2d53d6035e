"""Commands of capstones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.kernel.commands import Group, edge


@click.group("capstones", cls=Group)
def capstones() -> None:
    """毕业设计 / capstones."""


def _text(result: Any) -> str:
    return (
        f"毕业设计 {result['capstones']} 个，双导师齐备 {result['both']} 个（上限 {result['both_bound']}），未安排 {result['unassigned']} 处，"
        f"变动 {result['changed']} 处，志愿代价 {result['rank_cost']}，最大负载 {result['max_load']}，用时 {result['seconds']} 秒"
    )


@edge("simulate", needs_app=False, human=_text)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, metavar="OUTDIR", type=click.Path(path_type=Path, file_okay=False), help="存放结果的文件夹 / folder for the results"
)
@click.option("--seed", type=int, default=1, show_default=True, help="同等方案之间抽签的种子 / seed of the lottery among equal plans")
@click.option("--relax-fixed", is_flag=True, help="略去 fixed.csv 中不可能的行，不拒绝 / drop impossible rows of fixed.csv instead of refusing them")
def simulate(folder: Path, out: Path, seed: int, relax_fixed: bool) -> dict[str, Any]:
    """按文件分配校企双导师，不用数据库 / assign both supervisors from files alone.

    DIR holds capstones.csv, teachers.csv, mentors.csv, preferences.csv, and optionally fixed.csv and current.csv.

    Example: trainhub capstones simulate data --out plan --seed 7 --json
    """
    from enterprises.capstones.planner import running

    return running.simulate(folder, out, seed=seed, relax_fixed=relax_fixed)


capstones.add_command(simulate)
COMMANDS: dict[str, click.Command] = {"capstones": capstones}
