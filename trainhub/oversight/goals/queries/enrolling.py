"""The completions that make a figure of enrolments (人次): one row each, where the drill of persons has one row a human."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_

from trainhub.kernel.access import Identity
from trainhub.ledger.models import TrainingRecord
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation, Region
from trainhub.oversight.goals import rules
from trainhub.oversight.goals.models import Goal, GoalPerson
from trainhub.oversight.goals.permissions import VIEWERS
from trainhub.oversight.goals.queries.completing import completions
from trainhub.oversight.goals.queries.keeping import closed_days, is_late
from trainhub.people.models import Person

SORTS = {
    "name": (Person.pinyin,),
    "category": (TrainingRecord.category,),
    "county": (TrainingRecord.county_code,),
    "base": (Organisation.pinyin,),
    "on": (TrainingRecord.completed_on,),
}


def enrolments(
    goal: Goal,
    identity: Identity,
    *,
    region: str = "",
    base_id: int | None = None,
    category: str = "",
    since: str = "",
    month: str = "",
    course: str = "",
    late: bool = False,
    sort: str = "",
) -> Any:
    """Every completion a goal counts, the latest first unless sorted; narrowed to what the identity may see. `is_first`: the one by
    which its human counts, in the kept facts."""
    counting = completions(goal)
    human = counting.selected_columns.human.element  # the kept row is found by the person who counts: that is what its table is unique by
    statement: Any = (
        counting.with_only_columns(
            TrainingRecord.id.label("record_id"),
            TrainingRecord.completed_on.label("on"),
            TrainingRecord.category,
            Person.name,
            Person.id_mask,
            Region.name.label("county"),
            Organisation.name.label("base"),
            TrainingRecord.course,
            is_late(goal).label("is_late"),
            GoalPerson.id.is_not(None).label("is_first"),
        )
        .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
        .outerjoin(GoalPerson, and_(GoalPerson.goal_id == goal.id, GoalPerson.person_id == human, GoalPerson.record_id == TrainingRecord.id))
        .where(organisations.scope(identity, VIEWERS, organisations=(TrainingRecord.organisation_id,), region=TrainingRecord.county_code))
    )
    for column, wanted in ((Region.reporting_code, region), (TrainingRecord.category, category), (TrainingRecord.course, course)):
        if wanted:
            statement = statement.where(column == wanted)
    if base_id is not None:
        statement = statement.where(TrainingRecord.organisation_id == base_id)
    if late:
        statement = statement.where(is_late(goal), closed_days(goal.id, TrainingRecord.completed_on))
    days = rules.days_of_months(since, month)
    if days is not None:
        statement = statement.where(TrainingRecord.completed_on.between(*days))
    return organisations.ordered_or(statement, sort, SORTS, TrainingRecord.completed_on.desc(), TrainingRecord.id.desc(), unique=TrainingRecord.id)
