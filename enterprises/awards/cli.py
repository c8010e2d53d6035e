"""Commands of awards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import edge

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("awards")
def awards() -> None:
    """基地奖励 / awards of bases."""


def _text(result: Any) -> str:
    lines = [f"{result['base']}  {result['on']}"]
    for row in result["rules"]:
        lines.append(f"{row['rule']}\t{'符合条件' if row['eligible'] else row['verdict']}")
        lines += [f"    {m['code']}: {m['found']} / {m['required']}  ({m['clause']})" for m in row["missing"]]
    lines.append("没有按日期保存、取现值的资料：" + "、".join(result["undated"]))
    return "\n".join(lines)


@edge("check", human=_text)
@click.option("--base", "code", required=True, help="code of the base / 基地代码")
@click.option("--on", type=DAY, default=None, help="the day asked for, YYYY-MM-DD (default: today)")
def check(code: str, on: datetime | None) -> dict[str, Any]:
    """按日核对基地的奖励条件 / which awards a base is eligible for on a day, and what is missing.

    Example: trainhub awards check --base JD-0001 --on 2026-03-02 --json
    """
    from enterprises.awards import queries

    return queries.check(code, on.date() if on else clock.today())


awards.add_command(check)
COMMANDS: dict[str, click.Command] = {"awards": awards}
