"""Background jobs as the administrator sees and steers them: what stands where, beginning again, calling off.

A job is begun again only where that is safe: its fault was the installation's (or it was called off, or nobody asked for it), it is not old (its files
may be swept), and nothing newer does the same. Tasks are idempotent, and act with the rights that whoever asked has by then. One that runs is called off where it tells its progress: there
it finds out, and what its portions have committed stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import and_, func, or_, select, update

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.jobs import ALIVE, WORKER_DIED, Job, JobState, WorkerHeartbeat, failed_with
from trainhub.kernel.numbers import LARGEST

CANCELLED = "cancelled"
CALLED_OFF = N_("系统管理员取消了这项任务，已完成的部分保留。需要继续时，请系统管理员重新执行。")
AGAIN_WITHIN = timedelta(days=7)
"""So long after its end a job may be begun again: uploads and made tables are kept as long."""
FAULT_IS_NEWS = timedelta(days=7)
"""So long a job that failed is news: whoever mends its cause begins it again, or it is asked for by itself."""
MORE_ATTEMPTS = 3
"""How often one that was begun again is tried by itself."""


class Standing(StrEnum):
    """How a job stands, as it is shown."""

    QUEUED = "queued"
    RUNNING = "running"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


class Kept(StrEnum):
    """Which jobs are listed."""

    USUAL = ""
    """All but those that came by themselves and did their work: one a minute would hide the others."""
    ASKED = "asked"
    OWN = "own"
    FAULT = "fault"
    """Those that failed lately by the installation's fault."""
    ALL = "all"


class WhyNot(StrEnum):
    """Why a job cannot be begun again."""

    NOT_FAILED = "not_failed"
    CONTENT = "content"
    OLD = "old"
    NEWER = "newer"
    UNKNOWN = "unknown"


_code = Job.result["error"]["code"].as_string()
OURS = or_(Job.result["bug"].as_string().is_not(None), _code == WORKER_DIED, and_(Job.asked_by_id.is_(None), func.coalesce(_code, "") != CANCELLED))
"""SQL: what failed by the installation's fault, not by what somebody handed in: a mistake of ours, a worker that died, or nobody asked for it."""


def code_of(job: Job) -> str:
    """The stable word of the error of a job; empty for none, and for a bug."""
    return str(((job.result or {}).get("error") or {}).get("code", ""))


def bug_of(job: Job) -> str:
    """The first line of the error as the log has it, for whoever looks after the installation."""
    return str((job.result or {}).get("bug", ""))


def standing(job: Job) -> Standing:
    """How a job stands."""
    return Standing.CANCELLED if job.state is JobState.FAILED and code_of(job) == CANCELLED else Standing(job.state.value)


def _stands(asked: Standing) -> sa.ColumnElement[bool]:
    called_off = func.coalesce(_code, "") == CANCELLED
    if asked is Standing.CANCELLED:
        return and_(Job.state == JobState.FAILED, called_off)
    return and_(Job.state == JobState.FAILED, ~called_off) if asked is Standing.FAILED else Job.state == JobState(asked.value)


SORTS = {"task": Job.task, "state": Job.state, "at": Job.asked_at, "finished": Job.finished_at}


def at_fault(since: datetime) -> sa.ColumnElement[bool]:
    """SQL: what failed since an instant by the installation's fault."""
    return and_(Job.state == JobState.FAILED, Job.finished_at >= since, OURS)


def listing(*, now: datetime, stands: Standing | None = None, kept: Kept = Kept.USUAL, task: str = "", sort: str = "") -> sa.Select[Any]:
    """Jobs, newest first unless sorted otherwise."""
    statement = select(Job)
    if stands is not None:
        statement = statement.where(_stands(stands))
    if kept is Kept.USUAL:
        statement = statement.where(or_(Job.asked_by_id.is_not(None), Job.state != JobState.DONE))
    elif kept is Kept.FAULT:
        statement = statement.where(at_fault(now - FAULT_IS_NEWS))
    elif kept is not Kept.ALL:
        statement = statement.where(Job.asked_by_id.is_(None) if kept is Kept.OWN else Job.asked_by_id.is_not(None))
    if task:
        statement = statement.where(Job.task == task)
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return statement.order_by(Job.id.desc())
    return statement.order_by(column.desc() if sort.startswith("-") else column, Job.id.desc())


def tasks_there() -> list[str]:
    """The tasks of which there are jobs."""
    return list(session().scalars(select(Job.task).distinct().order_by(Job.task)))


def counts(*, now: datetime) -> dict[Standing, int]:
    """How many wait, run, and failed lately by the installation's fault."""
    by_state = {state: n for state, n in session().execute(select(Job.state, func.count(Job.id)).group_by(Job.state))}
    ours = select(func.count(Job.id)).where(at_fault(now - FAULT_IS_NEWS))
    return {
        Standing.QUEUED: by_state.get(JobState.QUEUED, 0),
        Standing.RUNNING: by_state.get(JobState.RUNNING, 0),
        Standing.FAILED: session().scalar(ours) or 0,
    }


def is_worked(now: datetime) -> bool:
    """Whether a worker was seen lately."""
    seen = session().scalar(select(func.max(WorkerHeartbeat.seen_at)))
    return seen is not None and now - seen <= ALIVE


def job_of(job_id: int) -> Job:
    """A job by its number. Raises NotFound."""
    row = session().get(Job, job_id) if 0 < job_id <= LARGEST else None
    if row is None:
        raise NotFound(_("没有编号为 %(id)s 的后台任务：它可能已到期删除。请核对编号。", id=job_id))
    return row


def is_newer_there(job: Job) -> bool:
    """Whether the same was asked for again after a job, whatever became of it. When it was asked for, or for a change of when, makes no other work:
    arguments whose names end in `_at` are left out."""
    after = select(Job.args).where(Job.task == job.task, Job.id > job.id)
    as_asked = after.where(sa.cast(Job.args, sa.Text) == select(sa.cast(Job.args, sa.Text)).where(Job.id == job.id).scalar_subquery())
    if session().scalar(select(as_asked.exists())):
        return True
    if _what(job.args) == job.args:
        return False
    return any(_what(args) == _what(job.args) for args in session().scalars(after.order_by(Job.id.desc())))


def _what(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if not name.endswith("_at")}


def why_not_again(job: Job, *, is_newer: bool, now: datetime) -> WhyNot | None:
    """Why a job cannot be begun again; None: it can. One that waits for its next try can begin at once."""
    if job.state is JobState.QUEUED and job.attempts:
        return None
    if job.state is not JobState.FAILED:
        return WhyNot.NOT_FAILED
    if job.task not in current_app.extensions.get("trainhub.tasks", {}):
        return WhyNot.UNKNOWN
    if code_of(job) not in ("", WORKER_DIED, CANCELLED) and job.asked_by_id is not None:
        return WhyNot.CONTENT
    if job.finished_at is not None and job.finished_at < now - AGAIN_WITHIN:
        return WhyNot.OLD
    return WhyNot.NEWER if is_newer else None


def may_cancel(job: Job) -> bool:
    """Whether a job can be called off: it waits, its worker died, or it tells its progress and so finds out; none that others go by."""
    if is_needed(job):
        return False
    return job.state is JobState.QUEUED or job.is_orphaned or (job.state is JobState.RUNNING and (job.total_count > 0 or job.done_count > 0))


def is_needed(job: Job) -> bool:
    """Whether others go by what a job does, and nobody would ask for it again: called off, it would leave them as they were."""
    return job.task in current_app.extensions.get("trainhub.needed_tasks", ())


def begin_again(*, job: Job, by: Identity, now: datetime) -> Job:
    """Put a job that failed back into the queue, or let one that waits for its next try begin now. Doing it again changes nothing.

    Raises Refused, with why as its code, where that is not safe.
    """
    session().refresh(job, with_for_update={"of": Job})
    if job.state is JobState.QUEUED and job.run_after_at <= now:
        return job
    why = why_not_again(job, is_newer=is_newer_there(job), now=now)
    if why is not None:
        raise Refused(why_words(why), code=f"job_{why.value}")
    if job.state is JobState.FAILED:
        # Its claims are not counted from the start again: by their number a worker that was held up knows that the job is another's.
        job.state, job.max_attempts = JobState.QUEUED, job.attempts + MORE_ATTEMPTS
        job.finished_at = job.result = job.message_values = None
        job.message, job.done_count, job.total_count = "", 0, 0
    job.run_after_at = now
    audit.record(by=by, did="kernel.job.begun_again", on=job, data={"task": job.task})
    return job


def why_words(why: WhyNot) -> str:
    """Why a job cannot be begun again, and what to do instead."""
    return {
        WhyNot.NOT_FAILED: _("只有失败或已取消的任务可以重新执行。"),
        WhyNot.CONTENT: _("失败的原因在提交的内容或操作本身，重新执行结果相同：请发起人按原因改正后重新发起。"),
        WhyNot.OLD: _("结束已超过%(n)d天，所用的文件可能已删除：请发起人重新发起。", n=AGAIN_WITHIN.days),
        WhyNot.NEWER: _("之后已有同样的任务，以那一次为准，不必重新执行。"),
        WhyNot.UNKNOWN: _("当前版本没有这种任务：请发起人在页面上重新发起。"),
    }[why]


def cancel(*, job: Job, by: Identity, now: datetime) -> Job:
    """Call off a job that waits, or that runs and tells its progress. Doing it again changes nothing. Raises Refused where it cannot be."""
    if is_needed(job) and job.state in (JobState.QUEUED, JobState.RUNNING):
        raise Refused(_("这项任务不能取消：它核对的结果关系到很多人，取消后不会有人再发起。请等它自己完成。"), code="job_needed")
    orphaned = and_(Job.state == JobState.RUNNING, Job.lease_until_at < now)
    tells = and_(Job.state == JobState.RUNNING, or_(Job.total_count > 0, Job.done_count > 0))
    ended = session().execute(
        update(Job)
        .where(Job.id == job.id, or_(Job.state == JobState.QUEUED, orphaned, tells))
        .values(**failed_with(CANCELLED, say(CALLED_OFF), now))
        .execution_options(synchronize_session=False)
    )
    session().refresh(job)
    if ended.rowcount:  # type: ignore[attr-defined]
        audit.record(by=by, did="kernel.job.called_off", on=job, data={"task": job.task})
    elif job.state is JobState.RUNNING:
        raise Refused(_("这项任务正在执行，而且中途不停：请等它结束；确实停不下来时，请在服务器上重新启动后台进程。"), code="job_runs")
    elif standing(job) is not Standing.CANCELLED:
        raise Refused(_("这项任务已经结束，不能取消。"), code="job_ended")
    return job
