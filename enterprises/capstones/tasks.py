"""Background work of capstones: plans of supervisors, rounds that close, guidance that loses its words when its period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.capstones import operations, queries
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase what was said in guidances whose period is over; running it twice changes nothing."""
    with transaction():
        return {"guidances": operations.forget_guidance(today=clock.today())}


def supervisors(running: Running) -> Mapping[str, Any]:
    """Compute a plan of supervisors; a killed run changes nothing, a second one finds it done."""
    running.progress(0, 2, _("正在读取毕业设计与导师"))
    with transaction():
        plan = queries.supervisor_plan(int(running.args["plan_id"]))
        if plan is None:
            raise NotFound(_("没有这个方案。"))
        summary = operations.compute_plan(plan=plan, by=SYSTEM, today=clock.today())
    running.progress(2, 2, _("已完成"))
    return summary


def close_rounds(_running: Running) -> Mapping[str, Any]:
    """Close the rounds whose last day is over."""
    with transaction():
        due = queries.rounds_to_close(clock.today())
        for row in due:
            operations.close_choices(round=row, by=SYSTEM, now=clock.now())
    return {"closed": len(due)}
