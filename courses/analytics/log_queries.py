"""The log of a run added up by the database: a log grows by hundreds of entries an hour and learner, and is never held as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.analytics.rules import SESSION_GAP_SECONDS
from courses.catalogue.models import Block
from courses.learning.models import Enrolment, LearningEvent
from courses.learning.types import SEATED
from trainhub.kernel.db import is_postgresql, session


def minutes(run_id: int, first: int, last: int) -> Iterable[tuple[int, int, float]]:
    """Minutes of each learner with each unit they were in, of the enrolments from `first` to `last`: (enrolment, unit, minutes).

    The time between two entries of one learner counts for the unit of the later one, when it is at most
    `SESSION_GAP_SECONDS`. Reading before the first entry of a sitting leaves no trace, so the result is a lower bound.
    """
    before = func.lag(LearningEvent.at).over(partition_by=LearningEvent.enrolment_id, order_by=(LearningEvent.at, LearningEvent.id))
    entries = _entries(
        select(LearningEvent.enrolment_id, Block.unit_id, _seconds(before, LearningEvent.at).label("gap")), run_id, first, last
    ).subquery()
    counted = func.sum(sa.case((entries.c.gap <= SESSION_GAP_SECONDS, entries.c.gap), else_=0))
    statement = select(entries.c.enrolment_id, entries.c.unit_id, counted).group_by(entries.c.enrolment_id, entries.c.unit_id)
    return ((key, unit_id, float(seconds) / 60) for key, unit_id, seconds in session().execute(statement))


def active_weeks(run_id: int, begins: Sequence[datetime], first: int, last: int) -> list[int]:
    """How many of the enrolments from `first` to `last` have an entry in each week; `begins`: the instants at which the weeks begin, and the last ends."""
    weeks = [
        func.max(sa.case((sa.and_(LearningEvent.at >= begin, LearningEvent.at < end), 1), else_=0)).label(f"week{n}")
        for n, (begin, end) in enumerate(pairwise(begins))
    ]
    each = _entries(select(*weeks), run_id, first, last).where(LearningEvent.at >= begins[0], LearningEvent.at < begins[-1])
    learners = each.group_by(LearningEvent.enrolment_id).subquery()
    counts = session().execute(select(*(func.coalesce(func.sum(column), 0) for column in learners.c))).one()
    return [int(count) for count in counts]


def _entries(statement: Any, run_id: int, first: int, last: int) -> Any:
    return (
        statement.select_from(LearningEvent)
        .join(Block, Block.id == LearningEvent.block_id)
        .join(Enrolment, Enrolment.id == LearningEvent.enrolment_id)
        .where(Block.run_id == run_id, Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
        .where(LearningEvent.enrolment_id.between(first, last))
    )


def _seconds(begin: Any, end: Any) -> sa.ColumnElement[float]:
    """SQL: the seconds between two instants, to a thousandth: days are fractions on SQLite, and 900 seconds must not be 900.00004."""
    if is_postgresql():
        return func.round(sa.cast(func.extract("epoch", end - begin), sa.Numeric), 3)
    return func.round((func.julianday(end) - func.julianday(begin)) * 86_400, 3)
