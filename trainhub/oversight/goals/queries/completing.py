"""The completions a goal counts, one row each: what every figure and every list behind one rests on."""

from __future__ import annotations

import functools
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from trainhub.kernel.db import session
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.training_queries import is_sure, waiting
from trainhub.ledger.types import Category
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Region
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.queries.humans import Moment, human_of, joined_persons
from trainhub.oversight.goals.types import Scope
from trainhub.people.models import Person


def completions(goal: Goal, *, until: date | None = None, known_at: datetime | None = None) -> sa.Select[Any]:
    """The completions a goal counts, of verified persons: record, human, day, county, prefecture, base, category.

    The human is the person, or the one they stand for since they were decided to be the same (at most two steps away).
    `known_at`: the records as they stood at that moment, without what was recorded, cancelled, joined or parted, or whose person was identified, later. What a human
    completed once and was recorded under two numbers is one completion: the first record.
    """
    return completions_of(goal.scope, last_day(goal, until), known_at)


def last_day(goal: Goal, until: date | None) -> date:
    """The last day that counts."""
    return goal.deadline if until is None else min(until, goal.deadline)


@functools.lru_cache(maxsize=32)
def completions_of(scope: Scope, last: date | sa.BindParameter[Any], known_at: Moment) -> sa.Select[Any]:
    """The same, made once for goals that count the same: to build it takes longer than to send it."""
    found = _recorded(scope, last, known_at)
    joined: Any = found.where(TrainingRecord.person_id.in_(joined_persons(known_at)))
    among = joined.subquery()
    same = (among.c.human, among.c.organisation_id, among.c.course, among.c.on_day)
    ranked = select(among.c.record_id, func.row_number().over(partition_by=same, order_by=among.c.record_id).label("place")).subquery()
    return found.where(TrainingRecord.id.not_in(select(ranked.c.record_id).where(ranked.c.place > 1)))


def waiting_counts(goal: Goal) -> dict[str, int]:
    """By reporting unit how many completions would count for a goal once somebody has looked at their persons; and under the code of the province how many
    lie in no unit, so that they count nowhere until an office corrects their county."""
    found = _recorded(goal.scope, goal.deadline, None, sure=False)
    unit = Region.reporting_code
    rows = session().execute(found.with_only_columns(unit, func.count()).group_by(unit))
    nowhere = _recorded(goal.scope, goal.deadline, None, sure=None, is_placed=False).with_only_columns(func.count())
    counts = {code: int(count) for code, count in rows if code is not None} | {organisations.PROVINCE: session().scalar(nowhere) or 0}
    return {code: count for code, count in counts.items() if count}


@functools.lru_cache(maxsize=32)
def _recorded(
    scope: Scope, last: date | sa.BindParameter[Any], known_at: Moment, *, sure: bool | None = True, is_placed: bool = True
) -> sa.Select[Any]:
    """The records behind `completions`, before one that repeats another of the same human is left out; or those that are not `sure` (None: whether they are or not), or that
    lie in no reporting unit."""
    human, joins = human_of(known_at)
    statement: Any = (
        select(
            TrainingRecord.id.label("record_id"),
            human.label("human"),
            TrainingRecord.completed_on.label("on_day"),
            TrainingRecord.county_code,
            Region.reporting_code.label("prefecture"),
            TrainingRecord.organisation_id,
            TrainingRecord.category,
            TrainingRecord.course,
        )
        .join(Person, Person.id == TrainingRecord.person_id)
        .join(Region, Region.code == TrainingRecord.county_code)
        .where(
            TrainingRecord.is_counted.is_(True),
            *_standing(known_at),
            TrainingRecord.completed_on.between(scope.starts_on, last),
            *(() if sure is None else (is_sure(known_at),) if sure else waiting()),
            Region.reporting_code.is_not(None) if is_placed else Region.reporting_code.is_(None),
            organisations.within_regions(TrainingRecord.county_code, [scope.region_code]),
        )
    )
    for table, clause in joins:
        statement = statement.outerjoin(table, clause)
    if scope.categories:
        statement = statement.where(TrainingRecord.category.in_([Category(name) for name in scope.categories]))
    return statement  # type: ignore[no-any-return]


def _standing(known_at: Moment) -> list[sa.ColumnElement[bool]]:
    """The records that stand now, or that stood at a moment."""
    if known_at is None:
        return [TrainingRecord.cancelled_at.is_(None)]
    return [TrainingRecord.recorded_at <= known_at, or_(TrainingRecord.cancelled_at.is_(None), TrainingRecord.cancelled_at > known_at)]
