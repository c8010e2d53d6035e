"""Live sessions that are moved or cancelled: who has a seat is told, by the feature above that knows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from courses.catalogue import live_queries
from courses.catalogue.operations import judging
from trainhub.kernel import jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, say

TASK = "courses.tell_live"
BESIDE = timedelta(minutes=1)
"""So long a new time waits for another correction before it is told."""


@contextmanager
def watched(run_id: int, *, by: Identity, now: datetime) -> Iterator[None]:
    """Ask for a notice of each session to come that has another start after what is done inside, or is not shown any more. One that only ends at
    another time is not told: the notice names the start, and calendars take the new end.

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
        title, key = say(N_("通知直播课的时间变动")), f"{TASK}:{block_id}"
        # One that waits keeps the time that learners know.
        jobs.ask_anew(TASK, by=by, title=title, unique_key=key, after=wait, block_id=block_id, run_id=run_id, was=list(times), at=now.isoformat())


def begins(times: tuple[str, str]) -> datetime:
    """The start of (start, end) as `live_queries.shown` gives them."""
    return datetime.fromisoformat(times[0])
