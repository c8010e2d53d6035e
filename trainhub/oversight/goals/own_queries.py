"""For which goals somebody counts, told for the page "my data"."""

from __future__ import annotations

from trainhub.identity.queries.owned import Owned, pick
from trainhub.organisations.models import Organisation
from trainhub.oversight.goals.models import Goal, GoalPerson
from trainhub.people.queries import same_human


def counted_for(person_id: int) -> Owned:
    """The goals, and since which training."""
    row = GoalPerson
    statement = pick(row, Goal.name.label("item"), row.on.label("on_day"), Organisation.name.label("organisation")).join(Goal, Goal.id == row.goal_id)
    joined = statement.join(Organisation, Organisation.id == row.organisation_id).where(same_human(row.person_id, person_id))
    return Owned(joined.order_by(row.on, row.id))
