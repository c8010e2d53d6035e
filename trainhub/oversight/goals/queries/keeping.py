"""Closed periods and late entries, reviews, reported figures."""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.training_queries import is_sure
from trainhub.ledger.types import Category
from trainhub.organisations.queries import within_regions
from trainhub.oversight.goals.models import Goal, GoalClosing, GoalPerson, GoalReview, GoalSnapshot
from trainhub.oversight.goals.types import Scope
from trainhub.people.models import Person

FORMER, THERE, STANDS = aliased(TrainingRecord), aliased(TrainingRecord), aliased(TrainingRecord)
OWNER, HOLDER, WHOSE, ROW, THEIRS = aliased(Person), aliased(Person), aliased(Person), aliased(Person), aliased(Person)
"""Made once: a new alias copies every column of its table."""


def closings_of(goal_id: int, *, only_standing: bool = False) -> list[GoalClosing]:
    """Closed periods, the latest first."""
    statement = select(GoalClosing).where(GoalClosing.goal_id == goal_id).order_by(GoalClosing.until.desc(), GoalClosing.id.desc())
    if only_standing:
        statement = statement.where(GoalClosing.reopened_at.is_(None))
    return list(session().scalars(statement))


def hold(goal_id: int) -> None:
    """Let closings of one goal wait for each other: a period is closed once."""
    session().execute(select(Goal.id).where(Goal.id == goal_id).with_for_update())


def closing(closing_id: int) -> GoalClosing | None:
    """A closed period by id."""
    return session().get(GoalClosing, closing_id)


def _corrected() -> sa.CTE:
    """(record, one that stood before it): what took the place of what since the first period of any goal was closed, by however many
    corrections. Corrections are few beside records."""
    since = select(func.min(GoalClosing.closed_at)).scalar_subquery()
    fresh = (RecordCancellation.replaced_by_id.is_not(None), RecordCancellation.at > since)
    steps = select(RecordCancellation.replaced_by_id.label("record_id"), RecordCancellation.record_id.label("former_id")).where(*fresh)
    found = steps.cte("corrected", recursive=True)
    further = select(found.c.record_id, RecordCancellation.record_id).join(RecordCancellation, RecordCancellation.replaced_by_id == found.c.former_id)
    return found.union(further)  # each pair once: it ends whatever the chain is


CORRECTED = _corrected()


def is_late(goal: Goal) -> sa.ColumnElement[bool]:
    """SQL: the record came in after a period of the goal that holds its day was closed, or who its person is was known only then (see
    `rules.late_marks`). One that takes the place of a record that the goal counted at the closing brought nobody late; what was not of the goal
    then, or did not stand, was in no figure given out."""
    return _late(goal.id, goal.scope)


@functools.lru_cache(maxsize=32)
def _late(goal_id: int, scope: Scope, *besides: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """`is_late`; `besides`: what else is asked of the closing it is late for."""
    in_time = (
        select(FORMER.id)
        .join(CORRECTED, CORRECTED.c.former_id == FORMER.id)
        .join(WHOSE, WHOSE.id == FORMER.person_id)
        .where(CORRECTED.c.record_id == TrainingRecord.id, *_was_counted(scope, FORMER, WHOSE))
        .correlate(TrainingRecord, GoalClosing)
        .exists()
    )
    return (
        select(GoalClosing.id)
        .where(
            OWNER.id == TrainingRecord.person_id,
            GoalClosing.goal_id == goal_id,
            GoalClosing.reopened_at.is_(None),
            TrainingRecord.completed_on <= GoalClosing.until,
            sa.or_(TrainingRecord.recorded_at > GoalClosing.closed_at, ~is_sure(GoalClosing.closed_at, person=OWNER)),
            ~in_time,
            *besides,
        )
        .correlate(TrainingRecord, GoalPerson)
        .exists()
    )


def is_late_person(goal: Goal) -> sa.ColumnElement[bool]:
    """SQL: the human of a kept person came into the goal after a period was closed: the record they count by is late, and none of theirs that
    the goal counts was there when it was closed, nor one in whose place one of theirs stands now (also one that a number brought from another row).
    Who was in the figures given out is not late by an earlier day that comes in afterwards."""
    return _late_person(goal.id, goal.scope)


@functools.lru_cache(maxsize=32)
def _late_person(goal_id: int, scope: Scope) -> sa.ColumnElement[bool]:
    of_human = sa.or_(ROW.id == GoalPerson.person_id, ROW.merged_into_id == GoalPerson.person_id)
    in_time = select(THERE.id).join(ROW, ROW.id == THERE.person_id).where(of_human, *_was_counted(scope, THERE, ROW))
    replaced = (
        select(FORMER.id)
        .join(CORRECTED, CORRECTED.c.former_id == FORMER.id)
        .join(WHOSE, WHOSE.id == FORMER.person_id)
        .join(STANDS, STANDS.id == CORRECTED.c.record_id)
        .join(THEIRS, THEIRS.id == STANDS.person_id)
        .where(
            sa.or_(THEIRS.id == GoalPerson.person_id, THEIRS.merged_into_id == GoalPerson.person_id),
            STANDS.cancelled_at.is_(None),
            *_was_counted(scope, FORMER, WHOSE),
        )
    )
    return _late(goal_id, scope, *(~found.correlate(GoalPerson, GoalClosing).exists() for found in (in_time, replaced)))


def _was_counted(scope: Scope, there: Any, row: Any) -> list[sa.ColumnElement[bool]]:
    """The record of a person was counted by the goal when the period was closed."""
    counted = [
        there.is_counted.is_(True),
        there.completed_on.between(scope.starts_on, scope.deadline),
        there.completed_on <= GoalClosing.until,
        there.recorded_at <= GoalClosing.closed_at,
        is_sure(GoalClosing.closed_at, record=there, person=row),
        sa.or_(there.cancelled_at.is_(None), there.cancelled_at > GoalClosing.closed_at),
        within_regions(there.county_code, [scope.region_code]),
    ]
    if scope.categories:
        counted.append(there.category.in_([Category(name) for name in scope.categories]))
    return counted


def closed_days(goal_id: int, day: Any) -> sa.ColumnElement[bool]:
    """SQL: the day lies in a closed period; asked beside `is_late` so that a list begins there and not at the latest record of all."""
    until = select(func.max(GoalClosing.until)).where(GoalClosing.goal_id == goal_id, GoalClosing.reopened_at.is_(None)).scalar_subquery()
    clause: sa.ColumnElement[bool] = day <= until
    return clause


def late_persons(goal: Goal, region: str = "") -> int:
    """Persons who count by a late entry, in one reporting unit or in all: as kept, or counted while they are not."""
    counts = late_counts(goal) if goal.late_by_unit is None else goal.late_by_unit
    return int(counts.get(region, 0) if region else sum(counts.values()))


def late_counts(goal: Goal) -> dict[str, int]:
    """Persons who count by a late entry by reporting unit, from the kept persons and the ledger. Only records written since the
    first standing closing are looked at, and of persons who were identified since."""
    standing = closings_of(goal.id, only_standing=True)
    if not standing:
        return {}
    first = min(row.closed_at for row in standing)
    known_since = sa.or_(HOLDER.identified_at.is_(None), HOLDER.identified_at > first)
    statement = (
        select(GoalPerson.prefecture, func.count())
        .join(TrainingRecord, TrainingRecord.id == GoalPerson.record_id)
        .join(HOLDER, HOLDER.id == TrainingRecord.person_id)
        .where(GoalPerson.goal_id == goal.id, GoalPerson.on <= max(row.until for row in standing), is_late_person(goal))
        .where(sa.or_(TrainingRecord.recorded_at > first, sa.and_(TrainingRecord.by_number.is_(False), known_since)))
        .group_by(GoalPerson.prefecture)
    )
    return {unit: int(count) for unit, count in session().execute(statement)}


def reviews_of(goal_id: int) -> list[tuple[GoalReview, GoalSnapshot]]:
    """Reviews with the figures they rest on, the latest first."""
    found = session().execute(
        select(GoalReview, GoalSnapshot)
        .join(GoalSnapshot, GoalSnapshot.id == GoalReview.snapshot_id)
        .where(GoalReview.goal_id == goal_id)
        .order_by(GoalReview.id.desc())
    )
    return [(one, snapshot) for one, snapshot in found]
