"""The command that checks stored progress against the log, and computes it again."""

from __future__ import annotations

import time
from typing import Any

import click

from courses.catalogue import queries as catalogue
from courses.learning.operations import checking
from trainhub.kernel import clock
from trainhub.kernel.commands import edge, operator, progress
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _


class Differs(Refused):
    """Stored progress is not what the log gives; `details` name enrolment and block."""

    code = "progress_differs"


@edge("recompute")
@click.argument("run", required=False, default="")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="只核对，不改动；有差异时退出码为 1 / only compare, change nothing; exit status 1 when something differs",
)
def recompute(run: str, only_check: bool) -> dict[str, Any]:
    """从学习日志重算一期（课程/期次）或全部的进度 / compute progress again from the learning log, of one run (COURSE/RUN) or of all.

    \b
    Example: trainhub courses recompute IM-101/2026-autumn --check --json
    """
    started = time.perf_counter()
    run_ids = None
    if run:
        course_code, _slash, run_code = run.partition("/")
        found = catalogue.run_by_codes(course_code, run_code)
        if found is None:
            raise NotFound(_("没有期次“%(run)s”。请按“课程代码/期次代码”填写。", run=run))
        run_ids = [found.id]
    seen = checking.check(run_ids=run_ids, now=clock.now())
    session().rollback()
    result: dict[str, Any] = {
        "enrolments": seen.enrolments,
        "events": seen.events,
        "blocks_differ": len(seen.blocks),
        "totals_differ": len(seen.totals),
        "repaired": 0,
    }
    if only_check and seen.differ:
        details: list[dict[str, Any]] = [{"enrolment": enrolment, "block": block} for enrolment, block in seen.blocks[:200]]
        details += [{"enrolment": enrolment, "block": None} for enrolment in seen.totals[:200]]
        raise Differs(_("有 %(n)d 名学员的进度与学习日志不一致。去掉 --check 重新执行即可重算。", n=len(seen.differ)), details=details)
    for number, enrolment_id in enumerate(() if only_check else seen.differ):
        with transaction():
            checking.repair(enrolment_id=enrolment_id, by=operator(), now=clock.now())
        result["repaired"] += 1
        progress(number + 1, len(seen.differ), "recompute")
    return result | {"seconds": round(time.perf_counter() - started, 2)}
