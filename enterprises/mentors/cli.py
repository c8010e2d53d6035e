"""Commands of mentors."""

from __future__ import annotations

from typing import Any

import click

from enterprises.mentors import imports
from trainhub.kernel import clock, downloads
from trainhub.kernel.commands import edge, operator
from trainhub.kernel.imports import run_file

group = click.Group("mentors", help="Mentors of enterprises / 企业指导教师")


@edge("import")
@click.argument("file", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only check and report / 只检查，不写入")
def import_(file: str, dry_run: bool) -> dict[str, Any]:
    """Import mentors from a CSV or XLSX file, all or nothing / 批量导入企业指导教师，有错误则什么都不写入。

    \b
    Example: trainhub mentors import mentors.xlsx --dry-run
    """
    return run_file(imports.SPEC, file, dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())


@edge("export")
@click.argument("file", type=click.Path())
def export(file: str) -> dict[str, Any]:
    """Export mentors to a CSV or XLSX file that import reads; numbers are masked / 导出企业指导教师，证件号码只有掩码。

    \b
    Example: trainhub mentors export mentors.csv
    """
    schema = imports.SCHEMA
    rows = downloads.write(file, imports.export_rows(operator()), schema.columns, codes=downloads.codes_of(schema), private=True)
    return {"file": file, "rows": rows}


group.add_command(import_)
group.add_command(export)
COMMANDS: dict[str, click.Command] = {"mentors": group}
