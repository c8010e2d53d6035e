"""Commands of public holidays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator


@click.group("holidays", cls=Group)
def holidays() -> None:
    """放假安排 / public holidays."""


@edge("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / only check and report")
def import_(file: Path, dry_run: bool) -> dict[str, Any]:
    """导入放假安排，有错误则什么都不写入 / import public holidays, all or nothing.

    Columns: since, until (empty: one day), kind (off | on), name, document.

    Example: trainhub holidays import holidays-2026.xlsx --dry-run
    """
    from trainhub.kernel.imports import run_file
    from trainhub.ledger.holidays import imports

    return run_file(imports.SPEC, str(file), dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())


def _listed(result: Any) -> str:
    words = {"off": "放假", "on": "调休上班"}
    lines = [f"{row['day']}\t{words[row['kind']]}\t{row['name']}\t{row['document']}" for row in result["days"]]
    return "\n".join(lines) or "没有登记。"


@edge("list", human=_listed)
@click.option("--year", type=click.IntRange(2000, 2099), default=None, help="只列一年 / one year only")
def list_(year: int | None) -> dict[str, Any]:
    """列出登记的放假与调休上班日 / list the days that stand.

    Example: trainhub holidays list --year 2026 --json
    """
    from trainhub.ledger.holidays import queries

    found = queries.listing(year, with_closed=False)
    days = [
        {"day": row.day.isoformat(), "kind": row.kind.value, "name": row.name, "document": row.document, "entered_by": entered or ""}
        for row, entered, _closed in found
    ]
    return {"days": days}


holidays.add_command(import_)
holidays.add_command(list_)
