"""`trainhub evaluation check`: the answer of the readiness page as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import edge
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import readiness
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes

MARKS = {"met": "达到", "not_met": "未达到", "judge": "待判断", "no_data": "无数据"}


@click.group("evaluation")
def evaluation() -> None:
    """Programme evaluation / 专业评价"""


def _day(text: str | None) -> date:
    if not text:
        return clock.today()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.SHANGHAI).date()
    except ValueError as wrong:
        raise Refused(
            _("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text),
            code="bad_date",
            details=[{"column": "on", "value": text, "problem": "not a date"}],
        ) from wrong


def _human(result: Mapping[str, Any]) -> str:
    lines = [f"{result['programme']}  {result['on']}"]
    for requirement in result["requirements"]:
        lines.append(f"\n{requirement['no']:>2}  {MARKS[requirement['status']]}")
        for row in requirement["criteria"]:
            values = f"{row['found'] if row['found'] is not None else '—'} / {row['required'] if row['required'] is not None else '—'}"
            lines.append(f"    {row['no']:<5} {MARKS[row['status']]}  {values}  {row['clause']}")
    lines.append(
        f"\n专门要求：{result['special_result'] or '未定'}  认证：{result['accreditation'] or '未登记'}"
        f"  结论：{result['verdict'] or '未定'}  可再次申请：{result['reapply_from'] or '—'}"
    )
    return "\n".join(lines)


@edge("check", human=_human)
@click.argument("programme")
@click.option("--on", "on", help="The day the answer is asked for (default today) / 判断日期")
def check(programme: str, on: str | None) -> dict[str, Any]:
    """Judge a programme by the ten requirements / 按十项专门要求逐条判断一个专业.

    Example: trainhub evaluation check DEMO-ME --on 2026-06-30 --json
    """
    day = _day(on)
    found = programmes.by_code(programme)
    if found is None:
        raise NotFound(
            _("没有代码为“%(code)s”的专业点。可用 trainhub programmes list 查看。", code=programme),
            code="unknown_programme",
            details=[{"column": "programme", "value": programme, "problem": "unknown programme"}],
        )
    try:
        return readiness.as_dict(found.code, readiness.assess(found, day))
    except PolicyError as none:
        raise Refused(str(none), code="no_rule_on_that_day", details=[{"column": "on", "value": day.isoformat(), "problem": str(none)}]) from none


evaluation.add_command(check)
