"""The HTTP API's resources of goals: definitions, and the report of a day as `trainhub goals report` gives it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.kernel import clock
from trainhub.kernel.access import NOTHING, guard, who
from trainhub.kernel.api import ApiModel, ByCode, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.oversight.goals import queries
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.permissions import Can
from trainhub.oversight.goals.sights import report_for, sight_of
from trainhub.oversight.goals.types import CountingRule

blueprint = api_blueprint("goals", "goals")


class GoalItem(ApiModel):
    """A goal's definition; `has_report` says whether it is counted from training records."""

    code: str
    name: str
    target: int
    starts_on: date
    deadline: date
    has_report: bool


class GoalPage(ApiModel):
    """A page of goals."""

    items: list[GoalItem]
    next_cursor: str | None


class ForecastOut(ApiModel):
    """Where the pace of the last months leads."""

    on_deadline: int | None
    reaches_on: date | None
    low: int | None = Field(description="Lower end of the 80 % band at the deadline")
    high: int | None = Field(description="Upper end of the 80 % band at the deadline")


class ReportOut(ApiModel):
    """The figures of a goal on a day: distinct persons, enrolments beside them, and their splits."""

    goal: str
    target: int
    deadline: date
    on: date
    persons: int
    enrolments: int
    share: float
    by_prefecture: dict[str, int]
    by_category: dict[str, int]
    by_month: dict[str, int]
    by_base: dict[str, int]
    forecast: ForecastOut


class ReportQuery(ApiModel):
    """The day of the report; default: today in Shanghai."""

    on: date | None = Field(None, description="ISO date")


def _item(row: Any) -> dict[str, Any]:
    goal: Goal = row[0]
    return {
        "code": goal.code,
        "name": goal.name,
        "target": goal.target,
        "starts_on": goal.starts_on,
        "deadline": goal.deadline,
        "has_report": goal.counting_rule is CountingRule.DISTINCT_PERSONS,
    }


@blueprint.get("/goals")
@guard(Can.VIEW)
@blueprint.input(ByCode, location="query", arg_name="query")
@blueprint.output(GoalPage)
def goals(query: ByCode) -> Any:
    """List the training goals."""
    return cursor_page(queries.statement(), order=[Goal.code], key=lambda row: [row[0].code], query=query, render=_item)


def _load(code: str) -> Goal:
    row = queries.by_code(code)
    if row is None or row.counting_rule is not CountingRule.DISTINCT_PERSONS:
        raise NotFound(_("没有代码为 %(code)s 的、按培训记录计数的目标。", code=code[:60]))
    return row


@blueprint.get("/goals/<code>/report")
@guard(Can.VIEW, load=_load, subject=lambda goal: NOTHING)
@blueprint.input(ReportQuery, location="query", arg_name="query")
@blueprint.output(ReportOut)
def report(goal: Goal, query: ReportQuery) -> Any:
    """The report of a goal on a day, counted straight from the ledger; who may not list every person gets the counts of others
    rounded down to a multiple of own.reports.small_cell_min."""
    return report_for(goal, sight_of(who(), clock.today()), on=query.on or clock.today())
