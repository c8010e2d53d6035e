"""What the kept facts of a goal are made of, for the job that keeps them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, literal, select

from trainhub.kernel.db import session
from trainhub.oversight.goals.models import Goal, GoalFact, GoalPerson
from trainhub.oversight.goals.queries.counting import enrolments_by_key, first_completions
from trainhub.oversight.goals.queries.courses import are_courses_as_in_ledger


def persons_to_keep(goal: Goal, humans: Collection[int] | None) -> Any:
    """The rows of `GoalPerson` as the ledger has them, of some humans or of all."""
    first: Any = first_completions(goal, humans).subquery()
    columns = (first.c.human, first.c.record_id, first.c.on_day, first.c.county_code, first.c.prefecture, first.c.organisation_id)
    return select(literal(goal.id), *columns, sa.cast(first.c.category, sa.String))


def sums_by_day(goal: Goal) -> Any:
    """The rows of `GoalDay` from the facts."""
    keys = (GoalFact.prefecture, GoalFact.on)
    return select(literal(goal.id), *keys, func.sum(GoalFact.persons)).where(GoalFact.goal_id == goal.id).group_by(*keys)


def sums_by_share(goal: Goal) -> Any:
    """The rows of `GoalShare` from the facts."""
    keys = (GoalFact.prefecture, GoalFact.organisation_id, GoalFact.category)
    sums = (func.sum(GoalFact.persons), func.sum(GoalFact.enrolments))
    return select(literal(goal.id), *keys, *sums).where(GoalFact.goal_id == goal.id).group_by(*keys)


def kept_days_of(goal: Goal, humans: Collection[int]) -> set[date]:
    """The days on which some humans count in the kept rows."""
    return set(session().scalars(select(GoalPerson.on).where(GoalPerson.goal_id == goal.id, GoalPerson.person_id.in_(humans)).distinct()))


def is_as_in_ledger(goal: Goal) -> bool:
    """Whether the kept facts are what the ledger says by every key and course, and each person counts by the record by which they should."""
    first = first_completions(goal).subquery()
    should = session().execute(select(func.count(), func.coalesce(func.sum(first.c.record_id), 0)).select_from(first)).one()
    persons = select(func.count(), func.coalesce(func.sum(GoalPerson.record_id), 0)).where(GoalPerson.goal_id == goal.id)
    if tuple(map(int, should)) != tuple(map(int, session().execute(persons).one())):
        return False
    columns = (GoalFact.on, GoalFact.prefecture, GoalFact.organisation_id, GoalFact.category, GoalFact.enrolments)
    rows = session().execute(select(*columns).where(GoalFact.goal_id == goal.id, GoalFact.enrolments > 0))
    if {tuple(row[:4]): int(row[4]) for row in rows} != enrolments_by_key(goal):
        return False
    return are_courses_as_in_ledger(goal)
