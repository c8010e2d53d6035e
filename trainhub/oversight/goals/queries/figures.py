"""What units reported of a goal that is not counted from the ledger: the latest figures, as of a day and as was known then, and all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from trainhub.kernel.db import session
from trainhub.oversight.goals.models import GoalClosing, GoalFigure, GoalSnapshot
from trainhub.people import queries as people


def figures_of(goal_id: int, until: date | None = None, known_at: datetime | None = None) -> dict[str, GoalFigure]:
    """The latest reported figure by reporting unit, of days up to one and of what was reported by a moment."""
    statement = select(GoalFigure).where(GoalFigure.goal_id == goal_id)
    if until is not None:
        statement = statement.where(GoalFigure.on <= until)
    if known_at is not None:
        statement = statement.where(GoalFigure.reported_at <= known_at)
    return {row.region_code: row for row in session().scalars(statement.order_by(GoalFigure.on, GoalFigure.id))}


def after_reported(goal_id: int, now: datetime) -> datetime:
    """A moment that is not before any figure of a goal was reported, whoever waited for whom."""
    newest = session().scalar(select(func.max(GoalFigure.reported_at)).where(GoalFigure.goal_id == goal_id))
    return now if newest is None else max(now, newest)


def after_frozen(goal_id: int, now: datetime) -> datetime:
    """A moment that is after every closing and snapshot of a goal."""
    return _after(
        now,
        select(func.max(GoalClosing.closed_at)).where(GoalClosing.goal_id == goal_id),
        select(func.max(GoalSnapshot.taken_at)).where(GoalSnapshot.goal_id == goal_id),
    )


def after_given_out(now: datetime) -> datetime:
    """A moment that is after every closing and snapshot of any goal."""
    return _after(now, select(func.max(GoalClosing.closed_at)), select(func.max(GoalSnapshot.taken_at)))


def _after(now: datetime, *moments: Select[Any]) -> datetime:
    known: list[datetime] = [moment for one in moments if (moment := session().scalar(one)) is not None]
    return max([now, *(moment + timedelta(microseconds=1) for moment in known)])


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure in the list of all; `is_late`: reported for a closed period after it was closed."""

    region_code: str
    on: date
    value: int
    evidence: str
    reported_at: datetime
    who: str
    is_late: bool


def figures_listing(goal_id: int) -> Select[GoalFigure]:
    """Every figure that was ever reported, the latest first."""
    return select(GoalFigure).where(GoalFigure.goal_id == goal_id).order_by(GoalFigure.id.desc())


def as_reported(rows: Sequence[GoalFigure], closings: Iterable[GoalClosing]) -> list[Reported]:
    """Figures as the list tells them, with who reported each; `closings`: those that stand."""
    names, standing = people.who_acted([row.reported_by_id for row in rows]), list(closings)
    return [
        Reported(
            row.region_code,
            row.on,
            row.value,
            row.evidence,
            row.reported_at,
            names.get(row.reported_by_id, "") if row.reported_by_id is not None else "",
            is_late_figure(row, standing),
        )
        for row in rows
    ]


def is_late_figure(row: GoalFigure, standing: Iterable[GoalClosing]) -> bool:
    """Whether a figure came for days that were closed by then: it holds, and was not in what was given out."""
    return any(row.on <= one.until and row.reported_at > one.closed_at for one in standing)
