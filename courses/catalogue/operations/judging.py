"""What is asked of the learners of a run has changed: everybody is judged anew, by the feature above that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from courses.catalogue import queries
from trainhub.kernel import jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, say

TASK = "courses.judge_after_regrouping"
"""The name under which such jobs are stored; groups were the first reason for one."""
UNDO = timedelta(minutes=10)
"""So long an author may bring back what was taken away before anybody completes the course without it."""

RECORDS = "records"
"""The argument that asks for the training records of completions of before, too."""
CHANGED = "changed_at"
"""The argument that holds when the last of the changes was made: nobody completes by them on a later day because they are judged later."""


def ask_anew(
    *,
    run_id: int,
    by: Identity,
    now: datetime,
    title: str = N_("按修改后的要求核对进度和成绩"),
    after: timedelta = timedelta(0),
    is_to_record: bool = False,
) -> None:
    """Ask once for however many changes (`jobs.ask_anew`). Nothing to do before learners may be in the run.

    What waits because it may still be brought back is not hurried by what does not: with both, everybody is judged when the last may not any more.
    `now`: when the change was made. `is_to_record`: the run was made to count for the goal, so that who completed before is recorded; a later change does not take that back.
    """
    if queries.is_learnt(run_id):
        job = jobs.ask_anew(TASK, by=by, title=say(title), unique_key=_key(run_id), after=after, is_latest=True, run_id=run_id)
        before = changed_at(job.args)
        job.args = {**job.args, CHANGED: max(now, before or now).isoformat(), **({RECORDS: True} if is_to_record else {})}


def changed_at(args: Mapping[str, Any]) -> datetime | None:
    """When the last change was made for which a job judges; None in jobs of before that was kept."""
    return datetime.fromisoformat(str(args[CHANGED])) if CHANGED in args else None


def latest_change(run_id: int, args: Mapping[str, Any]) -> datetime | None:
    """When the last change was made that whoever is judged now is judged by: one made since the job with these arguments began counts already."""
    own, after = changed_at(args), jobs.known(_key(run_id))
    later = None if after is None or own is None else changed_at(after.args)
    return own if own is None or later is None else max(own, later)


def holds(run_id: int) -> bool:
    """Whether something was taken away that may still be brought back: nobody completes a run until everybody is judged without it."""
    return jobs.is_ahead(_key(run_id))


def _key(run_id: int) -> str:
    return f"{TASK}:{run_id}"
