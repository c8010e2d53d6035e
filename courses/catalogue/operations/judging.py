"""What is asked of the learners of a run has changed: everybody is judged anew, by the feature above that knows them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from courses.catalogue.models import Run
from courses.catalogue.types import RunState
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, say

TASK = "courses.judge_after_regrouping"
"""The name under which such jobs are stored; groups were the first reason for one."""
UNDO = timedelta(minutes=10)
"""So long an author may bring back what was taken away before anybody completes the course without it."""


def ask_anew(*, run_id: int, by: Identity, title: str = N_("按修改后的要求核对进度和成绩"), after: timedelta = timedelta(0)) -> None:
    """Ask once for however many changes: a job that has not begun sees them all. Nothing to do before learners may be in the run.

    The row of a job that waits is locked, so that it does not begin before what asks for it is committed.
    """
    state, taken = session().execute(select(Run.state, Run.taken).where(Run.id == run_id)).one()
    if state is RunState.DRAFT or not taken:
        return
    key = f"{TASK}:{run_id}"
    waiting = session().scalar(select(jobs.Job).where(jobs.Job.unique_key == key).with_for_update().execution_options(populate_existing=True))
    if waiting is not None and waiting.state is not jobs.JobState.QUEUED:
        waiting.unique_key = None
        session().flush()
    begins = clock.now() + after
    job = jobs.ask(TASK, by=by, title=say(title), unique_key=key, run_after=begins, run_id=run_id)
    job.run_after_at = min(job.run_after_at, begins)
