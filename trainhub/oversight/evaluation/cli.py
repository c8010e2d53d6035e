"""`trainhub evaluation`: the answer of the readiness page as data, the dossier as files, the table of the state machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.documents import archive
from trainhub.oversight.evaluation.workflow import rules, table
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

MARKS = {"met": "达到", "not_met": "未达到", "judge": "待判断", "no_data": "无数据"}


@click.group("evaluation", cls=Group)
def evaluation() -> None:
    """专业评价 / programme evaluation"""


def _day(text: str | None) -> date:
    if not text:
        return clock.today()
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.SHANGHAI).date()
        a_year(str(found.year))
        return found
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


def _programme(code: str) -> Programme:
    found = programmes.by_code(code)
    if found is None:
        raise NotFound(
            _("没有代码为“%(code)s”的专业点。可用 trainhub programmes list 查看。", code=code),
            code="unknown_programme",
            details=[{"column": "programme", "value": code, "problem": "unknown programme"}],
        )
    return found


@edge("check", human=_human)
@click.argument("programme")
@click.option("--on", "on", help="判断日期，默认今天 / the day the answer is asked for (default: today)")
def check(programme: str, on: str | None) -> dict[str, Any]:
    """按十项专门要求逐条判断一个专业 / judge a programme by the ten requirements.

    Example: trainhub evaluation check DEMO-ME --on 2026-06-30 --json
    """
    day = _day(on)
    found = _programme(programme)
    try:
        return readiness.as_dict(found.code, readiness.assess(found, day))
    except PolicyError as none:
        raise Refused(str(none), code="no_rule_on_that_day", details=[{"column": "on", "value": day.isoformat(), "problem": str(none)}]) from none


@edge("dossier", human=lambda result: f"{result['out']}：{result['files']} 个文件，{result['bytes']} 字节")
@click.argument("programme")
@click.option("--out", "out", required=True, help="输出目录，没有则新建 / the folder to write into; made when missing")
@click.option("--on", "on", help="数据日期，默认今天 / the day the data are asked for (default: today)")
def dossier(programme: str, out: str, on: str | None) -> dict[str, Any]:
    """输出全套评价材料 / write the dossier: report, four tables, both matrices, evidence with index and checksums.

    Example: trainhub evaluation dossier DEMO-ME --out dossier --json
    """
    day = _day(on)
    found = _programme(programme)
    folder = Path(out)
    total = 0
    try:
        pieces = archive.pieces(found, day)
        for piece in pieces:
            target = folder / piece.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(piece.data)
            total += len(piece.data)
    except PolicyError as none:
        raise Refused(str(none), code="no_rule_on_that_day", details=[{"column": "on", "value": day.isoformat(), "problem": str(none)}]) from none
    except OSError as error:
        raise Refused(_("不能写入目录“%(path)s”：%(why)s", path=out, why=error.strerror or str(error)), code="cannot_write", field="out") from error
    return {
        "programme": found.code,
        "on": day.isoformat(),
        "out": str(folder),
        "files": len(pieces),
        "bytes": total,
        "index": archive.INDEX,
        "sums": archive.SUMS,
    }


@edge("workflow", human=lambda result: result["table"].rstrip())
def workflow() -> dict[str, Any]:
    """打印评价流程状态表 / print the state machine of the evaluation as a table.

    Example: trainhub evaluation workflow
    """
    return {"transitions": [one.code for one in rules.TABLE], "table": table.markdown()}


evaluation.add_command(check)
evaluation.add_command(dossier)
evaluation.add_command(workflow)
