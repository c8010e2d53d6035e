"""Background work of placements: computing a round's plan, closing rounds at their deadline, reminders. Thin and repeatable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.placements import operations, queries
from enterprises.placements.types import RoundState
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running


def plan(running: Running) -> Mapping[str, Any]:
    """Compute the plan of a round; a killed run changes nothing, a second run gives the same plan."""
    running.progress(0, 2, _("正在读取志愿与席位"))
    with transaction():
        row = queries.round_(int(running.args["round_id"]))
        if row is None:
            raise NotFound(_("没有这个轮次。"))
        summary = operations.plan_round(round=row, by=SYSTEM, now=clock.now())
    running.progress(2, 2, _("已完成"))
    return summary


def close_rounds(running: Running) -> Mapping[str, Any]:
    """Close the rounds whose last day is over."""
    with transaction():
        due = [row for row in queries.rounds_to_close(clock.today()) if row.state is RoundState.OPEN]
        for row in due:
            operations.close_round(round=row, by=SYSTEM, now=clock.now())
    return {"closed": len(due)}


def remind(running: Running) -> Mapping[str, Any]:
    """Remind mentors of days that wait longer than own.placement.confirm_due_days; once a week and mentor."""
    with transaction():
        told = operations.remind_mentors(today=clock.today(), now=clock.now())
    return {"told": told}


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase logs whose period is over; running it twice changes nothing."""
    with transaction():
        return operations.forget_logs(today=clock.today())
