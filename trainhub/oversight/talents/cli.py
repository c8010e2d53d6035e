"""Commands of the talent databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("talents", cls=Group)
def talents() -> None:
    """人才库 / talent databases."""


def _text(result: Any) -> str:
    lines = [f"{result['talent']} {result['name']}  {result['rule']}  {result['on']}"]
    lines += [f"    {one['code']}: {one['status']}  {one['found']} / {one['required']}  ({one['clause']})" for one in result["findings"]]
    if result["amount_max_fen"]:
        lines.append(f"    {result['amount_min_fen'] / 100:.2f} - {result['amount_max_fen'] / 100:.2f} 元")
    lines += [f"    {one['year']} {one['state']} {one['amount_fen'] / 100:.2f} 元 {one['payment_reference']}" for one in result["awards"]]
    return "\n".join(lines)


@edge("support", human=_text)
@click.option("--talent", "talent_id", type=int, required=True, help="人才库编号 / number of the entry")
@click.option("--on", type=DAY, default=None, help="判断日期，YYYY-MM-DD，默认今天 / the day asked for (default: today)")
def support(talent_id: int, on: datetime | None) -> dict[str, Any]:
    """按日核对人才资金支持 / what money a talent may be given on a day, what is missing, and what was given.

    Example: trainhub talents support --talent 3 --on 2026-03-02 --json
    """
    from trainhub.kernel.db import session
    from trainhub.oversight.talents import award_queries, awarding
    from trainhub.oversight.talents.views import load
    from trainhub.people.models import Person

    row, day = load(talent_id), on.date() if on else clock.today()
    answer = awarding.support_of(row, day)
    return {
        "talent": row.id,
        "name": session().get_one(Person, row.person_id).name,
        "rule": answer.rule,
        "on": day.isoformat(),
        "may_decide": answer.is_open,
        "amount_min_fen": answer.amount_min_fen,
        "amount_max_fen": answer.amount_max_fen,
        "findings": [one.as_dict() for one in answer.findings],
        "awards": [
            {"id": one.id, "year": one.year, "state": one.state.value, "amount_fen": one.amount_fen, "payment_reference": one.payment_reference}
            for one in award_queries.awards_of(row)
        ],
    }


talents.add_command(support)
COMMANDS: dict[str, click.Command] = {"talents": talents}
