"""Background work of placements: computing a round's plan, closing rounds at their deadline, reminders. Thin and repeatable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.placements import operations, planning, queries
from enterprises.placements.models import Round
from enterprises.placements.planner.steps import STEPS
from enterprises.placements.types import PlanKind, PlanSettings, RoundState, WhatIf
from trainhub.identity import queries as identities
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running


def plan(running: Running) -> Mapping[str, Any]:
    """Compute a plan of a round: read, compute without the database, keep. A killed run changes nothing; a second run gives the same."""
    args = running.args
    kind = PlanKind(args.get("kind", PlanKind.PLAN))
    running.progress(0, STEPS + 1, _("正在读取志愿与席位"))
    with transaction():
        row = _round(args)
        operations.check_plannable(row, kind, clock.now())
        settings = PlanSettings.of(args["settings"]) if "settings" in args else None
        what_ifs = [WhatIf(**one) for one in args.get("what_ifs", ())]
        problem = planning.problem_of(row, today=clock.today(), kind=kind, settings=settings, what_ifs=what_ifs)
    said = [_("正在求能达到周数的最多人数"), _("正在按志愿安排"), _("正在分配剩余席位"), _("正在保存")]
    data = planning.compute(problem, now=clock.now(), time_limit=60.0, tell=lambda step: running.progress(step, STEPS + 1, said[step - 1]))
    with transaction():
        kept = operations.keep_plan(round=_round(args), data=data, by=SYSTEM, now=clock.now())
        summary = {**kept.data["summary"], "number": kept.number}
    running.progress(STEPS + 1, STEPS + 1, _("已完成"))
    return summary


def _round(args: Mapping[str, Any]) -> Round:
    row = queries.round_(int(args["round_id"]))
    if row is None:
        raise NotFound(_("没有这个轮次。"))
    return row


def close_rounds(running: Running) -> Mapping[str, Any]:
    """Close the rounds whose last day is over."""
    with transaction():
        due = [row for row in queries.rounds_to_close(clock.today()) if row.state is RoundState.OPEN]
        for row in due:
            operations.close_round(round=row, by=SYSTEM, now=clock.now())
    return {"closed": len(due)}


def remind(running: Running) -> Mapping[str, Any]:
    """Remind mentors of days that wait longer than own.placement.confirm_due_days, students of a week without a
    day, once a week; ask whether leave without a known end is over, for placements that should have begun, and for somebody to mark what is over and has no mentor any more; warn of
    mentors whose office ends before a placement, once."""
    with transaction():
        told = operations.remind_mentors(today=clock.today(), now=clock.now())
        students = operations.remind_students(today=clock.today(), now=clock.now())
        leave = operations.remind_of_open_leave(today=clock.today(), now=clock.now())
        starts = operations.remind_of_starts(today=clock.today(), now=clock.now())
        leaving = operations.warn_of_leaving_mentors(today=clock.today(), now=clock.now())
        undone = operations.remind_of_undone(today=clock.today(), now=clock.now())
        against = operations.warn_of_days_against(today=clock.today(), now=clock.now())
    return {"told": told, "students": students, "leave": leave, **starts, "leaving": leaving, "undone": undone, "against": against}


def rejudge(_running: Running) -> Mapping[str, Any]:
    """Judge weeks again that holidays entered or withdrawn lately touch; running it twice changes nothing."""
    with transaction():
        return operations.rejudge_weeks(today=clock.today(), by=SYSTEM, now=clock.now())


def table(running: Running) -> Mapping[str, Any]:
    """Make a table of the self-report for whoever asked; made twice it is two files, of which the job names the last."""
    today = clock.today()
    assert running.asked_by_id is not None
    by = identities.identity_of(running.asked_by_id, today=today, origin=running.origin)
    return operations.make_table(running, by=by, today=today, now=clock.now())


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase logs and files whose period is over; running it twice changes nothing."""
    with transaction():
        counts = operations.forget_logs(today=clock.today())
        digests = operations.forget_tables(now=clock.now())
    files.erase(digests)
    return {**counts, "tables": len(digests)}
