"""Commands of awards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge
from trainhub.kernel.errors import Refused

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("awards", cls=Group)
def awards() -> None:
    """基地奖励和企业扶持 / awards of bases and enterprises."""


def _text(result: Any) -> str:
    lines = [f"{result.get('base') or result['company']}  {result.get('year', '')}  {result['on']}"]
    for row in result["rules"]:
        project = f" {row['project']}" if row.get("project") else ""
        lines.append(f"{row['rule']}{project}\t{'符合条件' if row['eligible'] else row['verdict']}")
        lines += [f"    {m['code']}: {m['found']} / {m['required']}  ({m['clause']})" for m in row["missing"]]
    if result.get("undated"):
        lines.append("没有按日期保存、取现值的资料：" + "、".join(result["undated"]))
    return "\n".join(lines)


@edge("check", human=_text)
@click.option("--base", "code", default="", help="基地代码 / code of the base")
@click.option("--company", default="", help="企业代码 / code of the enterprise, instead of a base")
@click.option(
    "--year",
    type=click.IntRange(2000, 2999),
    default=None,
    help="企业的年度，默认为该日所在年 / the year asked for, of an enterprise (default: that of the day)",
)
@click.option("--on", type=DAY, default=None, help="判断日期，YYYY-MM-DD，默认今天 / the day asked for (default: today)")
def check(code: str, company: str, year: int | None, on: datetime | None) -> dict[str, Any]:
    """按日核对基地、按年度核对企业的奖补条件 / which awards a base (on a day) or an enterprise (for a year) is eligible for, and what is missing.

    Example: trainhub awards check --base JD-0001 --on 2026-03-02 --json

    Example: trainhub awards check --company QY-0001 --year 2026 --json
    """
    from enterprises.awards import queries

    if bool(code) == bool(company):
        raise Refused("请用 --base 写明一个基地，或用 --company 写明一家企业，二者取一。", field="base", code="one_of_both")
    if code and year is not None:
        raise Refused("基地按日核对，请用 --on；--year 只用于企业。", field="year", code="one_of_both")
    day = on.date() if on else clock.today()
    return queries.check_company(company, year or day.year, day) if company else queries.check(code, day)


awards.add_command(check)
COMMANDS: dict[str, click.Command] = {"awards": awards}
