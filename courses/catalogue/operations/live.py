"""Live sessions that are moved or cancelled: who has a seat is told, by the feature above that knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from courses.catalogue import live_queries
from courses.catalogue.operations import judging
from trainhub.kernel import jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, say

TASK = "courses.tell_live"
CANCELLED = "cancelled"
"""The result of a job that told, or found it told, that a session does not take place."""
BESIDE = timedelta(minutes=1)
"""So long a new time waits for another correction before it is told."""


@contextmanager
def watched(run_id: int, *, by: Identity, now: datetime) -> Iterator[None]:
    """Ask for a notice of each session to come that has another start after what is done inside, is not shown any more, or is shown again after its
    learners were told that it was cancelled. One that only ends at another time is not told: the notice names the start, and calendars take the new end.

    What was taken away may come back for a while (`judging.UNDO`), unless it would have begun by then: until it is told learners hear nothing.
    """
    before = live_queries.shown(run_id)
    yield
    session().flush()
    after = live_queries.shown(run_id)
    for block_id, times in before.items():
        present = after.get(block_id)
        starts = begins(times)
        if present is not None and begins(present) == starts:
            continue
        if max(datetime.fromisoformat(one[1]) for one in (times, present or times)) <= now:
            continue
        wait = BESIDE if present is not None or starts <= now + judging.UNDO else judging.UNDO
        # One that waits keeps the time that learners know.
        _ask(run_id, block_id, by=by, now=now, after=wait, was=list(times))
    for block_id, times in after.items():
        if block_id not in before and datetime.fromisoformat(times[1]) > now:
            told = jobs.known(_key(block_id))
            if told is not None and told.state is not jobs.JobState.QUEUED:  # one that waits sees that nothing, or only the time, is another
                _ask(run_id, block_id, by=by, now=now, after=BESIDE, was=told.args["was"], told_by=told.id)


def _key(block_id: int) -> str:
    return f"{TASK}:{block_id}"


def _ask(run_id: int, block_id: int, *, by: Identity, now: datetime, after: timedelta, **args: Any) -> None:
    title = say(N_("通知直播课的时间变动"))
    jobs.ask_anew(TASK, by=by, title=title, unique_key=_key(block_id), after=after, block_id=block_id, run_id=run_id, at=now.isoformat(), **args)


def was_cancelled(args: Mapping[str, Any]) -> bool:
    """Whether learners know a session as cancelled, by the job that told them before the one with these arguments."""
    before = session().get(jobs.Job, args["told_by"]) if "told_by" in args else None
    return before is not None and bool((before.result or {}).get(CANCELLED))


def begins(times: tuple[str, str]) -> datetime:
    """The start of (start, end) as `live_queries.shown` gives them."""
    return datetime.fromisoformat(times[0])
