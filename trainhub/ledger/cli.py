"""Commands of the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import edge

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("weeks")
def weeks() -> None:
    """企业学习周数 / weeks in enterprises."""


def _weeks_text(result: Any) -> str:
    lines = [f"{row['student']}\t{row['credited_weeks']:g} 周\t{row['days']} 天\t{'达标' if row['met'] else '未达标'}" for row in result["students"]]
    return "\n".join(lines) or "文件中没有学生。"


@edge("check", needs_app=False, human=_weeks_text)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--on", type=DAY, default=None, help="last day that may occur, YYYY-MM-DD (default: today)")
def check(file: Path, on: datetime | None) -> dict[str, Any]:
    """按周认定企业学习天数，不用数据库 / credit confirmed days to weeks, from a file alone.

    Columns: student, enterprise, date, status (approved | pending | rejected).

    Example: trainhub weeks check days.csv --on 2026-07-31 --json
    """
    from trainhub.ledger import weekfiles

    return weekfiles.check(file, on=on.date() if on else clock.today())


weeks.add_command(check)
COMMANDS: dict[str, click.Command] = {"weeks": weeks}
