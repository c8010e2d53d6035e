"""What happens by itself: runs that go on, or in which somebody learnt, are summed up each night, large ones when asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from courses.analytics import operations, queries
from trainhub.kernel import clock
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running

SUMMARISE = "courses.summarise"
SUMMARISE_ALL = "courses.summarise_all"


def summarise(running: Running) -> Mapping[str, Any]:
    """Sum up one run."""
    return {"learners": _sum_up(int(running.args["run_id"]))}


def summarise_all(running: Running) -> Mapping[str, Any]:
    """Sum up every run that goes on or in which somebody learnt since yesterday, each in its own transaction."""
    ids = queries.active_runs(clock.now() - timedelta(days=1), clock.today())
    session().rollback()
    for number, run_id in enumerate(ids):
        _sum_up(run_id)
        running.progress(number + 1, len(ids))
    return {"runs": len(ids)}


def _sum_up(run_id: int) -> int:
    """Read without a lock, then write in one short transaction: learners of a large run go on meanwhile."""
    now = clock.now()
    made, risks = operations.compute(run_id=run_id, now=now)
    session().rollback()
    with transaction():
        operations.keep(run_id=run_id, made=made, risks=risks, now=now)
    return made.learners
