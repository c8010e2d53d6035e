"""Commands on goals, and the export of trainees (which may be narrowed to a goal)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.oversight.goals.models import Goal

MOMENT = click.DateTime(formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
DAY = click.DateTime(formats=["%Y-%m-%d"])
DEFAULT = "fj-400k"


def _goal(code: str) -> Goal:
    from trainhub.oversight.goals import queries

    goal = queries.by_code(code)
    if goal is None:
        known = "、".join(one.code for one in queries.listing())
        raise NotFound(f"没有代码为 {code} 的目标。现有目标：{known}。", code="unknown_goal")
    return goal


@click.group("goals", cls=Group)
def goals() -> None:
    """培训目标 / goals."""


@edge("report")
@click.option("--goal", "code", default=DEFAULT, show_default=True, help="目标代码 / code of the goal")
@click.option("--on", type=DAY, default=None, help="截至这一天，YYYY-MM-DD，默认今天 / as of this day (default: today)")
@click.option(
    "--known-at",
    type=MOMENT,
    default=None,
    help="按当时已知的数据，本地时间 YYYY-MM-DDTHH:MM，默认现在 / as it was known at this moment, local time (default: now)",
)
def report(code: str, on: datetime | None, known_at: datetime | None) -> dict[str, Any]:
    """目标进度报告，直接由培训台账计算 / the progress of a goal, computed from the ledger.

    Of a goal that places report themselves ("counting_rule": "reported"): their latest figures instead of persons.
    With --known-at: only what was recorded, stood and was identified by then, persons joined as they were then; against the target and the
    deadline of then.

    Example: trainhub goals report --goal fj-400k --on 2016-12-31 --json
    """
    from trainhub.oversight.goals import queries, reporting

    goal, moment = _goal(code), clock.instant_of(known_at) if known_at else None
    return reporting.report(queries.goal_at(goal, moment) if moment else goal, on=on.date() if on else clock.today(), known_at=moment)


@edge("rebuild")
@click.option("--goal", "code", default="", help="目标代码，默认全部自动统计的目标 / code of the goal (default: every computed goal)")
def rebuild(code: str) -> dict[str, Any]:
    """由培训台账重建目标页面的统计 / make the kept figures of the pages again from the ledger.

    Example: trainhub goals rebuild --goal demo-current
    """
    from trainhub.oversight.goals import operations, queries

    done = []
    for goal in [_goal(code)] if code else queries.computed(only_open=False):
        with transaction():
            operations.rebuild(goal=goal, now=clock.now())
            done.append({"goal": goal.code, "persons": queries.kept_totals(goal)[1]})
    return {"rebuilt": done}


goals.add_command(report)
goals.add_command(rebuild)


@click.group("trainees", cls=Group)
def trainees() -> None:
    """学员花名册 / rosters of trainees."""


@edge("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--goal", "code", default="", help="只导出这个目标计入的 / only what this goal counts")
def export(file: Path, code: str) -> dict[str, Any]:
    """导出培训花名册，可再次导入 / write a roster that `trainees import` reads; it holds whole identity numbers (mode 0600).

    Example: trainhub trainees export --goal fj-400k roster.csv
    """
    from trainhub.ledger.rosters import exporting
    from trainhub.ledger.rosters.queries import Extent
    from trainhub.oversight.goals import reporting

    extent = reporting.extent_of(_goal(code)) if code else Extent()
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with transaction(), os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            count = exporting.write(file, out, extent)
            exporting.note_export(count=count, extent=extent, file_name=file.name, by=operator())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return {"rows": count, "file": str(file)}


trainees.add_command(export)
COMMANDS: dict[str, click.Command] = {"goals": goals, "trainees": trainees}
