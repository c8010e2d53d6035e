"""Commands of the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator, progress, say
from trainhub.ledger.holidays.cli import holidays

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("weeks", cls=Group)
def weeks() -> None:
    """企业学习周数 / weeks in enterprises."""


def _weeks_text(result: Any) -> str:
    lines = [f"{row['student']}\t{row['credited_weeks']:g} 周\t{row['days']} 天\t{'达标' if row['met'] else '未达标'}" for row in result["students"]]
    return "\n".join(lines) or "文件中没有学生。"


@edge("check", needs_app=False, human=_weeks_text)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--on", type=DAY, default=None, help="文件中最晚的日期，YYYY-MM-DD，默认今天 / last day that may occur (default: today)")
@click.option(
    "--holidays",
    "holidays_file",
    type=click.Path(path_type=Path),
    default=None,
    help="放假安排文件，格式同 holidays import / public holidays, a file as holidays import reads",
)
@click.option("--vocational", "is_vocational", is_flag=True, help="按职业教育专业的放假规则 / go by the switch of vocational programmes")
def check(file: Path, on: datetime | None, holidays_file: Path | None, is_vocational: bool) -> dict[str, Any]:
    """按周认定企业学习天数，不用数据库 / credit confirmed days to weeks, from a file alone.

    Columns: student, enterprise, date, status (approved | pending | rejected). Holidays only count where the switch
    own.weeks.holiday_rule (own.weeks.holiday_rule_vocational) is on.

    Example: trainhub weeks check days.csv --on 2026-07-31 --json
    """
    from trainhub.ledger import weekfiles

    return weekfiles.check(file, on=on.date() if on else clock.today(), holidays=holidays_file, is_vocational=is_vocational)


weeks.add_command(check)


@click.group("trainees", cls=Group)
def trainees() -> None:
    """学员花名册 / rosters of trainees."""


def _import_text(result: Any) -> str:
    done = "试运行（没有写入）" if result.get("dry_run") else "已导入"
    lines = [
        f"{done}：共 {result['rows']} 行，计入 {result['accepted']} 行，新增 {result['new_persons']} 人，"
        f"重复 {result['duplicates']} 行，未导入 {result['rejected']} 行，用时 {result['seconds']:g} 秒。"
    ]
    if result.get("resumed"):
        lines.append(f"接着先前没有做完的导入：前 {result['resumed']} 行是那一次写入的，以上数字包括它们。")
    if result["rejections_file"]:
        lines.append(f"未导入的行和原因写在 {result['rejections_file']}，改正后可直接再次导入。")
    lines += [f"  第 {row['row']} 行 {row['column']}：{row['problem']}" for row in result.get("problems", [])]
    return "\n".join(lines)


@edge("import", human=_import_text)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--base",
    "base_code",
    default="",
    help="培训机构代码，填入空的 base_code / code of the base or organisation whose trainees these are; fills an empty base_code",
)
@click.option("--dry-run", "is_dry_run", is_flag=True, help="只检查，不写入 / check and report, write nothing")
@click.option("--strict", "is_strict", is_flag=True, help="有一行错误就拒绝整个文件 / refuse the whole file when a row is bad")
def import_trainees(file: Path, base_code: str, is_dry_run: bool, is_strict: bool) -> dict[str, Any]:
    """导入培训花名册，好的行导入，坏的行写入 FILE.rejected.csv / import a roster; bad rows go to FILE.rejected.csv.

    Columns: name, id_type, id_number, category, county_code, base_code, course, hours, completed_on, counted.

    Example: trainhub trainees import roster.xlsx --base FZ-BASE-01 --json
    """
    from trainhub.ledger.rosters import running

    result = running.import_file(
        file,
        base_code=base_code,
        is_dry_run=is_dry_run,
        is_strict=is_strict,
        by=operator(),
        today=clock.today(),
        now=clock.now,
        progress=lambda done, total: progress(done, total, "导入"),
    )
    for warning in result.get("warnings", []):
        say(f"提醒：{warning['problem']}")
    return result


trainees.add_command(import_trainees)
COMMANDS: dict[str, click.Command] = {"weeks": weeks, "trainees": trainees, "holidays": holidays}
