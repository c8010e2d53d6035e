"""How ready a programme was on past days: one row a day, written by a nightly task, read by the page of changes."""

from __future__ import annotations

from datetime import date, datetime

from trainhub.kernel.db import session
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import ReadinessDay
from trainhub.programmes.models import Programme


def remember(*, programme: Programme, on: date, now: datetime) -> ReadinessDay:
    """Keep what a programme's readiness is on a day. A day is written once: what was found then stays."""
    known = queries.day_of(programme.id, on)
    if known is not None:
        return known
    found = readiness.assess(programme, on)
    row = ReadinessDay(
        programme_id=programme.id,
        on=on,
        statuses={finding.code: finding.status.value for finding in found.findings},
        verdict=found.verdict.value if found.verdict else "",
        remembered_at=now,
    )
    session().add(row)
    session().flush()
    return row
