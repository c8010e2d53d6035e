"""Commands of reports."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("reports", cls=Group)
def reports() -> None:
    """统计报告 / reports."""


def _refuse_other(out: Path, which: str) -> None:
    """The same report may be written again; another one stays as it is. Raises Refused."""
    from trainhub.oversight.reports.workbook import told_in

    there = [name for name in ("report.xlsx", "report.pdf") if (out / name).exists()]
    if there and told_in(out / "report.xlsx") != which:
        raise Refused(
            f"文件夹 {out} 中已有另一份报告（{'、'.join(there)}），没有覆盖，也没有生成报告。请换一个文件夹，或先移走这些文件。",
            field="out",
            code="other_report",
        )


@edge("make")
@click.argument("kind")
@click.option("--since", type=DAY, required=True, help="第一天，YYYY-MM-DD / first day")
@click.option("--until", type=DAY, required=True, help="最后一天，YYYY-MM-DD / last day")
@click.option(
    "--organisation", "code", default="", help="企业或基地代码，csr 和 scorecard 用 / code of the enterprise or base, for csr and scorecard"
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="报告的语言，默认 zh / language of the report (default: zh)")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="存放 report.xlsx 和 report.pdf 的文件夹，已有其他报告的不用 / folder for report.xlsx and report.pdf; one that holds another report is refused",
)
def make(kind: str, since: datetime, until: datetime, code: str, language: str, out: Path | None) -> dict[str, Any]:
    """生成一份报告 / make a report: contribution, csr, talent, demand, outcome, university, quality, scorecard.

    没有算完就出错或中断的，报告留在列表中，由后台任务接着生成 / a report whose counting fails or is broken off stays on the list; a job makes it.

    Example: trainhub reports make contribution --since 2026-01-01 --until 2026-06-30 --out out --json
    """
    from trainhub.kernel.i18n import in_language
    from trainhub.organisations import queries as organisations
    from trainhub.oversight.reports import labels, operations
    from trainhub.oversight.reports.pdf import pdf
    from trainhub.oversight.reports.types import ReportKind
    from trainhub.oversight.reports.workbook import workbook

    known = {one.value: one for one in ReportKind}
    if kind not in known:
        raise NotFound(f"没有名为 {kind} 的报告。可用：{'、'.join(known)}。", code="unknown_report")
    organisation = organisations.by_code(code) if code else None
    if code and organisation is None:
        raise NotFound(f"没有代码为“{code}”的单位。csr 填企业的统一社会信用代码，scorecard 填基地代码，其他报告不填。", code="unknown_organisation")
    which = f"{kind} {since:%Y-%m-%d} {until:%Y-%m-%d} {organisation.code if organisation else '-'} {language}"
    if out is not None:
        _refuse_other(out, which)
    now = clock.now()
    with transaction():
        row = operations.ask(
            kind=known[kind],
            since=since.date(),
            until=until.date(),
            organisation=organisation,
            language=language,
            by=operator(),
            today=clock.today(),
            now=now,
        )
    # Counted while nobody has to wait; should it be broken off here, the job that was asked for makes the report.
    counted = operations.counted(row)
    with transaction():
        operations.make(report=row, by=operator(), now=now, document=counted)
        document = operations.kept(row)
        answer: dict[str, Any] = {"report": row.id, "kind": kind, "title": row.title, "sha256": row.sha256, "files": []}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        with in_language(language):
            stamp = labels.stamp(now, answer["sha256"])
            (out / "report.xlsx").write_bytes(workbook(document, stamp=stamp, which=which))
            (out / "report.pdf").write_bytes(pdf(document, stamp=stamp, made_at=now))
        answer["files"] = ["report.xlsx", "report.pdf"]
    return answer


reports.add_command(make)
COMMANDS: dict[str, click.Command] = {"reports": reports}
