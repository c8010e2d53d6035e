"""Commands of organisations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock, downloads
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.imports import run_file
from trainhub.organisations import imports
from trainhub.organisations.types import OrganisationFilter, OrganisationKind

group = Group("organisations", help="机构的导入与导出 / organisations: import, export")


@edge("import")
@click.argument("file", type=click.Path())
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / only check and report")
def import_(file: str, dry_run: bool) -> dict[str, Any]:
    """批量导入机构，有错误则什么都不写入 / import organisations from a CSV or XLSX file, all or nothing.

    \b
    Example: trainhub organisations import organisations.xlsx --dry-run
    """
    return run_file(imports.SPEC, file, dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())


@edge("export")
@click.argument("file", type=click.Path())
@click.option("--kind", type=click.Choice([kind.value for kind in OrganisationKind]), help="只导出一种类型 / only one kind")
def export(file: str, kind: str | None) -> dict[str, Any]:
    """导出机构，可再导入 / export organisations to a CSV or XLSX file that import reads.

    \b
    Example: trainhub organisations export organisations.csv --kind enterprise
    """
    wanted = OrganisationFilter(kind=OrganisationKind(kind) if kind else None)
    rows = list(imports.export_rows(operator(), wanted))
    with transaction():
        imports.note_export(rows, by=operator(), file_name=Path(file).name)
    count = downloads.write(file, rows, imports.SCHEMA.columns, codes=downloads.codes_of(imports.SCHEMA), private=True)
    return {"file": file, "rows": count}


group.add_command(import_)
group.add_command(export)
COMMANDS: dict[str, click.Command] = {"organisations": group}
