"""What was not logged of a placement that is over."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import select

from enterprises.placements import rules
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.queries.daily import absences_of, ground_of
from enterprises.placements.types import DayState, PlacementState
from trainhub.kernel.db import session
from trainhub.ledger.holidays import queries as holidays
from trainhub.policy.book import book


def unlogged_days(placement: Placement) -> int:
    """How many working days of a placement that is over nobody logged (or logged anew after they were sent back): of a week no more than
    count, and none that could not be logged, as leave, a suspension, days before the papers or outside the insurance."""
    per_week = book().at("own.weeks.days_per_week", on=placement.ends_on).number
    span = (placement.starts_on, placement.ends_on)
    away, ground, calendar = absences_of(placement.id), ground_of(placement), holidays.calendar_of(span)
    statement = select(DayEntry.on).where(DayEntry.placement_id == placement.id, DayEntry.state != DayState.REJECTED)
    logged = Counter(day.isocalendar()[:2] for day in session().scalars(statement))
    asked: Counter[tuple[int, int]] = Counter()
    for day in (date.fromordinal(n) for n in range(span[0].toordinal(), span[1].toordinal() + 1)):
        problem = rules.day_problem(day, span=span, state=PlacementState.STARTED, today=day, away=away, ground=ground)
        if calendar.is_worked(day) and problem is None:
            asked[day.isocalendar()[:2]] += 1
    return sum(max(0, min(count, per_week) - logged[week]) for week, count in asked.items())
