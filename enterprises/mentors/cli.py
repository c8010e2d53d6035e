"""Commands of mentors."""

from __future__ import annotations

from typing import Any

import click

from enterprises.mentors import imports
from trainhub.kernel import clock, downloads
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.imports import run_file

group = Group("mentors", help="企业指导教师 / mentors of enterprises")


@edge("import")
@click.argument("file", type=click.Path())
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / only check and report")
def import_(file: str, dry_run: bool) -> dict[str, Any]:
    """批量导入企业指导教师，有错误则什么都不写入 / import mentors from a CSV or XLSX file, all or nothing.

    \b
    Example: trainhub mentors import mentors.xlsx --dry-run
    """
    return run_file(imports.SPEC, file, dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())


@edge("export")
@click.argument("file", type=click.Path())
def export(file: str) -> dict[str, Any]:
    """导出企业指导教师，证件号码只有掩码 / export mentors to a CSV or XLSX file that import reads; numbers are masked.

    \b
    Example: trainhub mentors export mentors.csv
    """
    schema = imports.SCHEMA
    rows = downloads.write(file, imports.export_rows(operator()), schema.columns, codes=downloads.codes_of(schema), private=True)
    return {"file": file, "rows": rows}


group.add_command(import_)
group.add_command(export)
COMMANDS: dict[str, click.Command] = {"mentors": group}
