"""Why the figures of a day are others now than they were at a moment: each completion that came or went, by what happened to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.training_queries import is_sure
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.queries.completing import completions
from trainhub.oversight.goals.queries.knowing import goal_at
from trainhub.oversight.goals.types import Change
from trainhub.people.models import Person, PersonMerge

VALUES = ("person_id", "organisation_id", "course", "category", "county_code", "hours_x10", "completed_on", "is_counted")
"""What a record says; a correction says one of it otherwise."""


def changes_since(goal: Goal, moment: datetime, *, until: date) -> dict[Change, tuple[int, int]]:
    """By what happened since a moment, to them or to the deadline: how many completions up to a day came into the goal, and how many left it."""
    former = goal_at(goal, moment)
    then = select(completions(former, until=until, known_at=moment).subquery().c.record_id)
    now = select(completions(goal, until=until).subquery().c.record_id)
    other = aliased(TrainingRecord)
    replaces = select(RecordCancellation.id).where(RecordCancellation.replaced_by_id == TrainingRecord.id)
    replaced = select(RecordCancellation.id).where(RecordCancellation.record_id == TrainingRecord.id, RecordCancellation.replaced_by_id.is_not(None))
    # A correction changes something; what stands again with the same values was restored.
    same = sa.and_(*(getattr(other, name) == getattr(TrainingRecord, name) for name in VALUES))
    restores = replaces.join(other, sa.and_(other.id == RecordCancellation.record_id, same))
    restored = replaced.join(other, sa.and_(other.id == RecordCancellation.replaced_by_id, same))
    came = sa.case(
        (TrainingRecord.completed_on > former.deadline, Change.DEADLINE),
        (sa.and_(TrainingRecord.recorded_at > moment, restores.exists()), Change.RESTORED),
        (sa.and_(TrainingRecord.recorded_at > moment, replaces.exists()), Change.CORRECTED),
        (TrainingRecord.recorded_at > moment, Change.RECORDED),
        (~is_sure(moment), Change.IDENTIFIED),
        else_=Change.JOINED,
    )
    went = sa.case(
        (TrainingRecord.completed_on > goal.deadline, Change.DEADLINE),
        (restored.exists(), Change.RESTORED),
        (replaced.exists(), Change.CORRECTED),
        (TrainingRecord.cancelled_at.is_not(None), Change.CANCELLED),
        (~is_sure(), Change.IDENTIFIED),
        else_=Change.JOINED,
    )
    gained, lost = _counts(now.except_(then), came), _counts(then.except_(now), went)
    return {change: (gained.get(change, 0), lost.get(change, 0)) for change in Change if change in gained or change in lost}


def _counts(records: Any, why: Any) -> dict[Change, int]:
    found = records.subquery()
    reason = why.label("reason")
    statement = select(reason, func.count()).join(found, found.c.record_id == TrainingRecord.id).join(Person, Person.id == TrainingRecord.person_id)
    return {Change(key): int(count) for key, count in session().execute(statement.group_by(reason))}


def joined_since(moment: datetime) -> tuple[int, int]:
    """How many persons were joined to another since a moment, and how many parted: of whom a goal counts, a human more or less each."""
    joined = select(func.count(PersonMerge.id)).where(PersonMerge.merged_at > moment, PersonMerge.undone_at.is_(None))
    parted = select(func.count(PersonMerge.id)).where(PersonMerge.merged_at <= moment, PersonMerge.undone_at > moment)
    return session().scalar(joined) or 0, session().scalar(parted) or 0
