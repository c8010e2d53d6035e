"""Selects on what students log of a placement: days and weeks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.placements.models import DayEntry, WeeklyLog
from enterprises.placements.types import DayState
from trainhub.kernel.db import session

OF: sa.BindParameter[int] = sa.bindparam("placement_id")
_BETWEEN = (
    select(DayEntry)
    .where(DayEntry.placement_id == OF, DayEntry.on >= sa.bindparam("since"), DayEntry.on <= sa.bindparam("until"))
    .order_by(DayEntry.on)
)
_OF_WEEK = select(WeeklyLog).where(
    WeeklyLog.placement_id == OF, WeeklyLog.iso_year == sa.bindparam("year"), WeeklyLog.iso_week == sa.bindparam("week")
)
"""Made once: every week of every student asks them, and to build such a statement takes longer than to send it."""


def entry(entry_id: int) -> DayEntry | None:
    """A logged day by id."""
    return session().get(DayEntry, entry_id)


def day_entry(placement_id: int, on: date) -> DayEntry | None:
    """A logged day."""
    return session().scalar(select(DayEntry).where(DayEntry.placement_id == placement_id, DayEntry.on == on))


def entries_between(placement_id: int, since: date, until: date) -> list[DayEntry]:
    """The logged days of a span, in time."""
    return list(session().scalars(_BETWEEN, {"placement_id": placement_id, "since": since, "until": until}))


def entries_of(placement_id: int) -> list[DayEntry]:
    """Every logged day of a placement, in time."""
    return list(session().scalars(select(DayEntry).where(DayEntry.placement_id == placement_id).order_by(DayEntry.on)))


def days_by_ids(ids: Collection[int]) -> list[date]:
    """The days of entries."""
    return list(session().scalars(select(DayEntry.on).where(DayEntry.id.in_(list(ids))).order_by(DayEntry.on)))


def pending_count(placement_id: int) -> int:
    """How many days of a placement wait for the mentor."""
    statement = select(func.count(DayEntry.id)).where(DayEntry.placement_id == placement_id, DayEntry.state == DayState.PENDING)
    return session().scalar(statement) or 0


def weekly_log(placement_id: int, iso_year: int, iso_week: int) -> WeeklyLog | None:
    """The weekly log of an ISO week."""
    return session().scalar(_OF_WEEK, {"placement_id": placement_id, "year": iso_year, "week": iso_week})


def logs_of(placement_ids: Collection[int]) -> list[WeeklyLog]:
    """Every weekly log of placements, the latest first."""
    statement = select(WeeklyLog).where(WeeklyLog.placement_id.in_(list(placement_ids)))
    return list(session().scalars(statement.order_by(WeeklyLog.iso_year.desc(), WeeklyLog.iso_week.desc(), WeeklyLog.id)))
