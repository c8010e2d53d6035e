"""Background work of capstones: plans of supervisors, rounds that close, guidance that loses its words when its period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.capstones import operations, queries
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase what was said in guidances whose period is over; running it twice changes nothing."""
    with transaction():
        return {"guidances": operations.forget_guidance(today=clock.today())}


def leaving(_running: Running) -> Mapping[str, Any]:
    """Tell heads of supervisors whose term ends before the capstone does, each once: a term may end with nobody changing anything."""
    with transaction():
        return {"capstones": operations.tell_of_leaving(today=clock.today(), now=clock.now())}


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


def certify(_running: Running) -> Mapping[str, Any]:
    """Ask once more for the certificates of passed capstones that waited for 8.2 or 8.3, each in its own transaction. Safe to repeat.

    How many were issued, and how many were refused.
    """
    issued = refused = 0
    for capstone_id in queries.passed_without_certificate():
        session().rollback()
        try:
            with transaction():
                (row,) = queries.capstones_by_id([capstone_id])
                issued += operations.issue_certificate(capstone=row, by=SYSTEM, today=clock.today(), now=clock.now()) is not None
        except Refused:
            session().rollback()
            refused += 1
    session().rollback()
    return {"issued": issued, "refused": refused}


def close_rounds(_running: Running) -> Mapping[str, Any]:
    """Close the rounds whose last day is over."""
    with transaction():
        due = queries.rounds_to_close(clock.today())
        for row in due:
            operations.close_choices(round=row, by=SYSTEM, now=clock.now())
    return {"closed": len(due)}
