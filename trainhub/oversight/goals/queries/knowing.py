"""Goals as they were known at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from trainhub.kernel import audit
from trainhub.kernel.db import session
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import CountingRule, GoalState


def computed_at(moment: datetime) -> list[Goal]:
    """The goals whose figures came from the ledger at a moment (`_open_at`)."""
    return _open_at(moment, CountingRule.DISTINCT_PERSONS)


def reported_at(moment: datetime) -> list[Goal]:
    """The goals of which units reported figures at a moment (`_open_at`)."""
    return _open_at(moment, CountingRule.REPORTED)


def _open_at(moment: datetime, rule: CountingRule) -> list[Goal]:
    """Open goals as they stood at a moment: copies beside the session: without what was defined since, with the name, target, deadline
    and state that were changed since taken back by the audit log."""
    statement = select(Goal).where(Goal.counting_rule == rule, Goal.created_at <= moment).order_by(Goal.code)
    replaced = _replaced_since(moment)
    found = [_with(goal, replaced.get(goal.id, {})) for goal in session().scalars(statement)]
    return [goal for goal in found if goal.state == GoalState.OPEN]


def goal_at(goal: Goal, moment: datetime) -> Goal:
    """A goal, open or not, as it stood at a moment: a copy beside the session."""
    return _with(goal, _replaced_since(moment).get(goal.id, {}))


def _replaced_since(moment: datetime) -> dict[int, dict[str, Any]]:
    return audit.replaced_since(moment, did="goals.goal.changed", keys=("name", "target", "deadline", "state"))


def _with(goal: Goal, replaced: Mapping[str, Any]) -> Goal:
    was = {column.key: getattr(goal, column.key) for column in sa.inspect(Goal).column_attrs} | dict(replaced)
    was["deadline"] = date.fromisoformat(str(was["deadline"]))
    return Goal(**was)
