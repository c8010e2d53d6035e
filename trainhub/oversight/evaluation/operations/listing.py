"""The list of programmes as a file that a job makes, where it is too long for a page to wait for (`standings`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from trainhub.kernel import audit, jobs, made_tables
from trainhub.kernel.access import Identity
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, say
from trainhub.oversight.evaluation import standings

TASK = "evaluation.standings"
KIND = "evaluation_table"


def job_of(by: Identity) -> jobs.Job | None:
    """The latest job by which somebody asked for the list."""
    return made_tables.mine(made_tables.key_of("standings", by=by))


def ask(*, form: str, on: date, chosen: Mapping[str, str], by: Identity) -> jobs.Job:
    """Let a job make the list as it is filtered and sorted, judged on a day; while the same one waits or runs it is that one."""
    job, is_new = made_tables.ask(
        TASK,
        key=made_tables.key_of("standings", by=by),
        title=say(N_("生成表格：%(name)s"), name=say(standings.NAME)),
        name=str(_(standings.NAME)),
        form=form,
        by=by,
        on=on.isoformat(),
        q=chosen.get("q", "")[:60],
        sort=chosen.get("sort", "")[:20],
    )
    if is_new:
        audit.record(by=by, did="evaluation.table.asked", on=("job", str(job.id)), data={"form": form, "on": on})
    return job


def make(running: jobs.Running, *, by: Identity, now: datetime) -> Mapping[str, Any]:
    """Write the list of a job and keep it; made twice it is two files, of which the job names the last."""
    args = running.args
    chosen = {name: args[name] for name in ("q", "sort")}
    return made_tables.make(running, lambda: standings.made(by, chosen, date.fromisoformat(args["on"])), kind=KIND, now=now)


def forget(*, now: datetime) -> list[str]:
    """Let go of files that were kept long enough; the checksums to erase after the commit."""
    return made_tables.forget((KIND,), now)


def file_of(job: jobs.Job | None, now: datetime) -> StoredFile | None:
    """The file that a job made; None while there is none, and when it was let go."""
    return made_tables.file_of(job, now)
