"""Pages of the background jobs of the whole installation: what waits, runs, failed or is done; begin again, call off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request

from trainhub.identity import labels, queries
from trainhub.identity.permissions import Can
from trainhub.kernel import clock, downloads, job_control
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.fields import pick
from trainhub.kernel.i18n import _, format_datetime
from trainhub.kernel.job_control import Kept, Standing
from trainhub.kernel.jobs import Job
from trainhub.kernel.paging import paginate, wanted
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations.queries import Statement

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
MOST = 10_000
"""Lines of a file, from the first of the list on."""


def _listing() -> Statement:
    statement: Statement = job_control.listing(
        now=clock.now(),
        stands=pick(Standing, "state"),
        kept=pick(Kept, "kept") or Kept.USUAL,
        task=request.args.get("task", "")[:80],
        sort=request.args.get("sort", ""),
    )
    return statement


@blueprint.get("")
@guard(Can.JOB_VIEW)
def index() -> Any:
    """The jobs of the installation with what became of them."""
    number, size = wanted()
    now = clock.now()
    page = paginate(_listing(), number=number, size=size)
    return render_template(
        "trainhub/jobs/index.html",
        page=page,
        names=queries.display_names(job.asked_by_id for job in page.items),
        counts=job_control.counts(now=now),
        failed_days=job_control.FAULT_IS_NEWS.days,
        is_worked=job_control.is_worked(now),
        tasks=[(name, name) for name in job_control.tasks_there()],
        standing=job_control.standing,
        labels=labels,
    )


JOBS = (
    Column("id", "任务编号"),
    Column("title", "任务"),
    Column("task", "代码"),
    Column("state", "状态"),
    Column("asked_by", "发起人"),
    Column("asked_at", "发起时间"),
    Column("finished_at", "结束时间"),
    Column("attempts", "执行次数"),
    Column("done", "已完成"),
    Column("total", "总数"),
    Column("reason", "说明"),
)


@blueprint.get("/export.<form>")
@guard(Can.JOB_VIEW)
def export(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = list(session().scalars(_listing().limit(MOST)))
    names = queries.display_names(job.asked_by_id for job in rows)
    table = (
        (
            job.id,
            job.shown_title or job.task,
            job.task,
            str(labels.JOB_STANDINGS[job_control.standing(job)]),
            asker(job, names),
            format_datetime(job.asked_at),
            format_datetime(job.finished_at) if job.finished_at else None,
            job.attempts,
            job.done_count,
            job.total_count,
            job.shown_message,
        )
        for job in rows
    )
    return downloads.table(table, JOBS, name=_("后台任务"), form=form)


def asker(job: Job, names: dict[int, str]) -> str:
    """Who asked for a job, in words."""
    return _("自动") if job.asked_by_id is None else names.get(job.asked_by_id, _("账号 %(id)s", id=job.asked_by_id))


@blueprint.get("/<int:job_id>")
@guard(Can.JOB_VIEW)
def show(job_id: int) -> Any:
    """One job: how far, why it failed, what to do about it."""
    return _page(job_id)


def _page(job_id: int, name: str = "trainhub/jobs/show.html") -> str:
    job, now = job_control.job_of(job_id), clock.now()
    why = job_control.why_not_again(job, is_newer=job_control.is_newer_there(job), now=now)
    standing = job_control.standing(job)
    return render_template(
        name,
        job=job,
        standing=standing,
        asked_by=asker(job, queries.display_names([job.asked_by_id])),
        bug=job_control.bug_of(job),
        details=(job.shown_result.get("error") or {}).get("details") or [],
        is_worked=job_control.is_worked(now),
        may_again=why is None,
        why=job_control.why_words(why) if why is not None and standing in (Standing.FAILED, Standing.CANCELLED) else "",
        may_cancel=job_control.may_cancel(job),
        can=Can,
        labels=labels,
    )


@blueprint.get("/<int:job_id>/state")
@guard(Can.JOB_VIEW)
def state(job_id: int) -> Any:
    """The bar of a job that is not ended, for the page that shows it."""
    return _page(job_id, "trainhub/jobs/_job.html")


def _steer(job_id: int, verb: Callable[..., Job], said: str) -> Any:
    with transaction():
        verb(job=job_control.job_of(job_id), by=who(), now=clock.now())
    return done(said, "jobs.show", job_id=job_id)


@blueprint.post("/<int:job_id>/again")
@guard(Can.JOB_STEER)
def again(job_id: int) -> Any:
    """Put a job that failed back into the queue."""
    return _steer(job_id, job_control.begin_again, _("已放回队列，即将执行。"))


@blueprint.post("/<int:job_id>/cancel")
@guard(Can.JOB_STEER)
def cancel(job_id: int) -> Any:
    """Call off a job."""
    return _steer(job_id, job_control.cancel, _("已取消。正在执行的会在下一步停下，已完成的部分保留。"))
