"""`trainhub certificates numbers`: how far the numbers are given, and moving on after a backup was restored."""

from __future__ import annotations

from typing import Any

import click

from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

certificate_numbers = Group("numbers", help="证书编号 / certificate numbers.")


@edge("list")
def list_counters() -> dict[str, Any]:
    """各单位各类证书编号用到哪里 / the last serial given of each issuer, kind and year.

    Example: trainhub certificates numbers list --json
    """
    from trainhub.certificates import queries

    return {"counters": [{"unit": row.unit, "issuer": row.issuer, "kind": row.kind.value, "year": row.year, "last": row.last}
                         for row in queries.counters()]}  # fmt: skip


@edge("advance")
@click.argument("numbers", nargs=-1)
@click.option("--skip", type=click.IntRange(1, 999_999), help="每个计数器跳过这么多号 / leave out so many numbers of every counter of the year")
@click.option("--year", type=click.IntRange(2000, 2099), help="跳号的年度，默认今年 / the year of --skip (default: this year)")
def advance(numbers: tuple[str, ...], skip: int | None, year: int | None) -> dict[str, Any]:
    """恢复旧备份后，让编号从已发出的号之后继续，从不后退 / after a restore: give no number up to these again; never moves back.

    Example: trainhub certificates numbers advance 350001120260000414 --json
    Example: trainhub certificates numbers advance --skip 2000 --json
    """
    from trainhub.certificates.operations import numbering
    from trainhub.kernel import clock
    from trainhub.kernel.db import transaction

    if not numbers and skip is None:
        raise Refused(_("请给出已经发出的最大编号（可以多个），或用 --skip 指定跳过多少个号。"), code="nothing_given")
    with transaction():
        moved = numbering.advance_past(numbers, by=operator()) if numbers else []
        if skip is not None:
            moved += numbering.skip(skip, year=year or clock.today().year, by=operator())
    return {"advanced": [{"unit": one.unit, "kind": one.kind.value, "year": one.year, "before": one.before, "last": one.last} for one in moved]}


certificate_numbers.add_command(list_counters)
certificate_numbers.add_command(advance)
