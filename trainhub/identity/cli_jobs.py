"""Commands of background jobs: list, show, begin again, call off, as the page of the administrator does."""

from __future__ import annotations

from typing import Any

import click

from trainhub.identity import labels, queries
from trainhub.kernel import clock, job_control
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import session, transaction
from trainhub.kernel.i18n import _
from trainhub.kernel.job_control import Kept, Standing
from trainhub.kernel.jobs import Job


@click.group("jobs", cls=Group)
def jobs() -> None:
    """后台任务 / background jobs."""


def _told(job: Job, names: dict[int, str]) -> dict[str, Any]:
    return {
        "job": job.id,
        "task": job.task,
        "title": job.shown_title,
        "state": job_control.standing(job).value,
        "asked_by": names.get(job.asked_by_id or 0, ""),
        "asked_at": job.asked_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "attempts": job.attempts,
        "done": job.done_count,
        "total": job.total_count,
        "message": job.shown_message,
        "bug": job_control.bug_of(job),
    }


@edge("list")
@click.option("--state", type=click.Choice([one.value for one in Standing]), help="只列这种状态 / only these")
@click.option("--task", default="", help="任务代码 / only jobs of this task")
@click.option("--all", "is_all", is_flag=True, help="也列出自动执行并已完成的 / also those that come by themselves and did their work")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="最多列出多少项 / how many, newest first")
def list_(state: str | None, task: str, is_all: bool, limit: int) -> dict[str, Any]:
    """列出后台任务 / list background jobs with what became of them.

    Example: trainhub jobs list --state failed --json
    """
    now, kept = clock.now(), Kept.ALL if is_all else Kept.USUAL
    rows = list(session().scalars(job_control.listing(now=now, stands=Standing(state) if state else None, kept=kept, task=task).limit(limit)))
    names = queries.display_names(job.asked_by_id for job in rows)
    counts = job_control.counts(now=now)
    return {
        "worker": "ok" if job_control.is_worked(now) else "not seen",
        "counts": {one.value: n for one, n in counts.items()},
        "jobs": [_told(job, names) for job in rows],
    }


@edge("show")
@click.argument("job", type=int)
def show(job: int) -> dict[str, Any]:
    """查看一项后台任务、失败原因和能否重新执行 / show one background job, why it failed and whether it can be begun again.

    Example: trainhub jobs show 128 --json
    """
    row = job_control.job_of(job)
    why = job_control.why_not_again(row, is_newer=job_control.is_newer_there(row), now=clock.now())
    told = _told(row, queries.display_names([row.asked_by_id]))
    return told | {
        "may_retry": why is None,
        "why_not": job_control.why_words(why) if why is not None else "",
        "may_cancel": job_control.may_cancel(row),
    }


def _state(row: Job) -> dict[str, Any]:
    return {"job": row.id, "state": job_control.standing(row).value}


def _said(r: Any) -> str:
    return _("任务 %(id)s：%(state)s", id=r["job"], state=labels.JOB_STANDINGS[Standing(r["state"])])


@edge("retry", human=_said)
@click.argument("job", type=int)
def retry(job: int) -> dict[str, Any]:
    """重新执行失败的任务 / put a job that failed back into the queue, where that is safe.

    Example: trainhub jobs retry 128
    """
    with transaction():
        return _state(job_control.begin_again(job=job_control.job_of(job), by=operator(), now=clock.now()))


@edge("cancel", human=_said)
@click.argument("job", type=int)
def cancel(job: int) -> dict[str, Any]:
    """取消排队或正在执行的任务 / call off a job that waits, or that runs and tells its progress.

    Example: trainhub jobs cancel 128
    """
    with transaction():
        return _state(job_control.cancel(job=job_control.job_of(job), by=operator(), now=clock.now()))


for command in (list_, show, retry, cancel):
    jobs.add_command(command)
